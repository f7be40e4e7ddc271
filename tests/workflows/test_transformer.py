"""The transformer family on encoders of two layers, made here: trained, saved, loaded, run."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from pipeline.codebook import load_codebook
from pipeline.errors import DataError, ModelError
from pipeline.workflows.models import open_model

transformers = pytest.importorskip("transformers")

WORDS = [
    "the",
    "harbour",
    "port",
    "ports",
    "every",
    "farm",
    "farmers",
    "crops",
    "crop",
    "is",
    "was",
    "a",
    "closed",
    "open",
    "grave",
    "concern",
    "alarm",
    "alarming",
    "news",
    "about",
    "needs",
    "plan",
    "of",
    "its",
    "own",
    "after",
    "drought",
    "summer",
    "again",
    "this",
    "council",
    "members",
    "thanked",
    "meeting",
    "will",
    "be",
    "held",
    "in",
    "june",
    "next",
    "session",
    "public",
    "chair",
    "for",
    "report",
    "to",
    ",",
    ".",
    ";",
]
TEXTS = ["The harbour is closed, the ports are open.", "Farmers thanked the chair.", "Alarm!"]


def make_encoder(folder: Path, architecture: str) -> Path:
    """Write a tiny encoder with random weights and a word-level tokenizer."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    vocabulary = special | {word: 4 + place for place, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
    ).save_pretrained(folder)
    sizes = {
        "vocab_size": len(vocabulary),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "max_position_embeddings": 40,
        "pad_token_id": 1,
        "initializer_range": 0.5,  # so that what an encoder reads shows in what it says
    }
    transformers.set_seed(1)
    config = transformers.AutoConfig.for_model(architecture, **sizes)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoder"), "xlm-roberta")


@pytest.fixture(scope="session")
def train_transformer(train, encoder):
    def train_transformer(output: Path, **changes):
        settings = {
            "encoder": str(encoder),
            "epochs": 3,
            "learning_rate": 3e-3,
            "batch_size": 4,
            "gradient_accumulation": 1,
            "max_tokens": 32,
        }
        return train(output, family="transformer", transformer=settings | changes)

    return train_transformer


@pytest.fixture(scope="session")
def tuned(train_transformer, tmp_path_factory) -> Path:
    """A model folder of the transformer family without a lexicon joined."""
    folder = tmp_path_factory.mktemp("models") / "tuned"
    train_transformer(folder, join_lexicon=False)
    return folder


@pytest.fixture
def codebook(scheme):
    return load_codebook(scheme / "codebook.yaml")


