"""Labelled folders as corpora: which are meant, and which of their sentences count."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.codebook import Codebook
from pipeline.config import FrameConfig
from pipeline.errors import DataError, RequestError
from pipeline.records import LabelledDocument, LabelledVersion, Scores
from pipeline.storage.data_package import RUN_FILE
from pipeline.storage.labelled_reader import (
    LabelledFolder,
    corpus_names,
    read_labelled_folder,
)


@dataclass(frozen=True, slots=True)
class Corpora:
    """Labelled folders that can be held side by side: one codebook, one model or a notice."""

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


def open_corpora(config: FrameConfig, advance: Callable[[str, int, int], None]) -> Corpora:
    """Read every labelled folder that is asked for.

    Raises:
        PipelineError: None is found, one cannot be read, or two have different codebooks.
    """
    paths = find_labelled_folders(config.input)
    names = corpus_names(paths)
    folders: list[LabelledFolder] = []
    for number, (path, name) in enumerate(zip(paths, names, strict=True), start=1):
        folders.append(read_labelled_folder(path, config.kinds))
        advance(f"reading {name}", number, len(paths))
    _refuse_other_codebooks(folders)
    documents = tuple(
        document
        for folder, name in zip(folders, names, strict=True)
        for document in _documents_of(folder, name, config.languages)
    )
    if not documents:
        raise DataError(
            f"{', '.join(map(str, paths))}: no document in a language that the model covers."
        )
    return Corpora(tuple(folders), tuple(names), documents, tuple(_notices(folders)))


def find_labelled_folders(given: Sequence[str]) -> list[Path]:
    """Return the labelled folders that are meant, each once, in the given order.

    An entry is a labelled folder, a folder of them, a glob, or several of these with commas or
    spaces between.

    Raises:
        RequestError: An entry leads to no labelled folder.
    """
    found: dict[Path, Path] = {}
    for entry in given:
        parts = [entry] if Path(entry).exists() else entry.replace(",", " ").split()
        for part in parts:
            for folder in _folders_at(part):
                found.setdefault(folder.resolve(), folder)
    return list(found.values())


def _folders_at(entry: str) -> list[Path]:
    matches = [entry] if Path(entry).exists() else sorted(glob.glob(entry))  # noqa: PTH207 - as label
    folders = []
    for path in map(Path, matches):
        if (path / RUN_FILE).exists():
            folders.append(path)
        elif path.is_dir():
            folders += sorted(child for child in path.iterdir() if (child / RUN_FILE).exists())
    if not folders:
        raise RequestError(
            f"{entry}: no labelled folder there (none with a {RUN_FILE}). Run "
            "`label --output FOLDER` first, or check the path."
        )
    return folders


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
    for version in folder.versions:
        by_id.setdefault(version.doc_id, []).append(version)
    ranks = {language: rank for rank, language in enumerate(preferred)}
    documents = []
    for doc_id, versions in by_id.items():
        ordered = sorted(versions, key=lambda version: version.language)
        compared = min(ordered, key=lambda version: ranks.get(version.language, len(ranks)))
        documents.append(LabelledDocument(corpus, doc_id, tuple(ordered), compared))
    return documents


def _notices(folders: Sequence[LabelledFolder]) -> list[str]:
    notices = []
    if len({folder.model_sha256 for folder in folders}) > 1:
        notices.append(
            "the folders were labelled by different models: differences between them may be the "
            "models'."
        )
    elif any(not np.array_equal(folder.thresholds, folders[0].thresholds) for folder in folders):
        notices.append("the folders were labelled with different thresholds.")
    for folder in folders:
        if folder.n_corrected:
            notices.append(
                f"{folder.path}: {folder.n_corrected} labels in sentences.csv are not the model's; "
                "they were corrected by hand and count as they stand."
            )
        if folder.not_covered:
            notices.append(
                f"{folder.path}: left out, because the model does not cover the language: "
                f"{', '.join(folder.not_covered)}."
            )
    return notices
