"""PDF documents: what becomes of columns, footers, footnotes and hyphens; hostile files.

The documents are drawn here, with reportlab and the DejaVu fonts that come with matplotlib.
"""

from __future__ import annotations

import zlib
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pipeline.errors import DocumentError
from pipeline.ingestion import pdf
from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.extracted import Extracted
from pipeline.ingestion.layout import parse_layout
from pipeline.ingestion.pdf import extract_pdf

FONTS = Path(matplotlib.get_data_path(), "fonts", "ttf")
for name in ("Serif", "Serif-Bold", "Sans", "Sans-Bold"):
    pdfmetrics.registerFont(TTFont(name, FONTS / f"DejaVu{name}.ttf"))

WIDTH, HEIGHT = 595, 842


class Sheet:
    """Draws text where it is told to, like the programs that make PDF files."""

    def __init__(self, font: str = "Serif", size: float = 12, **about: str) -> None:
        self._buffer = BytesIO()
        self.canvas = Canvas(
            self._buffer, pagesize=(WIDTH, HEIGHT), lang=about.get("language"), invariant=True
        )
        self.canvas.setTitle(about.get("title", "untitled"))
        self.font, self.size = font, size

    def text(self, x: float, y: float, text: str, size: float = 0, font: str = "") -> float:
        """Draw text and return where it ends; ``^1^`` is a raised mark."""
        size, font = size or self.size, font or self.font
        for index, part in enumerate(text.split("^")):
            is_mark = index % 2 == 1
            self.canvas.setFont(font, size * (0.6 if is_mark else 1))
            self.canvas.drawString(x, y + (0.35 * size if is_mark else 0), part)
            x += pdfmetrics.stringWidth(part, font, size * (0.6 if is_mark else 1))
        return x

    def justified(self, x: float, y: float, text: str, width: float, **style) -> None:
        """Draw a line word by word so that it fills the width."""
        words = text.split()
        font, size = style.get("font", self.font), style.get("size", self.size)
        room = width - sum(pdfmetrics.stringWidth(word, font, size) for word in words)
        for word in words:
            end = self.text(x, y, word, size, font)
            x = end + room / max(len(words) - 1, 1)

    def page(self) -> None:
        self.canvas.showPage()

    def pdf(self) -> bytes:
        self.canvas.save()
        return self._buffer.getvalue()


