import pytest

from t1gen.data import folder
from t1gen.errors import FileError


def test_templates_are_found():
    assert (folder("templates") / "typst" / "document.typ").is_file()


def test_an_unknown_folder_is_an_error():
    with pytest.raises(FileError, match="nowhere"):
        folder("nowhere")
