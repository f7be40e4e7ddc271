"""Labelled folders side by side, with the shipped model on the shipped samples."""

import csv
import json
import shutil
from html.parser import HTMLParser

import pytest

from pipeline.config import CompareConfig, LabelConfig, SampleConfig, load_config
from pipeline.errors import DataError, RequestError
from pipeline.storage.csv_dialect import guard, unguard
from pipeline.workflows.compare import compare_labelled
from pipeline.workflows.label import LabelProgress, label_documents
from pipeline.workflows.labelled_corpora import find_labelled_folders
from pipeline.workflows.sample import draw_sample
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "samples"


def label(output, *names, **changes):
    settings = {"input": [str(SAMPLES / f"{name}.txt") for name in names], "output": output}
    label_documents(
        load_config(ROOT / "configs/label.yaml", LabelConfig, settings | changes), LabelProgress()
    )


@pytest.fixture(scope="session")
def two_folders(tmp_path_factory):
    """Two labelled folders: a text in three languages and one beside it, and two others."""
    folder = tmp_path_factory.mktemp("labelled")
    label(folder / "seas", *(f"st-90101-2031-init_{language}" for language in ("en", "fr", "nl")))
    label(folder / "crime", "st-90388-2031-rev-1_en", "st-90377-2031-init_de")
    return folder


@pytest.fixture
def labelled(two_folders, tmp_path):
    """The same, free to be changed."""
    return shutil.copytree(two_folders, tmp_path / "labelled")


def settings(kind, labelled, output, **changes):
    return kind.model_validate({"input": [str(labelled)], "output": output} | changes)


@pytest.fixture
def compare(labelled, tmp_path):
    def compare(**changes):
        config = settings(CompareConfig, labelled, tmp_path / "out", **changes)
        return compare_labelled(config, lambda step, done, total: None)

    return compare


@pytest.fixture
def sample(labelled, tmp_path):
    """Draw a sample and return its path."""

    def sample(**changes):
        config = settings(SampleConfig, labelled, tmp_path / "sample.csv", **changes)
        draw_sample(config, lambda step, done, total: None)
        return tmp_path / "sample.csv"

    return sample


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def rewrite(path, change):
    """Pass every row of a CSV table through a function, as a person with a spreadsheet would."""
    rows = rows_of(path)
    for number, row in enumerate(rows):
        change(number, row)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_every_document_is_described_in_every_version(compare, tmp_path):
    summary = compare()
    rows = rows_of(tmp_path / "out" / "documents.csv")
    assert [
        (row["corpus"], row["doc_id"], row["language"], row["is_compared"]) for row in rows
    ] == [
        ("crime", "ST-90388-2031-REV-1", "en", "1"),
        ("crime", "ST-90377-2031-INIT", "de", "1"),
        ("seas", "ST-90101-2031-INIT", "en", "1"),
        ("seas", "ST-90101-2031-INIT", "fr", "0"),
        ("seas", "ST-90101-2031-INIT", "nl", "0"),
    ]
    assert all(row["sentences"] in ("35", "36") and row["title"] for row in rows)
    assert (summary.n_corpora, summary.n_documents, summary.n_versions) == (2, 3, 5)


def test_shares_are_those_of_the_labelled_sentences(compare, labelled, tmp_path):
    compare()
    coded = [
        row for row in rows_of(labelled / "crime" / "sentences.csv") if row["language"] == "en"
    ]
    sentences = [row for row in coded if row["kind"] == "sentence"]
    share = next(
        row
        for row in rows_of(tmp_path / "out" / "shares.csv")
        if row["language"] == "en"
        and row["corpus"] == "crime"
        and row["label"] == "organised_crime"
    )
    n_labelled = sum(row["organised_crime"] == "1" for row in sentences)
    assert n_labelled > 5
    assert (int(share["sentences"]), int(share["labelled_sentences"])) == (
        len(sentences),
        n_labelled,
    )
    assert float(share["share"]) == pytest.approx(n_labelled / len(sentences), abs=1e-6)
    assert float(share["z"]) > 2


