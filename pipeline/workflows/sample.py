"""`sample`: random sentences of labelled folders, for a person to code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.config import SampleConfig
from pipeline.errors import RequestError
from pipeline.storage.atomic import refuse_unwritable, writable
from pipeline.storage.coded_sample import DrawnSentence, write_sample
from pipeline.workflows.labelled_corpora import digest_units, open_corpora


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was drawn: corpus → sentences drawn, and of how many."""

    output: Path
    drawn: dict[str, tuple[int, int]]
    notices: tuple[str, ...]


def draw_sample(config: SampleConfig, advance: Callable[[str, int, int], None]) -> SampleSummary:
    """Draw sentences of every corpus with equal probability, and write them in random order.

    Whoever codes from the top and stops early has still coded a random sample. The model's labels
    are not shown, so that they lead nobody.

    Raises:
        PipelineError: The folders cannot be read, or the output is there already: it may hold
            somebody's coding.
    """
    if config.output.suffix.lower() != ".csv":
        raise RequestError(f"{config.output}: a sample is written as .csv. Name it so.")
    if config.output.exists():
        raise RequestError(
            f"{config.output}: is there already and may hold somebody's coding. Name another file "
            "with --output, or move it away."
        )
    refuse_unwritable(config.output)
    corpora = open_corpora(config, advance)
    random = np.random.default_rng(config.seed)
    drawn: list[DrawnSentence] = []
    counts = {}
    for name in corpora.names:
        frame = corpora.counted_units(name)
        if not frame:
            continue
        size = min(config.size, len(frame))
        digest = digest_units(frame)
        drawn += [
            DrawnSentence(name, frame[place], size / len(frame), digest)
            for place in random.permutation(len(frame))[:size]
        ]
        counts[name] = (size, len(frame))
    with writable(config.output):
        write_sample(config.output, [drawn[place] for place in random.permutation(len(drawn))])
    return SampleSummary(config.output, counts, corpora.notices)
