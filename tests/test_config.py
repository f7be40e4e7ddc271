from pathlib import Path

import pytest

from pipeline.config import (
    CompareConfig,
    EvaluateConfig,
    FetchConfig,
    LabelConfig,
    SampleConfig,
    TrainConfig,
    load_config,
    parse_overrides,
)
from pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "into"),
    [
        ("label", LabelConfig),
        ("train", TrainConfig),
        ("train-transformer", TrainConfig),
        ("evaluate", EvaluateConfig),
        ("fetch", FetchConfig),
        ("compare", CompareConfig),
        ("sample", SampleConfig),
    ],
)
def test_shipped_configuration_loads(name, into):
    assert load_config(Path(f"configs/{name}.yaml"), into, {})


def test_every_file_in_configs_has_a_type():
    names = {path.name for path in Path("configs").glob("*.yaml")}
    assert names == {
        *("codebook.yaml", "evaluate.yaml", "fetch.yaml", "floors.yaml", "label.yaml"),
        *("train.yaml", "train-transformer.yaml", "compare.yaml", "sample.yaml"),
    }


def test_override_reaches_a_nested_key():
    overrides = parse_overrides(["learned_layer.hash_bits=12", "folds=4"])
    config = load_config(Path("configs/train.yaml"), TrainConfig, overrides)
    assert (config.learned_layer.hash_bits, config.folds) == (12, 4)


def test_misspelt_key_names_the_known_ones(tmp_path):
    path = tmp_path / "label.yaml"
    path.write_text("input: [a]\noutput: b\nmodl: c\ncodebook: d\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"label\.yaml:3: modl is not a known key .*'model'"):
        load_config(path, LabelConfig, {})


def test_all_misfits_are_named_together(tmp_path):
    path = tmp_path / "label.yaml"
    path.write_text("input: [a]\nworkers: 0\nreview_margin: 2\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(path, LabelConfig, {})
    for part in ("output is missing", "model is missing", ":2: workers", ":3: review_margin"):
        assert part in str(error.value)


def test_misspelt_override_is_refused():
    with pytest.raises(ConfigError, match="command line: flods is not a known key"):
        load_config(Path("configs/train.yaml"), TrainConfig, {"flods": 3})


@pytest.mark.parametrize("assignment", ["folds", "=3", "folds=["])
def test_override_that_is_no_assignment_is_refused(assignment):
    with pytest.raises(ConfigError, match="--set"):
        parse_overrides([assignment])
