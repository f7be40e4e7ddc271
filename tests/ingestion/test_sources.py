import os

import pytest

from pipeline.errors import RequestError
from pipeline.ingestion.sources import find_sources


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    for name in ("b.txt", "a.TXT", "sub/c.csv", "notes.md", ".hidden.txt"):
        (tmp_path / "docs" / name).write_text("x", encoding="utf-8")
    return tmp_path / "docs"


def names(*inputs) -> list[str]:
    return [source.name for source in find_sources([str(given) for given in inputs])]


def test_folder_gives_documents_and_tables_by_name(folder):
    assert names(folder) == ["a.TXT", "b.txt", "sub/c.csv"]


def test_each_file_is_taken_once(folder):
    assert names(folder / "b.txt", folder) == ["b.txt", "a.TXT", "sub/c.csv"]


def test_glob_is_expanded(folder):
    assert names(folder / "*.txt") == ["b.txt"]


def test_file_named_by_itself_is_taken_whatever_its_extension(folder):
    assert names(folder / "notes.md") == ["notes.md"]


def test_link_out_of_the_folder_is_not_followed_and_named(folder, tmp_path, caplog):
    (tmp_path / "outside.txt").write_text("x", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "broken.txt").symlink_to(tmp_path / "nowhere.txt")
    assert not {"link.txt", "broken.txt"} & set(names(folder))
    assert "2 links lead out of the folder or nowhere" in caplog.text
    assert "broken.txt, link.txt" in caplog.text


def test_other_files_of_a_folder_are_counted(folder, caplog):
    (folder / "old.doc").write_text("x", encoding="utf-8")
    names(folder)
    assert "2 files are no documents by their extension and not read" in caplog.text
    assert ".doc 1" in caplog.text


def test_name_that_is_no_utf8_is_printable(folder):
    (folder / os.fsdecode(b"\xff_en.txt")).write_text("x", encoding="utf-8")
    assert "\\xff_en.txt" in names(folder)


def test_missing_path_names_the_closest(folder):
    with pytest.raises(RequestError, match=r"no such file or folder.*Closest: .*b\.txt"):
        names(folder / "bb.txt")


def test_folder_without_documents_is_refused(tmp_path):
    with pytest.raises(RequestError, match="no document in this folder"):
        names(tmp_path)


def test_glob_without_matches_is_refused(tmp_path):
    with pytest.raises(RequestError, match="no file matches"):
        names(tmp_path / "*.txt")
