"""The door: the only place that parses arguments, prints, and sets exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from pipeline import __version__

if TYPE_CHECKING:
    from pipeline.config import ConfigT

ResultT = TypeVar("ResultT")

_BEGINS_ANEW = "Run the command again."
_GOES_ON = "The same command goes on where this one stopped."

EXIT_SOME_FAILED = 1
EXIT_WRONG_REQUEST = 2

app = typer.Typer(
    name="conclabel",
    help="Labels the sentences of Council of the EU conclusions with threat types and instruments.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a configuration key; repeatable."),
]
LabelledInput = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="A labelled folder, or a folder of them; repeatable."),
]
ConfigPath = Annotated[Path | None, typer.Option("--config", help="Another configuration file.")]


def main() -> None:
    """Run the command line."""
    app()


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"conclabel {__version__}")
        raise typer.Exit


@app.command()
def label(
    input_: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="A file, folder or glob; repeatable."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write.")] = None,
    model: Annotated[Path | None, typer.Option(help="A model folder.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of all inputs, ISO 639-1.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that read and label; default: one a core.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="serial, pool or ray.")] = None,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Label documents, or tables with a text column, sentence by sentence."""
    given = {
        "input": input_,
        "output": output,
        "model": model,
        "language": language,
        "workers": workers,
        "engine": engine,
    }

    def run() -> bool:
        from pipeline.config import LabelConfig
        from pipeline.console import LabelConsole
        from pipeline.workflows.label import label_documents

        settings = _settings("label", LabelConfig, config, given, set_)
        with LabelConsole() as console:
            summary = label_documents(settings, console)
        console.print_summary(summary)
        return not summary.failures

    _exit_with(_shown(run, _GOES_ON))


