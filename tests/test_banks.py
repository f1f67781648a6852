"""Banks: the standard test as promised, and what is said of a bank that is wrong."""

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from t1gen.banks import available, load, problem, told, untranslated, written
from t1gen.cli import main
from t1gen.errors import BankError, T1genError
from t1gen.exam import Maker, Plan
from t1gen.files import Student
from t1gen.problems.draws import support

CLASSIC = Path(__file__).parent / "classic.yaml"
BANK = """\
id: mine
title: Mine
minutes: 10
problems:
  - id: one
    title: One
    competence: vjp
    points: 2
    minutes: 5
    few: small numbers
    given:
      x: {draw: nonzero(-3, 3)}
      a: {draw: "integers(2, 4)"}
    mapping: y = a * x ** 2
    ask:
      - forward: y
      - gradient: x
"""


def t1gen(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def bank(folder: Path, text: str = BANK) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def generated(path: Path) -> Any:
    [(exam, _)] = Maker(Plan(load(str(path)), "s", "e")).tests([Student("", "")])
    return exam


# the standard test


def test_the_standard_test_is_as_promised() -> None:
    t1 = load("t1")
    assert t1.points == 24 and t1.minutes == 60 and t1.test_minutes() <= 50
    assert all(len(slot.pool) >= 3 for slot in t1.slots)
    competences = Counter(p.competence for p in t1.problems)
    assert set(competences) == {"draw-graph", "vjp", "backpropagation"} and min(competences.values()) >= 3


def test_every_draw_of_every_bank_has_values() -> None:
    draws = [g.draw for name in available() for p in load(name).problems for g in p.given.values() if g.draw]
    assert draws
    for text in draws:
        assert len(support(text)) >= 2, text


def test_labels_are_minus_or_plus_one_and_the_text_says_so() -> None:
    labels = {"y", "t"}
    for name, one in written().items():
        drawn = {n for n, g in one.given.items() if g.draw and set(support(g.draw)) == {-1, 1}}
        if drawn & labels and not name.startswith("published:"):
            assert "$-1$ or $+1$" in told(one.text, "en"), name


def test_check_finds_nothing_wrong_in_the_standard_test() -> None:
    done = t1gen("check", "t1", "--tests", 30)
    assert done.exit_code == 0, done.output
    assert "Nothing is wrong in t1" in done.stdout
    for one in load("t1").problems:
        assert f"{one.id}: 30 drawn" in done.stdout
    assert "rejected" in done.stdout and "widest tolerance" in done.stdout


# a bank of one's own


def test_a_bank_of_ones_own_is_generated_shown_and_checked(tmp_path: Path) -> None:
    path = bank(tmp_path)
    assert t1gen("check", path, "--tests", 20).exit_code == 0
    assert "One" in t1gen("show", path, "--seed", 3).stdout
    assert "One" in t1gen("show", f"{path}:one", "--seed", 3).stdout
    done = t1gen("generate", path, "--seed", 1, "--out", tmp_path / "out", "--format", "json")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("nonzero(-3, 3)", "nonzero(-3, 3)"),
        ("nonzero(-3,3)", "nonzero(-3, 3)"),
        ("choice(-1, 1)", "choice(-1, 1)"),
        ("choice(1, 2, 3)", "choice(1, 2, 3)"),
        ("choice(0.1, 0.25, 1)", "choice(0.1, 0.25, 1)"),
        ("grid(0, 1, 0.5)", "grid(0, 1, 0.5)"),
        ("choice(2, 2)", "choice(2, 2)"),
        ('"nonzero(-3, 3)"', "nonzero(-3, 3)"),
    ],
)
def test_a_draw_may_stand_without_quotes(tmp_path: Path, written: str, read: str) -> None:
    """YAML splits `{draw: nonzero(-3, 3)}` at its comma."""
    path = bank(
        tmp_path,
        BANK.replace("nonzero(-3, 3)", written)
        .replace("x: {draw", "x: {shape: [2], draw")
        .replace("- gradient: x", "- vjp: {wrt: x, with: 1}"),
    )
    assert support(load(str(path)).problems[0].given["x"].draw) == support(read)
    assert len(generated(path).problems[0].given["x"]) == 2


def test_minutes_over_the_tests_time_are_a_finding(tmp_path: Path) -> None:
    done = t1gen("check", bank(tmp_path, BANK.replace("minutes: 10", "minutes: 4")), "--tests", 3)
    assert done.exit_code == 1 and "take 5 minutes, the test has 4" in done.stdout


