"""Runs that are killed, repeated, changed, or share a folder."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from pipeline.engines.pool import PoolEngine
from pipeline.errors import EngineError, RequestError
from pipeline.storage import labelled_folder
from pipeline.storage.run_lock import run_lock
from pipeline.workflows import label as label_workflow
from pipeline.workflows import label_plan

PARAGRAPHS = (
    "1. Harbour {n} is closed. It is open.\n2. There is grave concern about crop {n}.\n",
    "1. The chair thanks member {n}.\n2. Farm {n} has no port.\n3. Nothing else was said.\n",
)


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Path:
    """Twelve documents, each a shard of its own."""
    monkeypatch.setattr(label_plan, "SHARD_SOURCES", 1)
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(12):
        text = PARAGRAPHS[number % 2].format(n=number)
        (folder / f"note-{number:02}_en.txt").write_text(text, encoding="utf-8")
    return folder


def files_beside(output: Path) -> list[str]:
    return sorted(path.name for path in output.parent.iterdir() if path.name.startswith("."))


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_do_not_change_a_byte(run, corpus, contents, tmp_path, workers):
    run(corpus, output=tmp_path / "one", workers=1)
    run(corpus, output=tmp_path / "many", workers=workers)
    assert contents(tmp_path / "one") == contents(tmp_path / "many")


def test_shard_size_does_not_change_a_byte(run, corpus, contents, tmp_path, monkeypatch):
    run(corpus, output=tmp_path / "small")
    monkeypatch.setattr(label_plan, "SHARD_SOURCES", 5)
    run(corpus, output=tmp_path / "large")
    assert contents(tmp_path / "small") == contents(tmp_path / "large")


def test_how_many_sources_are_written_together_does_not_change_a_byte(
    run, corpus, contents, tmp_path, monkeypatch
):
    run(corpus, output=tmp_path / "all")
    monkeypatch.setattr(labelled_folder, "SOURCES_WRITTEN_TOGETHER", 5)
    run(corpus, output=tmp_path / "five")
    assert contents(tmp_path / "all") == contents(tmp_path / "five")


def test_ray_gives_the_bytes_of_the_serial_run(run, corpus, contents, tmp_path):
    pytest.importorskip("ray", reason="Ray is an optional extra: pip install 'conclabel[ray]'")
    run(corpus, output=tmp_path / "serial", engine="serial")
    run(corpus, output=tmp_path / "ray", engine="ray", workers=2)
    assert contents(tmp_path / "serial") == contents(tmp_path / "ray")


class _CountingProgress(label_workflow.LabelProgress):
    def __init__(self):
        self.kept = self.made = 0

    def begin(self, n_sources, n_kept):
        self.kept = n_kept

    def advance(self, n_sources, n_sentences):
        self.made += n_sources


class _DiesAfter(_CountingProgress):
    """Stands for whatever ends a run after some shards."""

    def __init__(self, n_shards):
        super().__init__()
        self.left = n_shards

    def advance(self, n_sources, n_sentences):
        super().advance(n_sources, n_sentences)
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture
def halted(run, corpus):
    """A run that stopped after five documents."""
    with pytest.raises(KeyboardInterrupt):
        run(corpus, progress=_DiesAfter(5), workers=1)


def test_run_goes_on_where_it_stopped(run, corpus, contents, halted, tmp_path):
    assert not (tmp_path / "out").exists()
    progress = _CountingProgress()
    run(corpus, progress=progress, workers=1)
    run(corpus, output=tmp_path / "whole", workers=1)
    assert (progress.kept, progress.made) == (5, 7)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert files_beside(tmp_path / "out") == []


@pytest.mark.parametrize(
    "changed", [{"review_margin": 0.3}, {"language": "en"}], ids=["margin", "language"]
)
def test_changed_configuration_is_done_again(run, corpus, halted, changed):
    progress = _CountingProgress()
    run(corpus, progress=progress, workers=1, **changed)
    assert (progress.kept, progress.made) == (0, 12)


def test_changed_input_alone_is_done_again(run, corpus, halted):
    (corpus / "note-01_en.txt").write_text("1. A farm.\n", encoding="utf-8")
    progress = _CountingProgress()
    run(corpus, progress=progress, workers=1)
    assert (progress.kept, progress.made) == (4, 8)


def test_changed_model_is_done_again(run, train, corpus, halted, tmp_path):
    train(tmp_path / "other", seed=7, learned_layer={"hash_bits": 11})
    progress = _CountingProgress()
    run(corpus, progress=progress, workers=1, model=tmp_path / "other")
    assert progress.kept == 0


def test_changed_codebook_is_done_again(run, scheme, corpus, halted, tmp_path):
    codebook = tmp_path / "codebook.yaml"
    text = (scheme / "codebook.yaml").read_text(encoding="utf-8")
    codebook.write_text(text.replace("name: Ports", "name: Harbours"), encoding="utf-8")
    progress = _CountingProgress()
    run(corpus, progress=progress, workers=1, codebook=codebook)
    assert progress.kept == 0


def test_file_that_changes_during_the_run_is_named(run, corpus, monkeypatch):
    digests = {}

    def stale_digest(path):
        digests[path] = "0" * 64
        return digests[path], 10

    monkeypatch.setattr(label_plan, "_digest", stale_digest)
    summary = run(corpus, workers=1)
    assert {row.code for row in summary.failures} == {"CHANGED"}


def test_second_run_on_one_folder_is_refused(run, corpus, tmp_path):
    work = tmp_path / ".out.work"
    with (
        run_lock(work, tmp_path / "out"),
        pytest.raises(RequestError, match="another run is writing here"),
    ):
        run(corpus)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_failed_writing_leaves_the_old_output(run, corpus, contents, tmp_path, monkeypatch, number):
    run(corpus)
    before = contents(tmp_path / "out")
    (corpus / "note-00_en.txt").write_text("1. A farm.\n", encoding="utf-8")

    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(label_workflow, "write_companions", full)
    with pytest.raises(RequestError, match=rf"cannot be written .{os.strerror(number)}"):
        run(corpus)
    assert contents(tmp_path / "out") == before
    assert (tmp_path / "out" / "run.json").exists()


def _start_dying_once(mark):
    def work(shard):
        if shard == 7 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return shard

    return work


def _start_dying_of(deadly):
    def work(shard):
        if shard == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return shard

    return work


def test_shards_of_a_killed_worker_are_done_by_others(tmp_path):
    start = partial(_start_dying_once, tmp_path / "killed")
    assert sorted(PoolEngine(2).map_shards(start, range(40))) == list(range(40))
    assert (tmp_path / "killed").exists()


def test_shard_that_kills_every_worker_is_a_clear_error_after_the_others():
    done = []
    with pytest.raises(EngineError, match=r"worker process died.*run the same command again"):
        done.extend(PoolEngine(2).map_shards(partial(_start_dying_of, 3), range(40)))
    assert 3 not in done


WITHOUT_NETWORK = """
import pathlib, socket

