import csv
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from pipeline.errors import ModelError, RequestError
from pipeline.storage.csv_dialect import unguard


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_columns_are_those_of_the_contract_in_codebook_order(run, document, tmp_path):
    run(document)
    header = (tmp_path / "out" / "sentences.csv").read_text(encoding="utf-8-sig").split("\n")[0]
    assert header.strip().split(",") == [
        *("sentence_id", "doc_id", "language", "kind", "section", "paragraph", "position", "page"),
        *("char_start", "char_end", "text", "topics", "moods", "needs_review"),
        *("ports", "farming", "alarm"),
    ]


def test_sentences_are_labelled_with_exact_offsets(run, document, tmp_path):
    run(document)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    text = (tmp_path / "out" / "texts" / "ST-80001-2031-INIT.en.txt").read_text(encoding="utf-8")
    for row in rows:
        assert text[int(row["char_start"]) : int(row["char_end"])] == unguard(row["text"])
    assert [row["sentence_id"] for row in rows] == [
        f"ST-80001-2031-INIT.en.{n}" for n in range(1, 6)
    ]
    assert [row["paragraph"] for row in rows] == ["", "1", "1", "2", "2"]
    assert [(row["topics"], row["moods"]) for row in rows] == [
        ("ports", ""),
        ("", ""),
        ("ports", ""),
        ("farming", "alarm"),
        ("ports", ""),
    ]
    assert [row["ports"] + row["farming"] + row["alarm"] for row in rows] == [
        "100",
        "000",
        "100",
        "011",
        "100",
    ]


def test_text_is_guarded_in_csv_and_exact_after_undoing(run, document, tmp_path):
    run(document)
    last = read_csv(tmp_path / "out" / "sentences.csv")[-1]["text"]
    assert last == "'- more ports will be closed;"


def test_scores_stand_beside_the_sentences(run, document, tmp_path):
    run(document)
    table = pyarrow.parquet.read_table(tmp_path / "out" / "scores.parquet")
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert table.column_names == ["sentence_id", "ports", "farming", "alarm"]
    assert table["sentence_id"].to_pylist() == [row["sentence_id"] for row in rows]
    assert str(table.schema.field("ports").type) == "float"
    assert all(0 <= score <= 1 for score in table["ports"].to_pylist())


def test_run_record_says_what_was_done(run, document, tmp_path):
    run(document)
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["counts"]["sentences"] == 5
    assert record["counts"]["labels"] == {"ports": 3, "farming": 1, "alarm": 1}
    assert record["inputs"][0]["status"] == "labelled"
    assert len(record["model_sha256"]) == 64
    assert record["configuration"]["review_margin"] == 0.1
    assert list(record["thresholds"]) == ["ports", "farming", "alarm"]
    assert all(0 < threshold < 1 for threshold in record["thresholds"].values())


def test_evidence_says_which_words_carried_a_label(run, document, tmp_path):
    run(document)
    texts = {
        row["sentence_id"]: unguard(row["text"])
        for row in read_csv(tmp_path / "out" / "sentences.csv")
    }
    rows = read_csv(tmp_path / "out" / "evidence.csv")
    for row in rows:
        span = slice(int(row["char_start"]), int(row["char_end"]))
        assert texts[row["sentence_id"]][span] == unguard(row["text"])
        assert float(row["weight"]) > 0
    carried = {(row["sentence_id"][-1], row["label"], row["text"]) for row in rows}
    assert {("3", "ports", "harbour"), ("4", "alarm", "grave concern")} <= carried


def test_references_to_other_documents_are_listed(run, tmp_path):
    path = tmp_path / "recall_en.txt"
    path.write_text("1. It recalls its conclusions of 15 June 2020.\n", encoding="utf-8")
    run(path)
    (row,) = read_csv(tmp_path / "out" / "references.csv")
    assert (row["text"], row["target"]) == ("15 June 2020", "conclusions-2020-06-15")


def test_codebook_lies_beside_the_labels(run, document, tmp_path):
    run(document)
    rows = read_csv(tmp_path / "out" / "codebook.csv")
    assert [(row["label"], row["dimension"]) for row in rows] == [
        ("ports", "topics"),
        ("farming", "topics"),
        ("alarm", "moods"),
    ]


def test_second_run_gives_the_same_bytes(run, document, contents, tmp_path):
    run(document)
    first = contents(tmp_path / "out")
    run(document)
    assert contents(tmp_path / "out") == first


