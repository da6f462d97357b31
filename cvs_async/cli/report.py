"""``cvs-async report``: a page about journals and results files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from ..batch.journal.several import Journals
from ..batch.prices import Prices
from ..errors import InvalidInputError
from ._common import Settings, exit_on_error, find_operation, messages, options_of, shown
from ._places import refuse_overlap
from ._prices import PriceFile, PriceList, parse_prices
from ._reviews import FilesOption, LangOption, LowOption, RequireOption, parse_limits
from ._zones import VIETNAM, SinceOption, UntilOption, parse_period, parse_zone


def command(
    inputs: Annotated[
        list[Path],
        typer.Argument(help="Journals, and results in .jsonl files.", metavar="JOURNAL|RESULTS", show_default=False),
    ],
    to: Annotated[Path, typer.Option(help="New .html file, or new folder for many documents.", metavar="PATH")],
    files: FilesOption = None,
    pictures: Annotated[
        Literal["review", "all", "none"], typer.Option(help="Documents to include pictures of.")
    ] = "review",
    low: LowOption = None,
    require: RequireOption = None,
    sample: Annotated[
        int, typer.Option(help="Number of additional documents to review, drawn at random.", min=0, metavar="N")
    ] = 0,
    since: SinceOption = None,
    until: UntilOption = None,
    zone: Annotated[
        str | None,
        typer.Option("--tz", help=f"Time zone of days, such as {VIETNAM}. Default: this machine's.", metavar="ZONE"),
    ] = None,
    price: PriceList = None,
    prices: PriceFile = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Omit values, pictures, names, references and answers.")
    ] = False,
    lang: LangOption = "en",
    dpi: Annotated[
        float | None,
        typer.Option(
            help="Resolution of the service's pictures of PDF pages, if known.", min=10, max=2400, metavar="N"
        ),
    ] = None,
    settings: Settings = None,
    now: Annotated[
        str | None,
        typer.Option(help="Time printed on the page; with it the same input makes the same bytes.", metavar="TIME"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Include pictures of any number of documents.")] = False,
) -> None:
    """Write an HTML page with results, charges, a queue of values to review, and documents with boxes.

    The page needs no server and loads nothing from the network. It contains personal data, and only you can read it;
    with --redact it contains no values. With --since or --until it has only documents whose last request was sent on
    these days. Give arguments of the batch with --set, so that its files are recognized.
    """
    from ..look.options import ReportOptions
    from ..look.report import write_report

    with exit_on_error():
        _refuse_kind(to)
        refuse_overlap(inputs, to, None)
        options = ReportOptions(
            limits=parse_limits(low, require),
            files=files or (),
            pictures=pictures,
            parameters=_parameters(inputs, settings),
            sample=sample,
            period=parse_period(since, until),
            zone=None if zone is None else parse_zone(zone),
            prices=_prices(inputs, price, prices),
            redact=redact,
            lang=lang,
            dpi=dpi,
            yes=yes,
            now=_time(now),
        )
        with messages().status(Text(f"Writing {shown(to)} ...")):
            remarks = write_report(inputs, to, options)
    kind = "it contains personal data and only you can read it"
    if redact:
        kind = "redacted: it contains no values"
    sentences = [
        f"{shown(to)}: {remarks.documents:,} documents, {remarks.pictures:,} pictures, "
        f"{remarks.size / 1_000_000:.1f} MB; {kind}."
    ]
    if remarks.missing:
        sentences.append(
            f"The files of {remarks.missing:,} documents were not found: name folders to search with --files."
        )
    if remarks.broken:
        sentences.append(f"The files of {remarks.broken:,} documents cannot be shown; the page says why.")
    if pictures == "review" and remarks.documents and not remarks.pictures:
        sentences.append("No document needs a review; --pictures all makes pictures of all documents.")
    for sentence in sentences:
        messages().print(sentence, markup=False)


def _refuse_kind(to: Path) -> None:
    """Refuse names of other kinds of files, which would become names of folders."""
    kind = to.suffix.lower()
    if kind in RESULTS:
        raise InvalidInputError(f"{to}: a report is a .html file or a folder; `cvs-async export` writes {kind} files")
    if kind in OTHERS:
        raise InvalidInputError(f"{to}: a report is a .html file or a folder")


RESULTS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx")
OTHERS = (".db", ".pdf", ".png", ".jpg", ".txt", ".xml")


def _time(given: str | None) -> datetime:
    """Parse the time given with --now, a local one unless it has a zone. Without it, return the present."""
    if given is None:
        return datetime.now().astimezone()
    try:
        time = datetime.fromisoformat(given)
        return time if time.tzinfo else time.astimezone()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"--now takes a time such as 2026-01-02T03:04:05+07:00, not {given}") from None


def _parameters(inputs: Sequence[Path], settings: list[str] | None) -> dict[str, Any]:
    """Return the arguments given with --set, checked against the operation of the journals."""
    if not settings:
        return {}
    with _journals(inputs) as journals:
        operations = dict.fromkeys(name for reader in journals.readers for name in reader.operations())
    if len(operations) != 1:
        raise InvalidInputError("--set requires journals of one operation")
    return options_of(find_operation(next(iter(operations))), settings)


def _prices(inputs: Sequence[Path], price: list[str] | None, prices: Path | None) -> Prices | None:
    with _journals(inputs) as journals:
        return parse_prices(price, prices, journals.billed)


def _journals(inputs: Sequence[Path]) -> Journals:
    return Journals([path for path in inputs if path.suffix.lower() not in (".jsonl", ".ndjson")])
