"""The command line as a user meets it: exit codes, messages, and what stands where."""

import subprocess
import sys
import time

import pytest


def conclabel(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    output = tmp_path_factory.mktemp("labelled") / "out"
    return conclabel("label", "--output", str(output)), output


def test_bare_label_labels_the_samples(samples):
    result, output = samples
    assert result.returncode == 0, result.stderr
    assert "most frequent labels" in result.stdout
    assert f"written to {output}" in result.stdout
    assert (output / "sentences.csv").exists()


def test_progress_in_a_pipe_is_plain_lines_on_standard_error(samples):
    result, _ = samples
    assert "documents" in result.stderr
    assert "sentences/s" in result.stderr
    assert "\x1b" not in result.stderr + result.stdout


def test_some_failed_is_exit_code_1_and_named(tmp_path):
    good, bad = tmp_path / "good_en.txt", tmp_path / "bad.txt"
    good.write_text("1. The Council notes the threat.\n2. It will act on it.\n", encoding="utf-8")
    bad.write_bytes(b"")
    result = conclabel("label", "-i", str(good), "-i", str(bad), "-o", str(tmp_path / "out"))
    assert result.returncode == 1
    assert "bad.txt: EMPTY: the file is empty" in result.stdout
    assert (tmp_path / "out" / "sentences.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "gone.txt"], "gone.txt: no such file or folder"),
        (["--model", "models/gone"], "models/gone: no such model folder"),
        (["--set", "modle=x"], "modle is not a known key"),
        (["--config", "gone.yaml"], "gone.yaml: no such file"),
        (["--language", "xx"], "language 'xx' is none of"),
        (["--workers", "0"], "workers"),
    ],
)
def test_wrong_request_is_exit_code_2_and_writes_nothing(tmp_path, arguments, message):
    output = tmp_path / "out"
    result = conclabel("label", "--output", str(output), *arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not output.exists()


def test_output_that_is_a_file_is_exit_code_2(tmp_path):
    (tmp_path / "out").write_text("x", encoding="utf-8")
    result = conclabel("label", "--output", str(tmp_path / "out"))
    assert result.returncode == 2
    assert "is a file, expected a folder" in result.stderr


def test_what_was_labelled_is_compared_and_sampled(samples, tmp_path):
    _, labelled = samples
    compared = conclabel("compare", "-i", str(labelled), "-o", str(tmp_path / "out"))
    assert compared.returncode == 0, compared.stderr
    assert "5 in 16 language versions, from 1 corpus" in compared.stdout
    assert (tmp_path / "out" / "report.html").exists()
    drawn = conclabel("sample", "-i", str(labelled), "-o", str(tmp_path / "s.csv"), "--size", "9")
    assert drawn.returncode == 0, drawn.stderr
    assert "9 of 175 sentences" in drawn.stdout


@pytest.mark.parametrize("command", ["compare", "sample"])
def test_nothing_labelled_is_exit_code_2(tmp_path, command):
    result = conclabel(command, "-i", str(tmp_path), "-o", str(tmp_path / "out.csv"))
    assert result.returncode == 2
    assert "no labelled folder there" in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_help_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, pipeline.cli; "
        "print([name for name in ('torch', 'transformers', 'sklearn', 'numpy') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
    started = time.monotonic()
    assert conclabel("--help").returncode == 0
    assert time.monotonic() - started < 5  # half a second on a quiet machine; CI is not


def test_labelling_loads_no_training_library():
    code = (
        "import sys, pipeline.workflows.label; "
        "print([name for name in ('torch', 'transformers', 'sklearn', 'pandas') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_version():
    assert conclabel("--version").stdout.startswith("conclabel ")


@pytest.mark.parametrize("text", ["5", "2030", "14:30", "II.", "Annex"])
def test_what_names_nothing_has_no_label(text):
    result = conclabel("explain", text, "--language", "en")
    assert result.returncode == 0, result.stderr
    assert "no label" in result.stdout


def test_explain_shows_the_words_that_carried_a_label():
    result = conclabel("explain", "The Council strongly condemns the terrorist attack.")
    assert "terrorism_general" in result.stdout
    assert "terrorist" in result.stdout


def test_unknown_language_names_the_known_ones():
    result = conclabel("explain", "The Council meets.", "--language", "xx")
    assert result.returncode == 2
    assert "language 'xx' is none of bg, cs," in result.stderr