@pytest.fixture
def copy(tuned, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in tuned.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_folder_is_a_plain_hugging_face_model_with_our_files(tuned):
    names = {file.name for file in tuned.iterdir()}
    ours = {"labels.json", "thresholds.json", "lexicon.json", "metrics.json", "train.yaml"}
    assert {"model.safetensors", "config.json", "tokenizer.json", "README.md", *ours} <= names
    config = json.loads((tuned / "config.json").read_text(encoding="utf-8"))
    assert config["problem_type"] == "multi_label_classification"
    assert list(config["id2label"].values()) == ["ports", "farming", "alarm"]


def test_half_in_a_plain_pipeline_is_our_threshold(tuned, codebook):
    opened = open_model(tuned, codebook)
    ours = opened.tagger.score(TEXTS, "en")
    plain = transformers.pipeline("text-classification", model=str(tuned), top_k=None)
    for row, answers in enumerate(plain(TEXTS)):
        scores = {answer["label"]: answer["score"] for answer in answers}
        for column, label in enumerate(opened.tagger.label_ids):
            shifted = np.log(scores[label] / (1 - scores[label]))
            own = np.log(ours[row, column] / (1 - ours[row, column]))
            threshold = opened.thresholds[column]
            assert shifted == pytest.approx(own - np.log(threshold / (1 - threshold)), abs=0.1)


def test_scores_do_not_depend_on_the_batch(tuned, codebook):
    tagger = open_model(tuned, codebook).tagger
    together = tagger.score(TEXTS * 9, "en")
    for row, text in enumerate(TEXTS):
        assert np.allclose(tagger.score([text], "en")[0], together[row], atol=0.02)
    assert tagger.score([], "en").shape == (0, 3)


def test_int8_moves_scores_little(tuned, codebook):
    exact = open_model(tuned, codebook, "float32").tagger.score(TEXTS, "en")
    rounded = open_model(tuned, codebook, "int8").tagger.score(TEXTS, "en")
    assert 0 < np.abs(rounded - exact).max() < 0.1


def test_int8_gives_the_same_bytes_with_any_workers(run, tuned, document, tmp_path, contents):
    other = document.with_name("other_en.txt")
    other.write_text("The ports are closed. Farmers thanked the chair.\n", encoding="utf-8")
    run(document.parent, model=tuned, precision="int8", engine="serial")
    expected = contents(tmp_path / "out")
    run(document.parent, model=tuned, precision="int8", workers=2)
    assert contents(tmp_path / "out") == expected


def test_long_sentence_is_read_in_windows_and_named(tuned, codebook):
    tagger = open_model(tuned, codebook).tagger
    long = "the harbour is closed " * 40
    explained = tagger.explain([TEXTS[0], long], "en", np.zeros(3, dtype=np.float32))
    assert explained.long_rows == [1]
    assert explained.scores.shape == (2, 3)


def test_evidence_is_a_clause_of_the_sentence(tuned, codebook):
    explained = open_model(tuned, codebook).tagger.explain(
        TEXTS, "en", np.zeros(3, dtype=np.float32)
    )
    for row, text in enumerate(TEXTS):
        entries = explained.evidence.of(row)
        assert [entry.label for entry in entries] == ["ports", "farming", "alarm"]
        assert all(text[entry.start : entry.end].strip() for entry in entries)


@pytest.fixture(scope="session")
def tuned_on_pairs(train_transformer, tmp_path_factory) -> Path:
    """A model that reads the sentence before."""
    folder = tmp_path_factory.mktemp("models") / "pairs"
    train_transformer(folder, context="previous", join_lexicon=False)
    return folder


def test_sentence_before_is_read_where_the_model_was_trained_so(tuned, tuned_on_pairs, codebook):
    for folder, reads_context in ((tuned, False), (tuned_on_pairs, True)):
        tagger = open_model(folder, codebook).tagger
        assert tagger.reads_context == reads_context
        first, second = (
            tagger.score(TEXTS, "en", [before] * 3)
            for before in ("Farmers thanked the chair.", "The harbour was closed again.")
        )
        assert np.array_equal(first, second) != reads_context
    assert np.array_equal(tagger.score(TEXTS, "en"), tagger.score(TEXTS, "en", [""] * 3))


def test_context_that_does_not_fit_is_left_out(tuned_on_pairs, codebook):
    tagger = open_model(tuned_on_pairs, codebook).tagger
    long = "the harbour is closed " * 40
    first, second = (tagger.score([long], "en", [before]) for before in ("Alarm!", "Farmers."))
    assert np.array_equal(first, second)


def test_same_sentence_after_another_is_labelled_anew(run, tuned_on_pairs, document, tmp_path):
    text = "1. Farmers thanked the chair. It is open.\n2. The harbour is closed. It is open.\n"
    document.write_text(text, encoding="utf-8")
    run(document, model=tuned_on_pairs)
    scores = pyarrow.parquet.read_table(tmp_path / "out" / "scores.parquet").to_pylist()
    assert [row["ports"] for row in scores][1] != [row["ports"] for row in scores][3]


@pytest.mark.parametrize("method", ["lora", "frozen"])
def test_other_methods_train_and_load(train_transformer, codebook, tmp_path, method):
    if method == "lora":
        pytest.importorskip("peft")
    train_transformer(tmp_path / "model", method=method, epochs=1)
    assert open_model(tmp_path / "model", codebook).tagger.score(TEXTS, "en").shape == (3, 3)


@pytest.mark.parametrize("architecture", ["bert", "distilbert", "deberta-v2", "modernbert"])
def test_head_is_found_in_other_architectures(train_transformer, codebook, tmp_path, architecture):
    encoder = make_encoder(tmp_path / "encoder", architecture)
    train_transformer(tmp_path / "model", encoder=str(encoder), epochs=1)
    assert open_model(tmp_path / "model", codebook).tagger.score(TEXTS, "en").shape == (3, 3)


def test_joined_lexicon_weighs_in(train_transformer, codebook, tmp_path):
    train_transformer(tmp_path / "joined", epochs=1)
    scores = open_model(tmp_path / "joined", codebook).tagger.score(["Harbours.", "Nothing."], "en")
    assert scores[0, 0] > scores[1, 0]


def test_documents_are_labelled_with_it(run, tuned, document, tmp_path):
    text = document.read_text(encoding="utf-8")
    document.write_text(text + f"\n3. {'Harbour ' * 60}.\n", encoding="utf-8")
    summary = run(document, model=tuned)
    assert summary.n_sentences == 6
    assert not summary.failures
    assert [row.code for row in summary.notices] == ["LONG_UNITS"]


def test_too_few_documents_are_refused(train, encoder, tmp_path):
    with pytest.raises(DataError, match="documents for three folds"):
        train(tmp_path / "x", family="transformer", folds=2, transformer={"encoder": str(encoder)})


def test_encoder_that_is_not_there_is_named(train_transformer, tmp_path):
    with pytest.raises(ModelError, match=r"encoder .*gone: cannot be loaded"):
        train_transformer(tmp_path / "x", encoder=str(tmp_path / "gone"))


def test_pickled_encoder_is_refused(train_transformer, encoder, tmp_path):
    import torch

    pickled = tmp_path / "pickled"
    pickled.mkdir()
    for file in encoder.iterdir():
        if file.suffix == ".json":
            (pickled / file.name).write_bytes(file.read_bytes())
    torch.save({}, pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        train_transformer(tmp_path / "x", encoder=str(pickled))


def test_truncated_weights_are_refused(copy, codebook):
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="damaged or cut off"):
        open_model(copy, codebook)


def test_missing_head_is_refused(copy, codebook):
    from safetensors.numpy import load_file, save_file

    weights = {
        name: array
        for name, array in load_file(copy / "model.safetensors").items()
        if not name.startswith("classifier")
    }
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lacks classifier"):
        open_model(copy, codebook)


class _StopError(Exception):
    pass


def test_stopped_training_goes_on_from_its_checkpoint(train_transformer, tmp_path, monkeypatch):
    from pipeline.training import transformer_trainer

    def stop(*_):
        raise _StopError

    found = []
    last_checkpoint = transformer_trainer._checkpoint

    def note(*given):
        found.append(last_checkpoint(*given))
        return found[-1]

    monkeypatch.setattr(transformer_trainer, "_checkpoint", note)
    with monkeypatch.context() as patch, pytest.raises(_StopError):
        patch.setattr(transformer_trainer, "_finish", stop)
        train_transformer(tmp_path / "model", epochs=2)
    train_transformer(tmp_path / "model", epochs=2)
    assert found[0] is None
    assert "checkpoint-" in found[1]
    assert not (tmp_path / ".model.checkpoints").exists()
