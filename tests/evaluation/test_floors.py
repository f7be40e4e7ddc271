import pytest

from pipeline.errors import ConfigError
from pipeline.evaluation.floors import Floors, check_floors, raised_floors, read_floors

FLOORS = Floors(gold_sha256="abc", micro_f1={"nl": {"threats": 0.7}, "en": {"threats": 0.8}})


def test_floors_that_hold_break_nothing():
    measured = {"nl": {"threats": 0.7}, "en": {"threats": 0.9}}
    assert check_floors(FLOORS, "abc", measured) == []


@pytest.mark.parametrize(
    ("digest", "measured", "breach"),
    [
        ("abc", {"nl": {"threats": 0.99}, "en": {"threats": 0.79}}, "en threats: micro-F1 0.790"),
        ("abc", {"nl": {"threats": 0.99}, "en": {"threats": None}}, "not estimable"),
        ("abc", {"nl": {"threats": 0.99}}, "en: has floors but no gold was measured"),
        (
            "abc",
            {"nl": {"threats": 0.9}, "en": {"threats": 0.9}, "fr": {"threats": 1}},
            "fr threats: has no floor",
        ),
        ("xyz", {"nl": {"threats": 0.9}, "en": {"threats": 0.9}}, "is not what the floors"),
    ],
)
def test_every_way_to_slip_below_is_named(digest, measured, breach):
    assert any(breach in found for found in check_floors(FLOORS, digest, measured))


def test_gate_with_nothing_to_check_is_refused(tmp_path):
    path = tmp_path / "floors.yaml"
    path.write_text("gold_sha256: abc\nmicro_f1: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no floor"):
        read_floors(path)


def test_floors_are_raised_to_what_is_measured_and_never_lowered():
    first = raised_floors(None, "digest", {"en": {"topics": 0.8765, "moods": None}})
    assert first.micro_f1 == {"en": {"topics": 0.87}}
    second = raised_floors(first, "digest", {"en": {"topics": 0.5}, "fr": {"topics": 0.9}})
    assert second.micro_f1 == {"en": {"topics": 0.87}, "fr": {"topics": 0.9}}


def test_floors_on_another_gold_begin_anew():
    first = raised_floors(None, "digest", {"en": {"topics": 0.9}})
    assert raised_floors(first, "other", {"en": {"topics": 0.5}}).micro_f1 == {
        "en": {"topics": 0.5}
    }
