"""Labelled folders as corpora: which are meant, and which of their sentences count."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from pipeline.codebook import Codebook
from pipeline.config import FrameConfig
from pipeline.errors import DataError, RequestError
from pipeline.ingestion.metadata import doc_id_of_name
from pipeline.records import LabelledDocument, LabelledVersion, Scores, Sentence
from pipeline.storage.data_package import RUN_FILE
from pipeline.storage.labelled_reader import LabelledFolder, read_labelled_folder

UNDATED = "undated"
_YEAR = re.compile(r"\d{4}")
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Corpora:
    """Labelled folders that can be held side by side: one codebook, one model or a notice.

    ``names`` are the corpora's, in the order of ``documents``, which are sorted by date within.
    """

    folders: tuple[LabelledFolder, ...]
    names: tuple[str, ...]
    documents: tuple[LabelledDocument, ...]
    notices: tuple[str, ...]

    @property
    def codebook(self) -> Codebook:
        """The codebook of all folders."""
        return self.folders[0].codebook

    @property
    def thresholds(self) -> Scores:
        """Lowest probability that counts, shape (n_labels,); of the first folder's model."""
        return self.folders[0].thresholds

    def of(self, name: str) -> list[LabelledDocument]:
        """Return the documents of one corpus."""
        return [document for document in self.documents if document.corpus == name]

    def counted_units(self, name: str) -> list[Sentence]:
        """Return the units of a corpus that count, of each document in one version."""
        return [
            document.compared.units[place]
            for document in self.of(name)
            for place in document.compared.counted
        ]


def digest_units(units: Sequence[Sentence]) -> str:
    """Return a digest of which units there are and what they say, whatever their order."""
    lines = sorted(f"{unit.sentence_id}\t{unit.text}" for unit in units)
    return sha256("\n".join(lines).encode()).hexdigest()


def open_corpora(config: FrameConfig, advance: Callable[[str, int, int], None]) -> Corpora:
    """Read every labelled folder that is asked for.

    Raises:
        PipelineError: None is found, one cannot be read, or two have different codebooks.
    """
    paths = find_labelled_folders(config.input)
    folder_names = corpus_names(paths)
    folders: list[LabelledFolder] = []
    for number, (path, name) in enumerate(zip(paths, folder_names, strict=True), start=1):
        folders.append(read_labelled_folder(path, config.kinds))
        advance(f"reading {name}", number, len(paths))
    _refuse_other_codebooks(folders)
    documents = [
        document
        for folder, name in zip(folders, folder_names, strict=True)
        for document in _documents_of(folder, name, config.languages)
    ]
    if config.by == "year":
        documents = _by_year(documents)
    if not any(len(document.compared.counted) for document in documents):
        raise DataError(
            f"{', '.join(map(str, paths))}: no unit of kind {', '.join(config.kinds)} in a "
            "language that the model covers."
        )
    names = tuple(dict.fromkeys(document.corpus for document in documents))
    ranks = {name: rank for rank, name in enumerate(names)}
    documents.sort(key=lambda document: (ranks[document.corpus], document.date or "~"))
    notices = (*_folder_notices(folders), *_document_notices(documents))
    return Corpora(tuple(folders), names, tuple(documents), notices)


def corpus_names(folders: Sequence[Path]) -> list[str]:
    """Return what folders are called, each by a name of its own.

    >>> corpus_names([Path("2021/out"), Path("2022/out"), Path("all")])
    ['2021/out', '2022/out', 'all']
    """
    names = [folder.resolve().name for folder in folders]
    return [
        name if names.count(name) == 1 else folder.as_posix()
        for name, folder in zip(names, folders, strict=True)
    ]


def find_labelled_folders(given: Sequence[str]) -> list[Path]:
    """Return the labelled folders that are meant, each once, in the given order.

    An entry is a folder, with all labelled folders in it, a glob, or several of these with commas
    or spaces between.

    Raises:
        RequestError: An entry leads to no labelled folder.
    """
    found: dict[Path, Path] = {}
    for entry in given:
        for part in _parts_of(entry):
            for folder in _folders_at(part):
                found.setdefault(folder.resolve(), folder)
    return list(found.values())


def _parts_of(entry: str) -> list[str]:
    """Return the paths in an entry; one that exists as it stands is never taken apart."""
    if Path(entry).exists():
        return [entry]
    by_comma = [part.strip() for part in entry.split(",") if part.strip()]
    return [
        part for piece in by_comma for part in ([piece] if Path(piece).exists() else piece.split())
    ]