def wrap(text: str, width: float, font: str = "Serif", size: float = 12) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pdfmetrics.stringWidth(longer, font, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def texts(extracted: Extracted, role: str | None = None) -> list[str]:
    return [line.text for line in extracted.lines if line.role == role]


def blocks(extracted: Extracted, language: str = "en") -> list[tuple[str, str, str]]:
    layout = parse_layout(extracted.lines, load_council_words(), language)
    return [
        (block.kind, block.paragraph, layout.text[block.start : block.end])
        for block in layout.blocks
    ]


PORTS = (
    "The Council of the Union recalls that ports are the gates of trade and that criminal networks "
    "look for weak points in them, as the ministers said at their meeting in spring^1^, and calls "
    "for a common answer by all who work there.",
    "It underlines that customs, police and the operators of terminals depend on each other's "
    "reports, and that a report which comes late helps nobody.",
    "It invites the agencies to set up a shared picture of risks by the end of 2031^2^, with due "
    "regard to the rules on personal data and to the means of smaller ports.",
    "It asks the Member States to train the staff of port authorities, to check those who handle "
    "seals and codes, and to tell their neighbours what they learn.",
)
NOTES = (
    ("1", "Statement of the ministers of 12 May 2030, document 70001/30."),
    (
        "2",
        "See the programme of the agencies, which the boards adopted in the autumn of 2029 and "
        "which they will look at again.",
    ),
)


@cache
def draw_council(font: str = "Serif", *, word_by_word: bool = False) -> bytes:
    """The look of the Council's register: hanging numbers, wide lines, two-line footers."""
    sheet = Sheet(font, title="Conclusions on safer ports", language="en-GB")
    left, width = 71, 453
    sheet.text(230, 760, "Conclusions on safer ports", font=f"{font}-Bold")
    y = 720
    number = 0
    for page in (1, 2, 3):
        if page > 1:
            sheet.page()
            y = 770
        sheet.text(left, y, f"Part {'ABC'[page - 1]} of the text", font=f"{font}-Bold")
        y -= 30
        for paragraph in PORTS:
            number += 1
            marked = paragraph if page == 1 else paragraph.replace("^1^", "").replace("^2^", "")
            marked = marked.replace(" ports", (" ports", " river ports", " quays")[page - 1])
            sheet.text(left, y, f"{number}.")
            lines = wrap(marked, width - 28, font)
            for index, line in enumerate(lines):
                if word_by_word and index < len(lines) - 1:
                    sheet.justified(left + 28, y, line, width - 28)
                else:
                    sheet.text(left + 28, y, line)
                y -= 18
            y -= 12
        if page == 1:
            sheet.canvas.line(left, 150, left + 140, 150)
            y_note = 138
            for mark, note in NOTES:
                sheet.text(left, y_note, f"^{mark}^", size=10)
                for line in wrap(note, width - 28, font, 10):
                    sheet.text(left + 28, y_note, line, size=10)
                    y_note -= 12
        sheet.text(left, 60, "80001/31")
        sheet.text(300, 60, "ab/CD/ef")
        sheet.text(510, 60, str(page))
        sheet.text(left, 46, "ANNEX")
        sheet.text(300, 46, "JAI.1")
        sheet.text(505, 42, "EN", size=20, font=f"{font}-Bold")
    return sheet.pdf()


COLUMNS = (
    "HAVING REGARD to the work of earlier years, in which the Union set out what it wants from its ports and from those who use them;",
    "RECALLING that the Member States have asked for rules which small ports can follow as well as large ones, and for help with their cost;",
    "NOTING that a threat which is driven out of one port will look for the next, so that all must act together and at the same time;",
    "STRESSING that the freedom of trade and the safety of those who work at night on the quays go hand in hand (^1^) and need each other;",
    "INVITES the Commission to report on all of this, to name what has been done and by whom, and to say what remains to be done.",
)


@cache
def draw_journal(font: str = "Sans", size: float = 8.5) -> bytes:
    """The look of the Official Journal: two columns, running heads that change sides."""
    sheet = Sheet(font, size, language="en")
    lefts, width = (45, 304), 245
    for page in (1, 2, 3, 4):
        if page > 1:
            sheet.page()
        ends = [f"C 100/{page}", "4.6.2031"]
        first, last = ends if page % 2 else ends[::-1]
        sheet.text(45, 800, first)
        sheet.text(60 + 45, 800, "EN")
        sheet.text(200, 800, "Official Journal of the European Union")
        sheet.text(500, 800, last)
        y = 770
        if page == 1:
            sheet.text(
                110,
                760,
                "COUNCIL CONCLUSIONS of 3 June 2031 on the safety of ports in all seasons",
                font=f"{font}-Bold",
            )
            y = 730
        for column, left in enumerate(lefts):
            y_row = y
            for paragraph in COLUMNS:
                text = f"{paragraph[:-1]} ({page}{'ab'[column]}){paragraph[-1]}"
                lines = wrap(
                    text.replace("(^1^)", "(^1^)" if (page, column) == (1, 0) else ""),
                    width,
                    font,
                    size,
                )
                for index, line in enumerate(lines):
                    if index < len(lines) - 1 and "^" not in line:
                        sheet.justified(left, y_row, line, width)
                    else:
                        sheet.text(left, y_row, line)
                    y_row -= 10
                y_row -= 6
        if page == 1:
            sheet.text(45, 70, "(^1^)", size=7)
            sheet.text(62, 70, "OJ C 90, 1.2.2030, p. 3.", size=7)
    return sheet.pdf()


def draw_note(font: str = "Sans") -> bytes:
    """The look of a press page: no numbers, bullets, bold headings, large type, few lines."""
    sheet = Sheet(font, 11)
    y = 780
    for heading, paragraphs in (
        ("Safer ports: the Council adopts conclusions", (PORTS[1], PORTS[3])),
        ("Next steps", ("The Council will come back to this in the spring.",)),
        ("Money", (PORTS[2].replace("^2^", ""),)),
    ):
        sheet.text(60, y, heading, font="Sans-Bold", size=14)
        y -= 26
        for paragraph in paragraphs:
            for line in wrap(paragraph, 470, font, 11):
                sheet.text(60, y, line)
                y -= 14
            y -= 8
        for item in ("ports of the north;", "ports of the south."):
            sheet.text(70, y, "•")
            sheet.text(84, y, item)
            y -= 14
        y -= 12
    sheet.text(300, 40, "1")
    return sheet.pdf()


@pytest.mark.parametrize("word_by_word", [False, True], ids=["whole lines", "word by word"])
def test_register_look_gives_titles_headings_numbers_and_footnotes(word_by_word):
    extracted = extract_pdf(draw_council(word_by_word=word_by_word), None)
    found = blocks(extracted)
    assert [kind for kind, _, _ in found[:8]] == [
        *("title", "heading", "sentence", "footnote"),  # each after the paragraph of its mark
        *("sentence", "sentence", "footnote", "sentence"),
    ]
    numbers = [number for kind, number, _ in found if kind == "sentence"]
    assert numbers == [str(number) for number in range(1, 13)]
    paragraphs = [text for kind, _, text in found if kind == "sentence"]
    assert paragraphs[:4] == [text.replace("^1^", "").replace("^2^", "") for text in PORTS]


def test_footnotes_are_lines_of_their_own_without_marks():
    notes = [line for line in extract_pdf(draw_council(), None).lines if line.role == "footnote"]
    assert [(line.gap, line.page) for line in notes] == [(1, 1), (1, 1), (0, 1)]
    assert notes[0].text == NOTES[0][1]
    assert f"{notes[1].text} {notes[2].text}" == NOTES[1][1]


def test_footers_are_taken_off_and_handed_on():
    extracted = extract_pdf(draw_council(), None)
    assert {(footer.number, footer.year, footer.language) for footer in extracted.footers} == {
        (80001, 2031, "en")
    }
    assert not any("80001" in text or "JAI" in text for text in texts(extracted))


def test_pages_are_kept():
    extracted = extract_pdf(draw_council(), None)
    assert extracted.pages == 3
    assert [line.text for line in extracted.lines if line.begins_page] == [
        "Conclusions on safer ports",
        "Part B of the text",
        "Part C of the text",
    ]
    assert [line.page for line in extracted.lines if line.begins_page] == [1, 2, 3]


def test_two_columns_are_read_one_after_the_other():
    paragraphs = [
        text for kind, _, text in blocks(extract_pdf(draw_journal(), None)) if kind == "sentence"
    ]
    expected = [
        f"{text[:-1].replace(' (^1^)', '')} ({page}{column}){text[-1]}"
        for page in (1, 2, 3, 4)
        for column in "ab"
        for text in COLUMNS
    ]
    assert paragraphs == expected


def test_running_heads_that_change_sides_are_taken_off():
    found = "\n".join(line.text for line in extract_pdf(draw_journal(), None).lines)
    assert "Official Journal" not in found
    assert "C 100" not in found


def test_footnote_mark_in_brackets_goes_with_them():
    extracted = extract_pdf(draw_journal(), None)
    assert texts(extracted, "footnote") == ["OJ C 90, 1.2.2030, p. 3."]
    assert "go hand in hand and need" in " ".join(texts(extracted))


def test_press_look_gives_headings_paragraphs_and_list_items():
    assert [
        (kind, text.split()[0]) for kind, _, text in blocks(extract_pdf(draw_note(), None))
    ] == [
        *(("title", "Safer"), ("sentence", "It"), ("sentence", "It")),
        *(("sentence", "•"), ("sentence", "•")),
        *(("heading", "Next"), ("sentence", "The"), ("sentence", "•"), ("sentence", "•")),
        *(("heading", "Money"), ("sentence", "It"), ("sentence", "•"), ("sentence", "•")),
    ]


def draw_lines(*lines: str, font: str = "Serif", leading: float = 16, **about: str) -> bytes:
    sheet = Sheet(font, **about)
    for index, line in enumerate(lines):
        sheet.text(70, 760 - leading * index, line)
    return sheet.pdf()


def test_hyphens_at_line_ends_stay_for_the_joiner():
    extracted = extract_pdf(
        draw_lines(
            "De Raad herinnert aan de beginselen van het VN-",
            "Handvest en veroordeelt het gebruik van elk geweld-",
            "dadig middel, naast EU- en FATF-regels en EU-instru-",
            "menten voor de \ufb01nanciële sector.",
        ),
        "nl",
    )
    assert texts(extracted) == [
        "De Raad herinnert aan de beginselen van het VN-",
        "Handvest en veroordeelt het gebruik van elk geweld-",
        "dadig middel, naast EU- en FATF-regels en EU-instru-",
        "menten voor de financiële sector.",
    ]
    [(_, _, text)] = blocks(extracted, "nl")
    assert "het VN-Handvest" in text
    assert "elk gewelddadig middel" in text
    assert "EU-instrumenten" in text


def test_soft_hyphens_that_are_printed_are_hyphens():
    extracted = extract_pdf(draw_lines("най\u00adдобрите практики на съ\u00ad", "юза"), "bg")
    assert texts(extracted) == ["най-добрите практики на съ-", "юза"]


@pytest.mark.parametrize(
    "text",
    [
        "Το Συμβούλιο υπογραμμίζει ότι η Ευρωπαϊκή Ένωση θα ενεργήσει.",
        "Съветът подчертава, че Европейският съюз ще действа най-категорично.",
        "Il-Kunsill jenfasizza li l-Unjoni Ewropea għandha taġixxi b’ħaqq.",
        "Rada zdůrazňuje, že příští řešení je úkolem všech; ţară, śćieżka, ŗ, ő.",
    ],
    ids=["el", "bg", "mt", "cs"],
)
def test_scripts_and_accents_are_kept(text):
    assert texts(extract_pdf(draw_lines(text), None)) == [text]


@pytest.mark.parametrize(
    ("drawn", "read"),
    [
        ("an area of 5 km^2^ in all", "an area of 5 km² in all"),
        ("some 10^6^ seals", "some 10⁶ seals"),
        ("the plan^7^, which", "the plan, which"),
        ("the plan ^7^ which", "the plan which"),
        ("the plan (^7^); it", "the plan; it"),
    ],
)
def test_raised_numbers_are_footnote_marks_but_for_powers(drawn, read):
    assert texts(extract_pdf(draw_lines(drawn), None)) == [read]


def test_footnote_that_runs_over_a_page_stays_one():
    sheet = Sheet()
    for page in (1, 2):
        for index in range(12):
            sheet.text(70, 760 - 16 * index, f"Row {page}.{index} of a text that goes on and^1^ on")
        if page == 1:
            sheet.text(70, 90, "^1^ A long note that begins on one page", size=9)
            sheet.page()
    sheet.text(70, 90, "and ends on the other.", size=9)
    lines = extract_pdf(sheet.pdf(), None).lines
    notes = [(index, line.gap, line.text) for index, line in enumerate(lines) if line.role]
    assert notes == [
        (12, 1, "A long note that begins on one page"),
        (13, 0, "and ends on the other."),
    ]


def test_headings_that_count_on_are_not_running_heads():
    sheet = Sheet()
    for page in (1, 2, 3):
        sheet.text(250, 780, f"Article {page}", font="Serif-Bold")
        sheet.text(70, 740, f"What the {['first', 'second', 'third'][page - 1]} article says.")
        sheet.text(290, 40, f"{page}")
        sheet.page()
    assert texts(extract_pdf(sheet.pdf(), None), "heading") == [f"Article {n}" for n in (1, 2, 3)]


def test_first_word_annex_of_a_running_head_is_kept():
    sheet = Sheet()
    for page in (1, 2, 3):
        sheet.text(500, 800, "ANNEX")
        sheet.text(70, 740, f"What the {['first', 'second', 'third'][page - 1]} page says.")
        sheet.page()
    assert texts(extract_pdf(sheet.pdf(), None)).count("ANNEX") == 1


def test_label_and_value_stay_on_one_line():
    sheet = Sheet()
    for index, (label, value) in enumerate(
        [("From:", "General Secretariat"), ("To:", "Delegations"), ("Subject:", "Ports")] * 3
    ):
        sheet.text(70, 700 - 20 * index, label)
        sheet.text(280, 700 - 20 * index, value)
    assert texts(extract_pdf(sheet.pdf(), None))[:2] == [
        "From: General Secretariat",
        "To: Delegations",
    ]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_pages_on_their_side_are_read(turn):
    reader = pypdf.PdfReader(BytesIO(draw_lines("The first line of the page", "and the second.")))
    writer = pypdf.PdfWriter()
    writer.add_page(reader.pages[0].rotate(turn))
    turned = Sheet()
    turned.canvas.translate(300, 400)
    turned.canvas.rotate(turn)
    turned.text(0, 16, "The first line of the page")
    turned.text(0, 0, "and the second.")
    for content in (written(writer), turned.pdf()):
        assert texts(extract_pdf(content, None)) == [
            "The first line of the page",
            "and the second.",
        ]


def test_watermarks_are_left_out():
    sheet = Sheet()
    sheet.text(70, 500, "The text of the page.")
    sheet.canvas.translate(200, 300)
    sheet.canvas.rotate(45)
    sheet.text(0, 0, "DRAFT", size=80)
    assert texts(extract_pdf(sheet.pdf(), None)) == ["The text of the page."]


ENGLISH = "The Council of the European Union underlines the importance of ports on 24 May 2031."


@pytest.mark.parametrize(
    ("stated", "found"), [("en-GB", "en"), ("nl-NL", ""), ("tlh", ""), ("", "")]
)
def test_stated_language_counts_where_the_text_reads_like_it(stated, found):
    assert extract_pdf(draw_lines(ENGLISH, language=stated), None).language == found


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("Conclusions on safer ports", "Conclusions on safer ports"),
        ("untitled", ""),
        ("Microsoft Word - conclusions on ports", ""),
        ("st 10179 2022.docx", ""),
        ("anonymous", ""),
    ],
)
def test_titles_that_programs_write_are_ignored(stated, found):
    assert extract_pdf(draw_lines(ENGLISH, title=stated), None).title == found


