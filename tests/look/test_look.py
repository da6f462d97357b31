"""Looking at documents: where values stand, pictures with boxes, cut-outs; and what cannot be looked at."""

from __future__ import annotations

import io
import math
import os
import random
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

from cvs_async import AsyncCVS, InvalidInputError, Reply
from cvs_async._codec.converter import structure
from cvs_async.api import OPERATIONS
from cvs_async.cli._overlays import Overlays
from cvs_async.look import PageInfo, Pages, Read, cutouts, overlay, read_fields
from cvs_async.look.frames import frame_of, page_of, place, upright
from cvs_async.look.painting import POOR, SURE, pixels
from cvs_async.models import Box
from cvs_async.sandbox import Sample, Sandbox
from cvs_async.sandbox.samples.truth import read_truth
from tests.support.look import OPERATION, READ, reply_of


def saved(picture: Image.Image, path: Path, **options: Any) -> Path:
    picture.save(path, **options)
    return path


# --- what was read


def test_every_value_is_read_with_its_place() -> None:
    cell = {"value": "1.000", "score": 0.5, "box": [1, 2, 3, 4], "label": "unit_price"}
    info = {"id": "007", "id_confidence": 0.9, "id_box": [5, 6, 7, 8], "table": [[cell]]}
    reads = list(read_fields(reply_of(info, "ocr.document.invoice", "invoice").data))
    assert [(read.path, read.column, read.value, read.confidence, read.box) for read in reads] == [
        ("info.id", "info.id", "007", 0.9, Box(5, 6, 7, 8)),
        ("info.table.0.unit_price", "info.table.*.unit_price", "1.000", 0.5, Box(1, 2, 3, 4)),
    ]
    assert "007" not in repr(reads)


def test_values_of_unknown_papers_have_their_confidence_and_box() -> None:
    info = {"new": "X", "new_confidence": 0.25, "new_box": [1, 2, 3, 4], "id": "1", "id_box": [9, 9, 10, 10]}
    reads = {read.path: read for read in read_fields(reply_of(info, kind="card_of_2027").data)}
    assert (reads["info.extra.new"].confidence, reads["info.extra.new"].box) == (0.25, Box(1, 2, 3, 4))
    assert not any(path.endswith(("_box", "_confidence")) for path in reads)


# --- on which page


@pytest.mark.parametrize(
    ("read", "papers", "pages", "operation", "expected"),
    [
        (Read(0, None, "a", "a", "x", page=2), 1, 3, None, (2, "stated")),
        (Read(0, None, "a", "a", "x", page=3), 1, 3, None, (None, "none")),
        (Read(0, None, "a", "a", "x", page=-1), 1, 3, None, (None, "none")),
        (Read(0, None, "a", "a", "x", page=1), 1, 3, "ocr.document.land_certificate", (1, "stated")),
        (Read(0, None, "a", "a", "x", page=1), 1, 3, "ocr.document.credit_report", (1, "assumed")),
        (Read(0, None, "a", "a", "x", page=1), 1, 3, "ocr.employee_profile", (1, "assumed")),
        (Read(0, None, "a", "a", "x", page=0), 1, 1, "ocr.employee_profile", (0, "stated")),
        (READ, 2, 1, None, (0, "stated")),
        (READ, 2, 2, "ocr.document.general", (1, "stated")),
        (READ, 2, 3, "ocr.document.general", (1, "assumed")),
        (READ, 3, 2, "ocr.document.general", (None, "none")),
        (READ, 2, 2, "ocr.employee_profile", (None, "none")),
        (READ, 2, 2, "ocr.claims", (1, "assumed")),
        (READ, 2, 3, "ocr.claims", (None, "none")),
        (READ, 2, 0, "ocr.claims", (None, "none")),
    ],
)
def test_the_page_of_a_value(read: Read, papers: int, pages: int, operation: str | None, expected: Any) -> None:
    assert page_of(read, papers, pages, operation) == expected


def test_papers_without_values_count_too(tmp_path: Path) -> None:
    page = Image.new("RGB", (100, 50))
    page.save(tmp_path / "a.pdf", save_all=True, append_images=[page])
    papers = [
        {"type": "claim_form", "info": {"id": "1", "id_box": [1, 1, 9, 9]} if filled else {}} for filled in (1, 0)
    ]
    two, three = (structure(given, OPERATIONS[OPERATION].returns) for given in (papers, [*papers, papers[1]]))
    drawn = overlay(Reply(operation=OPERATION, data=two, raw={}), tmp_path / "a.pdf")
    assert drawn.info["page"] == "assumed"
    with pytest.raises(InvalidInputError, match="does not say on which page"):
        overlay(Reply(operation=OPERATION, data=three, raw={}), tmp_path / "a.pdf")


