"""``cvs-async report``: a page about journals and results files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from ..batch.journal.several import Journals
from ..errors import InvalidInputError
from ._common import Settings, exit_on_error, find_operation, messages, options_of, shown
from ._places import refuse_overlap
from ._prices import PriceFile, PriceList, parse_prices
from ._zones import VIETNAM, SinceOption, UntilOption, parse_period, parse_zone


def command(
    inputs: Annotated[
        list[Path],
        typer.Argument(help="Journals, and results as .jsonl.", metavar="JOURNAL|RESULTS…", show_default=False),
    ],
    to: Annotated[Path, typer.Option(help="New .html file, or new folder for many documents.")],
    files: Annotated[
        list[Path] | None,
        typer.Option(help="Folder to search for documents that were moved.", metavar="FOLDER"),
    ] = None,
    pictures: Annotated[
        Literal["review", "all", "none"], typer.Option(help="Documents to include pictures of.")
    ] = "review",
    low: Annotated[
        list[str] | None,
        typer.Option(
            help="Review values below this confidence, 0.85 without it; FIELD=NUMBER for one.", metavar="NUMBER"
        ),
    ] = None,
    require: Annotated[
        str | None, typer.Option(help="Review papers in which any of these fields is empty.", metavar="FIELD,…")
    ] = None,
    sample: Annotated[int, typer.Option(help="Number of additional documents to review, drawn at random.", min=0)] = 0,
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
    lang: Annotated[Literal["en", "vi"], typer.Option(help="Language of the page.")] = "en",
    dpi: Annotated[
        float | None,
        typer.Option(help="Resolution of the service's pictures of PDF pages, if known.", min=10, max=2400),
    ] = None,
    settings: Settings = None,
    now: Annotated[
        str | None,
        typer.Option(help="Time printed on the page; with it the same input makes the same bytes.", metavar="TIME"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Include pictures regardless of the number of documents.")] = False,
) -> None:
    """Write a page with results, charges, a review queue and each document with its boxes.

    The page needs no server and loads nothing from the network. It contains personal data, so only you can open it;
    with --redact it contains no values. --set names the arguments of the batch, so that files are identified reliably.
    """
    from ..look.options import ReportOptions
    from ..look.report import write_report
    from ..look.summary import Limits

    with exit_on_error():
        _refuse_kind(to)
        refuse_overlap(inputs, to, None)
        everywhere, single = limits_of(low or [])
        options = ReportOptions(
            limits=Limits(everywhere, single, names_of(require)),
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
    kind = "redacted: it contains no values" if redact else "it contains personal data and only you can read it"
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
    """Refuse what is called like a file of another kind; it would become a folder of this name."""
    kind = to.suffix.lower()
    if kind in (*RESULTS, *OTHERS):
        advice = f"; `cvs-async export` writes {kind} files" if kind in RESULTS else ""
        raise InvalidInputError(f"{to}: a report is a .html file or a folder{advice}")


RESULTS = (".csv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx")
OTHERS = (".db", ".pdf", ".png", ".jpg", ".txt", ".xml")


def limits_of(given: Sequence[str]) -> tuple[float, dict[str, float]]:
    """Parse the values of --low into the limit of all fields and those of single fields."""
    everywhere, single = 0.85, dict[str, float]()
    for text in given:
        name, _, number = text.rpartition("=")
        try:
            limit = float(number)
        except ValueError:
            limit = -1.0
        if not 0 <= limit <= 1:
            raise InvalidInputError(f"--low takes a confidence from 0 to 1 or FIELD=CONFIDENCE, not {text}")
        if name:
            single[name.strip()] = limit
        else:
            everywhere = limit
    return everywhere, single


def _time(given: str | None) -> datetime:
    """Parse the time of --now, local unless it has a zone; without it return the present."""
    try:
        time = datetime.now() if given is None else datetime.fromisoformat(given)
        return time if time.tzinfo else time.astimezone()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"--now takes a time such as 2026-01-02T03:04:05+07:00, and not {given}") from None


def names_of(given: str | None) -> tuple[str, ...]:
    """Split a comma-separated list of names."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


def _parameters(inputs: Sequence[Path], settings: list[str] | None) -> dict[str, Any]:
    """Return the arguments given with --set, checked against the operation of the journals."""
    if not settings:
        return {}
    with Journals([path for path in inputs if path.suffix.lower() not in (".jsonl", ".ndjson")]) as journals:
        operations = dict.fromkeys(name for reader in journals.readers for name in reader.operations())
    if len(operations) != 1:
        raise InvalidInputError("--set requires journals of one operation")
    return options_of(find_operation(next(iter(operations))), settings)


def _prices(inputs: Sequence[Path], price: list[str] | None, prices: Path | None) -> Any:
    if not price and not prices:
        return None
    with Journals([path for path in inputs if path.suffix.lower() not in (".jsonl", ".ndjson")]) as journals:
        return parse_prices(price, prices, journals.billed())
