"""What a worker does with inputs: read and segment each, label all, and make rows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import compress
from pathlib import Path

import numpy as np
import pyarrow
from numpy.typing import NDArray

from pipeline.codebook import Codebook
from pipeline.config import Precision
from pipeline.errors import DocumentError
from pipeline.ingestion.reader import read_content, read_document
from pipeline.ingestion.references import find_references
from pipeline.records import UNIT_COLUMNS, Document, EvidenceTable, Remark, Scores, Sentence
from pipeline.segmentation.segmenter import segment
from pipeline.storage.rows import (
    DocumentRow,
    SourceRows,
    SourceText,
    join_ids,
    table_schemas,
)
from pipeline.storage.unit_files import read_units_file
from pipeline.tagging.context import texts_before
from pipeline.tagging.evidence import join_evidence, repeat_evidence
from pipeline.tagging.thresholds import find_doubtful
from pipeline.workflows.label_plan import PlannedSource, UnitsFile
from pipeline.workflows.models import OpenModel


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """What a worker needs to label any source of a run."""

    model: Path
    codebook: Path
    language: str | None
    review_margin: float
    precision: Precision = "auto"


@dataclass(frozen=True, slots=True)
class Coding:
    """What the model says of sentences, one row each.

    ``scores`` is NaN where there was nothing to code: a field of a cover page, or a language that
    the model does not cover, for which ``is_covered`` is False; ``long_rows`` did not fit into the
    model's window.
    """

    scores: Scores
    is_covered: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    evidence: EvidenceTable
    long_rows: list[int]


@dataclass(frozen=True, slots=True)
class _UnitRows:
    """Rows about the units of many sources; ``units`` are the places of these, ascending."""

    batch: pyarrow.RecordBatch
    units: NDArray[np.int64]

    def between(self, begin: int, end: int) -> pyarrow.RecordBatch:
        """Return the rows about the units from ``begin`` to before ``end``."""
        first, last = np.searchsorted(self.units, (begin, end)).tolist()
        return self.batch.slice(first, last - first)


@dataclass(frozen=True, slots=True)
class _SegmentedSource:
    """A source's units, and its row as far as it is known without labels.

    ``text_before`` is what comes before the first unit in its document, where that is read apart.
    """

    row: DocumentRow
    texts: tuple[SourceText, ...] = ()
    sentences: Sequence[Sentence] = ()
    remarks: tuple[Remark, ...] = ()
    text_before: str = ""
    continues: bool = False


class SourceLabeller:
    """Makes the rows of sources; every process has one of its own."""

    def __init__(self, request: LabelRequest, model: OpenModel, codebook: Codebook) -> None:
        self._request = request
        self._model = model
        self._codebook = codebook
        self._schemas = table_schemas(codebook)

    def label(self, planned: Sequence[PlannedSource]) -> list[SourceRows]:
        """Return the rows of sources, whose units are labelled together.

        What is wrong with a source becomes its row of ``documents.csv``.
        """
        sources = [self._segment(entry) for entry in planned]
        coding = self._code(sources)
        tables = self._tables([unit for source in sources for unit in source.sentences], coding)
        rows = []
        end = 0
        for source in sources:
            begin, end = end, end + len(source.sentences)
            row = self._row_of(
                source,
                is_covered=bool(coding.is_covered[begin:end].any()),
                long_rows=[row - begin for row in coding.long_rows if begin <= row < end],
            )
            own = {name: table.between(begin, end) for name, table in tables.items()}
            rows.append(SourceRows(row, source.texts, own, source.continues))
        return rows

    def _segment(self, planned: PlannedSource) -> _SegmentedSource:
        if planned.units is not None:
            return _read_part(planned, planned.units)
        try:
            return self._read_document(planned)
        except DocumentError as error:
            return _SegmentedSource(
                DocumentRow(
                    source=planned.source.name,
                    sha256=planned.sha256,
                    status="failed",
                    code=error.code,
                    message=error.message,
                )
            )

    def _read_document(self, planned: PlannedSource) -> _SegmentedSource:
        if planned.failure is not None:
            raise DocumentError(planned.failure.code, planned.failure.message)
        source = planned.source
        content = read_content(source)
        digest = sha256(content).hexdigest()
        if planned.sha256 not in ("", digest):
            raise DocumentError("CHANGED", "changed while the run was at work. Run again.")
        document = read_document(source, content, self._request.language)
        return _SegmentedSource(
            row=_document_row(document),
            texts=(SourceText(document.doc_id, document.language, document.text),),
            sentences=segment(document),
            remarks=document.remarks,
        )

    def _row_of(
        self, source: _SegmentedSource, is_covered: bool, long_rows: Sequence[int]
    ) -> DocumentRow:
        if source.row.status == "failed":
            return source.row
        remarks = source.remarks
        languages = {sentence.language for sentence in source.sentences}
        if uncovered := languages - self._model.tagger.languages:
            remarks = (*remarks, self._not_covered(sorted(uncovered)))
        if long_rows:
            remarks = (*remarks, _read_in_parts(source.sentences, long_rows))
        return replace(
            source.row,
            code=join_ids(remark.code for remark in remarks),
            message=" ".join(remark.message for remark in remarks),
            status="labelled" if is_covered else "segmented",
            units=len(source.sentences),
        )

    def _code(self, sources: Sequence[_SegmentedSource]) -> Coding:
        """Label sentences, language by language; fields of a cover page carry no label."""
        sentences = [sentence for source in sources for sentence in source.sentences]
        tagger, thresholds = self._model.tagger, self._model.thresholds
        scores = np.full((len(sentences), len(thresholds)), np.nan, dtype=np.float32)
        doubtful = np.zeros(len(sentences), dtype=bool)
        long_rows: list[int] = []
        rows_by_language: dict[str, list[int]] = {}
        for row, sentence in enumerate(sentences):
            if sentence.language in tagger.languages and not sentence.is_cover_field:
                rows_by_language.setdefault(sentence.language, []).append(row)
        evidence: list[EvidenceTable] = []
        contexts = self._contexts(sources)
        for language, rows in sorted(rows_by_language.items()):
            units = [(sentences[row].text, contexts[row]) for row in rows]
            first_place: dict[tuple[str, str], int] = {}  # the same unit is labelled once
            places = np.array([first_place.setdefault(unit, len(first_place)) for unit in units])
            texts, before = zip(*first_place, strict=True)
            explained = tagger.explain(texts, language, thresholds, before)
            scores[rows] = found = explained.scores[places]
            doubtful[rows] = find_doubtful(found, thresholds, self._request.review_margin)
            evidence.append(repeat_evidence(explained.evidence, places, np.array(rows)))
            is_long = np.isin(places, explained.long_rows)
            long_rows.extend(np.asarray(rows)[is_long].tolist())
        return Coding(
            scores=scores,
            is_covered=np.array([s.language in tagger.languages for s in sentences], dtype=bool),
            doubtful=doubtful,
            evidence=join_evidence(tagger.label_ids, evidence),
            long_rows=long_rows,
        )

    def _contexts(self, sources: Sequence[_SegmentedSource]) -> list[str]:
        """Return what the model reads beside each sentence: the one before, or nothing."""
        contexts: list[str] = []
        for source in sources:
            sentences = source.sentences
            if not self._model.tagger.reads_context or not sentences:
                contexts += [""] * len(sentences)
                continue
            _, *before = texts_before(
                [sentence.text for sentence in sentences],
                [(sentence.doc_id, sentence.language) for sentence in sentences],
            )
            contexts += [source.text_before, *before]
        return contexts

    def _not_covered(self, languages: Sequence[str]) -> Remark:
        covered = ", ".join(sorted(self._model.tagger.languages))
        return Remark(
            "LANGUAGE_NOT_COVERED",
            f"no labels for {', '.join(languages)}: the model covers {covered}.",
        )

    def _tables(self, sentences: Sequence[Sentence], coding: Coding) -> dict[str, _UnitRows]:
        ids = pyarrow.array([sentence.sentence_id for sentence in sentences], pyarrow.string())
        scores = [  # NaN is how "not scored" travels within; in the file it is null
            pyarrow.array(column, pyarrow.float32(), from_pandas=True)
            for column in np.ascontiguousarray(coding.scores.T)
        ]
        own, found = np.arange(len(sentences)), coding.evidence
        referring, references = _reference_columns(sentences)
        columns = {
            "sentences": (own, self._sentence_columns(sentences, coding)),
            "scores": (own, [ids, *scores]),
            "evidence": (found.rows, _evidence_columns(sentences, ids, found)),
            "references": (np.array(referring, dtype=np.int64), references),
        }
        return {
            name: _UnitRows(_batch(columns[name][1], schema), columns[name][0])
            for name, schema in self._schemas.items()
        }

    def _sentence_columns(
        self, sentences: Sequence[Sentence], coding: Coding
    ) -> list[Sequence[object] | pyarrow.Array]:
        units: list[Sequence[object] | pyarrow.Array] = [
            [getattr(sentence, _ATTRIBUTE_BY_COLUMN.get(name, name)) for sentence in sentences]
            for name in UNIT_COLUMNS
        ]
        assigned = coding.scores >= self._model.thresholds
        is_uncoded = ~coding.is_covered
        dimensions = [
            pyarrow.array(self._cells(name, assigned), pyarrow.string(), mask=is_uncoded)
            for name in self._codebook.dimensions
        ]
        flags = [
            pyarrow.array(column.astype(np.uint8), pyarrow.uint8(), mask=is_uncoded)
            for column in (coding.doubtful, *assigned.T)
        ]
        return [*units, *dimensions, *flags]

    def _cells(self, dimension: str, assigned: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Return the labels of one dimension as cells, each set of labels spelled once."""
        ids = self._codebook.ids_of(dimension)
        columns = [self._codebook.label_ids.index(label) for label in ids]
        sets, places = np.unique(assigned[:, columns], axis=0, return_inverse=True)
        cells = np.array(["|".join(compress(ids, chosen)) for chosen in sets], dtype=object)
        return cells[places.reshape(-1)]  # numpy 2.0 gives the places a second axis