# --- of which picture the pixels are


A4 = PageInfo("pdf", 595, 842)


@pytest.mark.parametrize(
    ("page", "box", "dpi", "expected"),
    [
        (PageInfo("picture", 100, 50), Box(0, 0, 100, 50), None, ("stated", 100, 50, 1)),
        (PageInfo("picture", 100, 50), Box(0, 0, 101, 51), None, ("stated", 100, 50, 1)),
        (PageInfo("picture", 100, 50), Box(0, 0, 120, 50), None, ("none", 100, 50, 1)),
        (PageInfo("picture", 50, 100, 6), Box(0, 0, 40, 90), None, ("assumed", 50, 100, 1)),
        (PageInfo("picture", 50, 100, 6), Box(0, 0, 90, 40), None, ("assumed", 100, 50, 6)),
        (PageInfo("picture", 50, 100, 6), Box(0, 0, 190, 40), None, ("none", 50, 100, 1)),
        (PageInfo("pdf", 595, 842, scan=(900, 1270)), Box(0, 0, 900, 1270), None, ("assumed", 900, 1270, 1)),
        (PageInfo("pdf", 595, 842, scan=(90, 127)), Box(0, 0, 500, 800), None, ("assumed", 595, 842, 1)),
        (A4, Box(0, 0, 590, 800), None, ("assumed", 595, 842, 1)),
        (A4, Box(0, 0, 1200, 1700), None, ("assumed", 1239.583, 1754.167, 1)),
        (A4, Box(0, 0, 2400, 3000), None, ("assumed", 2479.167, 3508.333, 1)),
        (A4, Box(0, 0, 9000, 3000), None, ("none", 595, 842, 1)),
        (A4, Box(0, 0, 590, 800), 200.0, ("stated", 1652.778, 2338.889, 1)),
        (A4, Box(0, 0, 9000, 800), 200.0, ("none", 1652.778, 2338.889, 1)),
    ],
)
def test_the_frame_of_a_box(page: PageInfo, box: Box, dpi: float | None, expected: Any) -> None:
    frame = frame_of(page, [box], dpi)
    assert (frame.state, frame.width, frame.height, frame.turned) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_points_are_turned_as_pillow_turns_pictures(orientation: int) -> None:
    from PIL import ImageOps

    stored = Image.new("L", (40, 20))
    stored.putpixel((30, 4), 255)
    stored.getexif()[0x0112] = orientation
    turned: Any = ImageOps.exif_transpose(stored)
    x, y = upright(30.5 / 40, 4.5 / 20, orientation)
    assert turned.getpixel((int(x * turned.width), int(y * turned.height))) == 255


def test_invalid_boxes_are_not_drawn() -> None:
    boxes = [Box(math.nan, 0, 1, 1), Box(5, 5, 4, 6), Box(1, 1, 1, 9), Box(0, 0, 10**400, 1)]
    reads = [Read(0, None, "a", "a", "x", 0.5, box) for box in boxes]
    placed, frames = place(reads, [PageInfo("picture", 10, 10)])
    assert [one.box for one in placed] == [None] * 4
    assert frames == {}


def test_a_page_without_a_size_has_no_boxes() -> None:
    for kind in ("pdf", "picture"):
        placed, frames = place([Read(0, None, "a", "a", "x", 0.5, Box(0, 0, 1, 1))], [PageInfo(kind, 0, 0)])
        assert ([one.box for one in placed], frames[0].state) == ([None], "none")


@pytest.mark.parametrize("dpi", [0, -1, math.nan, math.inf])
def test_an_invalid_resolution_is_refused(dpi: float) -> None:
    with pytest.raises(InvalidInputError, match="dpi must be a positive number"):
        place([], [A4], dpi=dpi)


# --- real documents