@pytest.mark.parametrize(("made", "date"), [("20310524120000", "2031-05-24"), ("20310701", "")])
def test_day_of_making_counts_where_the_text_names_it(made, date):
    writer = pypdf.PdfWriter(clone_from=BytesIO(draw_lines(ENGLISH)))
    writer.add_metadata({"/CreationDate": f"D:{made}"})
    assert extract_pdf(written(writer), None).date == date


def written(writer: pypdf.PdfWriter) -> bytes:
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def one_page(stream: bytes, filters: bytes = b"", extra: bytes = b"") -> bytes:
    """A PDF written by hand, its page's content being the stream."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F "
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(stream), filters, stream),
    ]
    return from_objects(objects)


def from_objects(objects: list[bytes]) -> bytes:
    content = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(content))
    )


def bomb() -> bytes:
    """Two kilobytes that unpack to a gigabyte."""
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(b" " * 10_000_000) for _ in range(100)) + packer.flush()
    return one_page(zlib.compress(once, 9), b"/Filter[/FlateDecode/FlateDecode]")


def many_pages() -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, 50_003))
    return from_objects(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[%s]/Count 50000>>" % kids,
            *[b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"] * 50_000,
        ]
    )


def page_loop() -> bytes:
    return from_objects(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1>>",
        ]
    )


def locked(user_password: str, algorithm: str = "RC4-128") -> bytes:
    writer = pypdf.PdfWriter(clone_from=BytesIO(draw_lines(ENGLISH)))
    writer.encrypt(user_password, "owner", algorithm=algorithm)
    return written(writer)


def scan() -> bytes:
    sheet = Sheet()
    sheet.canvas.rect(50, 50, 400, 600, fill=1)
    return sheet.pdf()


def damaged_stream() -> bytes:
    stream = bytearray(
        zlib.compress(b"BT/F 12 Tf 50 700 Td(Text of a page that is long)Tj ET " * 99)
    )
    stream[len(stream) // 2] ^= 0xFF
    return one_page(bytes(stream), b"/Filter/FlateDecode")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (bomb, "LIMIT"),
        (many_pages, "TOO_MANY_PAGES"),
        (lambda: locked("secret"), "ENCRYPTED"),
        (lambda: draw_lines(ENGLISH)[:-400], "BAD_FORMAT"),
        (lambda: draw_council()[: len(draw_council()) // 2], "BAD_FORMAT"),
        (lambda: b"", "BAD_FORMAT"),
        (lambda: b"<!DOCTYPE html><html><body>Not found</body></html>", "BAD_FORMAT"),
        (lambda: b"%PDF-1.7\n%%EOF", "BAD_FORMAT"),
        (page_loop, "BAD_FORMAT"),
        (damaged_stream, "BAD_FORMAT"),
        (scan, "NO_TEXT"),
        (lambda: draw_lines("80001/31 ab/cd 1"), "NO_TEXT"),
    ],
    ids=[
        *("bomb", "50,000 pages", "password", "truncated", "half", "empty", "web page"),
        *("no pages", "page loop", "damaged stream", "scan", "only a footer"),
    ],
)
def test_what_cannot_be_read_fails_with_its_code(make, code):
    with pytest.raises(DocumentError) as error:
        extract_pdf(make(), None)
    assert error.value.code == code
    assert error.value.message.endswith(".")


def test_owners_password_does_not_keep_readers_out():
    assert texts(extract_pdf(locked(""), None)) == [ENGLISH]


def test_child_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(pdf, "MAX_WALL_S", 0.01)
    with pytest.raises(DocumentError, match=r"did not end within 0\.01 seconds") as error:
        extract_pdf(draw_lines(ENGLISH), None)
    assert error.value.code == "PARSER_CRASH"


@pytest.mark.parametrize(
    ("child", "message"),
    [
        ("import os; os.abort()", "was ended by SIGABRT"),
        ("raise MemoryError", "ended with MemoryError"),
    ],
)
def test_child_that_crashes_is_reported(tmp_path, monkeypatch, child, message):
    (tmp_path / "crashing_child.py").write_text(child)
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    monkeypatch.setattr(pdf, "CHILD", "crashing_child")
    with pytest.raises(DocumentError, match=message) as error:
        extract_pdf(draw_lines(ENGLISH), None)
    assert error.value.code == "PARSER_CRASH"


def test_pages_that_are_pictures_are_reported(tmp_path):
    sheet = Sheet()
    sheet.text(70, 700, ENGLISH)
    sheet.page()
    picture = tmp_path / "picture.ppm"
    picture.write_bytes(b"P6 2 2 255 " + bytes(12))
    sheet.canvas.drawImage(picture, 50, 50, 400, 600)
    [remark] = extract_pdf(sheet.pdf(), None).remarks
    assert remark.code == "INCOMPLETE"
    assert "page 2" in remark.message


good = draw_lines(*wrap(ENGLISH * 3, 450))


def read_or_refuse(content: bytes) -> None:
    """Lines with text, or a refusal with a code, and nothing else."""
    try:
        extracted = extract_pdf(content, None)
    except DocumentError:
        return
    assert extracted.lines
    assert all(line.text.strip() for line in extracted.lines)


few_examples = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@few_examples
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(content):
    for start in (b"", b"%PDF-1.7\n"):
        with pytest.raises(DocumentError):
            extract_pdf(start + content + b"\n%%EOF", None)


@few_examples
@given(st.integers(0, len(good) - 10))
def test_truncated_documents_are_refused(length):
    with pytest.raises(DocumentError) as error:
        extract_pdf(good[:length], None)
    assert error.value.code == "BAD_FORMAT"


@few_examples
@given(
    st.lists(st.tuples(st.integers(0, len(good) - 1), st.integers(0, 7)), min_size=1, max_size=9)
)
def test_flipped_bits_are_read_or_refused(flips):
    content = bytearray(good)
    for position, bit in flips:
        content[position] ^= 1 << bit
    read_or_refuse(bytes(content))
