"""QR codes: what a camera reads on the page is what the sheet says."""

import subprocess
from dataclasses import replace

import pytest
from document_sample import document
from test_engines import HERE, needs, printed

from t1gen.documents.qr import path, qr


def test_runs_are_the_dark_modules() -> None:
    code = qr("t1gen t1-2026 K7QF-93XD")
    dark = {(x + i, y) for x, y, n in code.runs for i in range(n)}
    corner = {(x, y) for x in range(7) for y in range(7) if x in (0, 6) or y in (0, 6) or (1 < x < 5 and 1 < y < 5)}
    assert code.size == 25 or code.size == 29
    assert {(x, y) for x, y in dark if x < 7 and y < 7} == corner
    assert path(code).count("M") == len(code.runs)


@needs("zbarimg")
@needs("pdftoppm")
@pytest.mark.parametrize("engine", HERE)
def test_a_camera_reads_the_code(engine: str, tmp_path) -> None:
    sheet = replace(document(), code="t1gen t1-2026 K7QF-93XD")
    (tmp_path / "sheet.pdf").write_bytes(printed(sheet, engine))
    subprocess.run(["pdftoppm", "-r", "100", "-l", "1", "-png", "sheet.pdf", "page"], cwd=tmp_path, check=True)
    [page] = tmp_path.glob("page*.png")
    done = subprocess.run(["zbarimg", "--quiet", "--raw", page], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sheet.code
