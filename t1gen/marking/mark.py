"""Submissions against their keys: a verdict, points and feedback for every question, a class at a time."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, repeat
from math import floor, inf
from typing import Any

from t1gen.answers import KINDS, Unreadable, Verdict
from t1gen.answers.record import judged
from t1gen.errors import MISFITS, FileError, T1genError, near
from t1gen.files import (
    TOLD,
    Decisions,
    Key,
    KeyAnswer,
    Mark,
    Problem,
    ProblemReport,
    Question,
    QuestionReport,
    Report,
    Submission,
    Void,
    is_blank,
    rounded,
)
from t1gen.mapping.custom import declare_all
from t1gen.marking.formulas import reconsider
from t1gen.marking.numeric import NUMERIC, Answered, judge
from t1gen.marking.rulings import NONE, RULE, Rulings, plain
from t1gen.problems.issued import key_of, mapping_of
from t1gen.wording import ENGLISH, Said, in_words, languages, say, signs

Marked = tuple[Report, list[str]] | FileError
"""A report with notices of what was ignored, or why there is none."""

PROVISIONAL = ("unreadable", "review")
"""Verdicts that a person must look at."""


@dataclass
class Answer:
    """One question of one student on its way to a verdict; `told` and `void` are what persons decided."""

    question: Question
    key: KeyAnswer
    given: Any
    told: Mark | None
    void: Void | None
    found: Answered = field(default_factory=Answered)


@dataclass
class Paper:
    """One submission with its key: the answers of every problem."""

    submission: Submission
    key: Key
    problems: list[tuple[Problem, list[Answer]]]
    notices: list[str]


def mark(submission: Submission, key: Key, decisions: Decisions | None = None) -> tuple[Report, list[str]]:
    """The report of a submission, and notices of what was ignored in it.

    Raises FileError where the submission is for another exam, variant or student, or the key holds no sheet.
    """
    [marked] = mark_all([(submission, key)], [Rulings(decisions)])
    if isinstance(marked, FileError):
        raise marked
    return marked


def mark_all(pairs: Iterable[tuple[Submission, Key]], rulings: Iterable[Rulings] = ()) -> list[Marked]:
    """Many submissions at once, in one evaluation for all with the same problem; what cannot be marked is an error.

    `rulings` has what persons decided, one a submission; none at all where it is empty.
    """
    papers: list[Paper | FileError] = []
    for (submission, key), own in zip(pairs, chain(rulings, repeat(NONE)), strict=False):
        try:
            papers.append(_paper(submission, key, own))
        except FileError as error:
            papers.append(error)
    _judge([p for p in papers if isinstance(p, Paper)])
    return [p if isinstance(p, FileError) else (_report(p), p.notices) for p in papers]


def _paper(submission: Submission, key: Key, rulings: Rulings) -> Paper:
    check_belongs(submission, key)
    given, notices = _matched(submission.answers, key, "answered", "answer")
    marks, more = _matched(submission.marks, key, "marked", "mark")
    if marks and not rulings.marks_count:
        marks, more = {}, [*more, f"marks in the submission are ignored: {', '.join(marks)}"]
    decided, late = rulings.decided(key, given)
    if key.sheet is None:
        raise FileError("the key holds no sheet, so its questions are not known")
    unanswered = [q.id for p in key.sheet.problems for q in p.questions if q.id not in key.answers]
    if unanswered:
        raise FileError(f"the key has no answer to question {unanswered[0]}")
    told = decided | marks
    for name, one in told.items():
        if not -inf < one.points < inf:
            raise FileError(f"the mark of question {name} has points that are no number")
    language = key.sheet.language if key.sheet.language in languages() else ENGLISH
    problems = [
        (p, [Answer(q, key.answers[q.id], given.get(q.id), told.get(q.id), rulings.void(p.id, p.number, q.id),
                    Answered(language=language)) for q in p.questions])
        for p in key.sheet.problems
    ]  # fmt: skip
    return Paper(submission, key, problems, notices + more + late)


def check_belongs(submission: Submission, key: Key) -> None:
    """Raise FileError unless the submission is for this key; what it leaves empty is believed."""
    pairs = (("exam", submission.exam, key.exam), ("variant", submission.variant, key.variant),
             ("student", submission.student, key.student.id))  # fmt: skip
    for what, mine, theirs in pairs:
        if mine and mine.strip().lower() != theirs.strip().lower():
            raise FileError(f"this submission is for {what} '{mine}', the key for {what} '{theirs}'")


def _matched(told: Mapping[str, Any], key: Key, done: str, what: str) -> tuple[dict[str, Any], list[str]]:
    """Answers, or marks, by the key's ids, which match without regard to case and spaces; unknown ids are noticed."""
    if told.keys() <= key.answers.keys():
        return dict(told), []
    ids = {plain(i): i for i in key.answers}
    out, notices, unknown = dict[str, Any](), list[str](), list[str]()
    for name, value in told.items():
        found = ids.get(plain(name))
        if found is None:
            unknown.append(name)
        elif found in out and not is_blank(out[found]):
            notices.append(f"question '{found}' is {done} twice; the first {what} counts")
        else:
            out[found] = value
    for name in unknown[:TOLD]:
        notices.append(f"question '{name[:40]}' is unknown and was ignored{near(name[:40], key.answers)}")
    if len(unknown) > TOLD:
        notices.append(f"{len(unknown) - TOLD} more unknown questions were ignored")
    return out, notices


