"""Bad input through the one door that documents come in by: the promised outcome and code.

The numbers are those of the list of faults that the project promises to withstand. Faults of whole
runs (16 to 18) are in ``tests/workflows/test_document_faults.py``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from pipeline.errors import DocumentError
from pipeline.ingestion import pdf as pdf_reader
from pipeline.ingestion.reader import read_content, read_document
from pipeline.ingestion.sources import Source
from pipeline.records import EU_LANGUAGES, Document
from tests.ingestion.rendering import docx, html, pdf, text
from tests.ingestion.rendering.contents import LANGUAGES, load

MAX_MEMORY_BYTES = 512_000_000
MAX_BOMB_S = 10
MAX_NESTED_S = 5
MEASURED = """
import resource, sys
from pipeline.errors import DocumentError
from pipeline.ingestion.pdf import extract_pdf
try:
    extract_pdf(sys.stdin.buffer.read(), None)
except DocumentError as error:
    print(error.code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Run in a small process of its own, for a child counts the memory of the parent that forked it."""


def read(content: bytes, name: str, language: str | None = None) -> Document:
    return read_document(Source(Path(name), name), content, language)


def code_of(content: bytes, name: str) -> str:
    with pytest.raises(DocumentError) as error:
        read(content, name)
    assert error.value.message
    return error.value.code


def pdf_of(*objects: bytes) -> bytes:
    """Return a PDF file of the objects 1, 2, 3 …, the first being its root."""
    content = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj%sendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, table, len(objects) + 1, len(content))
    )


def pdf_page(stream: bytes, settings: bytes = b"") -> bytes:
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        b"<</Length %d%s>>stream\n%s\nendstream " % (len(stream), settings, stream),
    )


def english_pdf() -> bytes:
    return pdf.register(load("en"))


def with_passwords(user: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(english_pdf()))
    writer.encrypt(user, "owner", algorithm="RC4-128")
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def with_document_part(xml: bytes) -> bytes:
    """Return the English Word document with another main part."""
    buffer = BytesIO()
    original = zipfile.ZipFile(BytesIO(docx.document(load("en"))))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in original.namelist():
            archive.writestr(name, xml if name == "word/document.xml" else original.read(name))
    return buffer.getvalue()


def test_01_pdf_that_inflates_to_a_gigabyte_is_refused_in_little_time_and_memory():
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(bytes(10_000_000)) for _ in range(100)) + packer.flush()
    content = pdf_page(zlib.compress(once, 9), b"/Filter[/FlateDecode/FlateDecode]")
    assert len(content) < 10_000
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], input=content, capture_output=True, check=True
    )
    code, memory_kilobytes = done.stdout.split()
    assert code == b"LIMIT"
    assert int(memory_kilobytes) * 1024 < MAX_MEMORY_BYTES
    assert time.monotonic() - start < MAX_BOMB_S


def test_02_pdf_of_fifty_thousand_pages_is_refused():
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 50_003))
    pages = [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"] * 50_000
    content = pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count 50000>>" % kids,
        *pages,
    )
    assert code_of(content, "long.pdf") == "TOO_MANY_PAGES"


def test_03_password_of_the_user_is_asked_for_that_of_the_owner_is_not():
    assert code_of(with_passwords("secret"), "locked.pdf") == "ENCRYPTED"
    assert read(with_passwords(""), "open.pdf").text == read(english_pdf(), "plain.pdf").text


@pytest.mark.parametrize(
    "content",
    [english_pdf()[:5_000], b"", b"<!DOCTYPE html><html><body><p>Not found</p></body></html>"],
    ids=["truncated", "empty", "web page"],
)
def test_04_what_is_no_whole_pdf_is_refused(content):
    assert code_of(content, "report.pdf") == "BAD_FORMAT"


def test_05_scanned_pdf_is_no_success():
    assert code_of(pdf_page(b"50 50 400 600 re f"), "scan.pdf") == "NO_TEXT"


def test_06_reader_of_pdf_that_crashes_or_hangs_is_ended_and_the_next_one_works(
    tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        (tmp_path / "broken_child.py").write_text("import time; time.sleep(60)")
        patch.setattr(pdf_reader, "ROOT", tmp_path)
        patch.setattr(pdf_reader, "CHILD", "broken_child")
        patch.setattr(pdf_reader, "MAX_WALL_S", 0.5)
        assert code_of(english_pdf(), "hangs.pdf") == "PARSER_CRASH"
        (tmp_path / "broken_child.py").write_text("import os; os.abort()")
        patch.setattr(pdf_reader, "MAX_WALL_S", 30)
        assert code_of(english_pdf(), "crashes.pdf") == "PARSER_CRASH"
    assert read(english_pdf(), "good.pdf").blocks


def test_07_hyphens_at_line_ends_are_joined_or_kept_and_offsets_stay_true():
    printed = (
        "1. De Raad veroordeelt geweld en gewelddadig extremisme, zoals bedoeld in het VN-\n"
        "Handvest, en roept alle lidstaten en hun partners op om elke vorm van geweld-\n"
        "dadig extremisme te bestrijden, ook in de havens.\n"
    )
    document = read(printed.encode(), "raad_nl.txt")
    assert "VN-Handvest" in document.text
    assert document.text.count("gewelddadig extremisme") == 2
    [block] = document.blocks
    assert document.text[block.start : block.end] == document.text


def test_08_docx_bombs_are_refused():
    entities = b"".join(
        b'<!ENTITY e%d "%s">' % (level, b"&e%d;" % (level - 1) * 10 if level else b"ha" * 10)
        for level in range(9)
    )
    bomb = b"<!DOCTYPE d [%s]><d>&e8;</d>" % entities
    assert code_of(with_document_part(bomb), "entities.docx") == "BAD_XML"
    assert code_of(with_document_part(b"<d>" + b" " * 300_000_000), "zip.docx") == "LIMIT"


@pytest.mark.parametrize("address", ["file://{path}", "http://127.0.0.1:{port}/x"])
def test_09_external_entity_of_docx_is_neither_read_nor_fetched(tmp_path, address, unused_port):
    server, port = unused_port
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret")
    url = address.format(path=secret, port=port)
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{url}">]><d>&x;</d>'
    assert code_of(with_document_part(entity.encode()), "leak.docx") == "BAD_XML"
    with pytest.raises(BlockingIOError):
        server.accept()


@pytest.fixture
def unused_port():
    """A socket that would notice a connection."""

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server, server.getsockname()[1]


def test_10_automatic_numbers_are_in_insertions_too_deletions_are_not():
    contents = load("en")
    document = read(docx.document(contents), "tracked.docx")
    assert [block.paragraph for block in document.blocks if block.kind == "sentence"][:2] == [
        "1",
        "2",
    ]
    package = zipfile.ZipFile(BytesIO(docx.document(contents)))
    xml = (
        package.read("word/document.xml")
        .decode()
        .replace(
            "The Council will return",
            "The Council </w:t></w:r><w:del><w:r><w:delText>may</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t>shall</w:t></w:r></w:ins><w:r><w:t xml:space='preserve'> return",
        )
    )
    changed = read(with_document_part(xml.encode()), "tracked.docx")
    assert "The Council shall return to these conclusions in 2033." in changed.text


def test_11_html_of_hundred_thousand_nested_tags_is_refused_soon():
    content = b"<html><body>" + b"<div>" * 100_000 + b"The Council acts." + b"</div>" * 100_000
    start = time.monotonic()
    assert code_of(content, "deep.html") == "LIMIT"
    assert time.monotonic() - start < MAX_NESTED_S


@pytest.mark.parametrize("name", ["line.txt", "line.html"])
def test_12_line_of_thirty_megabytes_is_refused_not_cut(name):
    assert code_of(b"The Council acts. " * 1_700_000, name) == "LIMIT"


def test_13_characters_that_no_text_should_hold_are_cleaned_and_counted():
    printed = "1. The Council\0 acts\ufffe in the ports of the Union.\u20282. It will report.\u0085"
    document = read(printed.encode() + b"\n", "council_en.txt")
    assert document.text == "The Council acts in the ports of the Union.\nIt will report."
    [remark] = document.remarks
    assert remark.code == "CLEANED"
    assert remark.message.startswith("2 ")
    document.text.encode("utf-8")


def test_13_lone_surrogates_are_cleaned_in_utf16():
    content = "1. The Council acts.".encode("utf-16") + b"\x00\xd8" + "\n".encode("utf-16-le")
    try:
        assert "The Council acts." in read(content, "council_en.txt").text
    except DocumentError as error:
        assert error.code == "BAD_FORMAT"  # noqa: PT017 - either outcome is a promise kept


CODE_PAGES = {
    **dict.fromkeys(EU_LANGUAGES, "cp1252"),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    **{"bg": "cp1251", "el": "cp1253", "mt": "iso8859_3"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_14_old_code_pages_are_read_and_flagged(language):
    printed = text.unwrapped(load(language)).decode("utf-8-sig")
    code_page = CODE_PAGES[language]
    kept = printed.encode(code_page, "ignore").decode(code_page)
    document = read(printed.encode(code_page, "ignore"), f"council_{language}.txt")
    assert "ENCODING_UNCERTAIN" in [remark.code for remark in document.remarks]
    assert document.text == read(kept.encode(), f"council_{language}.txt").text


def test_15_other_language_than_declared_is_flagged_not_relabelled():
    document = read(text.unwrapped(load("fr")), "council_nl.txt")
    assert document.language == "nl"
    assert "LANGUAGE_CONFLICT" in [remark.code for remark in document.remarks]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (html.journal(load("en")), "copy.pdf"),
        (english_pdf(), "copy.docx"),
        (docx.document(load("en")), "copy.html"),
        (docx.document(load("en")), "copy.txt"),
        (english_pdf(), "copy.html"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_documents_by_another_name_are_refused(content, name):
    assert code_of(content, name) == "BAD_FORMAT"


def test_file_that_cannot_be_opened_says_so(tmp_path):
    missing = tmp_path / "gone.pdf"
    with pytest.raises(DocumentError) as error:
        read_content(Source(missing, missing.name))
    assert error.value.code == "UNREADABLE"


def test_sparse_file_of_a_gigabyte_is_refused_unread(tmp_path):
    path = tmp_path / "huge.pdf"
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), 1_000_000_000)
    with pytest.raises(DocumentError) as error:
        read_content(Source(path, path.name))
    assert error.value.code == "LIMIT"
