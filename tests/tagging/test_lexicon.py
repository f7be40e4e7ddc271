from pathlib import Path

import pytest

from pipeline.codebook import Codebook, Label, load_codebook
from pipeline.errors import ConfigError
from pipeline.tagging.lexicon import lexicon_from_json, load_lexicon

CODEBOOK = Codebook("1", (Label(id="ports", name="Ports"), Label(id="ships", name="Ships")))

ENGLISH = """
language: en
labels:
  ports:
    cues: |
      harbour*      # and harbourmaster
      port of call
    masks: |
      harbour* a grudge
  ships:
    cues: |
      vessel*
"""


def write(tmp_path: Path, content: str, name: str = "en.yaml") -> Path:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_lexicon_is_read_without_comments(tmp_path):
    lexicon = load_lexicon(write(tmp_path, ENGLISH), CODEBOOK)
    assert lexicon.languages == ("en",)
    assert lexicon.lines["en"]["ports"]["cues"] == ("harbour*", "port of call")
    hits = lexicon.matcher("en").find("They harbour a grudge in the port of call of the vessels.")
    assert [(hit.label, hit.cue) for hit in hits] == [
        ("ports", "port of call"),
        ("ships", "vessel*"),
    ]


def test_lexicon_survives_json(tmp_path):
    lexicon = load_lexicon(write(tmp_path, ENGLISH), CODEBOOK)
    assert lexicon_from_json(lexicon.to_json()) == lexicon


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  ships:", "  shps:", "label 'shps' is not in the codebook"),
        ("vessel*", "(vessel*", "en.yaml: ships: '.vessel.*' has a bracket"),
        (
            "port of call",
            "Port-of-Call\n      port of call",
            "'port of call' repeats 'Port-of-Call'",
        ),
        ("language: en", "language: fr", "language is 'fr', expected 'en'"),
        ("    masks:", "    mask:", "mask is not a known key"),
    ],
)
def test_misfit_is_named(tmp_path, old, new, message):
    with pytest.raises(ConfigError, match=message):
        load_lexicon(write(tmp_path, ENGLISH.replace(old, new)), CODEBOOK)


def test_folder_without_lexicon_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no lexicon found"):
        load_lexicon(tmp_path, CODEBOOK)


def test_shipped_lexicons_load():
    codebook = load_codebook(Path("configs/codebook.yaml"))
    lexicon = load_lexicon(Path("configs/lexicon"), codebook)
    assert {"de", "en", "fr", "nl"} <= set(lexicon.languages)
    for language in lexicon.languages:
        assert set(lexicon.lines[language]) == set(codebook.label_ids)
