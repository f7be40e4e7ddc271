"""Documents as profiles of labels: their shares, what sets each apart, which are most alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pipeline.codebook import Codebook
from pipeline.comparison.measures import Contrast, profile_similarity, set_apart
from pipeline.comparison.rows import DocumentRow, ShareRow, SimilarRow
from pipeline.records import DocumentKey, LabelledDocument, LabelledVersion

ALL = "all"
DECIMALS = 9
"""To which similarities are told apart; what is beyond is rounding."""


def describe_documents(documents: Sequence[LabelledDocument]) -> list[DocumentRow]:
    """Return a row for every version of every document."""
    rows = []
    for document in documents:
        for version in document.versions:
            labels = version.counted_labels
            rows.append(
                DocumentRow(
                    corpus=document.corpus,
                    doc_id=document.doc_id,
                    language=version.language,
                    title=version.title,
                    date=version.date,
                    is_compared=int(version is document.compared),
                    sentences=len(labels),
                    labelled_sentences=int(labels.any(axis=1).sum()),
                    labels_per_sentence=float(labels.sum() / len(labels)) if len(labels) else None,
                )
            )
    return rows


def share_labels(documents: Sequence[LabelledDocument], codebook: Codebook) -> list[ShareRow]:
    """Return a row for every label in every version that has a sentence that counts."""
    counts = np.stack([_label_counts(document.compared) for document in documents])
    together = counts.sum(axis=0)
    of_copies: dict[str, NDArray[np.int64]] = {}
    for document, own in zip(documents, counts, strict=True):
        of_copies[document.doc_id] = of_copies.get(document.doc_id, 0) + own
    rows: list[ShareRow] = []
    for document, own in zip(documents, counts, strict=True):
        contrast = None
        if len(of_copies) > 1:
            contrast = set_apart(own, together - of_copies[document.doc_id])
        for version in document.versions:
            is_compared = version is document.compared
            rows += _shares_of(
                document.corpus, version, codebook, contrast if is_compared else None
            )
    return rows


def _shares_of(
    corpus: str, version: LabelledVersion, codebook: Codebook, contrast: Contrast | None
) -> Iterator[ShareRow]:
    n_sentences = len(version.counted)
    if not n_sentences:
        return
    counts = _label_counts(version)
    expected = version.probabilities[version.counted].mean(axis=0, dtype=np.float64)
    for column, label in enumerate(codebook.labels):
        yield ShareRow(
            corpus=corpus,
            doc_id=version.doc_id,
            date=version.date,
            language=version.language,
            dimension=label.dimension,
            label=label.id,
            sentences=n_sentences,
            labelled_sentences=int(counts[column]),
            share=float(counts[column] / n_sentences),
            expected_share=float(expected[column]),
            log_odds=float(contrast.log_odds[column]) if contrast else None,
            z=float(contrast.z[column]) if contrast else None,
        )


def rank_similar(
    documents: Sequence[LabelledDocument],
    codebook: Codebook,
    shared_sentences: Mapping[tuple[str, str], int],
    n_listed: int,
) -> list[SimilarRow]:
    """Return, for each document and dimension, the documents most like it, nearest first.

    A document is not compared with its own copy in another corpus.

    Args:
        documents: All of them; one without any label in a dimension is like no other.
        codebook: Of the labels.
        shared_sentences: How many sentences two documents have in common, by ``doc_id``.
        n_listed: At most so many for each.
    """
    shares = np.stack(
        [
            _label_counts(document.compared) / max(len(document.compared.counted), 1)
            for document in documents
        ]
    )
    columns_by_part = {ALL: list(range(len(codebook.labels)))} | {
        dimension: [codebook.label_ids.index(label) for label in codebook.ids_of(dimension)]
        for dimension in codebook.dimensions
    }
    keys = [(document.corpus, document.doc_id) for document in documents]
    rows: list[SimilarRow] = []
    for part, columns in columns_by_part.items():
        similarity = profile_similarity(shares[:, columns])
        for place, key in enumerate(keys):
            for rank, other in enumerate(
                _nearest(similarity[place], place, keys, n_listed), start=1
            ):
                rows.append(
                    SimilarRow(
                        *key,
                        part,
                        rank,
                        *keys[other],
                        float(similarity[place, other]),
                        shared_sentences.get((key[1], keys[other][1]), 0),
                    )
                )
    return rows


def _nearest(
    similarity: NDArray[np.float64], own: int, keys: Sequence[DocumentKey], n_listed: int
) -> list[int]:
    """Return the places of the highest similarities; of equal ones the first comes first."""
    order = np.argsort(-np.round(similarity, DECIMALS), kind="stable")
    comparable = (
        place
        for place in order.tolist()
        if keys[place][1] != keys[own][1] and similarity[place] >= 0
    )
    return list(islice(comparable, n_listed))


def _label_counts(version: LabelledVersion) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = version.counted_labels.sum(axis=0)
    return counts
