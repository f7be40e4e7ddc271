"""`label`: documents and tables of units in, one folder of labelled sentences out."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from pipeline import __version__
from pipeline.codebook import Codebook, load_codebook
from pipeline.config import LabelConfig
from pipeline.errors import DataError, DocumentError, RequestError
from pipeline.ingestion.reader import read_content, read_document
from pipeline.ingestion.sources import Source, find_sources
from pipeline.ingestion.units import UnitRow, read_units
from pipeline.records import (
    EU_LANGUAGES,
    Document,
    LabelledSentence,
    LabelSet,
    Remark,
    Scores,
    Sentence,
)
from pipeline.segmentation.segmenter import segment
from pipeline.shipped import find_shipped
from pipeline.storage.atomic import staged_folder
from pipeline.storage.labelled_folder import RUN_FILE, DocumentRow, LabelledFolderWriter
from pipeline.storage.tables import read_table
from pipeline.tagging.thresholds import find_doubtful, pick_labels
from pipeline.workflows.models import OpenModel, open_model

SHOWN_LABELS = 10
_VERSIONED_PACKAGES = ("numpy", "scipy", "pyarrow", "py3langid", "safetensors")


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What a worker needs to label any source of a run."""

    model: Path
    codebook: Path
    language: str | None
    review_margin: float


@dataclass(frozen=True, slots=True)
class LabelledSource:
    """What came of one source: its documents and labelled sentences, or why there are none.

    ``scores`` has one row a sentence, NaN where the model does not cover its language.
    """

    source: Source
    sha256: str = ""
    documents: tuple[Document, ...] = ()
    sentences: tuple[LabelledSentence, ...] = ()
    scores: Scores | None = None
    remarks: tuple[Remark, ...] = ()
    error: DocumentError | None = None


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

    def add(self, row: DocumentRow, labelled: LabelledSource) -> None:
        """Count one input."""
        self.n_inputs += 1
        if row.status == "failed":
            self.failures.append(row)
        elif row.message:
            self.notices.append(row)
        self.n_documents += len(labelled.documents)
        self.n_sentences += len(labelled.sentences)
        for entry in labelled.sentences:
            self.n_labelled += bool(entry.labels)
            self.n_needs_review += entry.needs_review
            self.label_counts.update(entry.labels or ())


class SourceLabeller:
    """Reads, segments and labels one source at a time; every process has one of its own."""

    def __init__(self, request: LabelRequest, model: OpenModel) -> None:
        self._request = request
        self._model = model

    def label(self, source: Source) -> LabelledSource:
        """Return a source's labelled sentences; what is wrong with it is returned, not raised."""
        digest = ""
        try:
            content = read_content(source)
            digest = sha256(content).hexdigest()
            if source.is_table:
                return self._label_table(source, digest)
            document = read_document(source, content, self._request.language)
        except DocumentError as error:
            return LabelledSource(source, digest, error=error)
        return self._labelled(source, digest, (document,), segment(document), document.remarks)

    def _label_table(self, source: Source, digest: str) -> LabelledSource:
        try:
            rows = read_table(source.path, required=("text",))
        except DataError as error:
            raise DocumentError("BAD_TABLE", str(error)) from error
        columns = ("text", "sentence_id", "doc_id", "language")
        units = read_units(
            source,
            digest,
            [UnitRow(row.line, *(row.text_of(column) for column in columns)) for row in rows],
            self._request.language,
        )
        return self._labelled(source, digest, units.documents, units.sentences, units.remarks)

    def _labelled(
        self,
        source: Source,
        digest: str,
        documents: tuple[Document, ...],
        sentences: Sequence[Sentence],
        remarks: tuple[Remark, ...],
    ) -> LabelledSource:
        model, thresholds = self._model, self._model.thresholds
        scores = np.full((len(sentences), len(thresholds)), np.nan, dtype=np.float32)
        labels: list[LabelSet | None] = [None] * len(sentences)
        doubtful = np.zeros(len(sentences), dtype=bool)
        uncovered = []
        for language in sorted({sentence.language for sentence in sentences}):
            if language not in model.tagger.languages:
                uncovered.append(language)
                continue
            rows = []
            for row, sentence in enumerate(sentences):
                if sentence.language == language:
                    labels[row] = ()
                    if not sentence.is_cover_field:
                        rows.append(row)
            block = model.tagger.score([sentences[row].text for row in rows], language)
            scores[rows] = block
            doubtful[rows] = find_doubtful(block, thresholds, self._request.review_margin)
            for row, chosen in zip(
                rows, pick_labels(block, thresholds, model.tagger.label_ids), strict=True
            ):
                labels[row] = chosen
        if uncovered:
            covered = ", ".join(sorted(model.tagger.languages))
            message = f"no labels for {', '.join(uncovered)}: the model covers {covered}."
            remarks = (*remarks, Remark("LANGUAGE_NOT_COVERED", message))
        entries = tuple(map(LabelledSentence, sentences, labels, map(bool, doubtful)))
        return LabelledSource(source, digest, documents, entries, scores, remarks)