def test_bad_documents_are_rows_and_the_others_finish(run, document, tmp_path):
    bad = {
        "empty.txt": b"",
        "scan.pdf": b"%PDF-",
        "binary.txt": bytes(range(256)) * 9,
        "t.csv": b"a\n1\n",
    }
    for name, content in bad.items():
        (document.parent / name).write_bytes(content)
    summary = run(document.parent)
    rows = read_csv(tmp_path / "out" / "documents.csv")
    codes = {row["source"]: row["code"] for row in rows if row["status"] == "failed"}
    assert codes == {
        "empty.txt": "EMPTY",
        "scan.pdf": "BAD_FORMAT",
        "binary.txt": "BAD_FORMAT",
        "t.csv": "BAD_TABLE",
    }
    assert all(row["message"] for row in rows if row["status"] == "failed")
    assert [row["units"] for row in rows if row["status"] == "labelled"] == ["5"]
    assert len(summary.failures) == 4


def test_same_bytes_under_two_names_are_one_document(run, document, tmp_path):
    (document.parent / "zz copy.txt").write_bytes(document.read_bytes())
    summary = run(document.parent)
    rows = read_csv(tmp_path / "out" / "documents.csv")
    assert [row["status"] for row in rows] == ["labelled", "duplicate"]
    assert summary.n_sentences == 5
    assert not summary.failures


def test_two_texts_with_one_number_get_names_of_their_own(run, document, tmp_path):
    other = document.parent / "other" / document.name
    other.parent.mkdir()
    other.write_text("1. The harbour is shut.\n2. The port is not.\n", encoding="utf-8")
    run(document.parent)
    rows = read_csv(tmp_path / "out" / "documents.csv")
    assert sorted(row["doc_id"] for row in rows) == ["ST-80001-2031-INIT", "ST-80001-2031-INIT-2"]
    ids = [row["sentence_id"] for row in read_csv(tmp_path / "out" / "sentences.csv")]
    assert len(ids) == len(set(ids)) == 7
    assert len(list((tmp_path / "out" / "texts").iterdir())) == 2


def test_language_that_the_model_does_not_cover_is_segmented_and_said_so(run, tmp_path):
    path = tmp_path / "havne_da.txt"
    path.write_text(
        "1. Havnen er lukket i en uge. Den åbner igen.\n2. Rådet takker.\n", encoding="utf-8"
    )
    summary = run(path)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert len(rows) == 3
    assert {row["topics"] + row["ports"] + row["needs_review"] for row in rows} == {""}
    (entry,) = read_csv(tmp_path / "out" / "documents.csv")
    assert (entry["status"], entry["code"]) == ("segmented", "LANGUAGE_NOT_COVERED")
    assert "the model covers en" in entry["message"]
    assert [row.source for row in summary.notices] == ["havne_da.txt"]
    scores = pyarrow.parquet.read_table(tmp_path / "out" / "scores.parquet")
    assert scores["ports"].null_count == 3


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_table_of_ready_units_is_labelled_row_by_row(run, tmp_path, suffix):
    path = tmp_path / f"units{suffix}"
    texts = ["The harbour is open. It is large.", "Crops failed.", "Nothing else was said."]
    if suffix == ".csv":
        path.write_text(
            "sentence_id,text,language\n"
            + "".join(f"k{n},{text},en\n" for n, text in enumerate(texts)),
            encoding="utf-8",
        )
    elif suffix == ".jsonl":
        path.write_text(
            "".join(
                json.dumps({"sentence_id": f"k{n}", "text": text, "language": "en"}) + "\n"
                for n, text in enumerate(texts)
            ),
            encoding="utf-8",
        )
    else:
        table = pyarrow.table(
            {"sentence_id": [f"k{n}" for n in range(3)], "text": texts, "language": ["en"] * 3}
        )
        pyarrow.parquet.write_table(table, path)
    run(path)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert [row["sentence_id"] for row in rows] == ["k0", "k1", "k2"]
    assert [row["text"] for row in rows] == texts
    assert [row["topics"] for row in rows] == ["ports", "farming", ""]


