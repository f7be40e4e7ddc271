from pathlib import Path

import pytest

from pipeline.errors import RequestError
from pipeline.storage.atomic import staged_folder


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_content_appears_at_the_end(tmp_path):
    target = tmp_path / "deep" / "out"
    with staged_folder(target, last="run.json") as staging:
        (staging / "texts").mkdir()
        (staging / "texts" / "a.txt").write_text("a")
        (staging / "run.json").write_text("{}")
        assert not target.exists()
    assert files(target) == ["run.json", "texts", "texts/a.txt"]
    assert files(tmp_path / "deep") == ["out", *(f"out/{name}" for name in files(target))]


def test_failure_leaves_the_old_content(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "run.json").write_text("old")
    with pytest.raises(ZeroDivisionError), staged_folder(target, last="run.json") as staging:
        (staging / "run.json").write_text("new")
        raise ZeroDivisionError
    assert (target / "run.json").read_text() == "old"
    assert files(tmp_path) == ["out", "out/run.json"]


def test_old_folders_go_and_other_files_stay(tmp_path):
    target = tmp_path / "out"
    (target / "texts").mkdir(parents=True)
    (target / "texts" / "old.txt").write_text("old")
    (target / "my notes.md").write_text("mine")
    with staged_folder(target, last="run.json") as staging:
        (staging / "texts").mkdir()
        (staging / "run.json").write_text("new")
    assert files(target) == ["my notes.md", "run.json", "texts"]


def test_target_that_is_a_file_is_refused(tmp_path):
    target = tmp_path / "out"
    target.write_text("x")
    with (
        pytest.raises(RequestError, match="is a file, expected a folder"),
        staged_folder(target, last="run.json"),
    ):
        pass
    assert files(tmp_path) == ["out"]


def test_unwritable_place_is_refused():
    with (
        pytest.raises(RequestError, match="cannot be written"),
        staged_folder(Path("/proc/nowhere/out"), last="run.json"),
    ):
        pass
