"""``cvs-async report``: a page to look at, of journals and results files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.text import Text

from ..batch._journals import Journals
from ..errors import InvalidInputError
from ._common import Settings, find_operation, messages, options_of, shown, told_errors
from ._places import refuse_overlap
from ._prices import PriceFile, PriceList, parse_prices


def command(
    inputs: Annotated[
        list[Path],
        typer.Argument(help="Journals, and results as .jsonl.", metavar="JOURNAL|RESULTS…", show_default=False),
    ],
    to: Annotated[Path, typer.Option(help="A .html file, or a folder for many documents; it must not exist.")],
    files: Annotated[
        list[Path] | None,
        typer.Option(help="A folder in which the documents are looked for, if they were moved.", metavar="FOLDER"),
    ] = None,
    pictures: Annotated[
        Literal["review", "all", "none"], typer.Option(help="Of which documents there are pictures.")
    ] = "review",
    low: Annotated[
        list[str] | None,
        typer.Option(help="Review values below this confidence; FIELD=NUMBER for one field.", metavar="NUMBER"),
    ] = None,
    require: Annotated[
        str | None, typer.Option(help="Review papers in which one of these fields is empty.", metavar="FIELD,…")
    ] = None,
    sample: Annotated[int, typer.Option(help="Review so many documents more, drawn at random.", min=0)] = 0,
    price: PriceList = None,
    prices: PriceFile = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Leave out values, pictures, names, references and answers.")
    ] = False,
    lang: Annotated[Literal["en", "vi"], typer.Option(help="Language of the page.")] = "en",
    dpi: Annotated[
        float | None,
        typer.Option(help="Of the pictures the service makes of PDF pages, if you know it.", min=10, max=2400),
    ] = None,
    settings: Settings = None,
    now: Annotated[
        str | None,
        typer.Option(
            help="Time at which the page says it was made: then the same input makes the same bytes.", metavar="TIME"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Make the pictures of however many documents.")] = False,
) -> None:
    """Write a page to look at: what was read and what it cost, what to review, each document with its boxes.

    The page needs no server and loads nothing from elsewhere. It holds what was read, so only you can open it; with
    --redact it holds no values. --set gives the arguments of the batch, by which its files are recognized.
    """
    from ..look.options import ReportOptions
    from ..look.report import write_report
    from ..look.summary import Limits

    with told_errors():
        refuse_overlap(inputs, to, None)
        everywhere, single = limits_of(low or [])
        options = ReportOptions(
            limits=Limits(everywhere, single, names_of(require)),
            files=files or (),
            pictures=pictures,
            parameters=_parameters(inputs, settings),
            sample=sample,
            prices=_prices(inputs, price, prices),
            redact=redact,
            lang=lang,
            dpi=dpi,
            yes=yes,
            now=_time(now),
        )
        with messages().status(Text(f"Writing {shown(to)} ...")):
            remarks = write_report(inputs, to, options)
    kind = "redacted: it holds no values" if redact else "it holds personal data, and only you can read it"
    said = [
        f"{shown(to)}: {remarks.documents:,} documents, {remarks.pictures:,} pictures, "
        f"{remarks.size / 1_000_000:.1f} MB; {kind}."
    ]
    if remarks.missing:
        said.append(f"The files of {remarks.missing:,} documents were not found: --files names folders to look in.")
    if remarks.broken:
        said.append(f"The files of {remarks.broken:,} documents cannot be shown; the page says why.")
    for sentence in said:
        messages().print(sentence, markup=False)


def limits_of(given: Sequence[str]) -> tuple[float, dict[str, float]]:
    """Return the limit of all fields, and those of single ones, as given with --low."""
    everywhere, single = 0.85, dict[str, float]()
    for text in given:
        name, _, number = text.rpartition("=")
        try:
            limit = float(number)
        except ValueError:
            limit = -1.0
        if not 0 <= limit <= 1:
            raise InvalidInputError(f"--low takes a confidence from 0 to 1, or FIELD=CONFIDENCE, and not {text}")
        if name:
            single[name.strip()] = limit
        else:
            everywhere = limit
    return everywhere, single


def _time(given: str | None) -> datetime:
    """The time as given with --now, in the local zone if it has none; without it the present."""
    try:
        time = datetime.now() if given is None else datetime.fromisoformat(given)
        return time if time.tzinfo else time.astimezone()
    except (ValueError, OverflowError):
        raise InvalidInputError(f"--now takes a time such as 2026-01-02T03:04:05+07:00, and not {given}") from None


def names_of(given: str | None) -> tuple[str, ...]:
    """Return names that were given with commas between."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip())


def _parameters(inputs: Sequence[Path], settings: list[str] | None) -> dict[str, Any]:
    """The arguments given with --set, which are those of the journals' operation."""
    if not settings:
        return {}
    with Journals([path for path in inputs if path.suffix.lower() not in (".jsonl", ".ndjson")]) as journals:
        operations = dict.fromkeys(name for reader in journals.readers for name in reader.operations())
    if len(operations) != 1:
        raise InvalidInputError("--set needs journals of one operation")
    return options_of(find_operation(next(iter(operations))), settings)


def _prices(inputs: Sequence[Path], price: list[str] | None, prices: Path | None) -> Any:
    if not price and not prices:
        return None
    with Journals([path for path in inputs if path.suffix.lower() not in (".jsonl", ".ndjson")]) as journals:
        return parse_prices(price, prices, journals.billed())
