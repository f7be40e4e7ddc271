"""`label`: documents and tables of units in, one folder of labelled sentences out.

The work is planned as shards: a few inputs each, under a key of all that decides their rows. An
engine makes the shards that are not there yet; the folder is put together from all of them in the
order of the inputs. What is there after a killed run is not made again.
"""

from __future__ import annotations

import gc
import platform
import shutil
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import __version__
from pipeline.codebook import Codebook, load_codebook
from pipeline.config import LabelConfig
from pipeline.engines.engine import Engine
from pipeline.engines.pool import PoolEngine
from pipeline.engines.ray_data import RayEngine
from pipeline.engines.serial import SerialEngine
from pipeline.errors import RequestError
from pipeline.ingestion.sources import Source, find_sources
from pipeline.records import EU_LANGUAGES, REVIEW_COLUMN
from pipeline.shipped import find_shipped
from pipeline.storage.atomic import refuse_file_as_folder, staged_folder
from pipeline.storage.data_package import COMPARISON_FILE, RUN_FILE
from pipeline.storage.labelled_folder import LabelledFolderWriter, write_companions
from pipeline.storage.rows import DocumentRow, SourceRows, table_schemas
from pipeline.storage.run_lock import run_lock, work_folder
from pipeline.storage.shards import ShardStore
from pipeline.workflows.label_plan import Shard, plan_shards, plan_sources
from pipeline.workflows.label_rows import OwnNames, with_whole_rows
from pipeline.workflows.models import open_model
from pipeline.workflows.source_labeller import LabelRequest, SourceLabeller

SHOWN_LABELS = 10
GARBAGE_THRESHOLDS = (10_000, 20, 20)
"""See ``gc.set_threshold``; with Python's own a worker looks through its lexicons all the time."""
_VERSIONED_PACKAGES = ("numpy", "scipy", "pyarrow", "py3langid", "safetensors")


@dataclass(frozen=True, slots=True)
class ShardDone:
    """What a worker says of a shard that it has written."""

    key: str
    n_sources: int
    n_sentences: int


@dataclass
class LabelSummary:
    """What a run did, for the closing words and for ``run.json``."""

    output: Path
    n_inputs: int = 0
    n_documents: int = 0
    n_sentences: int = 0
    n_labelled: int = 0
    n_needs_review: int = 0
    seconds: float = 0.0
    label_counts: Counter[str] = field(default_factory=Counter)
    failures: list[DocumentRow] = field(default_factory=list)
    notices: list[DocumentRow] = field(default_factory=list)

    def add(self, source: SourceRows, codebook: Codebook) -> None:
        """Count the rows of one input, or of a part of it."""
        self.n_documents += sum(not text.continues for text in source.texts)
        sentences = source.tables["sentences"]
        self.n_sentences += sentences.num_rows
        flags = np.stack(
            [sentences.column(name).fill_null(0).to_numpy() for name in codebook.label_ids]
        )
        self.n_labelled += int(flags.any(axis=0).sum())
        self.n_needs_review += int(sentences.column(REVIEW_COLUMN).fill_null(0).to_numpy().sum())
        counts = flags.sum(axis=1).tolist()
        self.label_counts.update(
            {label: n for label, n in zip(codebook.label_ids, counts, strict=True) if n}
        )

    def add_input(self, row: DocumentRow) -> None:
        """Count one input by its whole row."""
        self.n_inputs += 1
        if row.status == "failed":
            self.failures.append(row)
        elif row.message:
            self.notices.append(row)


class LabelProgress:
    """What a run reports while it works; this one keeps silent."""

    def plan(self, name: str, n_units: int) -> None:
        """Say that a table is being read, and how many of its units have been."""

    def begin(self, n_sources: int, n_kept: int) -> None:
        """Say how many sources there are, and how many a run before this one has done."""

    def advance(self, n_sources: int, n_sentences: int) -> None:
        """Say that so many more sources are done, and how many sentences they gave."""

    def finish(self) -> None:
        """Say that all sources are done and the folder is being put together."""


