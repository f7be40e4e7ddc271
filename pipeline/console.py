"""What the commands show: progress on a terminal, plain lines in a pipe, and closing tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pipeline.workflows.label import SHOWN_LABELS, LabelProgress, LabelSummary

if TYPE_CHECKING:
    from pipeline.evaluation.metrics import Metrics
    from pipeline.workflows.check_data import DataReport
    from pipeline.workflows.compare import ComparisonSummary
    from pipeline.workflows.evaluate import Evaluation
    from pipeline.workflows.explain import SentenceExplanation
    from pipeline.workflows.fetch import FetchSummary
    from pipeline.workflows.sample import SampleSummary
    from pipeline.workflows.train import TrainSummary

PLAIN_LINE_EVERY_S = 5.0
"""In a pipe a line at most this often, so that a log of a long run stays readable."""
PLAIN_WIDTH = 160
"""Columns of a file or pipe, so that no table is cut there."""
MAX_SHOWN_FAILURES = 20
MAX_SHOWN_MISSES = 5


def _open_console() -> Console:
    """Return standard output; where it is no terminal, tables are as wide as they need to be."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, PLAIN_WIDTH)
    return console


class _Console:
    """A progress bar on a terminal, plain lines elsewhere; progress goes to standard error."""

    def __init__(self) -> None:
        self.out = _open_console()
        self._err = Console(stderr=True, highlight=False)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self._err,
            transient=True,
            disable=not self._err.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None, rate="")
        self._last_line = 0.0

    def __enter__(self):  # type: ignore[no-untyped-def] # noqa: ANN204 - Self, for subclasses
        self._bar.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def _show(
        self, description: str, done: int, total: int | None, rate: str, is_last: bool
    ) -> None:
        self._bar.update(
            self._task, description=description, completed=done, total=total, rate=rate
        )
        now = time.monotonic()
        if self._err.is_terminal or (now - self._last_line < PLAIN_LINE_EVERY_S and not is_last):
            return
        self._last_line = now
        of = f"/{total}" if total is not None else ""
        self._err.print(f"{done}{of} {description} {rate}".rstrip(), soft_wrap=True)


class LabelConsole(_Console, LabelProgress):
    """Shows documents done, sentences per second, and the time left."""

    def plan(self, name: str, n_units: int) -> None:
        """Say how far a table has been read."""
        self._show(f"reading {name}", n_units, None, "", is_last=False)

    def begin(self, n_sources: int, n_kept: int) -> None:
        """Say how many sources there are, and how many are done already."""
        self._n_sources, self._n_done = n_sources, n_kept
        self._n_sentences = 0
        self._started = time.monotonic()
        kept = f"({n_kept:,} kept from an earlier run)" if n_kept else ""
        self._show("documents", n_kept, n_sources, kept, is_last=False)

    def advance(self, n_sources: int, n_sentences: int) -> None:
        """Show some more sources."""
        self._n_done += n_sources
        self._n_sentences += n_sentences
        seconds = max(time.monotonic() - self._started, 1e-6)
        rate = f"{self._n_sentences / seconds:,.0f} sentences/s"
        self._show(
            "documents", self._n_done, self._n_sources, rate, self._n_done == self._n_sources
        )

    def finish(self) -> None:
        """Say that the output is being put together."""
        self._show("documents, writing", self._n_sources, self._n_sources, "", is_last=False)

    def print_summary(self, summary: LabelSummary) -> None:
        """Print what was done, what failed and why, and where the files are."""
        out = self.out
        counts = Table(show_header=False, box=None, pad_edge=False)
        counts.add_row("documents", f"{summary.n_documents:,} from {summary.n_inputs:,} inputs")
        counts.add_row("sentences", f"{summary.n_sentences:,}")
        counts.add_row("with a label", f"{summary.n_labelled:,}")
        counts.add_row("to review", f"{summary.n_needs_review:,}")
        counts.add_row("seconds", f"{summary.seconds:.1f}")
        out.print(counts)
        if summary.label_counts:
            labels = Table("most frequent labels", "sentences", box=None, pad_edge=False)
            for label, count in summary.label_counts.most_common(SHOWN_LABELS):
                labels.add_row(label, f"{count:,}")
            out.print()
            out.print(labels)
        for head, rows in (("look at", summary.notices), ("failed", summary.failures)):
            if rows:
                out.print(f"\n{head}:")
            for row in rows[:MAX_SHOWN_FAILURES]:
                out.print(
                    f"  {row.source}: {row.code}: {row.message}", markup=False, soft_wrap=True
                )
            if len(rows) > MAX_SHOWN_FAILURES:
                out.print(f"  … and {len(rows) - MAX_SHOWN_FAILURES} more in documents.csv")
        out.print(f"\nwritten to {summary.output}/ (start with sentences.csv)", soft_wrap=True)


