"""What lies beside the rows: the dataset for programs, and what says what columns mean."""

import csv
import json
from hashlib import sha256

import pyarrow.parquet
import pytest


@pytest.fixture
def labelled(run, document, tmp_path):
    """An output folder with a document in a covered and one in another language."""
    other = document.with_name("havne_da.txt")
    other.write_text("1. Havnen er lukket i en uge. Den åbner igen.\n", encoding="utf-8")
    run(document.parent)
    return tmp_path / "out"


def test_load_dataset_gives_label_names_back(labelled, tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = datasets.load_dataset(
        str(labelled / "dataset"), split="train", cache_dir=str(tmp_path / "cache")
    )
    topics = rows.features["topics"].feature
    assert topics.names == ["ports", "farming"]
    named = [[topics.names[number] for number in row["topics"]] for row in rows]
    with (labelled / "sentences.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = [row["topics"] for row in csv.DictReader(stream)]
    assert ["|".join(names) for names in named] == cells
    assert [row["is_coded"] for row in rows] == [row["language"] == "en" for row in rows]


def test_load_dataset_tells_one_output_from_another(run, document, tmp_path):
    datasets = pytest.importorskip("datasets")
    other = tmp_path / "other_en.txt"
    other.write_text("Crops failed.\n", encoding="utf-8")
    texts = []
    for source in (document, other):
        run(source)
        rows = datasets.load_dataset(
            str(tmp_path / "out" / "dataset"), split="train", cache_dir=str(tmp_path / "cache")
        )
        texts.append(rows["text"][:])
    assert texts[1] == ["Crops failed."]
    assert texts[0] != texts[1]


def test_dataset_keeps_cells_raw(labelled):
    table = pyarrow.parquet.read_table(
        labelled / "dataset" / "data" / "train-00000-of-00001.parquet"
    )
    assert "- more ports will be closed;" in table["text"].to_pylist()


def test_data_package_describes_every_file_and_column(labelled):
    package = json.loads((labelled / "datapackage.json").read_text(encoding="utf-8"))
    by_name = {resource["name"]: resource for resource in package["resources"]}
    assert by_name.pop("run")["path"] == "run.json"
    texts = by_name.pop("texts")["path"]
    assert texts == sorted(f"texts/{file.name}" for file in (labelled / "texts").iterdir())
    for resource in by_name.values():
        path = labelled / resource["path"]
        content = path.read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{sha256(content).hexdigest()}"
        fields = resource["schema"]["fields"]
        assert all(field["description"] for field in fields), resource["name"]
        if path.suffix == ".csv":
            header = content.decode("utf-8-sig").split("\r\n")[0].split(",")
        else:
            header = pyarrow.parquet.read_schema(path).names
        assert [field["name"] for field in fields] == header
    described = {labelled / resource["path"] for resource in by_name.values()}
    assert described == {*labelled.glob("*.csv"), *labelled.rglob("*.parquet")}
    assert by_name["sentences"]["schema"]["primaryKey"] == ["sentence_id"]
    assert by_name["evidence"]["schema"]["foreignKeys"][0]["reference"]["resource"] == "sentences"
    assert "undo" in package["description"]
