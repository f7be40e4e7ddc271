"""Labelled folders side by side, with the shipped model on the shipped samples."""

import csv
import json
import shutil
from html.parser import HTMLParser

import pytest

from pipeline.comparison import report
from pipeline.config import CompareConfig, LabelConfig, SampleConfig, load_config
from pipeline.errors import DataError, RequestError
from pipeline.storage.csv_dialect import guard, unguard
from pipeline.workflows.compare import compare_labelled
from pipeline.workflows.label import LabelProgress, label_documents
from pipeline.workflows.labelled_corpora import find_labelled_folders
from pipeline.workflows.sample import draw_sample
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "samples"


def label(output, *paths, **changes):
    settings = {"input": [str(path) for path in paths], "output": output}
    label_documents(
        load_config(ROOT / "configs/label.yaml", LabelConfig, settings | changes), LabelProgress()
    )


@pytest.fixture(scope="session")
def two_folders(tmp_path_factory):
    """Two labelled folders: a text in three languages and one beside it, and two others."""
    folder = tmp_path_factory.mktemp("labelled")
    versions = (f"st-90101-2031-init_{language}.txt" for language in ("en", "fr", "nl"))
    label(folder / "seas", *(SAMPLES / version for version in versions))
    label(
        folder / "crime",
        SAMPLES / "st-90388-2031-rev-1_en.txt",
        SAMPLES / "st-90377-2031-init_de.txt",
    )
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
        ("crime", "ST-90377-2031-INIT", "de", "1"),
        ("crime", "ST-90388-2031-REV-1", "en", "1"),
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


def revise(path, into):
    """Write a document again under another number, its last paragraph left out."""
    text = path.read_text(encoding="utf-8")
    into.write_text(text[: text.rindex("\n12. ")].replace("90388", "90389"), encoding="utf-8")


def test_a_revised_document_is_most_alike_and_shares_its_sentences(compare, labelled, tmp_path):
    revise(SAMPLES / "st-90388-2031-rev-1_en.txt", tmp_path / "st-90389-2031-rev-1_en.txt")
    label(labelled / "revised", tmp_path / "st-90389-2031-rev-1_en.txt")
    compare()
    nearest = next(
        row
        for row in rows_of(tmp_path / "out" / "similar_documents.csv")
        if row["doc_id"] == "ST-90388-2031-REV-1"
        and (row["dimension"], row["rank"]) == ("all", "1")
    )
    assert nearest["other_doc_id"] == "ST-90389-2031-REV-1"
    assert float(nearest["similarity"]) > 0.95
    reused = rows_of(tmp_path / "out" / "reused_sentences.csv")
    assert len(reused) == 2 * int(nearest["shared_sentences"]) > 50
    assert {row["has_same_labels"] for row in reused} == {"1"}


def test_a_document_in_two_corpora_is_told_and_not_compared_with_itself(
    compare, labelled, tmp_path
):
    shutil.copytree(labelled / "crime", labelled / "again")
    summary = compare()
    assert any(notice.startswith("in several corpora") for notice in summary.notices)
    assert summary.n_reused == 0
    similar = rows_of(tmp_path / "out" / "similar_documents.csv")
    assert all(row["doc_id"] != row["other_doc_id"] for row in similar)


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
    assert "too few sentences have the label" in rows["seas", "organised_crime"]["note"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert 'href="#corpora"' in page


def test_a_sample_shows_no_label_and_is_the_same_for_a_seed(sample, labelled, tmp_path):
    path = sample(size=20)
    rows = rows_of(path)
    assert len(rows) == 40
    assert list(rows[0]) == [
        *("order", "corpus", "sentence_id", "doc_id", "language", "section", "text", "labels"),
        *("text_sha256", "sampling_prob", "frame_sha256"),
    ]
    assert [row["order"] for row in rows] == [str(number) for number in range(1, 41)]
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
        (only(2, labels="|"), r"line 4: labels is '\|'. Expected label ids"),
        (only(2, labels="NA"), "line 4: label 'na' is not .* Write 'none' where no label applies"),
        (only(2, order="first"), "line 4: order is 'first'"),
        (only(2, sampling_prob="2"), "line 4: sampling_prob is '2'"),
        (only(2, frame_sha256="0"), "line 4: corpus .* has other sentences than when the sample"),
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
    for run in labelled.rglob("run.json"):
        run.unlink()
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
        ("sanctions", "", "line 3: sanctions is '', expected 0 or 1"),
        ("policy_instruments", "penalties", "line 3: label 'penalties' is not in the codebook"),
        ("kind", "page", "line 3: kind is 'page'"),
        ("position", "two", "line 3: position, char_start or char_end is no whole number"),
    ],
)
def test_a_damaged_cell_is_named_with_its_line(compare, labelled, column, cell, message):
    rewrite(labelled / "crime" / "sentences.csv", only(1, **{"kind": "sentence", column: cell}))
    with pytest.raises(DataError, match=message):
        compare()