def test_points_are_split_in_quarters() -> None:
    for points in (1, 1.25, 2, 3.5):
        one = problem(load(str(CLASSIC)), "neuron-step")
        import msgspec

        if points < 2:
            with pytest.raises(BankError, match="cannot be split"):
                _points(msgspec.structs.replace(one, points=points))
        else:
            assert sum(_points(msgspec.structs.replace(one, points=points))) == Fraction(points)


def _points(one: Any) -> list[Fraction]:
    from t1gen.problems.instance import Source

    return [a.points for a in Source(one).structure()[0].asked]


def test_an_unknown_bank_or_problem_gets_a_near_match() -> None:
    with pytest.raises(BankError, match=r"no bank 't11'; did you mean 't1'\? \(banks: .*t1"):
        load("t11")
    with pytest.raises(BankError, match=r"bank t1 has no problem 'neuron-stpe'; did you mean 'neuron-step'\?"):
        problem(load("t1"), "neuron-stpe")


# what is wrong with a bank: (what is put for what, what the message says)

WRONG: list[tuple[str, str, str]] = [
    ("id: mine", "id: [", "not YAML"),
    ("id: mine", "id: 5", "$.id"),
    ("id: mine\n", "", "id"),
    ("title: Mine", "titel: Mine", "did you mean 'title'?"),
    ("problems:", "problem:", "did you mean 'problems'?"),
    ("points: 2", "points: two", "one: "),
    ("points: 2", "points: 0", "one: a problem has positive points"),
    ("points: 2", "points: -1", "one: a problem has positive points"),
    ("points: 2", "points: .nan", "one: "),
    ("points: 2", "points: .inf", "one: "),
    ("points: 2", "points: 0.3", "one: "),
    ("    points: 2\n", "", "one: "),
    ("competence: vjp", "competence: vpj", "one: competence 'vpj' is unknown; did you mean 'vjp'?"),
    ("competence: vjp", "competnce: vjp", "did you mean 'competence'?"),
    ("draw: nonzero", "drwa: nonzero", "did you mean 'draw'?"),
    ("nonzero(-3, 3)", "nonzeor(-3, 3)", "did you mean 'nonzero'?"),
    ("nonzero(-3, 3)", "nonzero(-3)", "wrong count of numbers"),
    ("nonzero(-3, 3)", "nonzero(3, -3)", "0 values"),
    ("{draw: nonzero(-3, 3)}", "{}", "given 'x' needs either 'draw' or 'value'"),
    ("{draw: nonzero(-3, 3)}", "{draw: choice(1), value: 2}", "given 'x' needs either 'draw' or 'value'"),
    ("{draw: nonzero(-3, 3)}", "{value: many}", "one"),
    ("{draw: nonzero(-3, 3)}", "{value: [1, [2]]}", "one"),
    ("{draw: nonzero(-3, 3)}", "{value: .nan}", "one"),
    ("{draw: nonzero(-3, 3)}", "{value: true}", "one"),
    ("{draw: nonzero(-3, 3)}", "{value: {a: 1}}", "one"),
    ("{draw: nonzero(-3, 3)}", "{value: 2020-01-01}", "one"),
    ("{draw: nonzero(-3, 3)}", "{shape: [0], draw: choice(1)}", "one"),
    ("{draw: nonzero(-3, 3)}", "{shape: [-1], draw: choice(1)}", "one"),
    ("{draw: nonzero(-3, 3)}", "{shape: [100000, 100000], draw: choice(1)}", "one"),
    ("{draw: nonzero(-3, 3)}", "{shape: x, draw: choice(1)}", "one"),
    ("{draw: nonzero(-3, 3)}", "5", "one"),
    ("x: {draw", "sigmoid: {draw", "one"),
    ("x: {draw", "1x: {draw", "one"),
    ("x: {draw", "_x: {draw", "one"),
    ("y = a * x ** 2", "y = a * q ** 2", "one: line 1, column 9: the name 'q' is unknown"),
    ("y = a * x ** 2", "y = sigmod(x)", "did you mean 'sigmoid'?"),
    ("y = a * x ** 2", "y = a *", "one: line 1, column"),
    ("y = a * x ** 2", "''", "one: "),
    ("y = a * x ** 2", "5", "one: "),
    ("y = a * x ** 2", "y = a @ x", "one: line 1, column 5"),
    ("mapping: y = a * x ** 2", "builder: {name: expresion}", "builder 'expresion' is unknown"),
    ("mapping: y = a * x ** 2", "builder: {name: expression, step: 3}", "did you mean 'steps'?"),
    ("mapping: y = a * x ** 2", "builder: {name: expression, steps: many}", "whole numbers"),
    ("mapping: y = a * x ** 2", "builder: {name: expression, operations: [exp]}", "no expression of"),
    ("- forward: y", "- foward: y", "ask 'foward' is unknown; did you mean 'forward'?"),
    ("- forward: y", "- forward: z", "the mapping has no 'z'"),
    ("- forward: y", "- forward: {pionts: 1}", "ask 'forward' has no option 'pionts'; did you mean 'points'?"),
    ("- forward: y", "- forward: {off: y}", "ask 'forward' has no option"),  # YAML reads off as false
    ("- forward: y", "- forward: {of: y, kind: nubmer}", "not 'nubmer'; did you mean 'number'?"),
    ("- forward: y", "- forward: {of: y, points: many}", "one: "),
    ("- forward: y", "- forward: {of: y, points: -1}", "one: "),
    ("- forward: y", "- forward: {of: y, points: 0.1}", "one: "),
    ("- forward: y", "- forward: {of: y, points: 5}", "cannot be split"),
    ("- forward: y", "- forward: {of: 5}", "the mapping has no '5'"),
    ("- forward: y", "- forward: y\n        graph: {}", "one ask"),
    ("- forward: y", "- forward", "one: "),
    ("- gradient: x", "- gradient: {}", "names nothing"),
    ("- gradient: x", "- step: {wrt: x, steps: many}", "one: "),
    ("- gradient: x", "- step: {wrt: x, steps: 1000}", "1 to 50 steps"),
    ("- gradient: x", "- step: {wrt: x, rate: fast}", "the mapping has no 'fast'"),
    ("- gradient: x", "- step: {wrt: y}", "only given names can be moved"),
    ("- gradient: x", "- vjp: {wrt: x, with: [1, 2]}", "shape"),
    ("- gradient: x", "- vjp: {wrt: x, with: '1 +'}", "one: "),
    ("- gradient: x", "- vjp: {wrt: x, kind: expression, names: [q]}", "'q' may not stand in 'names'"),
    ("    mapping", "    require: [x]\n    mapping", "require 'x' is not one comparison"),
    ("    mapping", "    require: ['q > 1']\n    mapping", "require 'q > 1'"),
    ("    mapping", "    require: ['x >']\n    mapping", "one: "),
    ("    mapping", "    require: ['x > 5']\n    mapping", "most were rejected for 'require: x > 5'"),
    ("    mapping", "    require: x > 5\n    mapping", "one: "),
    ("    mapping", "    decimals: 99\n    mapping", "decimals is 0 to 10"),
    ("    mapping", "    decimals: -1\n    mapping", "decimals is 0 to 10"),
    ("    ask:\n      - forward: y\n      - gradient: x\n", "    ask: []\n", "at least one ask"),
    ("problems:\n", "problems: []\nproblms:\n", "did you mean 'problems'?"),
]