async def test_boxes_are_where_the_truth_says(samples: list[Sample], tmp_path: Path) -> None:
    looked = 0
    with Sandbox() as sandbox:
        async with AsyncCVS("key", "secret", base_url=sandbox.base_url) as cvs:
            for sample in samples:
                if sample.kind not in ("claim", "invoice", "text"):
                    continue
                endpoint = OPERATIONS[sample.operation]
                reply = await cvs.call(endpoint, **{endpoint.images[0]: sample.path})
                truth = read_truth(sample.path.read_bytes())
                assert truth is not None
                with Pages(sample.path) as pages:
                    placed, _ = place(read_fields(reply.data), pages.info, operation=sample.operation)
                    assert len(pages) == len(truth.pages)
                for one in placed:
                    if one.box is not None and one.read.box is not None and one.page is not None:
                        page = truth.pages[one.page]
                        size = (page.width, page.height) * 2
                        drawn = [side * whole for side, whole in zip(one.box, size, strict=True)]
                        assert drawn == pytest.approx(list(one.read.box), abs=1)
                        looked += 1
    assert looked > 100


def _turned(picture: Image.Image) -> bytes:
    """Return a picture as a telephone stores it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


@pytest.mark.parametrize(
    "encode",
    [
        _turned,
        lambda picture: encoded(picture, "PNG"),
        lambda picture: encoded(picture, "TIFF"),
        *(partial(lambda picture, dpi: encoded(picture, "PDF", resolution=dpi), dpi=dpi) for dpi in (72, 150, 300)),
    ],
)
async def test_the_same_papers_in_another_file_have_their_boxes_on_the_same_ink(
    encode: Any, samples: list[Sample], cvs: AsyncCVS
) -> None:
    sample = next(one for one in samples if one.kind == "invoice" and one.path.suffix in (".jpg", ".png"))
    reply = await cvs.ocr.document.invoice(sample.path)
    with Image.open(sample.path) as original, Pages(encode(original.convert("RGB"))) as pages:
        placed, frames = place(read_fields(reply.data), pages.info, operation=reply.operation)
        drawn = pages.picture(0)
        assert drawn.size == pytest.approx(original.size, abs=1)
        boxed = [(one.read.box, pixels(one.box, drawn.size)) for one in placed if one.box and one.read.box]
        assert len(boxed) > 5
        for stated, shown in boxed:
            assert list(shown) == pytest.approx(list(stated), abs=2)
        difference = ImageChops.difference(drawn.resize((90, 90)), original.convert("RGB").resize((90, 90)))
        assert max(high for _, high in difference.getextrema()) < 60  # type: ignore[misc]
    assert frames[0].state != "none"


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_photograph_is_drawn_upright_with_its_boxes_on_the_ink(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.new("RGB", (400, 200), "white")
    stored.paste("black", (300, 40, 340, 60))
    path = saved(stored, tmp_path / "a.png", exif=exif)
    drawn = overlay(reply_of({"id": "1", "id_confidence": 1.0, "id_box": [300, 40, 340, 60]}), path, labels="none")
    with Pages(path) as pages:
        plain = pages.picture(0)
    assert drawn.size == plain.size
    ink = [place for place in _places(plain) if sum(plain.getpixel(place)) == 0]  # type: ignore[arg-type]
    blue = [place for place in _places(drawn) if drawn.getpixel(place) == (0x1A, 0x6F, 0xB5)]
    around = (min(x for x, _ in blue), min(y for _, y in blue), max(x for x, _ in blue), max(y for _, y in blue))
    black = (min(x for x, _ in ink), min(y for _, y in ink), max(x for x, _ in ink), max(y for _, y in ink))
    if orientation in (6, 8):  # the box fits into the stored picture only
        assert drawn.info["frame"] == "assumed: pixels of the picture as stored"
    if orientation != 3:  # there both fit, and the upright one is taken
        assert around == pytest.approx(black, abs=2)


def _places(picture: Image.Image) -> list[tuple[int, int]]:
    return [(x, y) for x in range(picture.width) for y in range(picture.height)]


@pytest.mark.parametrize("dpi", [72, 150, 300])
@pytest.mark.parametrize("rotation", [0, 90])
def test_boxes_on_pages_of_pdfs_are_on_the_ink(dpi: int, rotation: int, tmp_path: Path) -> None:
    scan = Image.new("RGB", (600, 400), "white")
    scan.paste("black", (200, 100, 260, 130))
    path = tmp_path / "a.pdf"
    scan.save(path, resolution=dpi)
    with pypdfium2.PdfDocument(path) as document:
        document[0].set_rotation(rotation)
        document.save(path := tmp_path / "b.pdf")
    box = [200, 100, 260, 130] if rotation == 0 else [400 - 130, 200, 400 - 100, 260]
    drawn = overlay(reply_of({"id": "1", "id_confidence": 0.5, "id_box": box}), path, labels="none", width=600)
    with Pages(path) as pages:
        plain = pages.picture(0, 600)
    ink = [place for place in _places(plain) if sum(plain.getpixel(place)) < 60]  # type: ignore[arg-type]
    red = [place for place in _places(drawn) if drawn.getpixel(place) == (0xB7, 0x1C, 0x1C)]
    black = (min(x for x, _ in ink), min(y for _, y in ink), max(x for x, _ in ink), max(y for _, y in ink))
    around = (min(x for x, _ in red), min(y for _, y in red), max(x for x, _ in red), max(y for _, y in red))
    assert around == pytest.approx(black, abs=6)


def test_uncertain_boxes_are_thick_and_red(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (1000, 500), "white"), tmp_path / "a.png")
    before = path.read_bytes()
    info = {"id": "1", "id_confidence": 0.5, "id_box": [100, 100, 200, 150]}
    info |= {"name": "X", "name_confidence": 1.0, "name_box": [100, 300, 200, 350]}
    drawn = overlay(reply_of(info), path, labels="none")
    pixels = [drawn.getpixel(place) for place in _places(drawn)]
    red, blue = (tuple(bytes.fromhex(style.colour[1:])) for style in (POOR, SURE))
    assert pixels.count(red) > 2 * pixels.count(blue) > 0
    only_low = overlay(reply_of(info), path, labels="none", show="low")
    assert blue not in [only_low.getpixel(place) for place in _places(only_low)]
    assert path.read_bytes() == before
    with Image.open(path) as given:
        assert overlay(reply_of(info), given).size == given.size
        assert given.getpixel((100, 97)) == (255, 255, 255)


def test_labels_stand_outside_of_all_boxes(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (1000, 500), "black"), tmp_path / "a.png")
    info = {"id": "1", "id_confidence": 1.0, "id_box": [0, 0, 1000, 400], "name": "Ệ", "name_box": [10, 410, 40, 430]}
    drawn = overlay(reply_of(info), path, labels="value")
    assert all(drawn.getpixel((x, y)) == (0, 0, 0) for x in range(5, 995, 5) for y in range(5, 395, 5))
    assert (255, 255, 255) in [drawn.getpixel((x, y)) for x in range(1000) for y in range(402, 500)]


def test_cutouts_come_the_least_certain_first(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (1000, 500), "white"), tmp_path / "a.png")
    info: dict[str, Any] = {"id": "1", "id_confidence": 0.5, "id_box": [100, 100, 200, 150]}
    info |= {"name": "X", "name_confidence": 0.2, "name_box": [100, 300, 200, 350]}
    info |= {"address": "Y", "address_confidence": 0.99, "address_box": [1, 1, 9, 9]}
    found = list(cutouts(reply_of(info), path))
    assert [(read.path, picture.size) for read, picture in found] == [("info.name", (141, 91)), ("info.id", (141, 91))]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("missing.jpg", "there is no such file"),
        (b"no picture at all", "is not a picture or PDF"),
        (b"%PDF-1.4 broken", "is not a PDF that can be opened"),
        (7, "an? int cannot be looked at"),
    ],
)
def test_unreadable_files_are_reported(given: Any, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        overlay(reply_of({"id": "1", "id_box": [1, 2, 3, 4]}), given)


def test_pictures_with_too_many_pixels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvs_async.look.pages.MOST_PIXELS", 99)
    body = io.BytesIO()
    Image.new("L", (10, 10)).save(body, "PNG")
    with pytest.raises(InvalidInputError, match="10 x 10 pixels are too many"), Pages(body.getvalue()):
        pass


@pytest.mark.parametrize(
    ("info", "options", "why"),
    [
        ({"id": "1"}, {}, "the answer has no boxes"),
        ({"id": "1", "id_box": [0, 0, 5000, 5000]}, {}, "the boxes lie outside of page 1"),
        ({"id": "1", "id_box": [0, 0, 5, 5]}, {"page": 1}, "there is no page 1"),
        ({"id": "1", "id_box": [0, 0, 5, 5]}, {"labels": "all"}, "labels must be one of none, name, value"),
        ({"id": "1", "id_box": [0, 0, 5, 5]}, {"show": "none"}, "show must be one of all, low"),
    ],
)
def test_boxes_are_never_drawn_on_a_guess(info: Any, options: Any, why: str, tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (100, 50)), tmp_path / "a.png")
    with pytest.raises(InvalidInputError, match=why):
        overlay(reply_of(info), path, **options)


def test_papers_whose_pages_are_unknown_are_not_drawn(tmp_path: Path) -> None:
    first, *rest = [Image.new("RGB", (100, 50)) for _ in range(3)]
    first.save(tmp_path / "a.pdf", save_all=True, append_images=rest)
    with pytest.raises(InvalidInputError, match="does not say on which page"):
        overlay(reply_of({"id": "1", "id_box": [0, 0, 5, 5]}), tmp_path / "a.pdf")


# --- kinds of pictures, and hostile ones


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    body = io.BytesIO()
    picture.save(body, kind, **options)
    return body.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "BMP", "GIF", "TIFF", "WEBP"])
def test_pictures_of_the_kinds_that_the_service_reads_are_drawn(kind: str) -> None:
    content = encoded(Image.new("RGB", (100, 80), "white"), kind)
    with Pages(content) as pages:
        assert (len(pages), pages.picture(0).size, pages.picture(0, 50).size) == (1, (100, 80), (50, 40))


@pytest.mark.parametrize("kind", ["EPS", "ICO", "PPM", "TGA", "JPEG2000", "PCX"])
def test_other_kinds_are_not_opened(kind: str) -> None:
    """Pillow starts Ghostscript for an EPS, whatever its name."""
    with (
        pytest.raises(InvalidInputError, match="is not a picture or PDF"),
        Pages(encoded(Image.new("RGB", (9, 9)), kind)),
    ):
        pass


@pytest.mark.parametrize(
    ("picture", "colour"),
    [
        (Image.new("I;16", (10, 10), 40_000), (156, 156, 156)),
        (Image.new("RGBA", (10, 10), (0, 0, 0, 0)), (255, 255, 255)),
        (Image.new("LA", (10, 10), (0, 0)), (255, 255, 255)),
        (Image.new("L", (10, 10), 7), (7, 7, 7)),
        (Image.new("1", (10, 10), 1), (255, 255, 255)),
        (Image.new("P", (10, 10), 0), (0, 0, 0)),
    ],
)
def test_pictures_of_all_depths_are_drawn_as_they_look(picture: Image.Image, colour: Any) -> None:
    for given in (picture, encoded(picture, "PNG")):
        with Pages(given) as pages:
            for width in (None, 5):
                drawn = pages.picture(0, width)
                assert (drawn.mode, drawn.getpixel((2, 2))) == ("RGB", colour)


def test_each_page_of_a_tiff_is_one() -> None:
    several = [Image.new("RGB", (100 + page, 50), "black" if page else "white") for page in range(3)]
    content = encoded(several[0], "TIFF", save_all=True, append_images=several[1:])
    with Pages(content) as pages:
        assert [info.width for info in pages.info] == [100, 101, 102]
        assert [pages.picture(page).getpixel((0, 0)) for page in (0, 2)] == [(255,) * 3, (0,) * 3]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("width", [None, 20])
def test_pictures_are_turned_as_pillow_turns_them(orientation: int, width: int | None) -> None:
    from PIL import ImageOps

    stored = Image.linear_gradient("L").resize((80, 40)).convert("RGB")
    stored.paste("black", (0, 0, 20, 10))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(stored, "PNG", exif=exif)
    wanted: Any = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    with Pages(content) as pages:
        drawn = pages.picture(0, width)
        assert (pages.info[0].width, pages.info[0].height) == wanted.size
    if width is None:
        assert drawn.tobytes() == wanted.tobytes()
    else:
        assert drawn.size == (20, round(20 * wanted.height / wanted.width))


def test_a_photograph_is_written_without_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "CANARY"
    content = encoded(Image.new("RGB", (100, 80)), "JPEG", exif=exif, comment=b"CANARY")
    drawn = overlay(reply_of({"id": "1", "id_box": [1, 1, 30, 40]}), content)
    assert set(drawn.info) == {"frame", "page"}
    assert not any(b"CANARY" in encoded(drawn, kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "PDF"])
@pytest.mark.filterwarnings("ignore")
def test_of_broken_files_only_our_errors_are_raised(kind: str) -> None:
    chance = random.Random(kind)
    whole = encoded(Image.effect_noise((60, 40), 50).convert("RGB"), kind)
    reply = reply_of({"id": "1", "id_box": [1, 1, 30, 30]})
    for _ in range(150):
        broken = bytearray(whole[: chance.choice([len(whole), chance.randrange(len(whole))])])
        for _ in range(min(len(broken), chance.randrange(1, 6))):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        with suppress(InvalidInputError):
            overlay(reply, bytes(broken))


@pytest.mark.parametrize("width", [0, -1, 1.5, math.nan, "9"])
def test_an_invalid_width_is_refused(width: Any) -> None:
    with pytest.raises(InvalidInputError, match="width must be a whole number"):
        overlay(reply_of({"id": "1", "id_box": [1, 1, 9, 9]}), Image.new("RGB", (100, 50)), width=width)


@pytest.mark.parametrize("name", ["\ud800", "a" * 1_000_000, "a\n" * 30, "Số\x1b[31m"])
@pytest.mark.parametrize("labels", ["name", "value"])
def test_labels_of_any_text_are_short_and_on_one_line(name: str, labels: Any) -> None:
    info = {name: name, f"{name}_confidence": 0.5, f"{name}_box": [10, 100, 60, 120]}
    drawn = overlay(reply_of(info, kind="card_of_2027"), Image.new("RGB", (1000, 500)), labels=labels)
    assert drawn.crop((0, 150, 1000, 500)).getbbox() is None


def test_where_there_is_little_room_the_least_certain_have_their_labels() -> None:
    cells = [
        {"value": "1", "score": 0.5 if column == 5 else 1.0, "box": [left, 20, left + 95, 36], "label": "unit_price"}
        for column, left in enumerate(range(0, 1000, 100))
    ]
    reply = reply_of({"table": [cells]}, "ocr.document.invoice", "invoice")
    drawn = overlay(reply, Image.new("RGB", (1000, 70)), low=0.6)
    beside = [drawn.crop((0, 0, 1000, 14)), drawn.crop((0, 42, 1000, 70))]
    colours = {colour for part in beside for _, colour in part.getcolors(100_000) or []}
    assert {(0xB7, 0x1C, 0x1C), (0x1A, 0x6F, 0xB5)} <= colours


def test_the_box_of_a_whole_page_is_seen() -> None:
    drawn = overlay(reply_of({"id": "1", "id_box": [0, 0, 100, 50]}), Image.new("RGB", (100, 50)), labels="none")
    corners = [drawn.getpixel(place) for place in ((0, 0), (99, 0), (0, 49), (99, 49))]
    assert corners == [(0x1A, 0x6F, 0xB5)] * 4


# --- pages of PDFs


def pdf_of(path: Path, *sizes: tuple[float, float]) -> Path:
    with pypdfium2.PdfDocument.new() as document:
        for size in sizes:
            document.new_page(*size).close()
        document.save(path)
    return path


def scan_in(path: Path, change: Any, size: tuple[int, int] = (600, 400)) -> PageInfo:
    """A page that one scan fills, changed, and then looked at."""
    Image.new("RGB", size).save(path, "PDF", resolution=72)
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        change(page)
        page.gen_content()
        document.save(changed := path.with_name("changed.pdf"))
    with Pages(changed) as pages:
        return pages.info[0]


def test_a_scan_that_lies_on_its_side_in_the_file_is_of_the_page_that_shows_it(tmp_path: Path) -> None:
    def lay(page: Any) -> None:
        [scan] = page.get_objects()
        page.set_mediabox(0, 0, 400, 600)
        page.set_cropbox(0, 0, 400, 600)
        scan.set_matrix(pypdfium2.PdfMatrix(0, 600, -400, 0, 400, 0))

    info = scan_in(tmp_path / "a.pdf", lay)
    assert (info.width, info.height, info.scan) == (400, 600, (400, 600))


@pytest.mark.parametrize(
    ("box", "scan"), [((0, 0, 600, 400), (600, 400)), ((5, 5, 595, 395), (600, 400)), ((100, 50, 400, 300), None)]
)
def test_a_scan_that_the_crop_box_cuts_is_not_the_page(box: Any, scan: Any, tmp_path: Path) -> None:
    info = scan_in(tmp_path / "a.pdf", lambda page: page.set_cropbox(*box))
    assert (info.width, info.height, info.scan) == (box[2] - box[0], box[3] - box[1], scan)


def test_pages_of_any_size_are_drawn_or_refused(tmp_path: Path) -> None:
    with Pages(pdf_of(tmp_path / "a.pdf", (0, 0), (1, 1), (1e6, 1e6), (1, 14_400))) as pages:
        assert len(pages) == 4
        assert pages.picture(1, 10).size == (10, 10)
        for page, width in ((2, None), (3, 1200)):
            with pytest.raises(InvalidInputError, match="too many pixels"):
                pages.picture(page, width)


def test_of_very_many_pages_the_first_are_looked_at(tmp_path: Path) -> None:
    with Pages(pdf_of(tmp_path / "a.pdf", *[(9.0, 9.0)] * 3_000)) as pages:
        assert len(pages) == 2_000


def test_what_was_filled_into_a_form_is_drawn() -> None:
    writer = PdfWriter()
    page = writer.add_blank_page(200, 100)
    rectangle = ArrayObject(map(FloatObject, (10, 10, 190, 90)))
    names = {"/FT": "/Tx", "/Type": "/Annot", "/Subtype": "/Widget"}
    field = DictionaryObject({NameObject(name): NameObject(value) for name, value in names.items()})
    texts = {"/T": "name", "/V": "HELLO", "/DA": "/Helv 40 Tf 0 g"}
    field |= {NameObject(name): TextStringObject(value) for name, value in texts.items()}
    field[NameObject("/Rect")] = rectangle
    added = ArrayObject([writer._add_object(field)])
    page[NameObject("/Annots")] = added
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): added})
    body = io.BytesIO()
    writer.write(body)
    with Pages(body.getvalue()) as pages:
        assert (0, 0, 0) in [colour for _, colour in pages.picture(0, 400).getcolors(1000) or []]


def test_cutouts_draw_each_page_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Image.new("RGB", (100, 50))
    page.save(tmp_path / "a.pdf", save_all=True, append_images=[page] * 3)
    papers: list[dict[str, Any]] = [{"type": "claim_form", "info": {}} for _ in range(4)]
    for number, paper in enumerate(papers):
        for turn, name in enumerate(("id", "name", "address")):
            sure = (turn * 4 + number) / 20
            paper["info"] |= {name: "x", f"{name}_confidence": sure, f"{name}_box": [9, 9, 20, 20]}
    drawn: list[int] = []
    real = Pages.picture

    def picture(pages: Pages, page: int, width: int | None = None) -> Image.Image:
        drawn.append(page)
        return real(pages, page, width)

    monkeypatch.setattr(Pages, "picture", picture)
    data = structure(papers, OPERATIONS[OPERATION].returns)
    assert len(list(cutouts(Reply(operation=OPERATION, data=data, raw={}), tmp_path / "a.pdf"))) == 12
    assert drawn == [0, 1, 2, 3]


# --- the command line


def test_call_draws_a_picture_of_every_page(sandbox: Sandbox, samples: list[Sample], tmp_path: Path) -> None:
    from tests.support.commands import cvs_async

    claim = next(sample.path for sample in samples if sample.kind == "claim" and sample.path.suffix == ".pdf")
    ended = cvs_async("call", OPERATION, claim, "--overlay", tmp_path / "out.png", sandbox=sandbox)
    assert ended.returncode == 0, ended.stderr
    with Pages(claim) as pages:
        drawn = sorted(path.name for path in tmp_path.iterdir())
        assert drawn == [f"out-{number}.png" for number in range(1, len(pages) + 1)]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert "boxes in pixels of the page (assumed: pixels of the scan in the PDF)" in " ".join(ended.stderr.split())


def overlays_of(path: Path, *infos: dict[str, Any]) -> int:
    """The exit code of drawing as many papers on a document of three pages."""
    page = Image.new("RGB", (100, 50))
    page.save(path.with_name("three.pdf"), save_all=True, append_images=[page] * 2)
    papers = [{"type": "claim_form", "info": info} for info in infos]
    reply = Reply(operation=OPERATION, data=structure(papers, OPERATIONS[OPERATION].returns), raw={})
    return Overlays(path, [str(path.with_name("three.pdf"))]).write(reply)


def test_pages_without_positions_are_not_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    boxed = {"id": "1", "id_box": [1, 1, 9, 9]}
    opened: list[Pages] = []
    real = Pages.__enter__

    def enter(pages: Pages) -> Pages:
        opened.append(pages)
        return real(pages)

    monkeypatch.setattr(Pages, "__enter__", enter)
    assert overlays_of(tmp_path / "out.png", {}, boxed, boxed) == 0
    assert len(opened) == 2, "once before anything is sent, and once for all pages"
    assert {path.name for path in tmp_path.glob("*.png")} == {"out-2.png", "out-3.png"}
    said = " ".join(capsys.readouterr().err.split())
    assert "No picture of page 1: no value is on page 1" in said
    assert "the page is assumed from the position of the paper in the answer" in said
    assert overlays_of(tmp_path / "none.png", {}, {}, {}) == 2


def test_a_picture_that_cannot_be_written_whole_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: str, flags: int) -> int:
        Path(path).touch()
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr("cvs_async._system.atomic.open_private", full)
    assert overlays_of(tmp_path / "out.png", {"id": "1", "id_box": [1, 1, 9, 9]}, {}, {}) == 2
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    ("target", "given", "why"),
    [
        ("out.jpg", "a.png", "--overlay writes .png files"),
        ("there.png", "a.png", "is never written over"),
        ("out.png", "https://example.com/a.png", "draws on files, not on URLs"),
        ("none/out.png", "a.png", "there is no folder"),
        ("out.png", "missing.png", "there is no such file"),
    ],
)
def test_impossible_overlays_are_refused_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path, target: str, given: str, why: str
) -> None:
    from tests.support.commands import cvs_async

    saved(Image.new("RGB", (10, 10)), tmp_path / "a.png")
    (tmp_path / "there.png").write_bytes(b"mine")
    ended = cvs_async("call", OPERATION, given, "--overlay", target, sandbox=sandbox, cwd=tmp_path)
    assert (ended.returncode, sandbox.ledger.requests) == (2, 0)
    assert why in " ".join(ended.stderr.split())
    assert (tmp_path / "there.png").read_bytes() == b"mine"


# --- notebooks


def test_a_reply_is_shown_beside_its_document(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (200, 100), "white"), tmp_path / "a.png")
    reply = reply_of({"id": "CANARY</svg>", "id_confidence": 0.5, "id_box": [10, 10, 50, 20], "name": "<b>"})
    shown = reply.show(path)
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "CANARY" not in bundle["text/plain"] + repr(shown) + str(shown)
    page = bundle["text/html"]
    assert "<rect" in page
    assert "data:image/webp;base64," in page
    assert "boxes in pixels of the page (stated)" in page
    assert "<script" not in page
    assert "CANARY&lt;/svg&gt;" in page
    assert "<b>" not in page
    assert "<title>id 50 %</title>" in page
    shown.save(tmp_path / "shown.html")
    assert "default-src 'none'; img-src data:" in (tmp_path / "shown.html").read_text()
    assert (tmp_path / "shown.html").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InvalidInputError, match="is never written over"):
        shown.save(tmp_path / "shown.html")
    with pytest.raises(InvalidInputError, match="there is no page 1"):
        reply.show(path, page=1)


def test_assumptions_are_stated_beside_the_picture(tmp_path: Path) -> None:
    page = Image.new("RGB", (100, 50))
    page.save(tmp_path / "a.pdf", save_all=True, append_images=[page])
    papers = [{"type": "claim_form", "info": {"id": "1", "id_box": [1, 1, right, 9]}} for right in (9, 9_000_000)]
    reply = Reply(operation=OPERATION, data=structure(papers, OPERATIONS[OPERATION].returns), raw={})
    html = reply.show(tmp_path / "a.pdf")._repr_mimebundle_()["text/html"]
    assert "page 1: boxes in pixels of the page (assumed: pixels of the scan in the PDF); the page is assumed" in html
    assert "page 2: the boxes lie outside of this picture" in html
    assert html.count("<rect") == 1


def test_names_with_surrogates_are_shown_and_saved(tmp_path: Path) -> None:
    info = {"\ud800": "\ud800", "\ud800_confidence": 0.5, "\ud800_box": [1, 2, 30, 40]}
    shown = reply_of(info, kind="card_of_2027").show(Image.new("RGB", (100, 80)))
    shown._repr_mimebundle_()["text/html"].encode()
    shown.save(tmp_path / "a.html")


def test_a_reply_is_still_shown_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    reply_of({"id": "CANARY"}).show()
    assert "CANARY" in capsys.readouterr().out