class LabelProgress:
    """What a run reports while it works; this one keeps silent."""

    def begin(self, n_sources: int) -> None:
        """Say how many sources there are."""

    def advance(self, source: str, n_sentences: int) -> None:
        """Say that a source is done, and how many sentences it gave."""


def label_documents(config: LabelConfig, progress: LabelProgress) -> LabelSummary:
    """Label all inputs into the output folder, which appears whole or not at all.

    Raises:
        PipelineError: The request cannot be carried out; a document that cannot be read is no
            such error but a row of ``documents.csv``.
    """
    started = time.monotonic()
    if config.language is not None and config.language not in EU_LANGUAGES:
        raise RequestError(f"language '{config.language}' is none of {', '.join(EU_LANGUAGES)}.")
    sources = find_sources(config.input)
    _refuse_output_within_input(config)
    codebook = load_codebook(find_shipped(config.codebook))
    request = LabelRequest(
        find_shipped(config.model),
        find_shipped(config.codebook),
        config.language,
        config.review_margin,
    )
    model = open_model(request.model, codebook)
    summary = LabelSummary(config.output)
    progress.begin(len(sources))
    inputs = []
    with (
        staged_folder(config.output, last=RUN_FILE) as staging,
        LabelledFolderWriter(staging, codebook) as writer,
        _mapping(config.workers, request, model) as label_all,
    ):
        writer.write_codebook()
        for labelled in _with_own_names(label_all(sources)):
            row = _write_source(writer, labelled)
            summary.add(row, labelled)
            inputs.append({"source": row.source, "sha256": row.sha256, "status": row.status})
            progress.advance(row.source, len(labelled.sentences))
        summary.seconds = time.monotonic() - started
        writer.write_run(_run_record(config, model, codebook, summary, inputs))
    return summary


def _refuse_output_within_input(config: LabelConfig) -> None:
    """Refuse to write among the inputs, where the next run would read its own output."""
    output = config.output.resolve()
    for given in config.input:
        folder = find_shipped(Path(given)).resolve()
        if folder.is_dir() and output.is_relative_to(folder):
            raise RequestError(
                f"{config.output}: lies in the input folder {given}. Choose another."
            )


def _write_source(writer: LabelledFolderWriter, labelled: LabelledSource) -> DocumentRow:
    """Write a source's rows and texts, and return its row of ``documents.csv``."""
    row = _document_row(labelled)
    for document in labelled.documents:
        writer.write_text(document)
    if labelled.sentences:
        writer.write_sentences(labelled.sentences, labelled.scores)
    writer.write_document(row)
    return row


