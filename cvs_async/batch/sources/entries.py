"""Items of a source that have arguments of their own."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Entry:
    """One item of a source with arguments of its own.

    Attributes:
        values: inputs by name, or as `path`, `url` or `source` for operations with only one, and keywords of the
            operation; not in the repr. Paths are `Path`, URLs are text.
        reference: the user's own id of it; never sent to the service.
        problem: why it cannot be used, for people; None if it can.
        origin: where it is written, for people: its name in messages, and of an item without an input.
    """

    values: Mapping[str, object] = field(factory=dict, repr=False)
    reference: str | None = None
    problem: str | None = None
    origin: str = field(default="the entry", eq=False)

    @property
    def name(self) -> str:
        """Its name in messages, as file objects have one: `origin`."""
        return self.origin
