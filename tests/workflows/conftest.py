"""A small scheme of topics with its data and lexicon, and a model trained on them."""

import json
from pathlib import Path

import pytest

from pipeline.config import LabelConfig, TrainConfig
from pipeline.workflows.label import LabelProgress, LabelSummary, label_documents
from pipeline.workflows.train import TrainSummary, train_model

CODEBOOK = """
version: "topics-1"
topics:
  - id: ports
    name: Ports
  - id: farming
    name: Farming
moods:
  - id: alarm
    name: Alarm
"""

LEXICON = """
language: en
labels:
  ports:
    cues: |
      harbour*
      port|ports
  farming:
    cues: |
      farm*
      crop*
  alarm:
    cues: |
      alarm*
      grave concern
"""

SENTENCES = {
    "The harbour was closed for a week.": ["ports"],
    "Every port needs a plan of its own.": ["ports"],
    "Ships wait outside the harbours of the south.": ["ports"],
    "Farmers received aid after the drought.": ["farming"],
    "The crops failed again this summer.": ["farming"],
    "A farm is more than its fields.": ["farming"],
    "There is grave concern about the port.": ["ports", "alarm"],
    "The alarming news reached every farm.": ["farming", "alarm"],
    "Grave concern was voiced by all members.": ["alarm"],
    "The meeting will be held in June.": [],
    "Members thanked the chair for the report.": [],
    "The next session is open to the public.": [],
}


@pytest.fixture(scope="session")
def scheme(tmp_path_factory) -> Path:
    """A folder with codebook, lexicon and training data of another scheme than the shipped one."""
    folder = tmp_path_factory.mktemp("scheme")
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "lexicon").mkdir()
    (folder / "lexicon" / "en.yaml").write_text(
        LEXICON.replace("port|ports", "port\n      ports"), encoding="utf-8"
    )
    rows = [
        {"text": text, "labels": labels, "document_id": f"d{number % 4}", "language": "en"}
        for number, (text, labels) in enumerate(SENTENCES.items())
    ]
    (folder / "train.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    return folder


def train_config(scheme: Path, output: Path, **changes) -> TrainConfig:
    settings = {
        "data": scheme / "train.jsonl",
        "codebook": scheme / "codebook.yaml",
        "lexicon": scheme / "lexicon",
        "output": output,
        "folds": 4,
        "learned_layer": {"hash_bits": 12},
    }
    return TrainConfig.model_validate(settings | changes)


@pytest.fixture(scope="session")
def train(scheme):
    """Train on the small scheme into a folder."""

    def train(output: Path, **changes) -> TrainSummary:
        return train_model(train_config(scheme, output, **changes), lambda step, done, total: None)

    return train


@pytest.fixture(scope="session")
def model(train, tmp_path_factory) -> Path:
    """A model folder trained on the small scheme."""
    folder = tmp_path_factory.mktemp("models") / "topics"
    train(folder)
    return folder


@pytest.fixture
def run(scheme, model, tmp_path):
    """Label inputs with the small model into ``tmp_path / 'out'``."""

    def run(
        *inputs: Path | str,
        output: Path | None = None,
        progress: LabelProgress | None = None,
        **changes,
    ) -> LabelSummary:
        settings = {
            "input": [str(given) for given in inputs],
            "output": output or tmp_path / "out",
            "model": model,
            "codebook": scheme / "codebook.yaml",
        }
        return label_documents(
            LabelConfig.model_validate(settings | changes), progress or LabelProgress()
        )

    return run


@pytest.fixture
def document(tmp_path) -> Path:
    """Conclusions with a title, two numbered paragraphs and an apostrophe to guard."""
    path = tmp_path / "in" / "st-80001-2031-init_en.txt"
    path.parent.mkdir()
    path.write_text(
        "Council conclusions on harbours\n\n"
        "1. The Council thanks the members. Every harbour must have a plan.\n\n"
        "2. There is grave concern about the crops of this year.\n\n"
        "- more ports will be closed;\n",
        encoding="utf-8",
    )
    return path


@pytest.fixture
def contents():
    """Every file's bytes below a folder but those of run.json, which holds the seconds."""

    def contents(folder: Path) -> dict[str, bytes]:
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "run.json"]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    return contents
