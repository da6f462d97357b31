"""Pictures for pages: documents are opened in worker processes, so that a hostile one cannot block or end the rest.

Everything is encoded anew: metadata of a photograph, such as its place, does not get into a page.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from attrs import define, field, frozen

from ..errors import CVSError
from .frames import State, place
from .overlay import cut
from .pages import PageInfo, Pages
from .reads import Read
from .workers import AT_ONCE, SECONDS, GivenUpError, Workers

T = TypeVar("T")

WIDTH = 1200
"""Width of a page, in pixels."""

CUT_WIDTH, CUT_HEIGHT = 640, 160
QUALITY, METHOD = 70, 2
"""WebP: a third of the time of its default method, and 3 % more bytes."""

LONGEST_SIDE = 16_383
"""Pixels of WebP; a scanned roll of receipts is longer."""

MOST_SHOWN = 50
"""Pages of one document that are drawn."""

AHEAD = 8
"""Documents that are in work or wait for their turn to be written."""


@frozen
class Job:
    """The pictures to draw of one document.

    Attributes:
        number: of the document.
        paths: of its inputs.
        reads: with boxes; for the place of each.
        cuts: positions in `reads` of the values to cut out.
        with_pages: whether whole pages are wanted.
        dpi, papers: as of `frames.place`.
        seconds: after which it is given up.
    """

    number: int
    paths: tuple[Path, ...]
    operation: str
    reads: list[Read] = field(repr=False)
    cuts: tuple[int, ...] = ()
    with_pages: bool = True
    dpi: float | None = None
    seconds: float = SECONDS
    papers: int = 0


@frozen
class Encoded:
    """A picture.

    Attributes:
        content: WebP.
        width, height: in pixels.
    """

    content: bytes = field(repr=False)
    width: int
    height: int


@frozen
class Drawing:
    """The pictures drawn of one document.

    Attributes:
        problem: why the document was not drawn; None if it was.
        pages: at most `MOST_SHOWN`; empty if they were not wanted.
        places: of each of the job's reads: page, how it is known, and box in fractions.
        cuts: by position of the read.
        frame: of the first page with boxes.
        note: what was assumed.
        sizes: width and height of each page as it would be drawn.
        given_up: whether it took too long, or has ended its process.
    """

    number: int
    problem: str | None = None
    pages: list[Encoded] = field(factory=list)
    places: list[tuple[int | None, State, tuple[float, ...] | None]] = field(factory=list, repr=False)
    cuts: dict[int, Encoded] = field(factory=dict)
    frame: State = "none"
    note: str | None = None
    sizes: list[tuple[int, int]] = field(factory=list)
    given_up: bool = False


def draw(job: Job) -> Drawing:
    """Draw a document in this process. Problems are part of the result."""
    try:
        return _draw(job)
    except CVSError as error:
        return Drawing(job.number, str(error))
    except MemoryError:
        return Drawing(job.number, "it takes more memory than there is")
    except Exception as error:  # one document must not cost the report of all others; its words may be in the error's
        return Drawing(job.number, f"it cannot be drawn ({type(error).__name__})")


def _draw(job: Job) -> Drawing:
    with Pages(list(job.paths), seconds=None) as pages:
        placed, frames = place(job.reads, pages.info, operation=job.operation, dpi=job.dpi, papers=job.papers)
        frame = next((frames[page] for page in sorted(frames)), None)
        drawing = Drawing(
            job.number,
            places=[(one.page, one.page_state, one.box) for one in placed],
            frame="none" if frame is None else frame.state,
            note=None if frame is None else frame.note,
            sizes=[_size(info) for info in pages.info[:MOST_SHOWN]],
        )
        wanted: dict[int, list[int]] = {page: [] for page in range(min(len(pages), MOST_SHOWN)) if job.with_pages}
        for position in job.cuts:
            one = placed[position]
            if one.page is not None and one.box is not None:
                wanted.setdefault(one.page, []).append(position)
        for page, positions in sorted(wanted.items()):
            picture = pages.picture(page, None if positions else WIDTH)
            for position in positions:
                drawing.cuts[position] = encode(cut(picture, placed[position]), CUT_WIDTH, CUT_HEIGHT)
            if job.with_pages:
                drawing.pages.append(encode(picture, WIDTH))
        return drawing


def _size(info: PageInfo) -> tuple[int, int]:
    width = min(WIDTH, info.width) if info.kind == "picture" else WIDTH
    return round(width), max(round(info.height * width / max(info.width, 1)), 1)


def picture_of(paths: Sequence[Path], page: int) -> bytes | None:
    """Return a page as WebP; None if it cannot be drawn."""
    try:
        with Pages(list(paths), seconds=None) as pages:
            return encode(pages.picture(page, WIDTH), WIDTH).content
    except CVSError:
        return None


def encode(picture: Any, width: int, height: int | None = None) -> Encoded:
    """Encode a picture as WebP, reduced to a width and a height."""
    height = height or LONGEST_SIDE
    if picture.width > width or picture.height > height:
        picture = picture.copy()
        picture.thumbnail((width, height))
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=QUALITY, method=METHOD)
    return Encoded(target.getvalue(), picture.width, picture.height)


def draw_in(workers: Workers, job: Job) -> Drawing:
    """Draw a document in a worker. Problems are part of the result."""
    try:
        return workers.call(draw, job, seconds=job.seconds)
    except GivenUpError as error:
        return Drawing(job.number, str(error), given_up=True)


@define
class Drawers:
    """Worker processes that draw documents. Use it as a context manager."""

    workers: Workers = field(factory=Workers)
    _threads: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(AT_ONCE), init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.workers.close()
        self._threads.shutdown()

    def draw(self, given: Iterable[tuple[T, Job | None]]) -> Iterator[tuple[T, Drawing | None]]:
        """Yield what was given, each with its drawing, in order; a bounded number is taken ahead."""
        source = iter(given)
        waiting = deque((what, self._begin(job)) for what, job in islice(source, AHEAD))
        while waiting:
            what, future = waiting.popleft()
            yield what, None if future is None else future.result()
            waiting.extend((what, self._begin(job)) for what, job in islice(source, 1))

    def _begin(self, job: Job | None) -> Future[Drawing] | None:
        return None if job is None else self._threads.submit(draw_in, self.workers, job)
