import csv
import json

import pytest

from pipeline.config import EvaluateConfig
from pipeline.errors import DataError
from pipeline.storage.gold import text_digest
from pipeline.workflows.evaluate import evaluate_model

GOLD = [
    {"text": "Two harbours are shut.", "labels": ["ports"], "document_id": "a"},
    {"text": "The farm burned down.", "labels": ["farming"], "document_id": "a"},
    {"text": "It caused grave concern.", "labels": ["alarm"], "document_id": "b"},
    {"text": "The fields lie fallow.", "labels": ["farming"], "document_id": "b"},
    {"text": "Le port est fermé.", "labels": ["ports"], "document_id": "c", "language": "fr"},
]


@pytest.fixture
def evaluate(scheme, model, tmp_path):
    def evaluate(gold=GOLD, floors=None, gold_folder=None, any_gold=False, **changes):
        path = tmp_path / "gold.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in gold), encoding="utf-8")
        config = {
            "model": model,
            "codebook": scheme / "codebook.yaml",
            "gold": gold_folder or path,
            "floors": floors,
            "bootstrap_samples": 100,
        }
        settings = EvaluateConfig.model_validate(config | changes)
        return evaluate_model(settings, any_gold=any_gold)

    return evaluate


def test_metrics_per_language_and_dimension(evaluate):
    evaluation = evaluate()
    assert set(evaluation.metrics) == {"all", "en"}
    assert set(evaluation.metrics["en"]) == {"all", "topics", "moods"}
    topics = evaluation.metrics["en"]["topics"]
    assert (topics.n_sentences, topics.support) == (4, 3)
    assert topics.micro_recall == pytest.approx(2 / 3)
    assert evaluation.metrics["en"]["moods"].micro_f1 == 1
    assert [label.support for label in evaluation.labels] == [1, 2, 1]
    assert evaluation.breaches is None


def write_floors(tmp_path, digest, floor):
    path = tmp_path / "floors.yaml"
    path.write_text(
        f"gold_sha256: {digest}\nmicro_f1:\n  en: {{topics: {floor}, moods: 1.0}}\n",
        encoding="utf-8",
    )
    return path


def test_floors_pass_and_fail(evaluate, tmp_path):
    digest = evaluate().gold_sha256
    assert evaluate(floors=write_floors(tmp_path, digest, 0.8)).breaches == []
    (breach,) = evaluate(floors=write_floors(tmp_path, digest, 0.9)).breaches
    assert breach == "en topics: micro-F1 0.800, floor 0.900."


def test_changed_gold_fails_the_gate(evaluate, tmp_path):
    floors = write_floors(tmp_path, evaluate().gold_sha256, 0.1)
    (breach,) = evaluate(gold=GOLD[:3], floors=floors).breaches
    assert "is not what the floors were recorded on" in breach


def test_floors_of_another_gold_are_no_concern_of_any_gold(evaluate, tmp_path):
    floors = write_floors(tmp_path, evaluate().gold_sha256, 0.9)
    assert evaluate(floors=floors, any_gold=True).breaches
    assert evaluate(gold=GOLD[:3], floors=floors, any_gold=True).breaches is None


def test_gold_in_no_covered_language_is_refused(evaluate):
    with pytest.raises(DataError, match="no sentence in a language that the model covers"):
        evaluate(gold=GOLD[4:])


def test_parts_of_the_model_and_no_label_are_measured_beside_it(evaluate):
    systems = evaluate().systems
    assert set(systems) == {"no label ever", "lexicon alone", "n-grams alone"}
    assert systems["no label ever"]["all"].micro_f1 == 0
    assert systems["lexicon alone"]["all"].micro_precision == 1
    assert systems["lexicon alone"]["en"] == systems["lexicon alone"]["all"]  # only en is covered


def test_another_model_is_measured_on_the_same_sentences(evaluate, model):
    systems = evaluate(others=[model]).systems
    assert systems[str(model)]["all"].micro_f1 == evaluate().metrics["all"]["all"].micro_f1


def test_every_error_is_listed_with_its_words(evaluate, tmp_path):
    evaluate(errors=tmp_path / "errors.csv")
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["error"], row["label"], row["text"]) for row in rows] == [
        ("missed", "farming", "The fields lie fallow.")
    ]


STAND_OFF = [
    {
        "sentence_id": "p-1",
        "language": "en",
        "text_sha256": text_digest("Two harbours are shut."),
        "labels": ["ports"],
    }
]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_text('id\ttext\np-1\tTwo harbours  are shut.\np-2\t"Other.\n', encoding="utf-8")
    return path


def test_stand_off_gold_is_measured_with_its_texts(evaluate, texts):
    evaluation = evaluate(STAND_OFF, texts=texts)
    assert evaluation.metrics["en"]["all"].micro_f1 == 1


def test_stand_off_gold_without_texts_is_passed_over_with_a_warning(evaluate, caplog):
    with pytest.raises(DataError, match="no sentence in a language"):
        evaluate(STAND_OFF)
    assert "labels 1 sentences whose texts are elsewhere" in caplog.text


def test_changed_text_is_named_with_its_line(evaluate, texts):
    rows = [STAND_OFF[0] | {"text_sha256": "0" * 64}]
    with pytest.raises(DataError, match=r"line 1: the text of 'p-1' is not the one"):
        evaluate(rows, texts=texts)


def test_missing_text_is_named_with_its_line(evaluate, texts):
    rows = [STAND_OFF[0] | {"sentence_id": "p-9"}]
    with pytest.raises(DataError, match=r"line 1: no text with id 'p-9'"):
        evaluate(rows, texts=texts)


def test_agreement_of_coders_stands_beside_the_labels(evaluate, tmp_path):
    folder = tmp_path / "gold"
    (folder / "agreement").mkdir(parents=True)
    rows = "".join(json.dumps(row) + "\n" for row in GOLD)
    (folder / "gold.jsonl").write_text(rows, encoding="utf-8")
    (folder / "agreement" / "labels.csv").write_text(
        "label,kappa\nports,0.91\nalarm,\n", encoding="utf-8"
    )
    assert evaluate(gold_folder=folder).kappa_by_label == {"ports": "0.91", "alarm": ""}
    assert evaluate().kappa_by_label == {}
