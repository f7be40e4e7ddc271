"""The tables that a comparison gives: a class each, a field a column, with what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

Corpus = Annotated[str, "labelled folder that the document lies in, or the year of its date"]
DocId = Annotated[str, "number of the Council document, or a name made of the file's"]
Language = Annotated[str, "ISO 639-1"]
Date = Annotated[str, "date of the document"]
Dimension = Annotated[str, "dimension of the codebook"]
LabelId = Annotated[str, "label id of the codebook"]
NSentences = Annotated[int, "units that count: sentences, if nothing else was asked for"]
NLabelled = Annotated[int, "of these, units that have the label, corrections by hand included"]
Share = Annotated[float, "labelled_sentences over sentences, from 0 to 1"]
Expected = Annotated[float, "mean probability of the label by the model, from 0 to 1"]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A language version of a document."""

    corpus: Corpus
    doc_id: DocId
    language: Language
    title: Annotated[str, "title of the document"]
    date: Date
    is_compared: Annotated[int, "1 for the version by which the document is held against others"]
    sentences: NSentences
    labelled_sentences: Annotated[int, "of these, sentences that have any label"]
    labels_per_sentence: Annotated[float | None, "labels over sentences"]


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A label in a language version of a document."""

    corpus: Corpus
    doc_id: DocId
    date: Date
    language: Language
    dimension: Dimension
    label: LabelId
    sentences: NSentences
    labelled_sentences: NLabelled
    share: Share
    expected_share: Expected
    log_odds: Annotated[
        float | None,
        "log-odds of the label among the document's labels less those among all other documents' "
        "(versions compared only; copies of the document left out)",
    ]
    z: Annotated[float | None, "log_odds over its standard error"]


@dataclass(frozen=True, slots=True)
class SimilarRow:
    """A document and one of those most like it."""

    corpus: Corpus
    doc_id: DocId
    dimension: Annotated[str, "dimension whose shares are compared, or all"]
    rank: Annotated[int, "1 for the document most like it"]
    other_corpus: Annotated[str, "corpus of the other document"]
    other_doc_id: Annotated[str, "the other document"]
    similarity: Annotated[float, "cosine of the shares of labels, 0 to 1"]
    shared_sentences: Annotated[int, "sentences that both have, word for word or nearly so"]


@dataclass(frozen=True, slots=True)
class ReuseRow:
    """A copy of a sentence that several documents have."""

    reuse: Annotated[int, "number shared by all copies of a sentence"]
    corpus: Corpus
    doc_id: DocId
    language: Language
    sentence_id: Annotated[str, "id of the copy in sentences.csv of its corpus"]
    has_same_labels: Annotated[int, "1 where all copies have the same labels"]
    labels: Annotated[str, "ids of the copy's labels, joined with |"]
    text: Annotated[str, "the copy"]


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """A label in a corpus, each document counted once."""

    corpus: Corpus
    dimension: Dimension
    label: LabelId
    documents: Annotated[int, "documents of the corpus"]
    sentences: NSentences
    labelled_sentences: NLabelled
    share: Share
    expected_share: Expected
    coded_sentences: Annotated[int, "sentences of the corpus that were coded by hand"]
    coded_with_label: Annotated[int, "of these, sentences that have the label by hand"]
    estimate: Annotated[float | None, "share corrected by the coded sentences"]
    low: Annotated[float | None, "lower end of its interval"]
    high: Annotated[float | None, "upper end of its interval"]
    note: Annotated[str, "why there is no estimate"]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A label in two corpora: the corrected share of the first less that of the second."""

    corpus: Annotated[str, "first corpus"]
    other_corpus: Annotated[str, "second corpus"]
    dimension: Dimension
    label: LabelId
    share_difference: Annotated[
        float, "share in the first less that in the second, as labels stand"
    ]
    estimate: Annotated[float | None, "the same, corrected by the coded sentences"]
    low: Annotated[float | None, "lower end of its interval"]
    high: Annotated[float | None, "upper end of its interval"]
    p_value: Annotated[float | None, "of no difference, by inverting the interval"]
    q_value: Annotated[float | None, "false discovery rate over all rows with a p-value"]
    note: Annotated[str, "why there is no estimate"]


@dataclass(frozen=True, slots=True)
class VersionPairRow:
    """Two language versions of a document."""

    corpus: Corpus
    doc_id: DocId
    language: Language
    other_language: Annotated[str, "ISO 639-1, of the other version"]
    contents: Annotated[int, "contents that both versions have"]
    only_here: Annotated[int, "contents that the other version lacks, or that were not aligned"]
    only_there: Annotated[int, "contents that this version lacks, or that were not aligned"]
    n_labels: Annotated[int, "labels that either version has on shared contents"]
    disagreement: Annotated[float | None, "of these, the share that only one version has"]


@dataclass(frozen=True, slots=True)
class VersionLabelRow:
    """How far language versions agree on a label, over all documents."""

    dimension: Dimension
    label: LabelId
    contents: Annotated[int, "contents in at least two versions"]
    with_label: Annotated[int, "of these, contents that have the label in any version"]
    split: Annotated[int, "of these, contents that have it in some versions and not in others"]
    alpha: Annotated[float | None, "Krippendorff's alpha, languages as coders"]


@dataclass(frozen=True, slots=True)
class VersionLanguageRow:
    """A language that has a label more often, or less, than the other versions."""

    language: Language
    dimension: Dimension
    label: LabelId
    contents: Annotated[int, "contents that this language and another have"]
    more: Annotated[int, "contents that have the label here and not in most other versions"]
    fewer: Annotated[int, "contents that have it in most other versions and not here"]
    p_value: Annotated[float, "McNemar's exact test of as many more as fewer"]
    q_value: Annotated[float, "false discovery rate over all languages and labels"]


@dataclass(frozen=True, slots=True)
class ContentRow:
    """A thing that a document says, with the labels of all its versions together."""

    corpus: Corpus
    doc_id: DocId
    content: Annotated[int, "place in the document, from 1"]
    versions: Annotated[int, "versions that have it"]
    languages: Annotated[str, "their languages, joined with |"]
    sentence_ids: Annotated[str, "ids of its units in sentences.csv, joined with |"]
    text: Annotated[str, "in the version compared, or in the first that has it"]
    split_labels: Annotated[str, "labels that some versions have and others lack, joined with |"]