@pytest.mark.parametrize(("old", "new", "says"), WRONG)
def test_a_wrong_bank_is_refused_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert BANK.count(old) >= 1
    path = bank(tmp_path, BANK.replace(old, new, 1))
    done = t1gen("generate", path, "--seed", 1, "--out", tmp_path / "out", "--format", "json")
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == 2, done.output
    assert says in done.output.replace("\n", " ") or says in done.output, done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "[]",
        "a",
        "null",
        "id: x",
        "problems: []",
        "\0",
        "&a [*a]",
        "problems: &a [*a]",
        "!!python/object:os.x {}",
        "{" * 5000,
        "- " * 5000 + "1",
        "\ufeff" + "id: [",
        "id: mine\nid: other",
        "? [1]\n: 2",
    ],
)
def test_what_is_no_bank_is_refused(tmp_path: Path, text: str) -> None:
    done = t1gen("generate", bank(tmp_path, text), "--seed", 1, "--out", tmp_path / "out")
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == 2 and "mine.yaml" in done.output and len(done.output) < 1000


def test_a_bank_that_is_not_utf8_or_too_large_or_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("title: Prüfung".encode("latin-1"))
    (tmp_path / "large.yaml").write_bytes(b"#" * 3 * 2**20)
    (tmp_path / "folder.yaml").mkdir()
    for name in ("latin.yaml", "large.yaml", "folder.yaml", "none.yaml"):
        with pytest.raises(T1genError, match=name):
            load(str(tmp_path / name))


def test_two_problems_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BankError, match="one: this id is used twice"):
        load(str(bank(tmp_path, BANK + BANK.split("problems:\n")[1])))


# words in several languages, coverage, variety

