"""`compare`: labelled folders in; tables and a report of how their documents compare out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import __version__
from pipeline.codebook import Codebook
from pipeline.comparison.contents import (
    DocumentContents,
    VersionAgreement,
    align_contents,
    compare_languages,
    compare_version_pairs,
    describe_contents,
    pool_labels,
)
from pipeline.comparison.corpora import (
    CodedLabels,
    compare_corpora,
    count_labels,
    describe_corpora,
)
from pipeline.comparison.profiles import (
    describe_documents,
    rank_similar,
    share_labels,
)
from pipeline.comparison.report import Report, render_report
from pipeline.comparison.reuse import count_shared, find_reuse
from pipeline.comparison.rows import (
    ContentRow,
    CorpusRow,
    DifferenceRow,
    DocumentRow,
    ReuseRow,
    ShareRow,
    SimilarRow,
    VersionLabelRow,
    VersionLanguageRow,
    VersionPairRow,
)
from pipeline.config import CompareConfig
from pipeline.errors import DataError, RequestError
from pipeline.records import LabelledDocument
from pipeline.storage.atomic import refuse_file_as_folder, refuse_unwritable, staged_folder
from pipeline.storage.coded_sample import CodedSentence, read_sample
from pipeline.storage.data_package import COMPARISON_FILE, RUN_FILE
from pipeline.storage.json_files import write_json
from pipeline.storage.row_tables import ExtraColumn, RowTable, write_tables
from pipeline.storage.run_lock import run_lock, work_folder
from pipeline.workflows.labelled_corpora import Corpora, digest_units, open_corpora

REPORT = "report.html"
Advance = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ComparisonSummary:
    """What a comparison rests on, and its most telling numbers, for the closing words."""

    output: Path
    n_corpora: int
    n_documents: int
    n_versions: int
    n_reused: int
    n_coded: int
    agreement: VersionAgreement | None
    notices: tuple[str, ...]


def compare_labelled(config: CompareConfig, advance: Advance) -> ComparisonSummary:
    """Compare the documents of labelled folders; the output appears whole or not at all.

    Raises:
        PipelineError: A folder or the coded sample cannot be used, or nothing can be written.
    """
    _refuse_labelled_output(config.output)
    refuse_file_as_folder(config.output)
    refuse_unwritable(config.output)
    work = work_folder(config.output)
    with run_lock(work, config.output):
        try:
            return _compare(config, work, advance)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _compare(config: CompareConfig, work: Path, advance: Advance) -> ComparisonSummary:
    corpora = open_corpora(config, advance)
    codebook, documents = corpora.codebook, corpora.documents
    coded, coding_notices = _coded_labels(config.coded, corpora) if config.coded else ({}, [])
    notices = (*corpora.notices, *coding_notices)
    reuse = _find_reuse(documents, codebook, config.min_words_reused)
    contents = _align_all(documents, advance)
    pairs = [row for found in contents for row in compare_version_pairs(found)]
    agreement = compare_languages(contents, pairs, codebook) if contents else None
    documents_by_corpus = _with_sentences(corpora)
    counts = {
        name: count_labels(own, coded.get(name), len(codebook.labels))
        for name, own in documents_by_corpus.items()
    }
    report = Report(
        codebook=codebook,
        documents=describe_documents(documents),
        shares=share_labels(documents, codebook),
        similar=rank_similar(documents, codebook, reuse.shared, config.similar_documents),
        reuse=reuse.rows,
        corpora=describe_corpora(documents_by_corpus, counts, codebook, config.confidence),
        differences=compare_corpora(documents_by_corpus, counts, codebook, config.confidence),
        pairs=pairs,
        agreement=agreement,
        contents=[row for found in contents for row in describe_contents(found, codebook)],
        confidence=config.confidence,
        notices=notices,
    )
    summary = ComparisonSummary(
        output=config.output,
        n_corpora=len(corpora.names),
        n_documents=len(documents),
        n_versions=len(report.documents),
        n_reused=reuse.n_sentences,
        n_coded=sum(len(labels.by_hand) for labels in coded.values()),
        agreement=agreement,
        notices=notices,
    )
    advance("writing", 0, 1)
    with staged_folder(config.output, COMPARISON_FILE, work / "staging") as staging:
        pooled = [pool_labels(found, corpora.thresholds) for found in contents]
        write_tables(
            staging, "Labelled Council conclusions compared", _tables(report, pooled, codebook)
        )
        (staging / REPORT).write_text(render_report(report), encoding="utf-8", newline="\n")
        write_json(staging / COMPARISON_FILE, _run_record(config, corpora, notices))
    advance("writing", 1, 1)
    return summary


def _refuse_labelled_output(output: Path) -> None:
    """Refuse to write where `label` has written: both have a ``documents.csv``."""
    for folder in (output, *output.resolve().parents):
        if (folder / RUN_FILE).exists():
            raise RequestError(
                f"{output}: {folder} is an output of `label`. Choose another folder to write to."
            )


def _with_sentences(corpora: Corpora) -> dict[str, list[LabelledDocument]]:
    """Return the documents of each corpus that has a sentence that counts."""
    documents_by_corpus = {name: corpora.of(name) for name in corpora.names}
    return {
        name: documents
        for name, documents in documents_by_corpus.items()
        if any(len(document.compared.counted) for document in documents)
    }


@dataclass(frozen=True, slots=True)
class _Reuse:
    n_sentences: int
    rows: list[ReuseRow]
    shared: Mapping[tuple[str, str], int]


def _find_reuse(
    documents: Sequence[LabelledDocument], codebook: Codebook, min_words: int
) -> _Reuse:
    """Find sentences that documents share, each in the version compared.

    A document and its copy in another corpus are one.
    """
    units = [
        (document, place) for document in documents for place in document.compared.counted.tolist()
    ]
    reused = find_reuse(
        [document.compared.units[place].text for document, place in units],
        [document.compared.language for document, _ in units],
        [document.doc_id for document, _ in units],
        min_words,
    )
    label_ids = np.array(codebook.label_ids)
    rows = []
    for number, sentence in enumerate(reused, start=1):
        copies = [units[row] for row in sentence.places]
        labels = {document.compared.labels[place].tobytes() for document, place in copies}
        for document, place in copies:
            rows.append(
                ReuseRow(
                    reuse=number,
                    corpus=document.corpus,
                    doc_id=document.doc_id,
                    language=document.compared.language,
                    sentence_id=document.compared.units[place].sentence_id,
                    has_same_labels=int(len(labels) == 1),
                    labels="|".join(label_ids[document.compared.labels[place]]),
                    text=document.compared.units[place].text,
                )
            )
    shared = count_shared(reused, [document.doc_id for document, _ in units])
    return _Reuse(len(reused), rows, shared)


def _align_all(documents: Sequence[LabelledDocument], advance: Advance) -> list[DocumentContents]:
    found = []
    for number, document in enumerate(documents, start=1):
        contents = align_contents(document)
        advance("comparing versions", number, len(documents))
        if contents is not None:
            found.append(contents)
    return found


def _coded_labels(path: Path, corpora: Corpora) -> tuple[dict[str, CodedLabels], list[str]]:
    """Read a coded sample: by corpus what the model and a person say, and what to look at.

    Raises:
        DataError: A row cannot be used, nothing is coded, or a corpus is not the one that the
            sample was drawn from.
    """
    place_by_key = {
        (document.corpus, document.compared.units[place].sentence_id): (document, place)
        for document in corpora.documents
        for place in document.compared.counted.tolist()
    }
    text_by_key = {
        key: document.compared.units[place].text for key, (document, place) in place_by_key.items()
    }
    sample = read_sample(path, corpora.codebook, text_by_key)
    _refuse_other_frame(sample, corpora)
    rows: dict[str, list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]] = {}
    for sentence in sample:
        if sentence.labels is not None:
            document, place = place_by_key[sentence.corpus, sentence.sentence_id]
            by_hand = np.isin(corpora.codebook.label_ids, sentence.labels)
            own = document.compared.model_labels[place]
            rows.setdefault(sentence.corpus, []).append((own, by_hand))
    if not rows:
        raise DataError(
            f"{path}: no row is coded. Fill in column 'labels': ids joined with '|', or 'none'."
        )
    coded = {
        corpus: CodedLabels(*(np.stack(part) for part in zip(*pairs, strict=True)))
        for corpus, pairs in rows.items()
    }
    return coded, list(_choice_notices(path, sample, corpora))


def _choice_notices(path: Path, sample: Sequence[CodedSentence], corpora: Corpora) -> Iterator[str]:
    """Say where those that are coded are not the first ones drawn, but somebody's choice."""
    by_corpus: dict[str, list[CodedSentence]] = {}
    for sentence in sample:
        by_corpus.setdefault(sentence.corpus, []).append(sentence)
    for corpus, own in by_corpus.items():
        n_drawn = round(own[0].sampling_prob * len(corpora.counted_units(corpus)))
        last_coded = max((s.order for s in own if s.labels is not None), default=0)
        n_passed = sum(s.labels is None and s.order < last_coded for s in own)
        n_gone = n_drawn - len(own)
        for count, what in ((n_passed, "passed over"), (n_gone, "taken out of the table")):
            if count > 0:
                yield (
                    f"{path}: {count} sentences of {corpus} were {what}. If that was a choice by "
                    "what they say, the sample is not random and no interval holds. Write 'none' "
                    "where no label applies."
                )