def test_contents_have_the_labels_of_all_versions_together(compare, labelled, tmp_path):
    compare()
    contents = rows_of(tmp_path / "out" / "contents.csv")
    text = {row["sentence_id"]: row for row in rows_of(labelled / "seas" / "sentences.csv")}
    assert len(contents) == 35
    assert {row["versions"] for row in contents} == {"3"}
    for row in contents:
        ids = row["sentence_ids"].split("|")
        assert [sentence_id.split(".")[1] for sentence_id in ids] == ["en", "fr", "nl"]
        assert len({sentence_id.split(".")[2] for sentence_id in ids}) == 1
        own = [text[sentence_id] for sentence_id in ids]
        for label_id in ("hybrid_threats", "legislation"):
            votes = {unit[label_id] for unit in own}
            if len(votes) == 1:
                assert votes == {row[label_id]}
            assert (label_id in row["split_labels"].split("|")) == (len(votes) > 1)
        joined = row["threat_types"].split("|") if row["threat_types"] else []
        assert all(row[label_id] == "1" for label_id in joined)


def test_versions_agree_in_part_and_each_pair_is_told(compare, tmp_path):
    summary = compare()
    pairs = rows_of(tmp_path / "out" / "version_pairs.csv")
    assert [(row["language"], row["other_language"]) for row in pairs] == [
        ("en", "fr"),
        ("en", "nl"),
        ("fr", "nl"),
    ]
    assert all(row["contents"] == "35" and row["only_here"] == "0" for row in pairs)
    assert 0 < summary.agreement.disagreement < 0.5
    assert 0.5 < summary.agreement.alpha < 1


def test_a_folder_compared_with_itself_shares_every_sentence(compare, labelled, tmp_path):
    shutil.copytree(labelled / "crime", labelled / "again")
    compare()
    similar = [
        row
        for row in rows_of(tmp_path / "out" / "similar_documents.csv")
        if row["doc_id"] == row["other_doc_id"] == "ST-90388-2031-REV-1"
        and row["dimension"] == "all"
    ]
    assert [(row["rank"], row["similarity"]) for row in similar] == [("1", "1"), ("1", "1")]
    reused = rows_of(tmp_path / "out" / "reused_sentences.csv")
    n_sentences = len({row["sentence_id"] for row in reused if row["language"] == "en"})
    assert int(similar[0]["shared_sentences"]) == n_sentences > 25
    assert {row["is_coded_alike"] for row in reused} == {"1"}


def test_without_coding_there_is_no_interval_and_the_table_says_why(compare, tmp_path):
    compare()
    rows = rows_of(tmp_path / "out" / "corpora.csv")
    assert len(rows) == 2 * 44
    assert {row["estimate"] for row in rows} == {""}
    assert {row["note"] for row in rows} == {"not estimable: no sentence was coded by hand"}


def code_by_the_model(path, labelled):
    """Fill in a sample with what the model says, as a coder would who always agrees with it."""
    given = {
        row["sentence_id"]: "|".join(filter(None, (row["threat_types"], row["policy_instruments"])))
        for folder in ("seas", "crime")
        for row in rows_of(labelled / folder / "sentences.csv")
    }
    rewrite(path, lambda number, row: row.update(labels=given[row["sentence_id"]] or "none"))