TWO = (
    BANK.replace("title: Mine", "title: {en: Mine, cs: Moje}")
    .replace("title: One", "title: {en: One, cs: Jedna}")
    .replace("few: small numbers", "few: {en: small numbers, cs: malá čísla}")
)
CHOOSE = """\
id: chosen
title: {en: Chosen, cs: Vybrané}
minutes: 10
problems:
  - id: fit
    title: {en: Fit, cs: Shoda}
    competence: concepts
    covers: [28]
    points: 2
    minutes: 2
    text:
      en: |
        Errors of **one** model.

        | train | test |
        |---|---|
        | {train[0]} % | {test} % |
      cs: "Chyby: {train[0]} a {test}; ne $x_{test}$ ani `{test}`."
    given:
      train: {shape: [1], draw: "integers(1, 60)"}
      test: {draw: "integers(1, 60)"}
    ask:
      - choose:
          text: {en: "Which at {test} %?", cs: "Co při {test} %?"}
          options:
            - {text: {en: lower, cs: nižší}, when: [max(train) > test]}
            - {text: {en: higher, cs: vyšší}, when: [max(train) < test, test > 0]}
          because: {en: "It is {test}.", cs: "Je to {test}."}
      - choose:
          text: {en: Which?, cs: Které?}
          right: [{en: r1, cs: p1}, {en: r2, cs: p2}, {en: r3, cs: p3}, {en: r4, cs: p4}, {en: r5, cs: p5},
                  {en: r6, cs: p6}]
          wrong: [{en: w1, cs: n1}, {en: w2, cs: n2}, {en: w3, cs: n3}, {en: w4, cs: n4}, {en: w5, cs: n5},
                  {en: w6, cs: n6}, {en: w7, cs: n7}, {en: w8, cs: n8}, {en: w9, cs: n9}, {en: wa, cs: na}]
          show: [2, 3]
"""


def tests_of(path: Path, count: int = 30) -> list[Any]:
    return Maker(Plan(load(str(path)), "s", "e")).tests([Student(f"s{i}", "") for i in range(count)])


tests_of.__test__ = False  # type: ignore[attr-defined]