def _document_row(labelled: LabelledSource) -> DocumentRow:
    row = DocumentRow(labelled.source.name, "labelled", sha256=labelled.sha256)
    if labelled.error:
        status = "duplicate" if labelled.error.code == "DUPLICATE" else "failed"
        return replace(row, status=status, code=labelled.error.code, message=labelled.error.message)
    documents = labelled.documents
    first = documents[0]
    is_labelled = any(entry.labels is not None for entry in labelled.sentences)
    return replace(
        row,
        status="labelled" if is_labelled else "segmented",
        doc_id="|".join(dict.fromkeys(document.doc_id for document in documents)),
        language="|".join(dict.fromkeys(document.language for document in documents)),
        title=first.title,
        date=first.date,
        pages=first.pages,
        number=first.number,
        revision=first.revision,
        celex=first.celex,
        found_in="; ".join(f"{name}: {origin}" for name, origin in first.origins),
        units=len(labelled.sentences),
        code="|".join(dict.fromkeys(remark.code for remark in labelled.remarks)),
        message=" ".join(remark.message for remark in labelled.remarks),
    )


def _with_own_names(results: Iterable[LabelledSource]) -> Iterator[LabelledSource]:
    """Give every document a name of its own, and drop a source that was there already.

    The same bytes under two names are one document. Different texts with one document number
    and language, such as two renditions, are two; the later gets ``-2`` and a remark.
    """
    first_by_digest: dict[str, str] = {}
    used: set[tuple[str, str]] = set()
    for labelled in results:
        if labelled.error:
            yield labelled
            continue
        if labelled.sha256 in first_by_digest:
            message = f"the same bytes as {first_by_digest[labelled.sha256]}, which is labelled."
            yield LabelledSource(
                labelled.source, labelled.sha256, error=DocumentError("DUPLICATE", message)
            )
            continue
        first_by_digest[labelled.sha256] = labelled.source.name
        for document in labelled.documents:
            labelled = _with_free_name(labelled, document, used)
        yield labelled


def _with_free_name(
    labelled: LabelledSource, document: Document, used: set[tuple[str, str]]
) -> LabelledSource:
    doc_id, copy = document.doc_id, 1
    while (doc_id.lower(), document.language) in used:
        copy += 1
        doc_id = f"{document.doc_id}-{copy}"
    used.add((doc_id.lower(), document.language))  # some file systems fold case
    if copy == 1:
        return labelled
    message = f"{document.doc_id} ({document.language}) is there already; this one is {doc_id}."
    return replace(
        labelled,
        documents=tuple(
            replace(other, doc_id=doc_id) if other is document else other
            for other in labelled.documents
        ),
        sentences=tuple(_renamed(entry, document, doc_id) for entry in labelled.sentences),
        remarks=(*labelled.remarks, Remark("DOC_ID_REPEATED", message)),
    )


def _renamed(entry: LabelledSentence, document: Document, doc_id: str) -> LabelledSentence:
    sentence = entry.sentence
    if (sentence.doc_id, sentence.language) != (document.doc_id, document.language):
        return entry
    own_id = f"{document.doc_id}.{document.language}.{sentence.position}"
    sentence_id = sentence.sentence_id
    if sentence_id == own_id:
        sentence_id = f"{doc_id}.{document.language}.{sentence.position}"
    return replace(entry, sentence=replace(sentence, doc_id=doc_id, sentence_id=sentence_id))


_MapSources = Callable[[Sequence[Source]], Iterable[LabelledSource]]
_labeller: SourceLabeller | None = None


@contextmanager
def _mapping(workers: int, request: LabelRequest, model: OpenModel) -> Iterator[_MapSources]:
    """Yield a function that labels sources in order, here or in worker processes."""
    if workers == 1:
        labeller = SourceLabeller(request, model)
        yield lambda sources: map(labeller.label, sources)
        return
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_start_worker, initargs=(request,)
    ) as pool:
        yield lambda sources: pool.map(_label_in_worker, sources)


def _start_worker(request: LabelRequest) -> None:
    global _labeller
    model = open_model(request.model, load_codebook(request.codebook))
    _labeller = SourceLabeller(request, model)


def _label_in_worker(source: Source) -> LabelledSource:
    if _labeller is None:
        raise RuntimeError("the worker was not started by _start_worker")
    return _labeller.label(source)


def _run_record(
    config: LabelConfig,
    model: OpenModel,
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
        "model_sha256": model.digest,
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
