"""Addresses of the operations: from an argument, the environment, or the vendor's documents."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from attrs import field, frozen

from .._system.private import private
from .._text.escape import escaped
from .._text.hints import did_you_mean, nearest
from ..errors import ConfigurationError
from .addresses import checked_address

Host = Literal["cloud", "demo"]

HOSTS: tuple[Host, ...] = get_args(Host)

DOCUMENTED: Mapping[str, str] = {
    "cloud": "https://cloud.computervision.com.vn",
    "demo": "https://demo.computervision.com.vn",
}
"""The vendor's hosts (documents 000 to 004)."""

VARIABLE = "CVS_BASE_URL"


@frozen
class Origins:
    """Addresses of the service, such as ``https://cvs.example.com``; each may have a path.

    Attributes:
        hosts: by the vendor's name of the host.
        moved: by the name of the operation, for those that are elsewhere than their host.
    """

    hosts: Mapping[Host, str]
    moved: Mapping[str, str] = field(factory=dict)

    @classmethod
    @private
    def load(
        cls, base_url: str | Mapping[str, str] | None, operations: Mapping[str, Host], *, allow_insecure: bool
    ) -> Origins:
        """Return the addresses of an argument; what it does not name is taken from CVS_BASE_URL, then the documents.

        Args:
            base_url: one address for everything, or addresses by host or operation.
            operations: the host of each known operation.
            allow_insecure: accept plain http to other machines.

        Raises:
            ConfigurationError: a name is unknown, or an address unusable; says what it must be.
        """
        layers = [_checked(base_url, "base_url", operations, allow_insecure=allow_insecure)]
        if not layers[0].keys() >= set(HOSTS):
            variable = parse_addresses(os.environ.get(VARIABLE, "").strip("\ufeff\u200b").split(), VARIABLE)
            layers.append(_checked(variable, VARIABLE, operations, allow_insecure=allow_insecure))
        layers.append(DOCUMENTED)
        hosts: dict[Host, str] = {host: _first(layers, host) for host in HOSTS}
        origins = {name: _first(layers, name, host) for name, host in operations.items()}
        return cls(hosts, {name: origin for name, origin in origins.items() if origin != hosts[operations[name]]})

    def of(self, operation: str, host: Host) -> str:
        """Return the address of an operation that the documents show at a host."""
        return self.moved.get(operation, self.hosts[host])

    @property
    def all(self) -> list[str]:
        """All addresses, each once."""
        return list(dict.fromkeys([*self.hosts.values(), *self.moved.values()]))


def parse_addresses(words: Iterable[str], name: str) -> str | dict[str, str] | None:
    """Return addresses as `AsyncCVS` takes them, from words such as ``https://…`` and ``ocr.card=https://…``.

    An address without a name is that of both hosts. `name` is that of the setting, for errors.

    Raises:
        ConfigurationError: one thing has two addresses.
    """
    everything: str | None = None
    parsed = dict[str, str]()
    for word in words:
        place, equals, address = word.partition("=")
        if not equals or "/" in place or ":" in place:
            if everything is not None:
                raise ConfigurationError(f"{name} has two addresses for everything; others are ocr.card=https://…")
            everything = word
        elif place in parsed:
            raise ConfigurationError(f"{name} has two addresses for {escaped(place)}")
        else:
            parsed[place] = address
    if everything is not None and parsed:
        return dict.fromkeys(HOSTS, everything) | parsed
    return everything or parsed or None


def _checked(
    given: str | Mapping[str, str] | None, name: str, operations: Mapping[str, Host], *, allow_insecure: bool
) -> Mapping[str, str]:
    """Return the addresses of one setting, by host and operation."""
    if given is None:
        return {}
    if isinstance(given, str):
        return dict.fromkeys(HOSTS, checked_address(given, name=name, allow_insecure=allow_insecure))
    if not isinstance(given, Mapping) or not given:
        raise ConfigurationError(f"{name} must be one address, or a mapping with one for each host or operation named")
    for place in given:
        if place not in HOSTS and place not in operations:
            raise ConfigurationError(f"{name} names {escaped(str(place))}, {_unknown(str(place), operations)}")
    return {
        place: checked_address(address, name=name, place=place, allow_insecure=allow_insecure)
        for place, address in given.items()
    }


def _unknown(place: str, operations: Iterable[str]) -> str:
    advice = did_you_mean(nearest(place, [*HOSTS, *operations])) or ";"
    return f"which is neither a host (cloud, demo) nor an operation{advice} `cvs-async operations` lists them"


def _first(layers: Iterable[Mapping[str, str]], *places: str) -> str:
    """Return the first address found: layer by layer, and in each layer place by place."""
    return next(layer[place] for layer in layers for place in places if place in layer)
