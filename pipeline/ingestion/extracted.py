"""What a format's reader hands on: lines in reading order, and what the file says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.ingestion.furniture import Footer
from pipeline.ingestion.lines import Line
from pipeline.records import Remark


@dataclass(frozen=True, slots=True)
class Extracted:
    """A document's lines without page furniture.

    ``pages`` is None where the format has none. ``language``, ``title``, ``date`` (ISO 8601) and
    ``celex`` are what the file's own metadata says, empty where it says nothing.
    """

    lines: tuple[Line, ...]
    footers: tuple[Footer, ...] = ()
    pages: int | None = None
    language: str = ""
    title: str = ""
    date: str = ""
    celex: str = ""
    remarks: tuple[Remark, ...] = ()


Extract = Callable[[bytes, str | None], Extracted]
"""A reader: a file's bytes and its stated language, if any, to lines.

It raises ``DocumentError`` with the code of what is wrong.
"""
