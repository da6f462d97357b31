"""The parts of the page that need no script: figures, charts, tables of fields, errors and charges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define

from ..batch.journal.several import Journals
from .charts import confidence_chart, small_chart, time_chart
from .options import ReportOptions
from .queue import ReviewQueue
from .redaction import known_operation
from .summary import Summary
from .words import LANGUAGES

PLAIN_ROWS = 200
"""Number of documents that are listed without a script."""


@define
class Overview:
    """Maker of the values of the template.

    Attributes:
        options: options of the report.
        journals: journals that it is about.
        copies: other names of documents, by number.
    """

    options: ReportOptions
    journals: Sequence[Path]
    copies: Mapping[int, Sequence[str]]

    def values(
        self, head: Mapping[str, Any], summary: Summary, queue: ReviewQueue, rows: Sequence[list[Any]]
    ) -> dict[str, Any]:
        """Return the values of the template."""
        tr = LANGUAGES[self.options.lang]
        low = self.options.limits.low
        bins = summary.confidence
        confidence, chart = tr["no_confidence"], None
        if bins.count:
            confidence = tr["confidence"].format(count=f"{bins.count:,}", below=f"{bins.below:,}", low=f"{low:g}")
            chart = confidence_chart(bins.shown, low, confidence)
        time = tr["no_time"]
        if summary.rate is not None:
            time = tr["time"].format(rate=f"{summary.rate:,.1f}")
        return {
            "head": head,
            "outcomes": self._outcomes(summary, queue),
            "cost": [(name, summary.charge.get(name.removeprefix("n_"), 0)) for name in ("n_free", "n_unknown")],
            "billed": summary.billed,
            "requests": summary.requests,
            "bill": self._bill(summary),
            "at_most": summary.charge["unknown"] > 0,
            "confidence": confidence,
            "confidence_svg": chart,
            "time": time,
            "time_svg": time_chart(summary, tr["outcomes"]),
            "fields": self._fields(summary),
            "errors": self._errors(summary, rows),
            "charges": self._charges(),
            "rows": rows,
            "queue": len(queue.entries()),
        }

    def _outcomes(self, summary: Summary, queue: ReviewQueue) -> list[tuple[str, int]]:
        rare = {"n_copies": sum(map(len, self.copies.values())), "n_purged": summary.status["purged"]}
        return [
            ("n_documents", summary.documents),
            *((f"n_{status}", summary.status[status]) for status in ("done", "failed", "held")),
            ("n_review", len({entry.document for entry in queue.entries()})),
            ("n_warnings", summary.warnings),
            *((name, number) for name, number in rare.items() if number),
        ]

    def _bill(self, summary: Summary) -> str | None:
        if self.options.prices is None:
            return None
        return str(self.options.prices.bill(summary.billed_by))

    def _fields(self, summary: Summary) -> list[dict[str, Any]]:
        found = [
            {
                "type": kind,
                "column": column,
                "read": figures.read,
                "empty": figures.empty,
                "median": figures.bins.median,
                "least": figures.bins.least,
                "below": figures.bins.below,
                "svg": small_chart(figures.bins.shown, self.options.limits.of(column)),
            }
            for (kind, column), figures in summary.fields.items()
        ]
        return sorted(found, key=lambda one: (-one["below"], one["type"], one["column"]))

    def _errors(self, summary: Summary, rows: Sequence[list[Any]]) -> list[dict[str, Any]]:
        return [
            {
                "kind": kind,
                "code": code,
                "charge": charge,
                "count": figures.count,
                "names": [(number, _name(rows, number)) for number in figures.named],
            }
            for (kind, code, charge), figures in sorted(summary.errors.items(), key=lambda item: -item[1].count)
        ]

    def _charges(self) -> list[tuple[str, str, int, int, int]] | None:
        """Return the charges by day and operation; None without a journal."""
        if not self.journals:
            return None
        shown = known_operation if self.options.redact else str
        sums: dict[tuple[str, str], Counter[str]] = {}
        with Journals(self.journals) as journals:
            for charges in journals.reconcile(self.options.zone_of_days):
                if charges.day not in self.options.period:
                    continue
                counts = sums.setdefault((charges.day, shown(charges.operation)), Counter())
                counts.update(billed=charges.billed, free=sum(charges.free.values()), unknown=charges.unknown)
        return [(*place, counts["billed"], counts["free"], counts["unknown"]) for place, counts in sorted(sums.items())]


def _name(rows: Sequence[list[Any]], number: int) -> str:
    """Return the name of a document if its row is among the first ones."""
    return rows[number][0] if number < len(rows) else f"#{number + 1}"