def test_a_coded_sample_gives_intervals_and_differences(compare, sample, labelled, tmp_path):
    path = sample(size=1000)
    code_by_the_model(path, labelled)
    summary = compare(coded=path)
    assert summary.n_coded == len(rows_of(path)) == 35 + 36 + 35
    rows = {(row["corpus"], row["label"]): row for row in rows_of(tmp_path / "out" / "corpora.csv")}
    crime = rows["crime", "organised_crime"]
    assert float(crime["estimate"]) == pytest.approx(float(crime["share"]), abs=1e-5)
    assert float(crime["low"]) < float(crime["estimate"]) < float(crime["high"])
    assert "needed" in rows["seas", "organised_crime"]["note"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert 'href="#corpora"' in page


def test_a_sample_shows_no_label_and_is_the_same_for_a_seed(sample, labelled, tmp_path):
    path = sample(size=20)
    rows = rows_of(path)
    assert len(rows) == 40
    assert set(rows[0]) == {
        *("corpus", "sentence_id", "doc_id", "language", "section", "text", "labels"),
        *("text_sha256", "sampling_prob", "drawn_from"),
    }
    assert {row["labels"] for row in rows} == {""}
    assert {row["corpus"]: row["sampling_prob"] for row in rows} == {
        "seas": repr(20 / 35),
        "crime": repr(20 / 71),
    }
    first = path.read_bytes()
    path.unlink()
    assert sample(size=20).read_bytes() == first
    path.unlink()
    assert sample(size=20, seed=1).read_bytes() != first


def test_a_sample_that_is_there_is_never_written_over(sample):
    path = sample(size=5)
    before = path.read_bytes()
    with pytest.raises(RequestError, match="may hold somebody's coding"):
        sample(size=6)
    assert path.read_bytes() == before


def only(number, **cells):
    """A change of one row."""
    return lambda at, row: row.update(cells) if at == number else None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (only(2, labels="terorism"), "line 4: label 'terorism' is not in the codebook"),
        (only(2, sentence_id="x"), "line 4: corpus '(seas|crime)' has no sentence 'x'"),
        (only(2, text_sha256="0"), "line 4: the text of .* is not the one that was drawn"),
        (only(2, drawn_from="many"), "line 4: drawn_from is 'many'"),
        (only(2, drawn_from="7"), "line 4: drawn from 7 sentences of .*, which has (35|71) now"),
        (lambda number, row: None, "no row is coded"),
    ],
)
def test_a_sample_that_cannot_be_used_is_refused_with_its_line(
    compare, sample, change, message, tmp_path
):
    path = sample(size=5)
    rewrite(path, change)
    with pytest.raises(DataError, match=message):
        compare(coded=path)
    assert not (tmp_path / "out").exists()


def test_a_sentence_coded_twice_is_refused(compare, sample):
    path = sample(size=5)
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:-1], lines[1], b""]))
    with pytest.raises(DataError, match=r"line 12: sentence .* stands already on line 2"):
        compare(coded=path)


def test_rows_not_coded_yet_are_passed_over(compare, sample, labelled):
    path = sample(size=30)
    code_by_the_model(path, labelled)
    rewrite(path, lambda number, row: row.update(labels="") if number >= 25 else None)
    assert compare(coded=path).n_coded == 25


def test_labels_corrected_by_hand_count_and_are_told(compare, labelled, tmp_path):
    row = next(
        row
        for row in rows_of(labelled / "crime" / "sentences.csv")
        if row["kind"] == "sentence" and row["language"] == "en" and row["sanctions"] == "0"
    )
    rewrite(
        labelled / "crime" / "sentences.csv",
        lambda number, other: (
            other.update(sanctions="1") if other["sentence_id"] == row["sentence_id"] else None
        ),
    )
    summary = compare()
    assert any("1 labels in sentences.csv are not the model's" in n for n in summary.notices)
    share = next(
        share
        for share in rows_of(tmp_path / "out" / "shares.csv")
        if (share["corpus"], share["language"], share["label"]) == ("crime", "en", "sanctions")
    )
    before = sum(
        other["sanctions"] == "1"
        for other in rows_of(labelled / "crime" / "sentences.csv")
        if other["kind"] == "sentence" and other["language"] == "en"
    )
    assert int(share["labelled_sentences"]) == before


def test_the_same_folders_give_the_same_bytes(compare, tmp_path, contents):
    compare()
    first = contents(tmp_path / "out")
    compare()
    assert contents(tmp_path / "out") == first


def test_every_table_and_column_is_described(compare, tmp_path):
    compare()
    package = json.loads((tmp_path / "out" / "datapackage.json").read_text(encoding="utf-8"))
    tables = {path.name for path in (tmp_path / "out").glob("*.csv")}
    assert {resource["path"] for resource in package["resources"]} == tables
    for resource in package["resources"]:
        with (tmp_path / "out" / resource["path"]).open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(stream))
        described = resource["schema"]["fields"]
        assert [field["name"] for field in described] == header
        assert all(field["description"] for field in described)