class _StepConsole(_Console):
    """Shows the steps of a command; in a pipe each of them, or only now and then."""

    _has_line_for_each = True

    def advance(self, step: str, done: int, total: int) -> None:
        """Show one more step."""
        is_last = self._has_line_for_each or done == total
        self._show(step, done, total, "", is_last=is_last)


class TrainConsole(_StepConsole):
    """Shows the steps of a training run."""

    def print_summary(self, summary: TrainSummary) -> None:
        """Print what was trained and how well it does on held-out documents."""
        self.out.print(
            f"{summary.n_sentences:,} sentences from {summary.n_documents:,} documents, "
            f"languages {', '.join(summary.languages)}"
        )
        self.out.print(f"held-out documents: {_metrics_words(summary.metrics)}", soft_wrap=True)
        self.out.print(f"written to {summary.output}/ (README.md is the model card)")


class FetchConsole(_StepConsole):
    """Shows which document is being fetched."""

    def print_summary(self, summary: FetchSummary) -> None:
        """Print what came, what was there, and what failed and why."""
        self.out.print(f"fetched {len(summary.fetched)}, already there {len(summary.kept)}")
        for name in summary.fetched:
            self.out.print(f"  {summary.output / name}", soft_wrap=True)
        for name, error in summary.failures:
            self.out.print(f"  {name}: {error.code}: {error.message}", markup=False, soft_wrap=True)


class CompareConsole(_StepConsole):
    """Shows what is being read and compared."""

    _has_line_for_each = False

    def print_summary(self, summary: ComparisonSummary) -> None:
        """Print what the comparison rests on, what to look at, and where the files are."""
        out = self.out
        counts = Table(show_header=False, box=None, pad_edge=False)
        counts.add_row(
            "documents",
            f"{summary.n_documents:,} in {summary.n_versions:,} language versions, from "
            f"{summary.n_corpora} {'corpus' if summary.n_corpora == 1 else 'corpora'}",
        )
        counts.add_row("sentences in several documents", f"{summary.n_reused:,}")
        counts.add_row("sentences coded by hand", f"{summary.n_coded:,}")
        if summary.agreement:
            counts.add_row(
                "labels that one of two versions has",
                f"{_number(summary.agreement.disagreement)} of those that either has",
            )
            counts.add_row("alpha of language versions", _number(summary.agreement.alpha))
        out.print(counts)
        _print_notices(out, summary.notices)
        if not summary.n_coded:
            out.print(
                "\nno intervals: no sentence was coded by hand. `sample` draws sentences to code, "
                "`compare --coded` reads them.",
                soft_wrap=True,
            )
        out.print(f"\nwritten to {summary.output}/ (start with report.html)", soft_wrap=True)


class SampleConsole(_StepConsole):
    """Shows what is being read."""

    _has_line_for_each = False

    def print_summary(self, summary: SampleSummary) -> None:
        """Print what was drawn, and what to do with it."""
        for corpus, (n_drawn, n_sentences) in summary.drawn.items():
            self.out.print(f"{corpus}: {n_drawn:,} of {n_sentences:,} sentences", soft_wrap=True)
        _print_notices(self.out, summary.notices)
        self.out.print(
            f"\nwritten to {summary.output}. Code from the top: in column labels, the label ids of "
            "a sentence joined with |, or none; leave empty what you do not reach. Then `compare "
            f"--coded {summary.output}`.",
            soft_wrap=True,
        )


def _print_notices(out: Console, notices: Sequence[str]) -> None:
    if notices:
        out.print("\nlook at:")
    for notice in notices:
        out.print(f"  {notice}", markup=False, soft_wrap=True)


def print_evaluation(evaluation: Evaluation) -> None:
    """Print metrics per language, dimension and label, what they compare with, and the floors."""
    out = _open_console()
    for table in (
        _part_table(evaluation),
        _label_table(evaluation),
        _system_table(evaluation),
        _language_table(evaluation),
        _abstention_table(evaluation),
        _reliability_table(evaluation),
    ):
        out.print(table)
    out.print(f"expected calibration error {evaluation.calibration_error:.3f}")
    out.print(f"gold sha256 {evaluation.gold_sha256}")
    if evaluation.breaches is None:
        out.print("no floors asked for")
    elif not evaluation.breaches:
        out.print("all floors hold")
    for breach in evaluation.breaches or ():
        out.print(f"below the floor: {breach}", soft_wrap=True)