_ATTRIBUTE_BY_COLUMN = {"char_start": "start", "char_end": "end"}


def _read_in_parts(sentences: Sequence[Sentence], rows: Sequence[int]) -> Remark:
    first = sentences[min(rows)].sentence_id
    return Remark(
        "LONG_UNITS",
        f"{len(rows)} units are longer than the model's window and were read in parts, the first "
        f"is {first}.",
    )


def _evidence_columns(
    sentences: Sequence[Sentence], ids: pyarrow.Array, evidence: EvidenceTable
) -> list[Sequence[object] | pyarrow.Array]:
    rows, starts, ends = (
        column.tolist() for column in (evidence.rows, evidence.starts, evidence.ends)
    )
    texts = [sentence.text for sentence in sentences]
    return [
        ids.take(pyarrow.array(evidence.rows)),
        pyarrow.array(evidence.label_ids).take(pyarrow.array(evidence.labels)),
        starts,
        ends,
        [texts[row][start:end] for row, start, end in zip(rows, starts, ends, strict=True)],
        evidence.weights.astype(np.float32),
    ]


def _reference_columns(
    sentences: Sequence[Sentence],
) -> tuple[Sequence[int], list[Sequence[object]]]:
    """Return the place of the sentence that each reference stands in, and the columns."""
    rows = [
        (
            place,
            (
                sentence.sentence_id,
                reference.start,
                reference.end,
                sentence.text[reference.start : reference.end],
                reference.kind,
                reference.target,
            ),
        )
        for place, sentence in enumerate(sentences)
        if not sentence.is_cover_field
        for reference in find_references(sentence.text, sentence.language)
    ]
    columns: list[Sequence[object]] = [*zip(*(row for _, row in rows), strict=True)]
    return [place for place, _ in rows], columns or [()] * 6


