"""Documents that strain a whole run: faults 16 to 18, and those of 1 to 15 side by side."""

from __future__ import annotations

import csv
import time

import pyarrow.parquet

from tests.ingestion.rendering import docx, html, pdf
from tests.ingestion.rendering.contents import load

MAX_RUN_S = 60


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_16_sentence_of_a_megabyte_is_labelled_whole(run, tmp_path):
    sentence = "The harbour " + "and the port " * 80_000 + "were closed."
    path = tmp_path / "in" / "long_en.txt"
    path.parent.mkdir()
    path.write_text(f"1. {sentence}\n2. The Council acts.\n", encoding="utf-8")
    start = time.monotonic()
    run(path)
    assert time.monotonic() - start < MAX_RUN_S
    table = pyarrow.parquet.read_table(tmp_path / "out" / "scores.parquet")
    assert len(table) == 2
    csv.field_size_limit(10_000_000)
    rows = read_csv(tmp_path / "out" / "sentences.csv")
    assert rows[0]["text"] == sentence
    assert rows[0]["ports"] == "1"


def test_17_same_document_twice_is_one_by_its_hash(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    content = pdf.register(load("en"))
    (folder / "st-80001-2031-init_en.pdf").write_bytes(content)
    (folder / "zz copy.pdf").write_bytes(content)
    run(folder, folder)
    statuses = [row["status"] for row in read_csv(tmp_path / "out" / "documents.csv")]
    assert statuses == ["labelled", "duplicate"]


def test_18_odd_names_stay_inside_the_output_folder(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    secret = tmp_path / "secret.txt"
    secret.write_text("1. The Council keeps the harbour plans secret.\n", encoding="utf-8")
    names = ("a..%2f..%2fetc_en.txt", "new\nline_en.txt", "con: <aux>|?*_en.txt", "=1+1_en.txt")
    for number, name in enumerate(names):
        (folder / name).write_text(f"{number}. The harbour acts.\n", encoding="utf-8")
    (folder / "link_en.txt").symlink_to(secret)
    before = {path for path in tmp_path.rglob("*") if tmp_path / "out" not in path.parents}
    run(folder)
    after = {path for path in tmp_path.rglob("*") if tmp_path / "out" not in path.parents}
    assert after - before <= {tmp_path / "out"}
    rows = read_csv(tmp_path / "out" / "documents.csv")
    assert len(rows) == len(names)
    assert all(set(row["doc_id"]) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for row in rows)
    assert not any("secret" in text.read_text() for text in (tmp_path / "out").rglob("*.txt"))


def test_bad_documents_of_every_format_are_rows_and_the_good_ones_finish(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    good = {"a.pdf": pdf.register, "b.docx": docx.document, "c.html": html.journal}
    for name, render in good.items():
        (folder / name).write_bytes(render(load("en")))
        (folder / f"bad {name}").write_bytes(render(load("en"))[:900])
    (folder / "scan.pdf").write_bytes(b"")
    summary = run(folder)
    rows = {row["source"]: row for row in read_csv(tmp_path / "out" / "documents.csv")}
    assert {name for name, row in rows.items() if row["status"] == "failed"} >= {
        *("bad a.pdf", "bad b.docx", "scan.pdf"),
    }
    assert all(row["code"] and row["message"] for row in rows.values() if row["status"] == "failed")
    assert {rows[name]["status"] for name in good} == {"labelled"}
    assert len(summary.failures) == sum(row["status"] == "failed" for row in rows.values())
