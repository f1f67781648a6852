"""`python -m tests.mutation GROUP`: a table of mutants killed; verdicts and survivors in build/mutation/."""

import argparse
import hashlib
import json
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutation.mutants import ROOT, Mutant, mutated
from tests.mutation.trials import KILLED, SURVIVED, TIMEOUT, tried

DRAWN = "any_text any_value keeps_its_structure every_number rewritten_graph changed_op doubled equal_values padding"
ODD = "hangs takes_long cannot_be_seen test_graphs test_formulas"
BANKS = "sound bank_marking formula_mistakes worked_out_from in_one_way class_is_marked_as hand_in order_of_a paper"
GROUPS: dict[str, tuple[list[str], str, str]] = {
    # the files, the folder of their tests, and those of its tests that take long and add little
    "reading": (["t1gen/answers/reading/*.py"], "tests/answers", f"{DRAWN} {ODD}"),
    "comparing": (["t1gen/answers/comparing/*.py", "t1gen/answers/*.py"], "tests/answers", f"{DRAWN} hangs"),
    "follow": ([f"t1gen/marking/{n}.py" for n in ("follow", "chart", "cohort")], "tests/marking", BANKS),
}


def files(group: str, only: str) -> list[str]:
    found = [p.relative_to(ROOT).as_posix() for pattern in GROUPS[group][0] for p in sorted(ROOT.glob(pattern))]
    return [file for file in found if only in file]


def sample(mutants: list[Mutant], size: int) -> list[Mutant]:
    """So many mutants, the same in each run; the first ones of a run are a sample too."""
    return sorted(mutants, key=lambda m: hashlib.sha256(m.name.encode()).hexdigest())[: size or None]


def table(mutants: list[Mutant], verdicts: dict[str, str]) -> str:
    rows = ["| file | mutants | killed | of these out of time | % |", "|---|--:|--:|--:|--:|"]
    for file in (*sorted({m.file for m in mutants}), ""):
        counts = Counter(verdicts[m.key] for m in mutants if m.file == (file or m.file))
        killed, of = counts[KILLED] + counts[TIMEOUT], counts.total()
        rows.append(f"| {file or 'all'} | {of} | {killed} | {counts[TIMEOUT]} | {100 * killed / of:.1f} |")
    return "\n".join(rows)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("group", choices=GROUPS)
    parser.add_argument("--only", default="", metavar="FILE", help="a part of the name of the files that are mutated")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many mutants, the same in each run")
    parser.add_argument("--slow", action="store_true", help="with the tests that take long too")
    parser.add_argument("--again", action="store_true", help="without what the last run killed in the same functions")
    return parser.parse_args()


def main() -> None:
    told = options()
    _, tests, slow = GROUPS[told.group]
    fast = ["-k", " and ".join(f"not {name}" for name in slow.split())] * (not told.slow)
    kept = ROOT / "build" / "mutation" / told.group
    kept.parent.mkdir(parents=True, exist_ok=True)
    before: dict[str, str] = json.loads(kept.with_suffix(".json").read_text()) if told.again else {}
    with tempfile.TemporaryDirectory() as scratch:
        mutants = sample(mutated(Path(scratch) / "tree", files(told.group, told.only)), told.sample)
        left = [m for m in mutants if before.get(m.key, SURVIVED) == SURVIVED]
        verdicts = before | {m.key: verdict for m, verdict in tried(left, [tests, *fast])}
    survivors = sorted(f"## {m.name}\n{m.diff}\n" for m in mutants if verdicts[m.key] == SURVIVED)
    kept.with_suffix(".json").write_text(json.dumps(verdicts, indent=0, ensure_ascii=False))
    kept.with_suffix(".txt").write_text("\n".join(survivors))
    print(f"{table(mutants, verdicts)}\n\nsurvivors: {kept.with_suffix('.txt')}")


if __name__ == "__main__":
    main()
