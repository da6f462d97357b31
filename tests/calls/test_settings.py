"""Settings: from arguments, else the environment; whatever cannot work is refused in words that help."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cvs_async import AsyncCVS, ConfigurationError, Timeout
from cvs_async._http.proxies import Proxies
from cvs_async._limits.retry import RetryPolicy
from cvs_async._settings.credentials import Credentials
from cvs_async._settings.origins import DOCUMENTED, Host, Origins
from cvs_async._settings.timeout import as_timeout
from cvs_async.api import HOST_OF
from cvs_async.settings import ClientConfig

ORIGIN = "https://cvs.example.com"


def load(
    api_key: str | None = "khoá",
    api_secret: str | None = "bí-mật",
    base_url: str | Mapping[str, str] | None = None,
    timeout: float | Timeout | None = None,
    max_response_bytes: int = 1 << 20,
    allow_insecure: bool = False,
    max_connections: int = 100,
) -> ClientConfig:
    return ClientConfig(
        credentials=Credentials.load(api_key, api_secret),
        origins=Origins.load(base_url, HOST_OF, allow_insecure=allow_insecure),
        allow_insecure=allow_insecure,
        timeout=as_timeout(timeout, Timeout()),
        retry=RetryPolicy(),
        max_connections=max_connections,
        concurrency=None,
        max_response_bytes=max_response_bytes,
        rate_limit=None,
        quota="raise",
        quota_probe=60.0,
        drain_timeout=30.0,
    )


def credentials(settings: ClientConfig) -> str:
    scheme, _, encoded = settings.credentials.authorization.partition(" ")
    assert scheme == "Basic"
    return b64decode(encoded, validate=True).decode("utf-8")


def test_credentials_go_as_basic_authentication_in_utf_8() -> None:
    assert credentials(load("chìa-khoá", "mật-khẩu:ẩn")) == "chìa-khoá:mật-khẩu:ẩn"


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_API_KEY", "từ-môi-trường")
    monkeypatch.setenv("CVS_API_SECRET", "ẩn")
    assert credentials(load(None, None)) == "từ-môi-trường:ẩn"


def test_arguments_outrank_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_API_KEY", "khác")
    monkeypatch.setenv("CVS_API_SECRET", "khác")
    monkeypatch.setenv("CVS_BASE_URL", "https://other.example.com")
    settings = load("a", "b", ORIGIN)
    assert credentials(settings) == "a:b"
    assert settings.origins.hosts == {"cloud": ORIGIN, "demo": ORIGIN}


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(("name", "variable"), [("api_key", "CVS_API_KEY"), ("api_secret", "CVS_API_SECRET")])
def test_a_missing_credential_is_refused_naming_argument_and_variable(
    name: str, variable: str, nothing: str | None
) -> None:
    given = {"api_key": "CANARY", "api_secret": "CANARY"} | {name: nothing}
    with pytest.raises(ConfigurationError, match=f"no {name}:.*{name}=.*{variable}") as caught:
        load(given["api_key"], given["api_secret"])
    assert "CANARY" not in str(caught.value)


def test_an_empty_argument_is_not_made_good_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_API_KEY", "khác")
    with pytest.raises(ConfigurationError, match="no api_key"):
        load("")


def test_an_empty_variable_is_a_missing_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_API_KEY", "")
    with pytest.raises(ConfigurationError, match="CVS_API_KEY"):
        load(None)


CREDENTIALS = pytest.mark.parametrize(
    ("name", "variable"), [("api_key", "CVS_API_KEY"), ("api_secret", "CVS_API_SECRET")]
)
AROUND = ["{}\n", "{}\r\n", " {}", "{}\t", "\ufeff{}\n", "{}\u00a0", "\u200b{}", "\n\n {} \r\n"]
WITHIN = [
    "CANARY\nCANARY",
    "CANARY\u2028CANARY",
    "CANARY\tx",
    "CANARY\0x",
    "CANARY\rx",
    "CANARY\x1b[0m",
    "CANARY\udcff",
]


@pytest.mark.parametrize("around", AROUND)
def test_what_files_and_shells_put_around_settings_is_taken_off(around: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert credentials(load(around.format("a"), around.format("b"))) == "a:b"
    for name, value in {"CVS_API_KEY": "a", "CVS_API_SECRET": "b", "CVS_BASE_URL": ORIGIN}.items():
        monkeypatch.setenv(name, around.format(value))
    settings = load(None, None)
    assert (credentials(settings), set(settings.origins.all)) == ("a:b", {ORIGIN})


@CREDENTIALS
@pytest.mark.parametrize("value", WITHIN)
def test_what_cannot_be_in_a_credential_is_refused_by_name(
    name: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str | None] = {"api_key": "a", "api_secret": "b"}
    with pytest.raises(ConfigurationError, match=f"^{name} holds .*a line break or") as caught:
        load(**given | {name: value})  # type: ignore[arg-type]
    assert "CANARY" not in f"{caught.value} {caught.value!r}"
    if "\0" not in value:  # which no variable holds
        monkeypatch.setenv(variable, value)
        with pytest.raises(ConfigurationError, match=f"^{variable} holds .*a line break or"):
            load(**given | {name: None})  # type: ignore[arg-type]


def test_a_blank_is_refused_in_a_key_and_taken_in_a_secret() -> None:
    with pytest.raises(ConfigurationError, match=r"^api_key holds a blank") as caught:
        load("CANARY x")
    assert "CANARY" not in str(caught.value)
    assert credentials(load("a", "bí mật")) == "a:bí mật"


@CREDENTIALS
@pytest.mark.parametrize("blank", [" ", "\n", "\ufeff", " \r\n "])
def test_a_blank_credential_is_a_missing_one(
    name: str, variable: str, blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, blank)
    given: dict[str, str | None] = {"api_key": "a", "api_secret": "b", name: None}
    with pytest.raises(ConfigurationError, match=f"no {name}: .*{variable}"):
        load(given["api_key"], given["api_secret"])


@CREDENTIALS
def test_a_credential_is_text(name: str, variable: str) -> None:
    given: dict[str, Any] = {"api_key": "a", "api_secret": "b", name: b"CANARY"}
    with pytest.raises(ConfigurationError, match=f"{name} must be text, not bytes"):
        load(given["api_key"], given["api_secret"])


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_blank_base_url_variable_counts_as_none(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_BASE_URL", blank)
    assert load().origins.hosts == DOCUMENTED


@pytest.mark.parametrize("base_url", ["https://cvs.exam\nple.com", "https://cvs.example.com/a b"])
def test_blanks_within_a_base_url_are_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"base_url must look like .* blanks or line breaks"):
        load(base_url=base_url)


# --- certificates


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_without_certificates_is_refused_by_the_variables_name(
    content: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_FILE .*ca\.pem"):
        AsyncCVS("key", "secret")


def test_a_folder_in_place_of_a_file_of_certificates_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        AsyncCVS("key", "secret")


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_certificates_is_refused_by_the_variables_name(
    made: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "authorities"
    if made:
        folder.mkdir()
        (folder / "ca.pem").write_text("not under its hash")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_DIR .*authorities"):
        AsyncCVS("key", "secret")


def test_a_folder_with_certificates_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "0123abcd.0").write_text("a certificate")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([str(tmp_path / "none"), str(tmp_path)]))
    AsyncCVS("key", "secret")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("origin", [ORIGIN, "http://127.0.0.1:1"])
def test_a_pipe_in_place_of_certificates_is_refused(variable: str, origin: str, tmp_path: Path) -> None:
    """The process has not imported aiohttp yet, which would wait for a writer of the pipe."""
    os.mkfifo(tmp_path / "pipe")
    program = f"import cvs_async; cvs_async.AsyncCVS('key', 'secret', base_url={origin!r})"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT")}
    environment[variable] = str(tmp_path / "pipe")
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert f"ConfigurationError: {variable} names a pipe" in done.stderr


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_key_in_place_of_the_name_of_its_file_is_not_shown(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(variable, "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n")
    with pytest.raises(ConfigurationError, match=variable) as caught:
        AsyncCVS("key", "secret")
    assert "canary" not in "".join(traceback.format_exception(caught.value))


# --- proxies


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        for variable in (name, name.upper()):
            monkeypatch.delenv(variable, raising=False)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value",
    [
        "socks5://user:CANARY@127.0.0.1:1080",
        "socks4://127.0.0.1:1080",
        "SOCKS5H://127.0.0.1:1080",
        "ftp://CANARY@127.0.0.1:21",
        "http://",
        "http://user:CANARY@:80",
        "user:CANARY@127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://CANARY example.com:80",
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_by_the_variables_name(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=f"^{variable}") as caught:
        AsyncCVS("key", "secret")
    assert "CANARY" not in f"{caught.value} {caught.value!r}"
    if "socks" in value.lower():
        assert "a socks proxy cannot be used" in str(caught.value)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("name", ["http_proxy", "no_proxy"])
def test_a_proxy_for_other_hosts_is_nobodys_business(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy" if name == "http_proxy" else "https_proxy", "socks5://127.0.0.1:1080")
    if name == "no_proxy":
        monkeypatch.setenv("no_proxy", "cvs.example.com")
    AsyncCVS("key", "secret", base_url=ORIGIN)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("listed", "url", "direct"),
    [
        ("cvs.example.com:443", ORIGIN, True),
        ("cvs.example.com:8443", ORIGIN, False),
        ("cvs.example.com:8443", f"{ORIGIN}:8443", True),
        (".example.com:80", "http://cvs.example.com", True),
        ("::1", "http://[::1]:80", True),
    ],
)
def test_hosts_that_need_no_proxy_may_be_listed_with_their_port(
    listed: str, url: str, direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:3128")
    monkeypatch.setenv("no_proxy", listed)
    assert (Proxies().of(url) is None) == direct


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("127.0.0.1:3128", "http://127.0.0.1:3128"),
        ("user:secret@127.0.0.1:3128", "http://user:secret@127.0.0.1:3128"),
        ("//127.0.0.1:3128", "http://127.0.0.1:3128"),
        (" http://127.0.0.1:3128\n", "http://127.0.0.1:3128"),
        ("proxy.example.com", "http://proxy.example.com"),
        ("https://127.0.0.1:3128", "https://127.0.0.1:3128"),
        ("HTTP://127.0.0.1:3128", "HTTP://127.0.0.1:3128"),
    ],
)
def test_a_proxy_without_a_scheme_is_taken_for_http(given: str, used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", given)
    assert Proxies().of(ORIGIN) == used


def test_a_colon_in_the_key_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigurationError, match="colon") as caught:
        load("CANARY:x")
    assert "CANARY" not in f"{caught.value} {caught.value!r}"


def test_the_repr_shows_no_credentials() -> None:
    settings = load("CANARY", "CANARY")
    assert "CANARY" not in repr(settings)
    assert settings.credentials.authorization not in repr(settings)
    assert "authorization" not in repr(settings)


def test_without_base_url_the_documented_hosts_are_used() -> None:
    assert load().origins.hosts == DOCUMENTED
    assert DOCUMENTED == {
        "cloud": "https://cloud.computervision.com.vn",
        "demo": "https://demo.computervision.com.vn",
    }


@pytest.mark.parametrize("value", ["https://onprem.example.com", "https://onprem.example.com/"])
def test_base_url_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CVS_BASE_URL", value)
    assert set(load().origins.all) == {"https://onprem.example.com"}


def test_an_empty_base_url_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_BASE_URL", "")
    assert load().origins.hosts == DOCUMENTED


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        (ORIGIN, ORIGIN),
        (ORIGIN + "/", ORIGIN),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("http://[::1]:8787/", "http://[::1]:8787"),
        (ORIGIN + "/cổng/", ORIGIN + "/cổng"),
    ],
)
def test_a_single_base_url_serves_every_host(base_url: str, origin: str) -> None:
    assert load(base_url=base_url).origins.hosts == {"cloud": origin, "demo": origin}


def test_a_mapping_gives_each_host_its_own() -> None:
    origins = {"cloud": "https://a.example.com/", "demo": "http://127.0.0.1:81"}
    assert load(base_url=origins).origins.hosts == {"cloud": "https://a.example.com", "demo": "http://127.0.0.1:81"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1.2.3:81", "[::1]:81", "localhost", "localhost:81", "cvs.localhost"]
)
def test_plain_http_may_stay_on_this_machine(host: str) -> None:
    assert set(load(base_url=f"http://{host}").origins.all) == {f"http://{host}"}


@pytest.mark.parametrize(
    "host",
    [
        "cvs.example.com",
        "192.0.2.1",
        "[2001:db8::1]",
        "localhost.example.com",
        "evil-localhost",
        "evillocalhost:81",
        "0.0.0.0",
    ],
)
def test_plain_http_leaves_this_machine_only_where_it_is_allowed(host: str) -> None:
    with pytest.raises(ConfigurationError, match="allow_insecure=True"):
        load(base_url=f"http://{host}")
    with pytest.raises(ConfigurationError, match="allow_insecure=True"):
        load(base_url={"cloud": ORIGIN, "demo": f"http://{host}"})
    assert set(load(base_url=f"http://{host}", allow_insecure=True).origins.all) == {f"http://{host}"}
    assert set(load(base_url=f"https://{host}").origins.all) == {f"https://{host}"}


@pytest.mark.parametrize(("present", "missing"), [("cloud", "demo"), ("demo", "cloud")])
def test_a_host_that_a_mapping_does_not_name_is_the_vendors(present: str, missing: Host) -> None:
    assert load(base_url={present: ORIGIN}).origins.hosts == {present: ORIGIN, missing: DOCUMENTED[missing]}


# --- addresses of operations


def test_an_operation_may_have_an_address_of_its_own() -> None:
    origins = load(base_url={"cloud": ORIGIN, "ocr.card": "https://b.example.com/"}).origins
    assert origins.hosts == {"cloud": ORIGIN, "demo": DOCUMENTED["demo"]}
    assert origins.moved == {"ocr.card": "https://b.example.com"}
    assert origins.of("ocr.card", "cloud") == "https://b.example.com"
    assert origins.of("ocr.claims", "cloud") == ORIGIN
    assert origins.all == [ORIGIN, DOCUMENTED["demo"], "https://b.example.com"]


def test_an_operation_at_the_address_of_its_host_is_not_moved() -> None:
    assert load(base_url={"cloud": ORIGIN, "ocr.card": f"{ORIGIN}/"}).origins.moved == {}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ocr.cards", "ocr.card"),
        ("invoice_hospital", "ocr.document.invoice_hospital"),
        ("ocr.document.invoice-hospital", "ocr.document.invoice_hospital"),
        ("clod", "cloud"),
        ("v1.face_search.serch", "v1.face_search.search"),
    ],
)
@pytest.mark.parametrize("source", ["base_url", "CVS_BASE_URL"])
def test_an_unknown_name_is_refused_with_the_nearest(
    wrong: str, right: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CVS_BASE_URL", f"{wrong}={ORIGIN}")
    base_url = {wrong: ORIGIN} if source == "base_url" else None
    with pytest.raises(ConfigurationError, match=f"^{source} names {wrong}, which is neither.*did you mean.*{right}"):
        load(base_url=base_url)
    with pytest.raises(ConfigurationError, match="did you mean"):
        AsyncCVS("key", "secret", base_url=base_url)


@pytest.mark.parametrize("wrong", ["", "*", "v1.face_search.*", "tên\x1b[31m", "/api/v2/ocr/card"])
def test_an_unknown_name_like_no_other_is_refused_too(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=r"neither a host .cloud, demo. nor an operation") as caught:
        load(base_url={wrong: ORIGIN})
    assert "`cvs-async operations` lists them" in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hosts", "moved"),
    [
        ("ocr.card=https://b.example.com", DOCUMENTED, {"ocr.card": "https://b.example.com"}),
        (f"{ORIGIN} ocr.card=https://b.example.com\n", {"cloud": ORIGIN, "demo": ORIGIN}, {"ocr.card": "https://b.example.com"}),
        (f"demo={ORIGIN}\tcloud=https://b.example.com", {"demo": ORIGIN, "cloud": "https://b.example.com"}, {}),
        (f"demo={ORIGIN} https://b.example.com", {"demo": ORIGIN, "cloud": "https://b.example.com"}, {}),
        (f"\ufeffdemo={ORIGIN}/a=b", {"demo": f"{ORIGIN}/a=b", "cloud": DOCUMENTED["cloud"]}, {}),
        (f"{ORIGIN}/a=b", {"demo": f"{ORIGIN}/a=b", "cloud": f"{ORIGIN}/a=b"}, {}),
    ],
)  # fmt: skip
def test_the_variable_has_addresses_of_operations_too(
    text: str, hosts: dict[str, str], moved: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CVS_BASE_URL", text)
    origins = load().origins
    assert (origins.hosts, origins.moved) == (hosts, moved)


@pytest.mark.parametrize(
    ("base_url", "card", "report"),
    [
        (None, "https://card.example.com", "https://all.example.com"),
        (ORIGIN, ORIGIN, ORIGIN),
        ({"ocr.card": ORIGIN}, ORIGIN, "https://all.example.com"),
        ({"cloud": ORIGIN}, ORIGIN, "https://all.example.com"),
        ({"demo": ORIGIN}, "https://card.example.com", ORIGIN),
        ({"ocr.document.credit_report": ORIGIN}, "https://card.example.com", ORIGIN),
    ],
)
def test_the_variable_has_what_the_argument_does_not_name(
    base_url: Any, card: str, report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CVS_BASE_URL", "https://all.example.com ocr.card=https://card.example.com")
    origins = load(base_url=base_url).origins
    assert origins.of("ocr.card", "cloud") == card
    assert origins.of("ocr.document.credit_report", "demo") == report


@pytest.mark.parametrize("text", [f"{ORIGIN} {ORIGIN}", f"ocr.card={ORIGIN} ocr.card={ORIGIN}"])
def test_two_addresses_for_one_thing_are_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CVS_BASE_URL", text)
    with pytest.raises(ConfigurationError, match=r"^CVS_BASE_URL has two addresses for"):
        load()


def test_an_unusable_address_of_an_operation_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "must look like https://cvs.example.com.*the one for ocr.card does not"
    with pytest.raises(ConfigurationError, match=f"^base_url {said}") as caught:
        load(base_url={"ocr.card": "https://CANARY@example.com"})
    monkeypatch.setenv("CVS_BASE_URL", "ocr.card=https://CANARY@example.com")
    with pytest.raises(ConfigurationError, match=f"^CVS_BASE_URL {said}") as in_variable:
        load()
    assert "CANARY" not in f"{caught.value} {in_variable.value}"


@pytest.mark.parametrize("given", [b"https://cvs.example.com", 5, [ORIGIN]])
def test_a_base_url_of_another_type_is_refused(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="base_url must be one address, or a mapping"):
        load(base_url=given)


def test_plain_http_of_an_operation_leaves_this_machine_only_where_it_is_allowed() -> None:
    base_url = {"ocr.card": "http://cvs.example.com"}
    with pytest.raises(ConfigurationError, match="allow_insecure=True"):
        load(base_url=base_url)
    assert load(base_url=base_url, allow_insecure=True).origins.moved == base_url


def test_a_proxy_of_a_moved_operation_is_checked_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "computervision.com.vn")
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    AsyncCVS("key", "secret")
    with pytest.raises(ConfigurationError, match=r"^https_proxy: a socks proxy"):
        AsyncCVS("key", "secret", base_url={"ocr.card": ORIGIN})


def test_a_mapping_with_nothing_for_a_host_is_refused() -> None:
    origins: Any = {"cloud": ORIGIN, "demo": None}
    with pytest.raises(ConfigurationError, match="base_url"):
        load(base_url=origins)


@pytest.mark.parametrize("empty", ["", {}])
def test_an_empty_base_url_argument_is_refused(empty: str | dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        load(base_url=empty)


UNUSABLE = [
    "cvs.example.com",
    "//cvs.example.com",
    "ftp://cvs.example.com",
    "https://",
    "https:///đường",
    "https://CANARY@cvs.example.com",
    "https://user:CANARY@cvs.example.com",
    "https://@cvs.example.com",
    "https://cvs.example.com?token=CANARY",
    "https://cvs.example.com/#CANARY",
    "https://cvs.example.com:0",
    "https://cvs.example.com:65536",
    "https://cvs.example.com:cổng",
    "https://[::1",
]


@pytest.mark.parametrize("base_url", UNUSABLE)
def test_an_unusable_base_url_is_refused_without_showing_it(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"base_url must look like https://cvs\.example\.com") as caught:
        load(base_url=base_url)
    assert "CANARY" not in f"{caught.value} {caught.value!r}"


@pytest.mark.parametrize("base_url", UNUSABLE)
def test_an_unusable_base_url_in_a_mapping_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url must look like"):
        load(base_url={"cloud": ORIGIN, "demo": base_url})


@pytest.mark.parametrize("base_url", [ORIGIN + "?", ORIGIN + "/?", ORIGIN + "#", "https://cvs example.com"])
def test_a_base_url_that_no_path_can_be_appended_to_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url must look like"):
        load(base_url=base_url)


@pytest.mark.parametrize("base_url", [" " + ORIGIN, ORIGIN + "\n", ORIGIN + "\r\n", ORIGIN + " "])
def test_white_space_around_a_base_url_is_stripped(base_url: str) -> None:
    assert set(load(base_url=base_url).origins.all) == {ORIGIN}


@pytest.mark.parametrize("number", [0, -1])
def test_a_bound_below_one_is_refused_by_name(number: int) -> None:
    with pytest.raises(ConfigurationError, match=f"max_connections must be at least 1, not {number}"):
        load(max_connections=number)
    with pytest.raises(ConfigurationError, match=f"max_response_bytes must be at least 1, not {number}"):
        load(max_response_bytes=number)


def test_bounds_of_one_are_kept() -> None:
    assert (load(max_connections=1).max_connections, load(max_response_bytes=1).max_response_bytes) == (1, 1)


@pytest.mark.parametrize("part", ["total", "connect", "read", "write", "pool"])
@pytest.mark.parametrize("seconds", [0, 0.0, -1, float("-inf"), float("nan")])
def test_a_timeout_must_be_more_than_nothing(part: str, seconds: float) -> None:
    with pytest.raises(ConfigurationError, match=f"timeout: {part} must be more than 0 seconds"):
        Timeout(**{part: seconds})


@pytest.mark.parametrize("part", ["total", "connect", "read", "write", "pool"])
@pytest.mark.parametrize("seconds", [None, 0.001, 5, float("inf")])
def test_a_part_of_a_timeout_may_be_any_time_or_none(part: str, seconds: float | None) -> None:
    assert getattr(Timeout(**{part: seconds}), part) == seconds


DEFAULT = Timeout(total=60, connect=1, read=2, write=3, pool=4)


def test_seconds_bound_the_whole_call_and_leave_its_parts() -> None:
    assert as_timeout(5, DEFAULT) == Timeout(total=5.0, connect=1, read=2, write=3, pool=4)


def test_no_timeout_is_the_default() -> None:
    assert as_timeout(None, DEFAULT) is DEFAULT


def test_a_timeout_stays_what_it_is() -> None:
    given = Timeout(total=None, read=7)
    assert as_timeout(given, DEFAULT) is given


@pytest.mark.parametrize("seconds", [0, -3.5])
def test_invalid_seconds_are_refused(seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="timeout: total"):
        as_timeout(seconds, DEFAULT)
    with pytest.raises(ConfigurationError, match="timeout: total"):
        load(timeout=seconds)


def test_settings_keep_the_timeout() -> None:
    assert load().timeout == Timeout()
    assert load(timeout=12).timeout == Timeout(total=12.0)
    assert load(timeout=DEFAULT).timeout is DEFAULT