def _batch(
    columns: Sequence[Sequence[object] | pyarrow.Array], schema: pyarrow.Schema
) -> pyarrow.RecordBatch:
    arrays = [
        column if isinstance(column, pyarrow.Array) else pyarrow.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)


def _read_part(planned: PlannedSource, units: UnitsFile) -> _SegmentedSource:
    sentences = read_units_file(units.path)
    by_document: dict[tuple[str, str], list[Sentence]] = {}
    for sentence in sentences:
        by_document.setdefault((sentence.doc_id, sentence.language), []).append(sentence)
    return _SegmentedSource(
        row=DocumentRow(
            doc_id=join_ids(doc_id for doc_id, _ in by_document),
            language=join_ids(language for _, language in by_document),
            source=planned.source.name,
            sha256=planned.sha256,
        ),
        texts=tuple(
            SourceText(
                doc_id,
                language,
                "\n".join(sentence.text for sentence in found),
                continues=found[0].position > 1,
            )
            for (doc_id, language), found in by_document.items()
        ),
        sentences=sentences,
        remarks=units.remarks,
        text_before=units.text_before,
        continues=units.number > 0,
    )


def _document_row(document: Document) -> DocumentRow:
    return DocumentRow(
        doc_id=document.doc_id,
        language=document.language,
        source=document.source,
        sha256=document.sha256,
        title=document.title,
        date=document.date,
        pages=document.pages,
        number=document.number,
        revision=document.revision,
        celex=document.celex,
        found_in="; ".join(f"{name}: {origin}" for name, origin in document.origins),
    )