def label_documents(config: LabelConfig, progress: LabelProgress) -> LabelSummary:
    """Label all inputs into the output folder, which appears whole or not at all.

    Raises:
        PipelineError: The request cannot be carried out; a document that cannot be read is no
            such error but a row of ``documents.csv``.
    """
    started = time.monotonic()
    if config.language is not None and config.language not in EU_LANGUAGES:
        raise RequestError(f"language '{config.language}' is none of {', '.join(EU_LANGUAGES)}.")
    refuse_file_as_folder(config.output)
    sources = find_sources(config.input)
    _refuse_comparison(config.output)
    _refuse_output_among_inputs(config, sources)
    codebook = load_codebook(find_shipped(config.codebook))
    request = LabelRequest(
        find_shipped(config.model).absolute(),
        find_shipped(config.codebook).absolute(),
        config.language,
        config.review_margin,
        config.precision,
    )
    model_record = _model_record(request, codebook)
    summary = LabelSummary(config.output)
    work = work_folder(config.output)
    with run_lock(work, config.output), _rare_garbage_collection():
        planned = plan_sources(sources, work / "units", config.language, progress.plan)
        shards = plan_shards(planned, _deciders(request, model_record["model_sha256"], codebook))
        store = ShardStore(work / "shards")
        inputs = []
        with staged_folder(config.output, RUN_FILE, work / "staging") as staging:
            with (
                LabelledFolderWriter(staging, codebook) as writer,
                closing(_make_shards(shards, store, request, config, progress)) as made,
            ):
                named = OwnNames().give(_rows_in_order(shards, store, made))
                for rows, row in with_whole_rows(named):
                    writer.write(rows, row)
                    summary.add(rows, codebook)
                    if row is not None:
                        summary.add_input(row)
                        inputs.append(
                            {"source": row.source, "sha256": row.sha256, "status": row.status}
                        )
            summary.seconds = time.monotonic() - started
            run = _run_record(config, model_record, codebook, summary, inputs)
            write_companions(staging, codebook, run)
        shutil.rmtree(work, ignore_errors=True)
    return summary


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Look for circular garbage, of which a run makes next to none, less often than by default."""
    before = gc.get_threshold()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _deciders(request: LabelRequest, model_sha256: str, codebook: Codebook) -> list[str]:
    return [
        __version__,
        model_sha256,
        sha256(repr(codebook).encode()).hexdigest(),
        repr((request.language, request.review_margin, request.precision)),
    ]


def _make_shards(
    shards: Sequence[Shard],
    store: ShardStore,
    request: LabelRequest,
    config: LabelConfig,
    progress: LabelProgress,
) -> Generator[ShardDone, None, None]:
    """Make the shards that are not there yet, and yield each when it is."""
    missing = {shard.key: shard for shard in shards if not store.has(shard.key)}
    n_missing = sum(len(shard.sources) for shard in missing.values())
    n_sources = sum(len(shard.sources) for shard in shards)
    progress.begin(n_sources, n_sources - n_missing)
    engine = pick_engine(config, len(missing))
    for done in engine.map_shards(partial(_start_work, request, store), list(missing.values())):
        progress.advance(done.n_sources, done.n_sentences)
        yield done
    progress.finish()


def _rows_in_order(
    shards: Sequence[Shard], store: ShardStore, made: Iterator[ShardDone]
) -> Iterator[SourceRows]:
    """Yield the rows of shard after shard, while later ones are still being made."""
    for shard in shards:
        while not store.has(shard.key):
            next(made)
        yield from store.read(shard.key)
    for _ in made:  # all are there; this ends the engine
        pass


def pick_engine(config: LabelConfig, n_shards: int) -> Engine:
    """Return the engine that was asked for; one shard or one worker needs no other process."""
    workers = config.effective_workers
    if config.engine == "ray":
        return RayEngine(workers)
    if config.engine == "serial" or workers == 1 or n_shards < 2:
        return SerialEngine()
    return PoolEngine(workers)


def _start_work(request: LabelRequest, store: ShardStore) -> Callable[[Shard], ShardDone]:
    """Load model and codebook in a worker, and return what it does with a shard."""
    codebook = load_codebook(request.codebook)
    model = open_model(request.model, codebook, request.precision)
    labeller = SourceLabeller(request, model, codebook)
    schemas = table_schemas(codebook)
    gc.set_threshold(*GARBAGE_THRESHOLDS)

    def work(shard: Shard) -> ShardDone:
        results = labeller.label(shard.sources)
        store.write(shard.key, results, schemas)
        n_sentences = sum(result.document.units for result in results)
        return ShardDone(shard.key, len(results), n_sentences)

    return work


def _refuse_comparison(output: Path) -> None:
    """Refuse to write where `compare` has written: both have a ``documents.csv``."""
    if (output / COMPARISON_FILE).exists():
        raise RequestError(
            f"{output}: is an output of `compare`. Choose another folder to write to."
        )


def _refuse_output_among_inputs(config: LabelConfig, sources: Sequence[Source]) -> None:
    """Refuse to write among the inputs, where the next run would read its own output."""
    output = config.output.resolve()
    for given in config.input:
        folder = find_shipped(Path(given)).resolve()
        if folder.is_dir() and output.is_relative_to(folder):
            raise RequestError(
                f"{config.output}: lies in the input folder {given}. Choose another."
            )
    for source in sources if output.exists() else ():
        if source.path.resolve().is_relative_to(output):
            raise RequestError(
                f"{config.output}: holds the input {source.name}. Choose another output folder."
            )


def _model_record(request: LabelRequest, codebook: Codebook) -> dict[str, Any]:
    """Say which model it is; it is only looked at here, every worker opens its own."""
    model = open_model(request.model, codebook, request.precision)
    thresholds = dict(zip(codebook.label_ids, model.thresholds.tolist(), strict=True))
    return {"model_sha256": model.digest, "thresholds": thresholds}


def _run_record(
    config: LabelConfig,
    model_record: dict[str, Any],
    codebook: Codebook,
    summary: LabelSummary,
    inputs: Sequence[dict[str, str]],
) -> dict[str, object]:
    return {
        "conclabel": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _VERSIONED_PACKAGES},
        "configuration": config.model_dump(mode="json"),
        "codebook_version": codebook.version,
        **model_record,
        "seed": None,
        "inputs": list(inputs),
        "counts": {
            "inputs": summary.n_inputs,
            "documents": summary.n_documents,
            "sentences": summary.n_sentences,
            "sentences_with_labels": summary.n_labelled,
            "sentences_to_review": summary.n_needs_review,
            "labels": {label: summary.label_counts[label] for label in codebook.label_ids},
        },
        "failures": [
            {key: asdict(row)[key] for key in ("source", "code", "message")}
            for row in summary.failures
        ],
        "seconds": round(summary.seconds, 3),
    }