@app.command()
def train(
    data: Annotated[
        Path | None, typer.Option(help="Labelled sentences: a table or folder.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Model folder.")] = None,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Train a model on labelled sentences."""

    def run() -> bool:
        from pipeline.config import TrainConfig
        from pipeline.console import TrainConsole
        from pipeline.workflows.train import train_model

        given = {"data": data, "output": output}
        settings = _settings("train", TrainConfig, config, given, set_)
        with TrainConsole() as console:
            summary = train_model(settings, console.advance)
        console.print_summary(summary)
        return True

    _exit_with(_shown(run, _GOES_ON))


@app.command()
def evaluate(
    model: Annotated[Path | None, typer.Option(help="A model folder.")] = None,
    gold: Annotated[Path | None, typer.Option(help="Hand-labelled sentences.")] = None,
    texts: Annotated[
        Path | None, typer.Option(help="Texts of gold that holds ids and hashes alone.")
    ] = None,
    other: Annotated[
        list[str] | None, typer.Option(help="Another model folder to measure; repeatable.")
    ] = None,
    errors: Annotated[Path | None, typer.Option(help="A CSV file to list every error in.")] = None,
    record: Annotated[
        bool, typer.Option("--record-floors", help="Raise the floors to what is measured.")
    ] = False,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Score a model on gold data; fails below the recorded floors."""

    def run() -> bool:
        from pipeline.config import EvaluateConfig
        from pipeline.console import print_evaluation
        from pipeline.workflows.evaluate import evaluate_model

        given = {
            "model": model,
            "gold": gold,
            "texts": texts,
            "others": other,
            "errors": errors,
        }
        settings = _settings("evaluate", EvaluateConfig, config, given, set_)
        names_floors = any(assignment.startswith("floors=") for assignment in set_ or [])
        evaluation = evaluate_model(
            settings,
            raise_floors=record,
            any_gold=bool(gold or texts) and not names_floors,
        )
        print_evaluation(evaluation)
        return not evaluation.breaches

    _exit_with(_shown(run))


@app.command()
def compare(
    input_: LabelledInput = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write.")] = None,
    coded: Annotated[
        Path | None, typer.Option(help="A sample that a person has coded, for valid intervals.")
    ] = None,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Compare labelled documents: shares, intervals, reuse, language versions, a report."""

    def run() -> None:
        from pipeline.config import CompareConfig
        from pipeline.console import CompareConsole
        from pipeline.workflows.compare import compare_labelled

        given = {"input": input_, "output": output, "coded": coded}
        settings = _settings("compare", CompareConfig, config, given, set_)
        with CompareConsole() as console:
            summary = compare_labelled(settings, console.advance)
        console.print_summary(summary)

    _shown(run)


@app.command()
def sample(
    input_: LabelledInput = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="CSV file to write.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Sentences of each corpus.")] = None,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Draw random sentences of labelled folders for a person to code."""

    def run() -> None:
        from pipeline.config import SampleConfig
        from pipeline.console import SampleConsole
        from pipeline.workflows.sample import draw_sample

        given = {"input": input_, "output": output, "size": size}
        settings = _settings("sample", SampleConfig, config, given, set_)
        with SampleConsole() as console:
            summary = draw_sample(settings, console.advance)
        console.print_summary(summary)

    _shown(run)


@app.command()
def fetch(
    document: Annotated[
        list[str], typer.Option("--doc", help="Register or CELEX number; repeatable, or a,b.")
    ],
    language: Annotated[list[str], typer.Option("--lang", help="ISO 639-1; repeatable, or nl,en.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder to write.")] = None,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Download documents from the Council's register or CELLAR."""

    def run() -> bool:
        from pipeline.config import FetchConfig
        from pipeline.console import FetchConsole
        from pipeline.workflows.fetch import fetch_documents

        settings = _settings("fetch", FetchConfig, config, {"output": output}, set_)
        with FetchConsole() as console:
            summary = fetch_documents(
                settings, _listed(document), _listed(language), console.advance
            )
        console.print_summary(summary)
        return not summary.failures

    _exit_with(_shown(run, _GOES_ON))


@app.command()
def explain(
    sentence: Annotated[str, typer.Argument(help="One sentence, in quotes.")],
    model: Annotated[Path | None, typer.Option(help="A model folder.")] = None,
    language: Annotated[str | None, typer.Option(help="ISO 639-1; default: detected.")] = None,
    config: ConfigPath = None,
    set_: Overrides = None,
) -> None:
    """Label one sentence and show the words that carried each label."""

    def run() -> None:
        from pipeline.config import LabelConfig
        from pipeline.console import print_explanation
        from pipeline.workflows.explain import explain_sentence

        given = {"model": model, "language": language}
        settings = _settings("label", LabelConfig, config, given, set_)
        print_explanation(
            explain_sentence(sentence, settings.language, settings.model, settings.codebook)
        )

    _shown(run)


@app.command("check-data")
def check_data() -> None:
    """Check the training and gold data and the lexicons."""

    def run() -> bool:
        from pipeline.config import TrainConfig
        from pipeline.console import print_data_report
        from pipeline.workflows.check_data import check_training_data

        settings = _settings("train", TrainConfig, None, {}, None)
        report = check_training_data(settings)
        print_data_report(report)
        return not report.problems

    _exit_with(_shown(run))


def _listed(given: list[str]) -> list[str]:
    """Return the parts of repeated and comma-separated options."""
    return [part.strip() for entry in given for part in entry.split(",") if part.strip()]


def _settings(
    command: str,
    into: type[ConfigT],
    config: Path | None,
    given: dict[str, Any],
    assignments: list[str] | None,
) -> ConfigT:
    """Return a command's configuration: file, then ``--set``, then the command's own options."""
    from pipeline.config import load_config, parse_overrides

    options = {key: value for key, value in given.items() if value is not None}
    overrides = parse_overrides(assignments or []) | options
    return load_config(config or Path(f"configs/{command}.yaml"), into, overrides)


def _shown(run: Callable[[], ResultT], when_interrupted: str = _BEGINS_ANEW) -> ResultT:
    """Run a command; a user's mistake becomes one message and exit code 2."""
    from pipeline.errors import PipelineError

    try:
        return run()
    except PipelineError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(EXIT_WRONG_REQUEST) from error
    except KeyboardInterrupt as error:
        print(f"Interrupted. {when_interrupted}", file=sys.stderr)
        raise typer.Exit(130) from error


def _exit_with(succeeded: bool) -> None:
    if not succeeded:
        raise typer.Exit(EXIT_SOME_FAILED)
