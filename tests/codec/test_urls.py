"""URLs as they go over the wire: as httpx writes them, without httpx."""

from __future__ import annotations

import httpx
import pytest

from cvs_async._http.urls import origin_of, quoted

URLS = [
    "https://cvs.example.com/api/v2/ocr/card",
    "https://CVS.example.com:443/api",
    "http://127.0.0.1:8080/tiền-tố/api v2/%C4%91%2f%",
    "http://[::1]:80/a/./b/../c//d/",
    "https://cvs.việt.vn:8443/a|b\\c^d~e",
    "https://user:p%40ss@example.com/a?b=c d&e=ệ+{x}#f",
    "https://example.com/..//a/%2e%2e/b;c=d?x=?y/z",
    "https://example.com/?",
    'https://example.com/"<>`{}?"<>`{}',
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_is_quoted_as_httpx_quotes_it(url: str) -> None:
    assert quoted(url) == str(httpx.URL(url.partition("#")[0]))
    assert quoted(quoted(url)) == quoted(url)


def test_origins_are_equal_whatever_their_writing() -> None:
    assert origin_of("HTTPS://Example.com/a") == origin_of("https://example.com:443")
    assert origin_of("https://example.com") != origin_of("http://example.com:443")
    assert origin_of("https://việt.vn") == origin_of("https://xn--vit-5kz.vn")


@pytest.mark.parametrize("url", ["https://example.com:99999/", "https://example.com:x/", "https://[::1/"])
def test_an_unusable_host_or_port_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        quoted(url)
