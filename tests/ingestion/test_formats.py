"""One set of contents in every format and look: the same units, kinds, numbers and text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source
from pipeline.records import Document
from pipeline.segmentation.segmenter import segment
from tests.ingestion.rendering import docx, html, pdf, text
from tests.ingestion.rendering.contents import LANGUAGES, Contents, load

LOOKS: dict[str, tuple[str, Callable[[Contents], bytes]]] = {
    "text": ("txt", text.wrapped),
    "text, blank lines": ("txt", lambda contents: text.wrapped(contents, line_end="\n\n", gap="")),
    "text, no blank lines": ("txt", lambda contents: text.wrapped(contents, gap="")),
    "text, unwrapped": ("txt", text.unwrapped),
    "html, EUR-Lex": ("html", html.journal),
    "html, Council": ("xhtml", html.council),
    "docx": ("docx", docx.document),
    "docx, styles": ("docx", lambda contents: docx.document(contents, with_styles=True)),
    "pdf, register": ("pdf", pdf.register),
    "pdf, tight": ("pdf", lambda contents: pdf.register(contents, gap=0, font="Sans", size=10)),
    "pdf, office": ("pdf", pdf.office),
    "pdf, OJ": ("pdf", pdf.journal),
}


def read(tmp_path, contents: Contents, look: str) -> Document:
    suffix, render = LOOKS[look]
    path = tmp_path / f"document.{suffix}"
    return read_document(Source(path, path.name), render(contents), None)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_look_gives_the_same_units(tmp_path, language, look):
    contents = load(language)
    document = read(tmp_path, contents, look)
    found = [(unit.kind, unit.paragraph, unit.text) for unit in segment(document)]
    assert found == contents.units
    assert (document.language, document.date) == (language, contents.date)
    assert document.title == contents.title
    assert document.number == "80001/31"


def test_languages_have_three_alphabets():
    assert {"bg", "el", "ga", "mt"} <= set(LANGUAGES)
    assert len(LANGUAGES) >= 8
