"""The quality gate: recorded floors per language and dimension, tied to the gold they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.yaml_files import Section, read_yaml


class Floors(Section):
    """``floors.yaml``: the lowest micro-F1 allowed, and the digest of the gold it was set on."""

    gold_sha256: str
    micro_f1: dict[str, dict[str, float]]
    """Language → dimension → floor."""


def read_floors(path: Path) -> Floors:
    """Read recorded floors.

    Raises:
        ConfigError: The file is missing, does not fit, or holds no floor at all.
    """
    floors = read_yaml(path, Floors)
    if not any(floors.micro_f1.values()):
        raise ConfigError(f"{path}: holds no floor; a gate with nothing to check passes nothing.")
    return floors


def raised_floors(
    floors: Floors | None, gold_sha256: str, micro_f1: Mapping[str, Mapping[str, float | None]]
) -> Floors:
    """Return floors at what was measured, rounded down to hundredths.

    On the gold that ``floors`` rest on none of them is lowered; on another gold they say nothing.
    """
    old = floors.micro_f1 if floors and floors.gold_sha256 == gold_sha256 else {}
    return Floors(
        gold_sha256=gold_sha256,
        micro_f1={
            language: {
                dimension: max(
                    old.get(language, {}).get(dimension, 0.0), math.floor(measured * 100) / 100
                )
                for dimension, measured in dimensions.items()
                if measured is not None
            }
            for language, dimensions in micro_f1.items()
        },
    )


def check_floors(
    floors: Floors, gold_sha256: str, micro_f1: Mapping[str, Mapping[str, float | None]]
) -> list[str]:
    """Return what breaks the floors, in words; an empty list is a pass.

    Another gold than the one recorded, a language or dimension that has no floor, and a floor
    without a measurement are breaches too: one part's gain never hides another's loss.
    """
    if floors.gold_sha256 != gold_sha256:
        return [
            f"the gold data (sha256 {gold_sha256[:12]}…) is not what the floors were recorded on "
            f"({floors.gold_sha256[:12]}…). Record floors for it in a commit of its own."
        ]
    breaches = []
    for language, dimensions in micro_f1.items():
        for dimension, measured in dimensions.items():
            floor = floors.micro_f1.get(language, {}).get(dimension)
            if floor is None:
                breaches.append(f"{language} {dimension}: has no floor. Record one.")
            elif measured is None or measured < floor:
                found = "not estimable" if measured is None else f"{measured:.3f}"
                breaches.append(f"{language} {dimension}: micro-F1 {found}, floor {floor:.3f}.")
    unmeasured = sorted(floors.micro_f1.keys() - micro_f1.keys())
    breaches.extend(f"{language}: has floors but no gold was measured." for language in unmeasured)
    return breaches