def _refuse_other_frame(sample: Sequence[CodedSentence], corpora: Corpora) -> None:
    """Refuse a sample of a corpus that has changed since: it is no random sample of it."""
    digests = {name: digest_units(corpora.counted_units(name)) for name in corpora.names}
    for sentence in sample:
        if sentence.frame_sha256 != digests[sentence.corpus]:
            raise DataError(
                f"{sentence.origin}: corpus '{sentence.corpus}' has other sentences than when the "
                "sample was drawn. Draw and code a new sample, or compare the folder as it was."
            )


def _tables(
    report: Report, pooled: Sequence[NDArray[np.bool_]], codebook: Codebook
) -> list[RowTable]:
    agreement = report.agreement
    return [
        RowTable("documents", DocumentRow, report.documents),
        RowTable("shares", ShareRow, report.shares),
        RowTable("similar_documents", SimilarRow, report.similar),
        RowTable("reused_sentences", ReuseRow, report.reuse),
        RowTable("corpora", CorpusRow, report.corpora),
        RowTable("differences", DifferenceRow, report.differences),
        RowTable("version_pairs", VersionPairRow, report.pairs),
        RowTable("version_labels", VersionLabelRow, agreement.labels if agreement else []),
        RowTable("version_languages", VersionLanguageRow, agreement.languages if agreement else []),
        RowTable("contents", ContentRow, report.contents, _label_columns(pooled, codebook)),
    ]