def test_texts_are_told_in_the_banks_language(tmp_path: Path) -> None:
    assert told({"en": "a", "cs": "b"}, "cs") == "b" and told({"en": "a"}, "cs") == "a" == told("a", "cs")
    assert generated(bank(tmp_path, TWO)).problems[0].title == "One"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("title: {en: One, cs: Jedna}", "title: {en: One}", "mine: one: title: no cs"),
        ("title: {en: One, cs: Jedna}", "title: One", "mine: one: title: no cs, en"),
        ("title: {en: Mine, cs: Moje}", "title: {cs: Moje}", "mine: title: no en"),
        ("cs: malá čísla", "cs: ''", "mine: one: few: no cs"),
    ],
)
def test_check_fails_on_a_missing_translation(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert untranslated(load(str(bank(tmp_path, TWO)))) == []
    (tmp_path / "other").mkdir()
    path = bank(tmp_path / "other", TWO.replace(old, new))
    assert untranslated(load(str(path))) == [says]
    done = t1gen("check", path, "--tests", 3)
    assert done.exit_code == 1 and f"WRONG: {says}" in done.stdout


def test_statements_of_every_shipped_bank_are_in_both_languages() -> None:
    assert [m for name in available() for m in untranslated(load(name))] == []


def test_options_have_the_condition_that_makes_them_right(tmp_path: Path) -> None:
    keys = Counter()
    for exam, key in tests_of(bank(tmp_path, CHOOSE)):
        [one] = exam.problems
        first, second = one.questions
        texts = {o.id: o.text for o in first.options}
        right = texts[key.answers["1a"].value]
        assert right == ("lower" if one.given["train"][0] > one.given["test"] else "higher")
        assert first.text == f"Which at {one.given['test']} %?" and not first.several
        assert key.answers["1a"].because == f"It is {one.given['test']}."
        assert f"| {one.given['train'][0]} % | {one.given['test']} % |" in one.text
        statements = {o.id: o.text for o in second.options}
        assert second.several and len(statements) == 5
        assert {i for i, t in statements.items() if t[0] == "r"} == set(key.answers["1b"].value)
        keys["".join(key.answers["1b"].value)] += 1
        assert one.mapping == [] and key.program == ["# fit", *(p for p in key.program if "=" in p)]
    assert len(keys) > 5, "the places of the right options differ"


def test_words_fill_in_givens_outside_of_mathematics_and_code(tmp_path: Path) -> None:
    path = bank(tmp_path, CHOOSE.replace("title: {en: Chosen", "language: cs\ntitle: {en: Chosen"))
    from t1gen.problems.instance import Source
    from t1gen.problems.shown import filled

    [instance] = Source(load(str(path)).problems[0]).draw([b"k"])
    test, train = instance.givens["test"], instance.givens["train"][0]
    assert filled("{test} $x_{test}$ `{test}` {train[0]} {train} {}", instance, "en") == (
        f"{test} $x_{{test}}$ `{{test}}` {train} {train} {{}}"
    )
    for text, says in (("{train[3]}", "no such entry"), ("{train[0][0]}", "no such entry"), ("{tset}", "mean 'test'")):
        with pytest.raises(BankError, match=says):
            filled(text, instance, "en")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("covers: [28]", "covers: [30]", "the lecture has no row '30'"),
        ("covers: [28]", "covers: [8e]", "did you mean '8"),
        ("show: [2, 3]", "show: [7, 3]", "does not fit 6 right"),
        ("show: [2, 3]", "show: 2", "two whole numbers"),
        ("show: [2, 3]", "shwo: [2, 3]", "did you mean 'show'"),
        ("text: {en: Which?, cs: Které?}\n          right", "right", "needs a text"),
        ("when: [max(train) > test]", "when: [max(tarin) > test]", "'tarin'"),
        ("when: [max(train) > test]", "when: [test]", "is not one comparison"),
        ("when: [max(train) > test]", "when: [test > 99]", "not one option is right"),
        ("options:", "optoins:", "did you mean 'options'"),
        ("{en: lower, cs: nižší}", "Yes", "is no text; quote it"),
        ("{en: lower, cs: nižší}", "{en: Yes, cs: nižší}", "is no text; quote it"),
        ("{en: r1, cs: p1}", "{en: 5, cs: p1}", "is no text; quote it"),
        ("because: {en: \"It is {test}.\", cs: \"Je to {test}.\"}", "because: 5", "is no text; quote it"),
        ("{en: r1, cs: p1}", "{en: w1, cs: p1}", "two statements or options read 'w1'"),
        ("{en: r1, cs: p1}", "{en: '', cs: p1}", "a statement or option is empty"),
        ("{en: lower, cs: nižší}", "{en: higher, cs: nižší}", "two statements or options read 'higher'"),
        ("at {test} %?\", cs", "at {tset} %?\", cs", "did you mean 'test'"),
        ("shape: [1], draw", "shape: [100000, 100000], draw", "entries are read"),
    ],
)
def test_a_wrong_choose_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in CHOOSE
    text = CHOOSE.replace(old, new)
    if "99" in new:
        text = text.replace("when: [max(train) < test, test > 0]", "when: [test > 98]")
    done = t1gen("generate", bank(tmp_path, text), "--seed", 1, "--out", tmp_path / "out", "--format", "json")
    assert done.exit_code == 2 and says in done.output, done.output


def test_check_tells_of_pools_and_instances_that_are_too_few(tmp_path: Path) -> None:
    few = CHOOSE.replace(",\n                  {en: r6, cs: p6}", "")
    done = t1gen("check", bank(tmp_path, few), "--tests", 10)
    assert done.exit_code == 1 and "WRONG: a pool of 5 right statements; 6 are wanted" in done.stdout
    (tmp_path / "other").mkdir()
    done = t1gen("check", bank(tmp_path / "other", BANK.replace("    few: small numbers\n", "")), "--tests", 100)
    assert done.exit_code == 1 and "distinct instances, fewer than 2000; 'few:' may say why" in done.stdout


def test_coverage_is_listed_for_people_and_programs() -> None:
    import json

    done = t1gen("banks", "--coverage")
    assert done.exit_code == 0 and " 1  linear classifier" in done.stdout and "no row is empty" in done.stdout
    found = json.loads(t1gen("banks", "--json").stdout)
    assert set(found) == {"problems", "coverage"} and list(found["coverage"]) == [str(n) for n in range(1, 30)]
    ids = {p["id"] for p in found["problems"]}
    assert ids == set(written()) and all(set(names) <= ids for names in found["coverage"].values())


def test_a_phrase_is_an_ask(tmp_path: Path) -> None:
    exam = generated(bank(tmp_path, BANK.replace("- forward: y", "- y").replace("- gradient: x", "- dy/dx")))
    asked = [(q.ask, q.of, q.wrt) for q in exam.problems[0].questions]
    assert asked == [("forward", "y", None), ("gradient", "y", "x")]
