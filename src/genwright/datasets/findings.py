"""What a check found, and the report that holds it all."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from genwright.types import Json

Severity = Literal["error", "warning", "info"]
EXAMPLES = 5
EXCERPT = 120
"""Characters of a row that are shown."""
THRESHOLD = 0.05
"""Share of rows with errors above which a data set is refused."""


@dataclass(frozen=True)
class DataFinding:
    """One kind of fault, with the rows that have it."""

    check: str
    """Such as ``empty`` or ``near_duplicates``."""
    severity: Severity
    rows: tuple[int, ...]
    """Their numbers, from 1; empty for a fault of the whole set."""
    says: str
    """What it means for a training."""
    mend: str
    """What to do."""
    examples: tuple[str, ...] = ()
    share: float = 0.0
    """Of the rows."""

    def json(self) -> Json:
        """Every field, with the first hundred rows and how many there are."""
        return {**asdict(self), "rows": list(self.rows[:100]), "count": len(self.rows)}


@dataclass(frozen=True)
class CheckReport:
    """Everything that was found in a data set."""

    name: str
    form: str
    rows: int
    sha256: str
    findings: tuple[DataFinding, ...]
    seconds: float
    figures: Json = field(default_factory=dict)
    """Lengths, labels and the like."""

    @property
    def rows_per_second(self) -> float:
        """Of everything that was checked."""
        return self.rows / self.seconds if self.seconds else 0.0

    def list_bad_rows(self) -> set[int]:
        """Numbers of the rows with an error."""
        return {row for each in self.findings if each.severity == "error" for row in each.rows}

    def is_refused(self, threshold: float = THRESHOLD) -> bool:
        """Whether too large a share of the rows has errors, or the whole set has one."""
        whole = any(each.severity == "error" and not each.rows for each in self.findings)
        return whole or len(self.list_bad_rows()) > threshold * self.rows

    def json(self) -> Json:
        """Every field."""
        return {
            "name": self.name,
            "form": self.form,
            "rows": self.rows,
            "sha256": self.sha256,
            "bad_rows": len(self.list_bad_rows()),
            "findings": [each.json() for each in self.findings],
            "figures": self.figures,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows_per_second),
        }


@dataclass
class FindingCollector:
    """Findings as they are gathered, each with its first examples.

    Args:
        texts: What the rows say, for the examples.
    """

    texts: Sequence[str]
    found: list[DataFinding] = field(default_factory=list)

    def add(
        self,
        check: str,
        severity: Severity,
        places: Sequence[int],
        says: str,
        mend: str,
        *,
        whole: bool = False,
        excerpt: Callable[[int], str] | None = None,
    ) -> None:
        """Keep a fault that rows have, by their places from 0; none where there are no rows.

        Args:
            check: Its name.
            severity: How bad it is.
            places: Of the rows, from 0.
            says: What it means.
            mend: What to do.
            whole: It is a fault of the whole set, and counts without rows.
            excerpt: What is shown of a row; by default how it begins.
        """
        if not places and not whole:
            return
        show = excerpt or (lambda place: shorten_text(self.texts[place]))
        examples = tuple(f"row {place + 1}: {show(place)}" for place in places[:EXAMPLES])
        share = len(places) / len(self.texts) if self.texts else 0.0
        rows = tuple(place + 1 for place in places)
        self.found.append(DataFinding(check, severity, rows, says, mend, examples, round(share, 4)))


def shorten_text(text: str) -> str:
    """The beginning of a text in one line."""
    line = " ".join(text[: 2 * EXCERPT].split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