# judging


def _judge(papers: Sequence[Paper]) -> None:
    """Read every answer, then judge those in numbers together, the others one by one."""
    groups: dict[Any, list[tuple[Paper, Problem, list[Answer]]]] = {}
    for paper in papers:
        for problem, answers in paper.problems:
            for answer in answers:
                _read(answer)
            if any(a.question.kind in NUMERIC and a.found.value is not None for a in answers):
                groups.setdefault(_structure(problem), []).append((paper, problem, answers))
            for answer in answers:
                if answer.question.kind not in NUMERIC and answer.found.value is not None:
                    _compare(answer, problem)
    for group in groups.values():
        _judge_numbers(group)


def _structure(problem: Problem) -> Any:
    """What tells whether problems are judged together; one of its own where it cannot be told."""
    try:
        cells = tuple(repr(q.cells) if q.kind == "table" else "" for q in problem.questions)
        return key_of(problem), cells, tuple((q.kind, q.id, q.decimals) for q in problem.questions)
    except (T1genError, *MISFITS):
        return id(problem)


def _read(answer: Answer) -> None:
    """Read one answer; whatever goes wrong, the others are still marked."""
    question, given, found = answer.question, answer.given, answer.found
    if given is None or (is_blank(given) and not (question.ask == "shape" and given == [])):
        found.verdict = "blank"
        return
    kind = KINDS.get(question.kind)
    if kind is None:
        found.review(judged("kind", kind=question.kind))
        return
    try:
        reading = kind.read(given, question)
        found.value, found.other = reading.value, reading.other
        found.notes = [note for note in reading.notes if not _goes_without_saying(note, found.language)]
    except Unreadable as error:
        found.value = _array(answer)
        if found.value is None:
            found.verdict, found.reasons = "unreadable", [error.message]
    except (T1genError, MemoryError, *MISFITS) as error:
        found.review(judged("undecided", error=str(error)))


def _goes_without_saying(note: str, language: str) -> bool:
    """Whether a note says that a comma is a decimal comma where every comma of the sheet is one."""
    commas = isinstance(note, Said) and (note.key == "decimal_commas" or bool(note.values.get("comma")))
    return commas and signs(language).decimal == ","


def _array(answer: Answer) -> Any:
    """What was handed in as a number and is an array: it can be read, and is wrong."""
    given = answer.given
    if answer.question.kind != "number" or not (isinstance(given, list) or "[" in str(given)):
        return None
    try:
        value = KINDS["array"].read(given, answer.question).value
    except (T1genError, MemoryError, *MISFITS):
        return None
    return value if isinstance(value, list) and value else None