def _part_table(evaluation: Evaluation) -> Table:
    table = Table(
        "language", "dimension", "sentences", "precision", "recall", "micro-F1", "95 %", "macro-F1"
    )
    for language, parts in evaluation.metrics.items():
        for part, found in parts.items():
            interval = "-".join(f"{bound:.2f}" for bound in found.interval or ())
            numbers = (found.micro_precision, found.micro_recall, found.micro_f1)
            table.add_row(
                language,
                part,
                f"{found.n_sentences:,}",
                *map(_number, numbers),
                interval or "n/a",
                _number(found.macro_f1),
            )
    return table


def _label_table(evaluation: Evaluation) -> Table:
    table = Table(
        "label", "gold", "predicted", "precision", "recall", "F1", "avg. precision", "coders' kappa"
    )
    for label in evaluation.labels:
        numbers = (label.precision, label.recall, label.f1, label.average_precision)
        table.add_row(
            label.label,
            str(label.support),
            str(label.predicted),
            *map(_number, numbers),
            evaluation.kappa_by_label.get(label.label) or "n/a",
        )
    return table


def _system_table(evaluation: Evaluation) -> Table:
    table = Table("on the same sentences", "precision", "recall", "micro-F1", "macro-F1")
    for name, by_language in _all_systems(evaluation).items():
        found = by_language["all"]
        numbers = (found.micro_precision, found.micro_recall, found.micro_f1, found.macro_f1)
        table.add_row(name, *map(_number, numbers))
    return table


def _language_table(evaluation: Evaluation) -> Table:
    systems = _all_systems(evaluation)
    table = Table("micro-F1 (macro-F1)", "sentences", *systems)
    for language, parts in evaluation.metrics.items():
        found = [by_language[language] for by_language in systems.values()]
        cells = [f"{_number(part.micro_f1)} ({_number(part.macro_f1)})" for part in found]
        table.add_row(language, f"{parts['all'].n_sentences:,}", *cells)
    return table


def _all_systems(evaluation: Evaluation) -> dict[str, dict[str, Metrics]]:
    """Return the model and what it is held against, name → language (or ``all``) → metrics."""
    model = {language: parts["all"] for language, parts in evaluation.metrics.items()}
    return {"this model": model, **evaluation.systems}


def _abstention_table(evaluation: Evaluation) -> Table:
    table = Table("sentences kept, surest first", "micro-F1", "all labels right")
    for point in evaluation.abstention:
        kept = f"{point.kept_fraction:.0%} ({point.n_sentences:,})"
        table.add_row(kept, _number(point.micro_f1), _number(point.exact_match))
    return table


def _reliability_table(evaluation: Evaluation) -> Table:
    table = Table("probability", "sentence-label pairs", "said", "true")
    for point in evaluation.reliability:
        table.add_row(
            f"{point.low:.1f}-{point.high:.1f}",
            f"{point.n_pairs:,}",
            _number(point.mean_probability),
            _number(point.share_true),
        )
    return table


def print_explanation(explanation: SentenceExplanation) -> None:
    """Print a sentence once for each assigned label, its words marked, then the nearest misses."""
    out = _open_console()
    out.print(f"language {explanation.language}\n")
    assigned = [label for label in explanation.labels if label.is_assigned]
    for label in assigned:
        text = Text(explanation.text)
        for entry in label.evidence:
            text.stylize("bold black on yellow", entry.start, entry.end)
        out.print(Text(f"{label.label}  {label.probability:.2f}", style="bold"))
        out.print(text, soft_wrap=True)
        carried = ", ".join(
            f"{explanation.text[entry.start : entry.end]} ({entry.weight:+.1f})"
            for entry in label.evidence
        )
        out.print(f"  carried by: {carried or 'the sentence as a whole'}\n", soft_wrap=True)
    if not assigned:
        out.print("no label\n")
    misses = [label for label in explanation.labels if not label.is_assigned][:MAX_SHOWN_MISSES]
    near = ", ".join(f"{label.label} {label.probability:.2f}" for label in misses)
    out.print(f"not assigned, likeliest first: {near}", soft_wrap=True)


def print_data_report(report: DataReport) -> None:
    """Print counts per language and label, and every problem."""
    out = _open_console()
    languages = Table(
        "language",
        "sentences",
        "no label",
        "words",
        "types/tokens",
        "distinct runs of 4",
        "cues",
    )
    for row in report.languages:
        languages.add_row(*map(str, row))
    out.print(languages)
    labels = Table("label", "contents", "fewest cues", "in", "cues on average")
    for row in report.labels:
        labels.add_row(*map(str, row))
    out.print(labels)
    for problem in report.problems:
        out.print(problem, markup=False, soft_wrap=True)
    out.print(f"{len(report.problems)} problems")


def _metrics_words(found: Metrics) -> str:
    interval = f" (95 % {found.interval[0]:.3f}-{found.interval[1]:.3f})" if found.interval else ""
    return f"micro-F1 {_number(found.micro_f1)}{interval}, macro-F1 {_number(found.macro_f1)}"


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
