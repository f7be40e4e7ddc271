"""The contents of ``tests/resources/council``: what is rendered, and the units to expect of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[2] / "resources" / "council"
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))

NUMBER = "80001/31"
CODES = ("COTER 52", "COPS 205")
MARK = re.compile(r"\^(\d+)\^")

Unit = tuple[str, str, str]
"""Kind, paragraph number and text."""


@dataclass(frozen=True)
class Piece:
    """A printed paragraph; ``^1^`` in its sentences is a footnote's mark.

    ``role`` is one of annex, title, heading, paragraph, unnumbered, item, and new list, which
    stands before numbers that begin anew.
    """

    role: str
    sentences: tuple[str, ...]
    number: str = ""
    mark: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    @property
    def printed(self) -> str:
        """The text with its number or mark before it."""
        before = f"{self.number}." if self.role == "paragraph" else self.mark
        return f"{before} {self.text}".strip()

    @property
    def note_marks(self) -> list[str]:
        return MARK.findall(self.text)


@dataclass(frozen=True)
class Contents:
    """What is printed; without ``council`` the cover is its sentence alone."""

    language: str
    transmission: str
    pieces: tuple[Piece, ...]
    notes: dict[str, str] = field(default_factory=dict)
    council: tuple[str, ...] = ()
    place: str = ""
    type: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    date: str = ""

    @property
    def head(self) -> tuple[str, ...]:
        """The lines of the cover above its table, the institution on two of them."""
        if not self.council:
            return ()
        return (*self.council, self.place, f"(OR. {self.language})", NUMBER, *CODES, self.type)

    @property
    def title(self) -> str:
        return next(piece.text for piece in self.pieces if piece.role == "title")

    @property
    def units(self) -> list[Unit]:
        head = (" ".join(self.council), *self.head[2:]) if self.council else ()
        fields = (f"{label} {value}" for label, value in self.fields)
        units = [("cover", "", text) for text in (*head, *fields, self.transmission)]
        number = ""
        for piece in self.pieces:
            kind = {"annex": "cover", "title": "title", "heading": "heading"}.get(piece.role)
            number = "" if kind or piece.role == "new list" else piece.number or number
            texts = [MARK.sub("", text) for text in piece.sentences]
            texts[0] = f"{piece.mark} {texts[0]}".strip()
            units.extend((kind or "sentence", number, text) for text in texts)
            units.extend(("footnote", number, self.notes[mark]) for mark in piece.note_marks)
        return units


@cache
def load(language: str) -> Contents:
    stated = yaml.safe_load((FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    cover = stated["cover"]
    return Contents(
        language=language,
        council=tuple(cover["council"]),
        place=cover["place"],
        type=cover["type"],
        fields=tuple((label, str(value)) for label, value in cover["fields"]),
        transmission=cover["transmission"],
        date=str(cover["date"]),
        pieces=tuple(_pieces(stated["body"])),
        notes=stated["notes"],
    )


def _pieces(body: list[dict]) -> list[Piece]:
    pieces: list[Piece] = []
    number = 0
    for entry in body:
        for role in ("annex", "title", "heading"):
            if role in entry:
                pieces.append(Piece(role, (entry[role],)))
                number = 0 if role == "annex" else number
        if "paragraph" in entry:
            number += 1
            pieces.append(Piece("paragraph", tuple(entry["paragraph"]), str(number)))
        if "unnumbered" in entry:
            pieces.append(Piece("unnumbered", tuple(entry["unnumbered"])))
        for mark, text in entry.get("items", ()):
            pieces.append(Piece("item", (text,), mark=mark))
    return pieces