def _compare(answer: Answer, problem: Problem) -> None:
    """Judge an answer that is no number."""
    question, found = answer.question, answer.found
    try:
        verdict = KINDS[question.kind].compare(found.value, question, answer.key, mapping_of(problem))
        if found.other is not None and verdict.verdict != "correct":
            second = KINDS[question.kind].compare(found.other, question, answer.key, mapping_of(problem))
            if second.verdict == "correct":
                verdict, found.value, found.notes = second, found.other, []
    except Unreadable as error:
        verdict = Verdict("unreadable", error.message)
        found.value = None
    except (T1genError, MemoryError, *MISFITS) as error:
        verdict = Verdict("review", judged("undecided", error=str(error)))
        found.value = None
    found.verdict, found.diagnoses = verdict.verdict, list(verdict.diagnoses)
    found.share = Fraction(1) if verdict.verdict == "correct" else verdict.share
    found.reasons = [verdict.reason] if verdict.reason else []
    if question.kind == "expression" and found.verdict == "wrong":
        with suppress(T1genError, MemoryError, *MISFITS):
            reconsider(problem, question, answer.key, found)


def _judge_numbers(group: list[tuple[Paper, Problem, list[Answer]]]) -> None:
    """Judge the answers in numbers to one problem; where that fails for all, each student alone, then a person."""
    try:
        declare_all(group[0][1].definitions)
        judge([(problem, [(a.question, a.key, a.found) for a in answers]) for _, problem, answers in group])
    except (T1genError, MemoryError, *MISFITS) as error:
        if len(group) > 1:
            for one in group:
                _judge_numbers([one])
            return
        for answer in group[0][2]:
            if answer.question.kind in NUMERIC and answer.found.value is not None:
                answer.found.review(judged("undecided", error=str(error)))


# reports


def _report(paper: Paper) -> Report:
    key, questions, problems = paper.key, dict[str, QuestionReport](), dict[str, ProblemReport]()
    total = most = Fraction(0)
    for problem, answers in paper.problems:
        earned = decided = of = Fraction(0)
        for answer in answers:
            points, worth = _points(answer)
            questions[answer.question.id] = _question(answer, points, worth)
            of += worth
            if answer.void or answer.told:
                decided += points
            else:
                earned += points
        kept = Fraction(floor(earned * 4), 4) + decided
        total, most = total + kept, most + of
        problems[str(problem.number)] = ProblemReport(
            id=problem.id, points=rounded(float(kept)), of=rounded(float(of)),
            questions=[a.question.id for a in answers],
        )  # fmt: skip
    provisional = any(is_open(q) for q in questions.values())
    return Report(
        exam=key.exam, variant=key.variant, student=key.student.id or paper.submission.student,
        points=rounded(float(total)), of=rounded(float(most)), provisional=provisional, questions=questions,
        problems=problems,
    )  # fmt: skip


def is_open(question: QuestionReport) -> bool:
    """Whether a person must still look at this answer."""
    return question.verdict in PROVISIONAL and question.decided_by == RULE


def _name(by: str, language: str) -> str:
    return by if by.strip() and by != RULE else say(language, "page", "someone")


def _points(answer: Answer) -> tuple[Fraction, Fraction]:
    """The exact points of a question, and how many it is worth."""
    of, told, void = Fraction(str(answer.key.points)), answer.told, answer.void
    if void:
        return (of, of) if void.how == "full" else (Fraction(0), Fraction(0))
    if told:
        return Fraction(str(min(max(told.points, 0), answer.key.points))), of
    return of * answer.found.share, of


def _question(answer: Answer, points: Fraction, of: Fraction) -> QuestionReport:
    found, key, who = answer.found, answer.key, answer.void or answer.told
    by, note = (_name(who.by, found.language), who.note) if who else (RULE, "")
    reasons = in_words([*found.notes, *found.reasons], found.language)
    return QuestionReport(
        points=rounded(float(points)), of=rounded(float(of)), verdict=found.verdict, given=answer.given,
        read_as=found.value, expected=key.value, tolerance=key.tolerance, expected_from_own=found.expected_from_own,
        own_used=found.own_used, diagnoses=found.diagnoses,
        reasons=[*map(str, reasons), *([note] if note else [])], decided_by=by, note=note,
        void=answer.void.how if answer.void else "",
        feedback=found.feedback or " ".join(reasons),
    )  # fmt: skip
