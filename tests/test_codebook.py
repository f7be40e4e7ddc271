from pathlib import Path

import pytest

from pipeline.codebook import codebook_from_json, load_codebook
from pipeline.errors import ConfigError

TOPICS = """
version: "1"
topics:
  - id: macroeconomics
    name: Macroeconomics
  - id: health
    name: Health
    family: social
"""


def write(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "codebook.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_shipped_codebook_has_44_labels_in_two_dimensions():
    codebook = load_codebook(Path("configs/codebook.yaml"))
    assert len(codebook.label_ids) == 44
    assert codebook.dimensions == ("threat_types", "policy_instruments")
    assert len(codebook.ids_of("threat_types")) == 20
    assert all(label.definition and label.name for label in codebook.labels)
    assert codebook.rules


def test_another_scheme_loads_with_its_own_dimension(tmp_path):
    codebook = load_codebook(write(tmp_path, TOPICS))
    assert codebook.label_ids == ("macroeconomics", "health")
    assert codebook.dimensions == ("topics",)


def test_in_order_sorts_and_drops_repeats(tmp_path):
    codebook = load_codebook(write(tmp_path, TOPICS))
    assert codebook.in_order(["health", "macroeconomics", "health"]) == codebook.label_ids


def test_codebook_survives_json(tmp_path):
    codebook = load_codebook(write(tmp_path, TOPICS))
    assert codebook_from_json(codebook.to_json()) == codebook


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: health", "id: Health", r"codebook\.yaml:6: topics\.1\.id: label id 'Health'"),
        ("id: health", "id: na", "must be lower-case"),
        ("id: health", "id: macroeconomics", "label id 'macroeconomics' stands twice"),
        ("id: health", "id: text", "label id 'text' is a column of the output already"),
        ("id: health", "id: topics", "name of a dimension and of a label"),
        ("family: social", "famly: social", r":8: topics\.1\.famly is not a known key.*'family'"),
        ("    name: Health\n", "", r"topics\.1\.name is missing"),
        (
            'version: "1"',
            'version: "1"\nversion: "2"',
            ":3: key 'version' stands already on line 2",
        ),
        ("topics:", "topics: [", r":\d+: is not valid YAML"),
    ],
)
def test_misfit_is_named_with_file_line_and_key(tmp_path, old, new, message):
    path = write(tmp_path, TOPICS.replace(old, new, 1))
    with pytest.raises(ConfigError, match=message):
        load_codebook(path)


def test_missing_file_says_so(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_codebook(tmp_path / "codebook.yaml")


def test_codebook_without_labels_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="at least one dimension"):
        load_codebook(write(tmp_path, 'version: "1"\n'))
