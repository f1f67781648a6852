"""The page that a student gets back, beside the report."""

from collections.abc import Sequence
from pathlib import Path

from t1gen import files

FORMATS = ("html", "md", "pdf", "tex", "typ")


def made(report: files.Report, key: files.Key, formats: Sequence[str]) -> dict[str, bytes]:
    """The feedback page in these formats, by ending."""
    from t1gen.feedback_page import feedback_page
    from t1gen.output import sheets

    written = sheets(lambda: feedback_page(report, key), "feedback", formats, "typst")
    return {name.removeprefix("feedback."): data for name, data in written.items()}


def place(report: Path, format: str) -> Path:
    """Where the page of a report lies: report-ada.json has feedback-ada.html."""
    return report.with_name(report.name.replace("report", "feedback", 1)).with_suffix(f".{format}")


def there(report: Path) -> list[str]:
    """The formats in which a report has a page already."""
    return [f for f in FORMATS if place(report, f).is_file()]
