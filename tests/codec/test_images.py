"""Pictures of Pillow are inputs like files; arrays are answered with what to give instead."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cvs_async import AsyncCVS, Done, InvalidInputError, RetryPolicy
from cvs_async._codec.images import encoded
from cvs_async.sandbox import Sandbox


def jpeg(**options: Any) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "JPEG", **options)
    return file.getvalue()


def pixels(image: Image.Image) -> bytes:
    return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"])
def test_a_picture_that_was_made_is_a_png_with_the_same_pixels(mode: str) -> None:
    image = Image.linear_gradient("L").convert(mode if mode != "I;16" else "I").convert(mode)
    again = Image.open(io.BytesIO(encoded(image)))
    assert again.format == "PNG"
    assert pixels(again) == pixels(image)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "LAB", "F"])
def test_colours_that_png_does_not_have_are_converted(mode: str) -> None:
    if mode == "F":
        image = Image.linear_gradient("L").convert("F")
    else:
        image = Image.linear_gradient("L").convert("RGB").convert("RGB" if mode == "LAB" else mode)
    again = Image.open(io.BytesIO(encoded(image)))
    assert (again.format, again.size) == ("PNG", image.size)


@pytest.mark.parametrize("quality", [30, 95])
def test_a_picture_that_was_read_from_a_jpeg_stays_one_of_the_same_quality(quality: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    image = Image.open(io.BytesIO(jpeg(quality=quality, exif=exif)))
    again = Image.open(io.BytesIO(encoded(image)))
    assert again.format == "JPEG"
    assert again.quantization == image.quantization  # type: ignore[attr-defined]
    assert again.getexif()[0x0112] == 6


def test_a_picture_that_was_turned_is_not_to_be_turned_again() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(io.BytesIO(jpeg(exif=exif))).rotate(90)
    assert 0x0112 not in Image.open(io.BytesIO(encoded(turned))).getexif()


async def test_it_is_sent_and_named_as_what_it_is(sandbox: Sandbox, cvs: AsyncCVS) -> None:
    await cvs.ocr.card(Image.open(io.BytesIO(jpeg())))
    await cvs.ocr.card(Image.new("RGB", (40, 30), "white"))
    first, second = (entry.uploads[0] for entry in sandbox.ledger)
    assert (first.filename, first.content_type) == ("img.jpg", "image/jpeg")
    assert (second.filename, second.content_type) == ("img.png", "image/png")


async def test_it_may_be_sent_as_base64(sandbox: Sandbox, cvs: AsyncCVS) -> None:
    await cvs.ocr.card(Image.new("RGB", (40, 30), "white"), send_as="base64")
    assert sandbox.ledger[0].violations == []


async def test_it_is_encoded_once_and_not_on_the_event_loop(sandbox: Sandbox) -> None:
    threads = list[int]()

    class Watched(Image.Image):
        def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
            threads.append(threading.get_ident())
            super().save(fp, format, **params)

    image = Image.new("RGB", (40, 30), "white")
    image.__class__ = Watched
    with Sandbox(faults="503=1") as busy:
        policy = RetryPolicy(attempts=3, initial=0.01)
        async with AsyncCVS("key", "secret", base_url=busy.base_url, retry=policy) as cvs:
            with pytest.raises(Exception, match="503"):
                await cvs.ocr.card(image)
        assert busy.ledger.requests == 3
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_the_key_of_an_item_is_that_of_its_file(cvs: AsyncCVS, sandbox: Sandbox, tmp_path: Path) -> None:
    image = Image.linear_gradient("L")
    source = [image, encoded(image), image.copy()]
    async with cvs.batch(cvs.ocr.card, source, journal=tmp_path / "j.db", concurrency=1) as outcomes:
        keys = {outcome.item.key async for outcome in outcomes if isinstance(outcome, Done)}
    assert (len(keys), sandbox.ledger.requests) == (1, 1)


class Array:
    """Array with the protocol of numpy and others."""

    def __array__(self) -> object:
        raise AssertionError("nobody looks at its numbers")


async def test_an_array_is_answered_with_what_to_give_instead(cvs: AsyncCVS, sandbox: Sandbox) -> None:
    array: Any = Array()
    with pytest.raises(InvalidInputError, match=r"img \(Array object\) is an array.*PIL\.Image\.fromarray") as caught:
        await cvs.ocr.card(array)
    assert (caught.value.charge, sandbox.ledger.requests) == ("free", 0)


async def test_a_picture_that_cannot_be_encoded_is_refused(cvs: AsyncCVS, sandbox: Sandbox) -> None:
    cut = Image.open(io.BytesIO(jpeg()[:900]))
    closed = Image.open(io.BytesIO(jpeg()))
    closed.close()
    for image in (cut, closed):
        with pytest.raises(InvalidInputError, match=r"img \(JpegImageFile object\) cannot be encoded as a picture"):
            await cvs.ocr.card(image)
    assert sandbox.ledger.requests == 0


async def test_pillow_is_not_needed_for_what_has_its_ways(cvs: AsyncCVS, sandbox: Sandbox) -> None:
    class Picture:
        format = None

        def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
            assert format == "PNG"
            fp.write(encoded(Image.new("RGB", (40, 30), "white")))

        def convert(self, mode: str) -> Picture:
            return self

    await cvs.ocr.card(Picture())
    assert sandbox.ledger[0].uploads[0].filename == "img.png"