def as_spreadsheet(number, row):
    """Turn 0/1 into what spreadsheets make of it, and sort nothing."""
    forms = {"0": ("0,0", "FALSE", "0.0"), "1": ("1,0", "TRUE", "1.0")}
    for place, (name, cell) in enumerate(list(row.items())[-44:]):
        row[name] = forms[cell][place % 3]


def test_a_table_saved_by_a_spreadsheet_and_sorted_is_the_same(
    compare, labelled, tmp_path, contents
):
    compare()
    before = contents(tmp_path / "out")
    path = labelled / "seas" / "sentences.csv"
    rewrite(path, as_spreadsheet)
    rows = sorted(rows_of(path), key=lambda row: row["text"])
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
        stream.write(";" * (len(rows[0]) - 1) + "\r\n")
    compare()
    after = contents(tmp_path / "out")
    for name in ("shares.csv", "contents.csv", "version_pairs.csv", "corpora.csv"):
        assert sorted(after[name].splitlines()) == sorted(before[name].splitlines())


def test_labels_corrected_in_the_joined_cells_count_too(compare, labelled, tmp_path):
    def correct(number, row):
        if row["kind"] == "sentence":
            row["policy_instruments"] = "sanctions"

    rewrite(labelled / "crime" / "sentences.csv", correct)
    compare()
    shares = rows_of(tmp_path / "out" / "shares.csv")
    own = [row for row in shares if (row["corpus"], row["label"]) == ("crime", "sanctions")]
    assert {row["share"] for row in own} == {"1"}


def test_a_row_corrected_in_two_ways_at_once_is_refused(compare, labelled):
    def correct(number, row):
        if row["kind"] == "sentence":
            row["policy_instruments"] = "sanctions"
            row["arms_control"] = "1"

    rewrite(labelled / "crime" / "sentences.csv", correct)
    with pytest.raises(DataError, match="were both changed and differ, first on"):
        compare()


def test_a_correction_in_one_version_decides_for_all(compare, labelled, tmp_path):
    compare()
    before = next(
        row
        for row in rows_of(tmp_path / "out" / "contents.csv")
        if row["sanctions"] == "0" and not row["split_labels"]
    )
    english = before["sentence_ids"].split("|")[0]
    rewrite(
        labelled / "seas" / "sentences.csv",
        lambda number, row: row.update(sanctions="1") if row["sentence_id"] == english else None,
    )
    compare()
    after = rows_of(tmp_path / "out" / "contents.csv")[int(before["content"]) - 1]
    assert (after["sanctions"], after["split_labels"]) == ("1", "sanctions")


def test_corrections_do_not_make_a_sample_look_free_of_mistakes(
    compare, sample, labelled, tmp_path
):
    path = sample(size=1000)
    code_by_the_model(path, labelled)
    rewrite(path, lambda number, row: row.update(labels="none") if number % 2 else None)
    compare(coded=path)
    before = rows_of(tmp_path / "out" / "corpora.csv")
    coded = {row["sentence_id"]: row["labels"].replace("none", "") for row in rows_of(path)}
    for folder in ("seas", "crime"):

        def correct(number, row):
            labels = coded.get(row["sentence_id"])
            if labels is not None:
                for name in list(row)[-44:]:
                    row[name] = str(int(name in labels.split("|")))

        rewrite(labelled / folder / "sentences.csv", correct)
    compare(coded=path)
    after = rows_of(tmp_path / "out" / "corpora.csv")
    assert any(row["estimate"] for row in before)
    assert [row["estimate"] for row in after] == [row["estimate"] for row in before]
    assert [row["share"] for row in after] != [row["share"] for row in before]


def test_sentences_passed_over_by_the_coder_are_told(compare, sample, labelled):
    path = sample(size=30)
    code_by_the_model(path, labelled)
    rewrite(path, lambda number, row: row.update(labels="") if number < 10 else None)
    notices = [notice for notice in compare(coded=path).notices if "passed over" in notice]
    n_passed = [int(notice.split(": ")[1].split()[0]) for notice in notices]
    assert sum(n_passed) == 10


def test_sentences_taken_out_of_a_sample_are_told(compare, sample, labelled):
    path = sample(size=30)
    code_by_the_model(path, labelled)
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:10], *lines[14:]]))
    notices = [notice for notice in compare(coded=path).notices if "taken out" in notice]
    assert sum(int(notice.split(": ")[1].split()[0]) for notice in notices) == 4


def test_a_corpus_without_any_coding_is_not_said_to_be_passed_over(compare, sample, labelled):
    path = sample(size=30)
    code_by_the_model(path, labelled)
    rewrite(path, lambda number, row: row.update(labels="") if row["corpus"] == "seas" else None)
    summary = compare(coded=path)
    assert summary.n_coded == 30
    assert not any("passed over" in notice for notice in summary.notices)


def test_a_sample_may_be_coded_with_commas_capitals_and_empty_lines(compare, sample, labelled):
    path = sample(size=30)
    code_by_the_model(path, labelled)

    def loosely(number, row):
        row["labels"] = row["labels"].replace("|", ", ").upper()

    rewrite(path, loosely)
    with path.open("a", encoding="utf-8", newline="") as stream:
        stream.write("," * 10 + "\r\n")
    assert compare(coded=path).n_coded == 60


