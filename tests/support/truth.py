"""The truth that samples hold of themselves."""

from __future__ import annotations

from cvs_async.sandbox import Sample
from cvs_async.sandbox.samples.truth import Truth, read_truth


def of_kind(samples: list[Sample], *kinds: str) -> list[Sample]:
    return [sample for sample in samples if sample.kind in kinds]


def truth_of(sample: Sample) -> Truth:
    truth = read_truth(sample.path.read_bytes())
    assert truth is not None
    return truth
