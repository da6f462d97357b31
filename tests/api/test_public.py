"""The public names, and what importing them costs."""

from __future__ import annotations

import inspect
import json
import operator
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import cvs_async
from cvs_async.api import OPERATIONS, Family

ROOT = Path(__file__).parents[2]


def test_all_is_sorted_and_true() -> None:
    assert cvs_async.__all__ == sorted(cvs_async.__all__)
    assert all(hasattr(cvs_async, name) for name in cvs_async.__all__)


def test_the_names_that_users_rely_on_are_there() -> None:
    names = {"AsyncCVS", "Done", "Endpoint", "Failed", "Held", "Reply", "Timeout", "Url", "__version__"}
    assert names | {"batch", "errors", "folder", "models", "reveal"} <= set(cvs_async.__all__)
    assert set(cvs_async.errors.__all__) - {"Charge"} <= set(cvs_async.__all__)


def test_the_version_is_defined_once() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", cvs_async.__version__)


def test_types_are_shipped() -> None:
    assert files("cvs_async").joinpath("py.typed").is_file()


def test_every_operation_hangs_at_its_path_and_nothing_else_does() -> None:
    cvs = cvs_async.AsyncCVS("key", "secret")
    found = set()
    families: list[Family] = [value for value in vars(cvs).values() if isinstance(value, Family)]
    for family in families:
        families += [value for value in vars(family).values() if isinstance(value, Family)]
        found |= {f"{family.path}.{name}" for name in vars(type(family)) if name[0] != "_" and name != "path"}
    found -= {family.path for family in families}  # ``cvs.ocr.document`` hangs on a family
    assert found - {"face_search.iter_images", "smartcrop.download"} == set(OPERATIONS)


def test_importing_brings_neither_sandbox_nor_command_line_nor_http_libraries() -> None:
    script = "import sys, json, cvs_async; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"aiohttp", "click", "fastapi", "httpx", "PIL", "pypdf", "rich", "starlette", "typer", "uvicorn"}
    assert heavy.isdisjoint(json.loads(ended.stdout))


def test_the_http_libraries_are_imported_by_the_transport_only() -> None:
    importing = {
        path.name
        for path in (ROOT / "cvs_async").rglob("*.py")
        if re.search(r"^(import|from) (httpx|aiohttp)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    adapters = {"aiohttp_backend.py", "aiohttp_connection.py", "aiohttp_parser.py", "httpx_backend.py"}
    assert importing == adapters


def test_a_client_imports_httpx_only_where_it_is_used() -> None:
    script = "import sys, cvs_async; cvs_async.AsyncCVS('key', 'secret'); print('httpx' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "False"


def test_a_mock_that_is_loaded_after_the_client_was_made_answers_it() -> None:
    script = """
import asyncio, cvs_async
cvs = cvs_async.AsyncCVS("key", "secret")
import respx
with respx.mock(using="httpx") as router:
    router.post(url__startswith="https://cloud.computervision.com.vn/").respond(json={"errorCode": "0", "data": []})
    print(asyncio.run(cvs.ocr.card(b"picture")).charge)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "billed"


def test_the_error_for_a_missing_extra_names_what_to_install() -> None:
    for extra, module, library in (("sandbox", "cvs_async.sandbox", "uvicorn"), ("cli", "cvs_async.cli", "typer")):
        script = f"import sys; sys.modules['{library}'] = None; import {module} as m; getattr(m, 'main', int)()"
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert ended.returncode != 0
        assert f"pip install 'cvs_async[{extra}]'" in ended.stderr


def test_signatures_are_spelled_out_for_people() -> None:
    cvs = cvs_async.AsyncCVS("key", "secret")
    common = "send_as: 'SendAs' = 'auto', check_sum: 'str | None' = None, timeout: 'float | Timeout | None' = None"
    assert str(inspect.signature(cvs.ocr.card)) == (
        f"(img: 'Input', *, get_thumb: 'bool' = False, {common}) -> 'Reply[list[Recognized]]'"
    )
    assert str(inspect.signature(cvs.smartcrop.crop_image)) == (
        f"(img: 'Input', width: 'int', height: 'int', *, {common}) -> 'Reply[Crop]'"
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_signature_has_the_keywords_that_the_endpoint_takes(operation: str) -> None:
    endpoint, found = OPERATIONS[operation], operator.attrgetter(operation)(cvs_async.AsyncCVS("key", "secret"))
    parameters = list(inspect.signature(found).parameters)
    named = [*endpoint.images, *(param.name for param in endpoint.params)]
    assert parameters[: len(named)] == named
    assert set(parameters) - {"send_as"} == {*endpoint.images, *endpoint.options} - {"send_as"}
