import json
import re

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.codebook import load_codebook
from pipeline.errors import ConfigError, DataError, ModelError, RequestError
from pipeline.storage.model_folder import BASELINE, SCORING_FILES
from pipeline.workflows.models import open_model

LABELS = ("ports", "farming", "alarm")


@pytest.fixture
def codebook(scheme):
    return load_codebook(scheme / "codebook.yaml")


@pytest.fixture
def copy(model, tmp_path):
    """A copy of the small model that a test may damage."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_folder_holds_what_a_model_needs(model):
    names = {file.name for file in model.iterdir()}
    assert names == {*SCORING_FILES, BASELINE, "train.yaml", "metrics.json", "README.md"}


def test_training_twice_gives_the_same_bytes(model, train, tmp_path):
    train(tmp_path / "again")
    for file in model.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_trained_model_labels_sentences_it_has_not_seen(model, codebook):
    opened = open_model(model, codebook)
    texts = ["All harbours will reopen.", "This farmer grows no crop.", "The chair took the floor."]
    scores = opened.tagger.score(texts, "en")
    assert opened.tagger.label_ids == LABELS
    assert scores.dtype.name == "float32"
    assert (scores >= opened.thresholds).tolist() == [
        [True, False, False],
        [False, True, False],
        [False, False, False],
    ]


def test_language_that_is_not_covered_is_a_programmers_mistake(model, codebook):
    with pytest.raises(ValueError, match="'fr' is not one of"):
        open_model(model, codebook).tagger.score(["x"], "fr")


def test_card_states_the_numbers_of_the_metrics_file(model):
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    card = (model / "README.md").read_text(encoding="utf-8")
    assert f"Micro-F1 {metrics['all']['micro_f1']:.3f}" in card
    assert [label["label"] for label in metrics["labels"]] == list(LABELS)
    assert "4-fold cross-validation; whole documents are held out" in card
    assert not re.search(r"\bnan\b", card)


def test_scheme_without_a_lexicon_trains(train, scheme, tmp_path):
    summary = train(tmp_path / "plain", lexicon=None)
    assert summary.languages == ("en",)
    assert open_model(tmp_path / "plain", load_codebook(scheme / "codebook.yaml"))


def test_lexicon_of_another_scheme_is_left_out(train, tmp_path, caplog):
    folder = tmp_path / "lexicon"
    folder.mkdir()
    cues = "language: en\nlabels:\n  weather:\n    cues: |\n      storm*\n"
    (folder / "en.yaml").write_text(cues, encoding="utf-8")
    train(tmp_path / "without", lexicon=folder)
    assert f"{folder} names no label of" in caplog.text
    train(tmp_path / "plain", lexicon=None)
    for name in SCORING_FILES:
        plain = (tmp_path / "plain" / name).read_bytes()
        assert (tmp_path / "without" / name).read_bytes() == plain, name


def test_label_columns_are_read_like_a_labels_column(train, model, scheme, tmp_path):
    rows = [json.loads(line) for line in (scheme / "train.jsonl").read_text().splitlines()]
    lines = ["text,language,document_id,ports,farming,alarm"]
    for row in rows:
        flags = ",".join(str(int(label in row["labels"])) for label in LABELS)
        lines.append(f"{row['text']},en,{row['document_id']},{flags}")
    table = tmp_path / "train.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    train(tmp_path / "columns", data=table)
    assert (tmp_path / "columns" / "model.safetensors").read_bytes() == (
        model / "model.safetensors"
    ).read_bytes()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"text": "x", "labels": ["port"]},
            r"line 1: label 'port' is not in the codebook .*Closest: 'ports'",
        ),
        (
            {"text": "x", "labels": ["money"]},
            "label 'money' is not in the codebook .* another scheme name its codebook",
        ),
        ({"text": " ", "labels": []}, "line 1: text is empty"),
        ({"text": "x", "labels": {"ports": 1}}, "expected ids joined with"),
        ({"text": "x", "labels": [], "language": "zz"}, "language 'zz' is none of"),
        ({"text": "x"}, "no labels found"),
        ({"text": "x", "labels": ["ports|alarm"]}, r"label 'ports\|alarm' is not in the codebook"),
        ({"text": "x", "ports": "maybe"}, "ports is 'maybe', expected 0 or 1"),
        ({"text": "x", "labels": []}, "no sentence has a label"),
    ],
)
def test_bad_training_row_is_named(train, tmp_path, row, message):
    table = tmp_path / "bad.jsonl"
    table.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=message):
        train(tmp_path / "out", data=table)


def test_repeated_sentence_id_is_named(train, tmp_path):
    table = tmp_path / "bad.jsonl"
    row = {"text": "x", "labels": ["ports"], "sentence_id": "s"}
    table.write_text(2 * (json.dumps(row) + "\n"), encoding="utf-8")
    with pytest.raises(DataError, match=r"line 2: sentence_id 's' stands already in .* line 1"):
        train(tmp_path / "out", data=table)


@pytest.mark.parametrize("name", SCORING_FILES)
def test_missing_file_is_named(copy, codebook, name):
    (copy / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        open_model(copy, codebook)


def test_missing_folder_is_named(tmp_path, codebook):
    with pytest.raises(ModelError, match="no such model folder"):
        open_model(tmp_path / "gone", codebook)


def test_pickled_weights_are_refused(copy, codebook):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin is a pickle"):
        open_model(copy, codebook)


def test_cut_off_weights_are_refused(copy, codebook):
    weights = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelError, match="damaged or cut off"):
        open_model(copy, codebook)


def test_weights_that_are_no_numbers_are_refused(copy, codebook):
    weights = load_file(copy / "model.safetensors")
    weights["bias"][0] = float("nan")
    save_file(weights, copy / "model.safetensors")
    with pytest.raises(ModelError, match="'bias' holds what is no number"):
        open_model(copy, codebook)


def test_threshold_that_is_none_is_refused(copy, codebook):
    path = copy / "thresholds.json"
    path.write_text(json.dumps(dict.fromkeys(LABELS, float("nan"))), encoding="utf-8")
    with pytest.raises(ModelError, match="thresholds lie between 0 and 1"):
        open_model(copy, codebook)


@pytest.mark.parametrize(("first", "others"), [(["ports"], []), (LABELS, LABELS)])
def test_table_with_one_answer_only_trains(train, scheme, codebook, tmp_path, first, others):
    rows = [json.loads(line) for line in (scheme / "train.jsonl").read_text().splitlines()]
    given = [list(first), *([list(others)] * (len(rows) - 1))]
    table = tmp_path / "one.jsonl"
    table.write_text(
        "".join(
            json.dumps(row | {"labels": own}) + "\n" for row, own in zip(rows, given, strict=True)
        ),
        encoding="utf-8",
    )
    train(tmp_path / "one", data=table)
    assert np.isfinite(open_model(tmp_path / "one", codebook).tagger.score(["Ports."], "en")).all()


def test_one_document_trains_and_says_that_others_are_not_estimable(train, scheme, tmp_path):
    rows = [json.loads(line) for line in (scheme / "train.jsonl").read_text().splitlines()]
    table = tmp_path / "document.jsonl"
    table.write_text(
        "".join(json.dumps(row | {"document_id": "minutes"}) + "\n" for row in rows),
        encoding="utf-8",
    )
    train(tmp_path / "one", data=table)
    card = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert "other documents are not estimable" in " ".join(card.split())


def test_lexicon_documents_of_other_data_are_no_error(train, model, tmp_path):
    train(tmp_path / "other", lexicon_documents=["minutes of another body"])
    for file in ("model.safetensors", "metrics.json"):
        assert (tmp_path / "other" / file).read_bytes() == (model / file).read_bytes()


def test_unknown_lexicon_document_beside_a_known_one_is_refused(train, scheme, tmp_path):
    row = json.loads((scheme / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])
    with pytest.raises(ConfigError, match="no sentence of 'minuets'"):
        train(tmp_path / "typo", lexicon_documents=[row["document_id"], "minuets"])


def test_copies_of_random_sentences_do_not_vouch_for_each_other(train, scheme, tmp_path):
    dice = np.random.default_rng(2)
    words = [f"word{number}" for number in "abcdefghijklmnopqrstuvw"]
    rows = [
        {"text": " ".join(dice.choice(words, 9)), "labels": [str(dice.choice(LABELS))]}
        for _ in range(40)
    ]
    table = tmp_path / "copies.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows * 3), encoding="utf-8")
    summary = train(tmp_path / "copies", data=table, lexicon=None)
    assert summary.metrics.micro_f1 < 0.8


def test_output_that_cannot_be_written_is_refused_before_training(train, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(RequestError, match="is a file, expected a folder"):
        train(tmp_path / "file", data=tmp_path / "not read")


def test_missing_weight_is_refused(copy, codebook):
    weights = load_file(copy / "model.safetensors")
    del weights["slope"]
    save_file(weights, copy / "model.safetensors")
    with pytest.raises(ModelError, match="should hold 'slope' of shape"):
        open_model(copy, codebook)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["ports", "alarm", "farming"], "the same labels in another order"),
        (["ports", "farming"], "only in the codebook: alarm"),
    ],
)
def test_labels_that_differ_from_the_codebook_are_refused(copy, codebook, labels, message):
    (copy / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        open_model(copy, codebook)


def test_model_of_another_format_or_family_is_refused(copy, codebook):
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    for change, message in (({"format": 99}, "format 99"), ({"family": "x"}, "family 'x'")):
        (copy / "config.json").write_text(
            json.dumps({"conclabel": config["conclabel"] | change}), encoding="utf-8"
        )
        with pytest.raises(ModelError, match=message):
            open_model(copy, codebook)


def test_digest_changes_with_any_scoring_file(copy, model, codebook):
    before = open_model(copy, codebook).digest
    assert before == open_model(model, codebook).digest
    thresholds = json.loads((copy / "thresholds.json").read_text(encoding="utf-8"))
    (copy / "thresholds.json").write_text(
        json.dumps(thresholds | {"ports": 0.99}), encoding="utf-8"
    )
    assert open_model(copy, codebook).digest != before