def test_a_sample_is_only_written_as_csv(labelled, tmp_path):
    with pytest.raises(RequestError, match=r"is written as \.csv"):
        draw_sample(settings(SampleConfig, labelled, tmp_path / "s.xlsx"), lambda *step: None)


def test_a_row_that_stands_twice_is_refused(compare, labelled):
    path = labelled / "crime" / "sentences.csv"
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:-1], lines[20], b""]))
    with pytest.raises(DataError, match=r"sentence_id .* stands already on line 21"):
        compare()


def test_rows_that_are_gone_are_told(compare, labelled):
    path = labelled / "crime" / "sentences.csv"
    lines = path.read_bytes().split(b"\r\n")
    path.write_bytes(b"\r\n".join([*lines[:30], *lines[33:]]))
    assert any("3 rows that `label` wrote are no longer" in n for n in compare().notices)


def test_years_can_be_compared_instead_of_folders(compare, tmp_path):
    summary = compare(by="year")
    names = [row["corpus"] for row in rows_of(tmp_path / "out" / "corpora.csv")]
    assert list(dict.fromkeys(names)) == ["2031", "undated"]
    assert summary.n_corpora == 2


def test_a_document_that_would_count_twice_in_a_year_is_refused(compare, labelled):
    shutil.copytree(labelled / "crime", labelled / "again")
    with pytest.raises(DataError, match="would count twice in a year"):
        compare(by="year")


def test_rows_of_a_table_without_doc_id_are_no_translations(labelled, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text(
        "text,language,doc_id\nThe Council imposes sanctions.,en,\nDie Ernte war gut.,de,\n"
        "Farms need water.,en,\nFarms need water.,en,D1\nHöfe brauchen Wasser.,de,D1\n",
        encoding="utf-8",
    )
    label(tmp_path / "table", table)
    config = settings(CompareConfig, tmp_path / "table", tmp_path / "out")
    summary = compare_labelled(config, lambda step, done, total: None)
    assert summary.agreement.n_documents == 1
    assert summary.n_documents == 3
    assert any("rows.csv" in n or "rows has rows" in n for n in summary.notices)


def test_a_folder_in_which_all_inputs_failed_is_told_and_passed_over(compare, labelled, tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    label(labelled / "failed", tmp_path / "empty.txt")
    summary = compare()
    assert any("1 inputs could not be read" in notice for notice in summary.notices)
    assert summary.n_documents == 3


def test_a_row_whose_labels_were_emptied_is_refused(compare, labelled):
    def empty(number, row):
        if number == 30:
            row.update(dict.fromkeys(list(row)[11:], ""))

    rewrite(labelled / "crime" / "sentences.csv", empty)
    with pytest.raises(DataError, match="line 32: the label columns are empty"):
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


def test_nothing_is_left_beside_the_output(compare, sample, labelled, tmp_path):
    compare()
    with pytest.raises(DataError):
        compare(coded=sample(size=5))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labelled", "out", "sample.csv"]


def test_the_page_shows_documents_of_every_corpus(labelled, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MAX_DOCUMENTS", 2)
    monkeypatch.setattr(report, "MAX_ROWS", 2)
    config = settings(CompareConfig, labelled, tmp_path / "out")
    compare_labelled(config, lambda step, done, total: None)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    head = page[page.index('id="labels"') : page.index('id="apart"')]
    assert "2 of 3 documents are shown" in head
    assert "ST-90101-2031-INIT" in head
    assert "ST-90377-2031-INIT" in head


def test_a_missing_column_is_named_before_its_cells(compare, labelled):
    path = labelled / "crime" / "sentences.csv"
    path.write_bytes(path.read_bytes().replace(b",sanctions,", b",penalties,", 1))
    with pytest.raises(DataError, match="column 'sanctions' is missing"):
        compare()


def test_nothing_is_written_into_a_labelled_folder(labelled):
    config = settings(CompareConfig, labelled, labelled / "seas" / "out")
    with pytest.raises(RequestError, match="is an output of `label`"):
        compare_labelled(config, lambda step, done, total: None)


def test_label_does_not_write_into_a_comparison(compare, tmp_path):
    compare()
    with pytest.raises(RequestError, match="is an output of `compare`"):
        label(tmp_path / "out", SAMPLES / "st-90377-2031-init_de.txt")


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


def test_a_labelled_folder_does_not_hide_those_in_it(labelled, tmp_path):
    nested = shutil.copytree(labelled / "crime", labelled / "seas" / "2031" / "crime")
    shutil.copytree(labelled / "crime", labelled / ".half.work" / "staging")
    assert find_labelled_folders([str(labelled / "seas")]) == [labelled / "seas", nested]
    (labelled / "linked").symlink_to(labelled / "seas" / "2031", target_is_directory=True)
    (nested / "back").symlink_to(labelled, target_is_directory=True)
    linked = find_labelled_folders([str(labelled / "linked")])
    assert nested in [folder.resolve() for folder in linked]
    assert len(find_labelled_folders([str(labelled)])) == 3