class Page(HTMLParser):
    """What a page loads, and whether its tags close."""

    void = frozenset({"meta", "link", "br", "img", "line", "rect"})

    def __init__(self):
        super().__init__()
        self.open, self.loaded = [], []

    def handle_starttag(self, tag, attributes):
        self.loaded += [value for name, value in attributes if name in ("src", "href")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


def test_the_report_is_one_page_that_loads_nothing(compare, tmp_path):
    compare()
    page = Page()
    page.feed((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert all(target.startswith("#") for target in page.loaded)


def test_texts_on_the_report_are_escaped(compare, labelled, tmp_path):
    rewrite(
        labelled / "seas" / "sentences.csv",
        lambda number, row: row.update(
            text=guard("<script>alert(1)</script>" + unguard(row["text"]))
        ),
    )
    compare()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_folder_that_label_has_not_finished_is_refused(compare, labelled, tmp_path):
    (labelled / "seas" / "run.json").unlink()
    (labelled / "crime" / "run.json").unlink()
    with pytest.raises(RequestError, match="no labelled folder there"):
        compare()
    with pytest.raises(RequestError, match="no labelled folder there"):
        compare(input=[str(tmp_path / "nothing")])


def test_folders_of_different_codebooks_are_refused(compare, labelled):
    path = labelled / "crime" / "codebook.csv"
    path.write_bytes(path.read_bytes().replace(b"\r\nsanctions,", b"\r\npenalties,"))
    for name in ("run.json", "sentences.csv"):
        file = labelled / "crime" / name
        file.write_bytes(file.read_bytes().replace(b"sanctions", b"penalties"))
    scores = labelled / "crime" / "scores.parquet"
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(scores)
    names = ["penalties" if name == "sanctions" else name for name in table.column_names]
    pyarrow.parquet.write_table(table.rename_columns(names), scores)
    with pytest.raises(DataError, match="labelled by different codebooks"):
        compare()


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("sanctions", "yes", "line 3: sanctions is 'yes', expected 0 or 1"),
        ("kind", "page", "line 3: kind is 'page'"),
        ("position", "two", "line 3: position, char_start or char_end is no whole number"),
    ],
)
def test_a_damaged_cell_is_named_with_its_line(compare, labelled, column, cell, message):
    rewrite(labelled / "crime" / "sentences.csv", only(1, **{"kind": "sentence", column: cell}))
    with pytest.raises(DataError, match=message):
        compare()


def test_a_row_with_another_id_is_refused(compare, labelled):
    rewrite(labelled / "crime" / "sentences.csv", only(30, sentence_id="mine"))
    with pytest.raises(DataError, match=r"line 32: sentence_id 'mine' is not in scores\.parquet"):
        compare()


def test_the_output_of_an_earlier_version_is_to_be_labelled_again(compare, labelled):
    run = json.loads((labelled / "seas" / "run.json").read_text(encoding="utf-8"))
    del run["thresholds"]
    (labelled / "seas" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    with pytest.raises(DataError, match=r"run\.json: the thresholds .* Label the documents again"):
        compare()


def test_nothing_is_written_into_a_labelled_folder(labelled):
    config = settings(CompareConfig, labelled, labelled / "seas" / "out")
    with pytest.raises(RequestError, match="lies in the labelled folder"):
        compare_labelled(config, lambda step, done, total: None)


def test_folders_of_one_name_are_told_apart(compare, labelled, tmp_path):
    shutil.copytree(labelled / "crime", tmp_path / "other" / "crime")
    compare(input=[str(labelled / "crime"), str(tmp_path / "other" / "crime")])
    corpora = {row["corpus"] for row in rows_of(tmp_path / "out" / "documents.csv")}
    assert corpora == {str(labelled / "crime"), str(tmp_path / "other" / "crime")}


def test_headings_count_where_they_are_asked_for(compare, tmp_path):
    compare(kinds=["sentence", "heading"])
    rows = rows_of(tmp_path / "out" / "documents.csv")
    assert all(int(row["sentences"]) >= 39 for row in rows)


def test_folders_may_be_named_in_one_option(labelled):
    pair = [labelled / "seas", labelled / "crime"]
    assert find_labelled_folders([f"{pair[0]},{pair[1]}"]) == pair
    assert find_labelled_folders([f"{pair[0]} {pair[1]}"]) == pair
    assert find_labelled_folders([str(labelled / "*s")]) == [labelled / "seas"]
    assert find_labelled_folders([str(labelled)]) == sorted(pair)
    assert find_labelled_folders([str(pair[0]), str(labelled)]) == pair
