"""The kinds of file: every kind is one frozen record.

Its fields are in the order in which they are written; what a record leaves at None or empty is left out of the file,
unless the record says otherwise.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Number = int | float
Value = Annotated[Any, Meta(extra_json_schema={"$ref": "#/$defs/Value"})]
"""A number, a text, null, or nested lists of these."""

VALUE_SCHEMA = {
    "title": "Value",
    "anyOf": [{"type": ["number", "string", "null"]}, {"type": "array", "items": {"$ref": "#/$defs/Value"}}],
}


class Student(Struct, frozen=True, forbid_unknown_fields=True):
    """Who sits the test; a test for nobody in particular has an empty id and name."""

    id: str
    name: str


class BankRef(Struct, frozen=True, forbid_unknown_fields=True):
    """Which problem bank a test was drawn from."""

    id: str
    sha256: str


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a choice or an order."""

    id: str
    text: str


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`ask` says which quantity, `kind` how it is answered; shape [] is a scalar, None no shape at all.

    `sizes` are names for whole numbers in a formula; `several` says that a choice may have several right options;
    `columns` are a table's headings in words and `parts` what they mean: value or gradient; `h` is a difference's step.
    """

    id: str
    text: str
    ask: str
    of: str | None = None
    moves: Sequence[str] = ()
    rate: Number | None = None
    steps: int | None = None
    ascent: bool = False
    wrt: str | None = None
    cotangent: Value = None
    tangent: Mapping[str, Value] = field(default_factory=dict)
    order: int | None = None
    mode: str | None = None
    about: str | None = None
    kind: str
    shape: Sequence[int] | None = None
    names: Mapping[str, Sequence[int]] = field(default_factory=dict)
    nodes: Sequence[str] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    options: Sequence[Option] = ()
    several: bool = False
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    parts: Sequence[str] = ()
    cells: Value = None
    h: Number | None = None
    points: Number
    decimals: int | None = None
    accept: str = ""
    entries: str = ""


class Problem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One problem of a test: the given values, the mapping as plain assignments, the questions.

    `shows` says what is printed instead of the mapping: listing, or text, where an exam has no mapping but the key's
    sheet has it; `given_as` that of the givens only the shapes are printed; `labels` are only 1, -1 or 0.
    `picture` is plain or empty (boxes to fill in) where a graph is printed that would not be, none where none is.
    """

    id: str
    number: int
    title: str
    text: str = ""
    competence: str = ""
    points: Number
    given: Mapping[str, Value]
    labels: Sequence[str] = ()
    listing: str = ""
    shows: str = ""
    given_as: str = ""
    picture: str = ""
    definitions: Mapping[str, str] = field(default_factory=dict)
    mapping: Sequence[str]
    questions: Sequence[Question]


class Exam(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag="t1gen/exam@1",
):
    """What one student may see: enough words and numbers for any program to print the test.

    `aids` says what may be used; `attached` are sheets that are printed after the problems: values (of functions, for
    a test without a calculator), formulas; `setting` is how the sheets are set, where not as usual.
    """

    exam: str
    variant: str
    student: Student
    bank: BankRef
    title: str
    course: str = ""
    author: str = ""
    date: str = ""
    aids: str = ""
    language: str
    setting: Sequence[str] = ()
    minutes: Number | None = None
    points: Number
    problems: Sequence[Problem]
    attached: Sequence[str] = ()


class KeyAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One right answer; `exact` and `tolerance` have the shape of `value`.

    `follow_through` is the share of the points that what is right given own earlier answers earns (1 where it is not
    written), `credit` that of an answer with a listed mistake. All are written but an empty `because` and these two.
    """

    value: Value
    exact: Value = None
    tolerance: Value = None
    because: str | UnsetType = UNSET
    points: Number
    follow_through: Number | UnsetType = UNSET
    credit: Mapping[str, Number] | UnsetType = UNSET


class Key(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag="t1gen/key@1",
):
    """The teacher's answers to one student's test; `sheet` is the test itself: a key explains itself."""

    exam: str
    variant: str
    student: Student
    program: Sequence[str]
    answers: Mapping[str, KeyAnswer]
    sheet: Exam | None = None


class Mark(Struct, frozen=True):
    """What a person decided on one question."""

    points: Number
    by: str = ""
    note: str = ""


class Submission(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="format", tag="t1gen/submission@1"):
    """What one student answered. A blank is a missing id, None or an empty text.

    `exam`, `variant` and `student` may be missing when read, but are written even when empty, for people to
    fill in: that is what `default_factory=str` does to `omit_defaults`.
    """

    exam: str = field(default_factory=str)
    variant: str = field(default_factory=str)
    student: str = field(default_factory=str)
    answers: Mapping[str, Any]
    marks: Mapping[str, Mark] = field(default_factory=dict)


class QuestionReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one question was marked, and why. All fields are always written.

    `decided_by` is "rule" or a person's name, `note` that person's reason. `void` is "full" where the question was
    taken back with points for all, "drop" where it was taken out of the maximum (`of` is then 0).
    """

    points: Number
    of: Number
    verdict: str
    given: Value = None
    read_as: Value = None
    expected: Value = None
    tolerance: Value = None
    expected_from_own: Value = None
    own_used: Mapping[str, Value] = field(default_factory=dict)
    diagnoses: Sequence[str] = field(default_factory=list)
    reasons: Sequence[str] = field(default_factory=list)
    decided_by: str = "rule"
    note: str = ""
    void: str = ""
    feedback: str = ""


class ProblemReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a problem earned: the sum of its questions, by rule rounded down to quarters, by a person as decided."""

    id: str = ""
    points: Number
    of: Number
    questions: Sequence[str] = ()


class Report(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="t1gen/report@1"):
    """One marked test; `provisional` while a person must still decide something."""

    exam: str
    variant: str
    student: str
    points: Number
    of: Number
    provisional: bool
    questions: Mapping[str, QuestionReport]
    problems: Mapping[str, ProblemReport] = field(default_factory=dict)


class Seat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One student's line in a manifest."""

    id: str
    name: str
    variant: str
    attempt: int = 0


class Manifest(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="t1gen/manifest@1"
):
    """Who got which variant of an exam."""

    exam: str
    bank: BankRef
    students: Sequence[Seat]


class Void(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question that was taken back after the test: "full" gives everybody its points, "drop" takes it out."""

    how: Literal["full", "drop"]
    by: str
    note: str = ""
    at: str = ""


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person decided on one answer: points out of `of`, for as long as the answer is the `given` one."""

    variant: str
    question: str
    given: Value
    points: Number
    of: Number
    by: str
    note: str = ""
    at: str = ""


class Decisions(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="format",
    tag="t1gen/decisions@1",
):
    """What persons decided on a class: kept beside the manifest, and in force whenever it is marked.

    `voided` is by question: "2a", or "neuron-step:a" for that problem's question whatever its number. `ignore_marks`:
    the marks in submissions are not a person's, so they do not count.
    """

    exam: str
    ignore_marks: bool = False
    voided: Mapping[str, Void] = field(default_factory=dict)
    answers: Sequence[Decision] = ()


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report's SHA-256 and what it was made from: files, the test as it was sat, what persons decided.

    `pages` has the SHA-256 of its feedback pages by format, `notices` what was ignored in the submission.
    """

    report: str
    submission: str
    key: str
    test: str
    decisions: str
    t1gen: str
    pages: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()


class Ledger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="t1gen/ledger@1"):
    """The reports of a class that t1gen wrote, by place: whatever else lies there is no report of ours."""

    exam: str
    reports: Mapping[str, Entry]


class Secret(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="format", tag="t1gen/secret@1"):
    """What all draws of an exam are keyed with; the one file that nobody else may read."""

    exam: str
    secret: str


KINDS: Mapping[str, type[Struct]] = {
    kind.__name__.lower(): kind for kind in (Exam, Key, Submission, Report, Manifest, Decisions, Ledger, Secret)
}
