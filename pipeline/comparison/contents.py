"""What a document says in all its language versions: its contents, and the labels of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.codebook import Codebook
from pipeline.comparison.alignment import Places, align_versions
from pipeline.comparison.rows import (
    ContentRow,
    VersionLabelRow,
    VersionLanguageRow,
    VersionPairRow,
)
from pipeline.comparison.versions import (
    agree_in_pairs,
    agree_on_labels,
    find_biases,
    masi_alpha,
    pool_probabilities,
)
from pipeline.records import LabelledDocument, LabelledVersion, Scores

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class DocumentContents:
    """A document's aligned contents, the version compared first.

    ``places`` has, for each content, the units of every version. ``labels``, ``probabilities`` and
    ``is_corrected``, what a person has corrected, have shape (n_contents, n_versions, n_labels),
    where units of a content are taken together; ``is_there`` has shape (n_contents, n_versions).
    """

    document: LabelledDocument
    versions: tuple[LabelledVersion, ...]
    places: tuple[tuple[Places, ...], ...]
    labels: Bools
    probabilities: Scores
    is_corrected: Bools
    is_there: Bools

    @property
    def languages(self) -> tuple[str, ...]:
        """Of the versions."""
        return tuple(version.language for version in self.versions)


def align_contents(document: LabelledDocument) -> DocumentContents | None:
    """Return the contents of a document that has several versions, None of any other.

    A content counts where any of its units does.
    """
    if len(document.versions) < 2:
        return None
    others = (version for version in document.versions if version is not document.compared)
    versions = (document.compared, *others)
    counted = [set(version.counted.tolist()) for version in versions]
    places = tuple(
        content
        for content in align_versions([version.units for version in versions])
        if any(not counts.isdisjoint(own) for counts, own in zip(counted, content, strict=True))
    )
    shape = (len(places), len(versions), document.compared.labels.shape[1])
    labels, is_corrected = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    probabilities = np.zeros(shape, dtype=np.float32)
    for row, content in enumerate(places):
        for column, (version, own) in enumerate(zip(versions, content, strict=True)):
            if own:
                units = list(own)
                labels[row, column] = version.labels[units].any(axis=0)
                changes = version.labels[units] != version.model_labels[units]
                is_corrected[row, column] = changes.any(axis=0)
                probabilities[row, column] = version.probabilities[units].max(axis=0)
    is_there = np.array([[bool(own) for own in content] for content in places], dtype=bool)
    return DocumentContents(
        document, versions, places, labels, probabilities, is_corrected, is_there.reshape(shape[:2])
    )


def pool_labels(contents: DocumentContents, thresholds: Scores) -> Bools:
    """Return the labels of all versions together, shape (n_contents, n_labels).

    A label is given where its mean probability over the versions reaches its threshold. Where a
    person has corrected it in some version, only what stands there counts, as 0 or 1.
    """
    corrected = contents.is_corrected
    is_decided = corrected.any(axis=1, keepdims=True)
    has_say = np.where(is_decided, corrected, contents.is_there[:, :, None])
    probabilities = np.where(corrected, contents.labels, contents.probabilities)
    pooled: Bools = pool_probabilities(probabilities, has_say) >= thresholds
    return pooled


def describe_contents(contents: DocumentContents, codebook: Codebook) -> list[ContentRow]:
    """Return a row for every content of a document."""
    rows = []
    for number, places in enumerate(contents.places, start=1):
        there = contents.is_there[number - 1]
        labels = contents.labels[number - 1]
        present = [
            (version, own) for version, own in zip(contents.versions, places, strict=True) if own
        ]
        first, first_places = present[0]
        is_split = labels[there].any(axis=0) & ~labels[there].all(axis=0)
        rows.append(
            ContentRow(
                corpus=contents.document.corpus,
                doc_id=contents.document.doc_id,
                content=number,
                versions=len(present),
                languages="|".join(version.language for version, _ in present),
                sentence_ids="|".join(
                    version.units[place].sentence_id for version, own in present for place in own
                ),
                text=" ".join(first.units[place].text for place in first_places),
                split_labels="|".join(np.array(codebook.label_ids)[is_split]),
            )
        )
    return rows


def compare_version_pairs(contents: DocumentContents) -> Iterator[VersionPairRow]:
    """Yield a row for every two versions of a document."""
    counts = contents.is_there.sum(axis=0).tolist()
    n_contents = dict(zip(contents.languages, counts, strict=True))
    for pair in agree_in_pairs(contents.labels, contents.is_there, contents.languages):
        yield VersionPairRow(
            corpus=contents.document.corpus,
            doc_id=contents.document.doc_id,
            language=pair.left,
            other_language=pair.right,
            contents=pair.n_contents,
            only_here=n_contents[pair.left] - pair.n_contents,
            only_there=n_contents[pair.right] - pair.n_contents,
            n_labels=pair.n_labels,
            disagreement=pair.disagreement,
        )


@dataclass(frozen=True, slots=True)
class VersionAgreement:
    """How far language versions agree over all documents.

    ``alpha`` is Krippendorff's of whole label sets with MASI distance; ``disagreement`` pools all
    pairs of versions. Both are None where nothing can be said.
    """

    n_documents: int
    n_contents: int
    alpha: float | None
    disagreement: float | None
    labels: list[VersionLabelRow]
    languages: list[VersionLanguageRow]


def compare_languages(
    found: Sequence[DocumentContents], pairs: Sequence[VersionPairRow], codebook: Codebook
) -> VersionAgreement:
    """Hold the languages of all documents against each other, label by label."""
    languages = sorted(set(chain.from_iterable(contents.languages for contents in found)))
    labels, is_there = _in_columns(found, languages, len(codebook.labels))
    n_labels = sum(pair.n_labels for pair in pairs)
    n_different = sum(pair.n_labels * (pair.disagreement or 0.0) for pair in pairs)
    return VersionAgreement(
        n_documents=len(found),
        n_contents=len(labels),
        alpha=masi_alpha(labels, is_there),
        disagreement=n_different / n_labels if n_labels else None,
        labels=agree_on_labels(labels, is_there, codebook),
        languages=find_biases(labels, is_there, languages, codebook),
    )


def _in_columns(
    found: Sequence[DocumentContents], languages: Sequence[str], n_labels: int
) -> tuple[Bools, Bools]:
    """Return the contents of all documents with one column a language."""
    n_contents = sum(len(contents.places) for contents in found)
    labels = np.zeros((n_contents, len(languages), n_labels), dtype=bool)
    is_there = np.zeros((n_contents, len(languages)), dtype=bool)
    start = 0
    for contents in found:
        rows = slice(start, start + len(contents.places))
        columns = [languages.index(language) for language in contents.languages]
        labels[rows, columns] = contents.labels
        is_there[rows, columns] = contents.is_there
        start = rows.stop
    return labels, is_there
