"""Pictures of documents for pages, drawn in worker processes, which a hostile document may block or crash.

All pictures are re-encoded, so that metadata of photographs, such as places, do not get into a page.
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
from .frames import NO_FRAME, State, place
from .overlay import cut
from .pages import PageInfo, Pages
from .reads import Read
from .workers import AT_ONCE, SECONDS, GivenUpError, Workers

T = TypeVar("T")

WIDTH = 1200
"""Width of the picture of a page, in pixels."""

CUT_WIDTH, CUT_HEIGHT = 640, 160
QUALITY, METHOD = 70, 2
"""Options of WebP: this method takes a third of the time of the default one, for 3 % more bytes."""

LONGEST_SIDE = 16_383
"""Maximum number of pixels of a side in WebP; scanned receipts may be longer."""

MOST_SHOWN = 50
"""Maximum number of pages drawn of one document."""

AHEAD = 8
"""Maximum number of documents that are drawn ahead."""


@frozen
class Job:
    """The pictures to draw of one document.

    Attributes:
        number: number of the document.
        paths: files of its inputs.
        operation: operation that read it.
        reads: its values.
        cuts: indexes in `reads` of the values to cut out.
        with_pages: whether to draw whole pages.
        dpi, papers: as for `frames.place`.
        seconds: time limit.
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
    """An encoded picture.

    Attributes:
        content: WebP file.
        width, height: in pixels.
    """

    content: bytes = field(repr=False)
    width: int
    height: int


@frozen
class Drawing:
    """The pictures drawn of one document.

    Attributes:
        number: number of the document.
        problem: reason why the document could not be drawn.
        pages: the first `MOST_SHOWN` pages, if required.
        places: page, state of the page, and box in fractions, of each of the job's reads.
        cuts: cut-outs by index of the read.
        frame, note: state and note of the frame of the first page with boxes.
        sizes: width and height of each page, as drawn.
        given_up: whether it took too long or crashed its worker.
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

    def problem_or(self, certainty: str) -> str:
        """Return ``broken`` if there is a problem, else the certainty of the file."""
        return certainty if self.problem is None else "broken"


def draw(job: Job) -> Drawing:
    """Draw a document in this process. A problem is part of the result."""
    try:
        return _draw(job)
    except CVSError as error:
        return Drawing(job.number, str(error))
    except MemoryError:
        return Drawing(job.number, "it takes more memory than there is")
    except Exception as error:  # other documents can be drawn; the message may have contents of this one
        return Drawing(job.number, f"it cannot be drawn ({type(error).__name__})")


def _draw(job: Job) -> Drawing:
    with Pages(list(job.paths), seconds=None) as pages:
        placed, frames = place(job.reads, pages.info, operation=job.operation, dpi=job.dpi, papers=job.papers)
        frame = next((frames[page] for page in sorted(frames)), NO_FRAME)
        drawing = Drawing(
            job.number,
            places=[(one.page, one.page_state, one.box) for one in placed],
            frame=frame.state,
            note=frame.note,
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
    width: float = WIDTH
    if info.kind == "picture":  # which is never enlarged
        width = min(WIDTH, info.width)
    return round(width), max(round(info.height * width / max(info.width, 1)), 1)


def picture_of(paths: Sequence[Path], page: int) -> bytes | None:
    """Return a page as WebP; None if it cannot be drawn."""
    try:
        with Pages(list(paths), seconds=None) as pages:
            return encode(pages.picture(page, WIDTH), WIDTH).content
    except CVSError:
        return None


def encode(picture: Any, width: int, height: int | None = None) -> Encoded:
    """Encode a picture as WebP, reduced to a maximum width and height."""
    height = height or LONGEST_SIDE
    if picture.width > width or picture.height > height:
        picture = picture.copy()
        picture.thumbnail((width, height))
    target = io.BytesIO()
    picture.save(target, "WEBP", quality=QUALITY, method=METHOD)
    return Encoded(target.getvalue(), picture.width, picture.height)


def draw_in(workers: Workers, job: Job) -> Drawing:
    """Draw a document in a worker. A problem is part of the result."""
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
        """Yield each value with the drawing of its job, in order. At most `AHEAD` are drawn ahead."""
        source = iter(given)
        waiting = deque((what, self._begin(job)) for what, job in islice(source, AHEAD))
        while waiting:
            what, future = waiting.popleft()
            yield what, None if future is None else future.result()
            waiting.extend((what, self._begin(job)) for what, job in islice(source, 1))

    def _begin(self, job: Job | None) -> Future[Drawing] | None:
        return None if job is None else self._threads.submit(draw_in, self.workers, job)