@pytest.fixture
def table(tmp_path) -> Path:
    """A table of two documents in turn, one of which is called like a document beside it."""
    path = tmp_path / "units.csv"
    texts = ["The harbour is open.", "Crops failed.", "", "Nothing else was said.", "A port."]
    rows = [f"{'ST-80001-2031-INIT' if n % 2 else 'b'},{text}\n" for n, text in enumerate(texts)]
    path.write_text("doc_id,text\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_parts_of_a_table_give_the_files_of_the_whole(
    run, document, table, tmp_path, contents, monkeypatch, workers
):
    whole = run(document, table, language="en")
    expected = contents(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setattr("pipeline.ingestion.units.UNITS_TOGETHER", 2)
    monkeypatch.setattr("pipeline.workflows.label_plan.SHARD_SOURCES", 2)
    parts = run(document, table, language="en", workers=workers)
    assert contents(tmp_path / "out") == expected
    assert replace(parts, seconds=whole.seconds) == whole
    documents = read_csv(tmp_path / "out" / "documents.csv")
    assert [(row["doc_id"], row["units"], row["code"]) for row in documents] == [
        ("ST-80001-2031-INIT", "5", ""),
        ("b|ST-80001-2031-INIT-2", "5", "EMPTY_UNITS|DOC_ID_REPEATED"),
    ]


def test_id_that_two_tables_give_is_refused_in_the_later_one(run, tmp_path):
    for name in "ab":
        path = tmp_path / f"{name}.csv"
        path.write_text(f"sentence_id,text\ns1,Crops failed in {name}.\n", encoding="utf-8")
    run(tmp_path / "a.csv", tmp_path / "b.csv", language="en")
    first, second = read_csv(tmp_path / "out" / "documents.csv")
    assert (first["status"], second["status"], second["code"]) == (
        "labelled",
        "failed",
        "BAD_TABLE",
    )
    assert "line 2: sentence_id 's1' stands already in another table" in second["message"]


def test_name_that_is_no_utf8_is_labelled_under_a_printable_one(run, tmp_path):
    path = tmp_path / os.fsdecode(b"\xff_en.txt")
    path.write_text("Crops failed.\n", encoding="utf-8")
    run(path)
    (row,) = read_csv(tmp_path / "out" / "documents.csv")
    assert (row["status"], row["source"]) == ("labelled", "\\xff_en.txt")


def test_copy_of_a_table_is_left_out_with_all_its_parts(run, table, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.ingestion.units.UNITS_TOGETHER", 2)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(table.read_bytes())
    run(table, copy, language="en")
    rows = read_csv(tmp_path / "out" / "documents.csv")
    assert [(row["status"], row["units"]) for row in rows] == [
        ("labelled", "5"),
        ("duplicate", "0"),
    ]
    assert len(read_csv(tmp_path / "out" / "sentences.csv")) == 5


def test_table_that_goes_wrong_late_gives_no_rows(run, table, tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.ingestion.units.UNITS_TOGETHER", 2)
    with table.open("a") as stream:
        stream.write("a,b,c\n")
    run(table, language="en")
    (row,) = read_csv(tmp_path / "out" / "documents.csv")
    assert (row["status"], row["code"]) == ("failed", "BAD_TABLE")
    assert "line 7: 3 cells, expected 2" in row["message"]
    assert read_csv(tmp_path / "out" / "sentences.csv") == []


def test_missing_input_writes_nothing(run, tmp_path):
    with pytest.raises(RequestError, match="no such file or folder"):
        run(tmp_path / "gone.txt")
    assert not (tmp_path / "out").exists()


def test_unknown_language_option_is_refused(run, document):
    with pytest.raises(RequestError, match="language 'xx' is none of"):
        run(document, language="xx")


def test_output_within_the_input_folder_is_refused(run, document):
    with pytest.raises(RequestError, match="lies in the input folder"):
        run(document.parent, output=document.parent / "out")


def test_output_that_holds_an_input_is_refused(run, document):
    with pytest.raises(RequestError, match="holds the input"):
        run(document, output=document.parent)


def test_file_in_place_of_the_output_is_refused_and_nothing_is_left(run, document, tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(RequestError, match="is a file, expected a folder"):
        run(document)
    assert not list(tmp_path.glob(".out*"))


def test_codebook_of_another_scheme_is_refused_before_labelling(run, document, tmp_path):
    with pytest.raises(ModelError, match="only in the model: ports, farming, alarm"):
        run(document, codebook="configs/codebook.yaml")
    assert not (tmp_path / "out").exists()


def test_review_margin_decides_what_needs_review(run, document, tmp_path):
    run(document, review_margin=1)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert {row["needs_review"] for row in rows} == {"1"}
    run(document, review_margin=0)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert {row["needs_review"] for row in rows} == {"0"}


def test_real_document_has_118_units(shared_document, run, tmp_path):
    run(shared_document)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    kinds = [row["kind"] for row in rows]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "sentence": 108,
        "heading": 7,
        "title": 1,
        "cover": 2,
    }
    assert rows[1]["text"] == "BIJLAGE"
    numbers = [int(row["paragraph"]) for row in rows if row["kind"] == "sentence"]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, 29))
    text = (tmp_path / "out" / "texts" / "ST-10179-2022-INIT.nl.txt").read_text(encoding="utf-8")
    spans = [(int(row["char_start"]), int(row["char_end"])) for row in rows]
    assert [text[start:end] for start, end in spans] == [unguard(row["text"]) for row in rows]
    assert np.all(np.diff(np.array(spans).ravel()) >= 0)
    assert "".join(text[start:end] for start, end in spans).replace(" ", "") == "".join(
        text.split()
    )


def test_document_with_the_same_traps(run, tmp_path):
    run("tests/resources/wrapped_nl.txt")
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert {row["doc_id"] for row in rows} == {"ST-91234-2031-INIT"}
    per_paragraph = [row["paragraph"] for row in rows if row["kind"] == "sentence"]
    assert {number: per_paragraph.count(number) for number in set(per_paragraph)} == {
        "1": 3,
        "2": 2,
        "3": 2,
        "4": 2,
        "5": 1,
        "6": 1,
    }
