"""Items of a source that have arguments of their own."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Entry:
    """One item of a source with arguments of its own.

    Attributes:
        values: inputs by name, or as `path`, `url` or `source` for operations with one input, and keywords of the
            operation. Paths are `Path`, URLs are text. Not in the repr.
        reference: the user's id; never sent to the service.
        problem: why the item cannot be used, for people; None if it can.
        origin: where the item comes from, such as a line of a manifest; its name in messages.
    """

    values: Mapping[str, object] = field(factory=dict, repr=False)
    reference: str | None = None
    problem: str | None = None
    origin: str = field(default="the entry", eq=False)

    @property
    def name(self) -> str:
        """The `origin`, under the name that file objects have."""
        return self.origin
