"""The files of a request and their pages, as answers are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from .fabricate import Source
from .picture import Picture, thumbnail

WORDS = "văn bản mẫu của hộp cát không phải giấy tờ thật"


@frozen
class PageView:
    """Page of a file in a request.

    Attributes:
        file: index of the file in the request.
        number: index of the page in the file.
        picture: the file.
        source: source of fabricated values, if the file is not a sample.
    """

    file: int
    number: int
    picture: Picture
    source: Source

    @property
    def papers(self) -> list[dict[str, Any]]:
        """Return the papers of a sample page; empty for other files."""
        if self.picture.truth is None:
            return []
        return self.picture.truth.pages[self.number].papers

    @property
    def image(self) -> dict[str, str]:
        """Return the picture of the page as part of an answer; empty if none is requested or available."""
        if self.source.thumb is None:
            return {}
        return {"image": self.source.thumb}


@frozen
class Files:
    """Inspected files and other arguments of a request."""

    files: Sequence[tuple[Picture, bytes]]
    arguments: Mapping[str, Any]
    base_url: str

    @property
    def thumb(self) -> bool:
        """Return whether the answer should include pictures."""
        return self.arguments.get("get_thumb") == "true"

    @property
    def contents(self) -> list[bytes]:
        """Return the contents of the files."""
        return [content for _, content in self.files]

    def pages(self) -> list[PageView]:
        """Return every page of every file."""
        return [
            PageView(file, number, picture, self._source(picture, content, number, size))
            for file, (picture, content) in enumerate(self.files)
            for number, size in enumerate(picture.pages)
        ]

    def _source(self, picture: Picture, content: bytes, page: int, size: tuple[int, int]) -> Source:
        return Source(f"{picture.digest}/{page}", *size, self._thumb(content, page), page)

    def _thumb(self, content: bytes, page: int) -> str | None:
        if not self.thumb:
            return None
        return thumbnail(content, page)


def text_of(page: PageView) -> list[Any]:
    """Return the blocks of lines of text on a page."""
    if page.picture.truth is not None:
        return page.picture.truth.pages[page.number].blocks
    words, source = WORDS.split(), page.source
    step, middle = source.width // len(words), source.height // 2
    line = [
        {
            "text": word,
            "confidence": source.score(word),
            "box": {"left": step * place, "right": step * (place + 1), "top": middle, "bottom": middle + step // 3},
        }
        for place, word in enumerate(words)
    ]
    return [[line]]


def cut_out(files: Files, *names: str) -> dict[str, str | None]:
    """Return a small picture of each file, by its name in the answer."""
    return {name: thumbnail(content, 0) for name, content in zip(names, files.contents, strict=True)}
