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


def test_link_out_of_the_folder_is_not_followed(folder, tmp_path):
    (tmp_path / "outside.txt").write_text("x", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    assert "link.txt" not in names(folder)


def test_missing_path_names_the_closest(folder):
    with pytest.raises(RequestError, match=r"no such file or folder.*Closest: .*b\.txt"):
        names(folder / "bb.txt")


def test_folder_without_documents_is_refused(tmp_path):
    with pytest.raises(RequestError, match="no document in this folder"):
        names(tmp_path)


def test_glob_without_matches_is_refused(tmp_path):
    with pytest.raises(RequestError, match="no file matches"):
        names(tmp_path / "*.txt")