def _label_columns(
    pooled: Sequence[NDArray[np.bool_]], codebook: Codebook
) -> dict[str, ExtraColumn]:
    """Return the labels of all versions together as the columns that ``sentences.csv`` has."""
    rows = list(chain.from_iterable(found.tolist() for found in pooled))
    columns = {}
    for dimension in codebook.dimensions:
        own = codebook.ids_of(dimension)
        columns[dimension] = ExtraColumn(
            str,
            "ids of the labels that all versions together give, joined with |",
            [
                "|".join(
                    label
                    for label, is_given in zip(codebook.label_ids, row, strict=True)
                    if is_given and label in own
                )
                for row in rows
            ],
        )
    for column, label in enumerate(codebook.labels):
        columns[label.id] = ExtraColumn(
            int,
            "1 where the mean probability over the versions reaches the threshold, or a person "
            f"corrected it so in one of them: {label.name}",
            [int(row[column]) for row in rows],
        )
    return columns


def _run_record(
    config: CompareConfig, corpora: Corpora, notices: Sequence[str]
) -> dict[str, object]:
    return {
        "conclabel": __version__,
        "configuration": config.model_dump(mode="json"),
        "codebook_version": corpora.codebook.version,
        "corpora": list(corpora.names),
        "folders": [
            {"folder": folder.path.as_posix(), "model_sha256": folder.model_sha256}
            for folder in corpora.folders
        ],
        "notices": list(notices),
    }