def refuse(*_, **__):
    pathlib.Path(__file__).with_name("tried").touch()
    raise OSError("there is no network")

class Socket(socket.socket):
    def connect(self, address):
        return super().connect(address) if self.family == socket.AF_UNIX else refuse()

socket.socket, socket.getaddrinfo = Socket, refuse
"""


def test_shipped_model_labels_without_a_network(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_NETWORK, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}

    def run_python(*arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    calling = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9')"
    assert "there is no network" in run_python("-c", calling).stderr
    (tmp_path / "tried").unlink()
    done = run_python("-m", "pipeline", "label", "-i", "data/samples", "-o", f"{tmp_path}/out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "sentences.csv").exists()
    assert not (tmp_path / "tried").exists()


def _killed_at_random(command, output, seed, n_kills):
    """Start a command again and again, each time killing it and its workers a little later."""
    dice = random.Random(seed)
    for _ in range(n_kills):
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(dice.uniform(0.2, 3.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        yield (output / "run.json").exists()


@pytest.mark.parametrize("n_kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_runs_end_with_the_bytes_of_a_whole_one(
    scheme, model, corpus, contents, tmp_path, n_kills
):
    for number in range(150):
        text = "".join(PARAGRAPHS).format(n=number) * 20
        (corpus / f"long-{number:03}_en.txt").write_text(text, encoding="utf-8")

    def command(output):
        return [
            *(sys.executable, "-m", "pipeline", "label", "--input", str(corpus)),
            *("--output", str(output), "--model", str(model), "--workers", "2"),
            *("--set", f"codebook={scheme / 'codebook.yaml'}"),
        ]

    def run_whole(output):
        done = subprocess.run(command(output), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    run_whole(tmp_path / "whole")
    output = tmp_path / "killed"
    for is_whole in _killed_at_random(command(output), output, n_kills, n_kills):
        if is_whole:  # what is there is never a part
            assert contents(output) == contents(tmp_path / "whole")
    run_whole(output)
    assert contents(output) == contents(tmp_path / "whole")
    record = json.loads((output / "run.json").read_text(encoding="utf-8"))
    assert record["counts"]["inputs"] == 162
    assert files_beside(output) == []