def _folders_at(entry: str) -> list[Path]:
    matches = [entry] if Path(entry).exists() else sorted(glob.glob(entry))  # noqa: PTH207 - as label
    folders = [folder for path in map(Path, matches) for folder in _labelled_below(path)]
    if not folders:
        raise RequestError(
            f"{entry}: no labelled folder there (none with a {RUN_FILE}). Run "
            "`label --output FOLDER` first, or check the path."
        )
    return folders


def _labelled_below(folder: Path) -> Iterator[Path]:
    """Yield a folder and all below it that `label` has written, those half written left out."""
    seen: set[Path] = set()
    for name, children, files in os.walk(folder, followlinks=True):
        place = Path(name)
        children[:] = sorted(child for child in children if not child.startswith("."))
        if place.resolve() in seen:
            children.clear()  # a link that leads back
            continue
        seen.add(place.resolve())
        if RUN_FILE in files:
            yield place


def _refuse_other_codebooks(folders: Sequence[LabelledFolder]) -> None:
    first = folders[0]
    for other in folders[1:]:
        ours = [(label.id, label.dimension) for label in first.codebook.labels]
        theirs = [(label.id, label.dimension) for label in other.codebook.labels]
        if ours != theirs:
            odd = sorted({label for label, _ in set(ours) ^ set(theirs)})
            named = f"'{odd[0]}' is in one of them alone" if odd else "their order differs"
            raise DataError(
                f"{first.path} and {other.path}: labelled by different codebooks ({named}). Label "
                "both by one codebook, or compare them apart."
            )


def _documents_of(
    folder: LabelledFolder, corpus: str, preferred: Sequence[str]
) -> list[LabelledDocument]:
    by_id: dict[str, list[LabelledVersion]] = {}
    unnamed = _unnamed_tables(folder)
    for version in folder.versions:
        if version.doc_id in unnamed:
            version = replace(version, doc_id=f"{version.doc_id}.{version.language}")
        by_id.setdefault(version.doc_id, []).append(version)
    ranks = {language: rank for rank, language in enumerate(preferred)}
    documents = []
    for doc_id, versions in by_id.items():
        ordered = sorted(versions, key=lambda version: version.language)
        compared = min(ordered, key=lambda version: ranks.get(version.language, len(ranks)))
        documents.append(LabelledDocument(corpus, doc_id, tuple(ordered), compared))
    return documents


def _unnamed_tables(folder: LabelledFolder) -> list[str]:
    """Return the ``doc_id`` of tables whose rows, in several languages, have none of their own.

    Rows that only share a table are no translations of each other.
    """
    return [
        doc_id
        for doc_id, source in folder.mixed_tables.items()
        if doc_id_of_name(Path(source)) == doc_id
    ]


def _by_year(documents: Sequence[LabelledDocument]) -> list[LabelledDocument]:
    """Return the documents with the year of their date as corpus, the first year first.

    Raises:
        DataError: Two folders have the same document, which would then count twice.
    """
    years = []
    for document in documents:
        year = _YEAR.search(document.date)
        years.append(replace(document, corpus=year[0] if year else UNDATED))
    counts = Counter((document.corpus, document.doc_id) for document in years)
    twice = [doc_id for (_, doc_id), count in counts.items() if count > 1]
    if twice:
        raise DataError(
            f"{_some(twice)}: in two labelled folders, and would count twice in a year. Name one "
            "of the folders alone."
        )
    return sorted(years, key=lambda document: (document.corpus == UNDATED, document.corpus))


def _folder_notices(folders: Sequence[LabelledFolder]) -> Iterator[str]:
    if len({folder.model_sha256 for folder in folders}) > 1:
        yield (
            "the folders were labelled by different models: differences between them may be the "
            "models'."
        )
    elif any(not np.array_equal(folder.thresholds, folders[0].thresholds) for folder in folders):
        yield "the folders were labelled with different thresholds."
    for folder in folders:
        yield from folder.notices
        if unnamed := _unnamed_tables(folder):
            yield (
                f"{folder.path}: {_some(unnamed)} has rows in several languages without doc_id, "
                "which are taken for no translations: each language is a document of its own."
            )


def _document_notices(documents: Sequence[LabelledDocument]) -> Iterator[str]:
    languages = Counter(document.compared.language for document in documents)
    if len(languages) > 1:
        counts = ", ".join(f"{language} {count}" for language, count in languages.most_common())
        yield (
            f"documents are compared in different languages ({counts}): differences between them "
            "may be the languages'."
        )
    counts_by_id = Counter(document.doc_id for document in documents)
    twice = [doc_id for doc_id, count in counts_by_id.items() if count > 1]
    if twice:
        yield f"in several corpora, and counted in each: {_some(twice)}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
