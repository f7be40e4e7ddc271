"""DOCX: what of a Word document is text, and what becomes of files that are none.

The documents are made here, part by part; a paragraph is ``p("text")``, a run ``r("text")``.
"""

import re
import tracemalloc
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DocumentError
from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.docx import extract_docx
from pipeline.ingestion.furniture import Footer
from pipeline.ingestion.layout import parse_layout

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def r(text: str = "", properties: str = "", content: str = "") -> str:
    text = f'<w:t xml:space="preserve">{text}</w:t>' if text else ""
    return f"<w:r><w:rPr>{properties}</w:rPr>{text}{content}</w:r>"


def p(text: str = "", content: str = "", style: str = "", properties: str = "") -> str:
    style = f'<w:pStyle w:val="{style}"/>' if style else ""
    run = r(text) if text else ""
    return f"<w:p><w:pPr>{style}{properties}</w:pPr>{run}{content}</w:p>"


def numbered(text: str, num: int = 1, level: int = 0, content: str = "") -> str:
    return p(text, content, properties=num_pr(num, level))


def num_pr(num: int, level: int | None = 0) -> str:
    ilvl = "" if level is None else f'<w:ilvl w:val="{level}"/>'
    return f'<w:numPr>{ilvl}<w:numId w:val="{num}"/></w:numPr>'


def table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc><w:tcPr/>{cell}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl><w:tblPr/>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def level(number: int, number_format: str, text: str, more: str = "", start: int = 1) -> str:
    return (
        f'<w:lvl w:ilvl="{number}"><w:start w:val="{start}"/><w:numFmt w:val="{number_format}"/>'
        f'{more}<w:lvlText w:val="{text}"/></w:lvl>'
    )


def abstract(number: int, *levels: str, more: str = "") -> str:
    return f'<w:abstractNum w:abstractNumId="{number}">{more}{"".join(levels)}</w:abstractNum>'


def num(number: int, abstract_number: int, more: str = "") -> str:
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{abstract_number}"/>{more}</w:num>'


def style(style_id: str, name: str = "", base: str = "", more: str = "", attributes: str = ""):
    based_on = f'<w:basedOn w:val="{base}"/>' if base else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{style_id}" {attributes}>'
        f'<w:name w:val="{name or style_id}"/>{based_on}{more}</w:style>'
    )


def root(name: str, content: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} {NAMESPACES}>{content}</w:{name}>'


def relationships(**targets: str) -> str:
    entries = "".join(
        f'<Relationship Id="r{index}" Type="{OFFICE}/{kind.rstrip("0123456789")}" Target="{target}"/>'
        for index, (kind, target) in enumerate(targets.items())
    )
    return f'<Relationships xmlns="{PACKAGE}">{entries}</Relationships>'


def archive(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for path, part in parts.items():
            file.writestr(path, part)
    return buffer.getvalue()


def docx(body: str, **parts: str | bytes) -> bytes:
    """A document; ``numbering``, ``styles``, ``footnotes`` … are the contents of those parts."""
    files: dict[str, str | bytes] = {
        "word/document.xml": root("document", f"<w:body>{body}</w:body>")
    }
    for kind, content in parts.items():
        if "/" in kind or isinstance(content, bytes):
            files[kind] = content
        else:
            files[f"word/{kind}.xml"] = root("ftr" if kind.startswith("footer") else kind, content)
    if any(kind.startswith("footer") for kind in parts):
        footers = {kind: f"{kind}.xml" for kind in parts if kind.startswith("footer")}
        files["word/_rels/document.xml.rels"] = relationships(**footers)
    return archive(files)


def texts(body: str, **parts: str | bytes) -> list[str]:
    return [line.text for line in extract_docx(docx(body, **parts), None).lines]


def roles(body: str, **parts: str | bytes) -> list[tuple[str | None, str]]:
    return [(line.role, line.text) for line in extract_docx(docx(body, **parts), None).lines]


def code_of(content: bytes) -> str:
    with pytest.raises(DocumentError) as error:
        extract_docx(content, None)
    assert error.value.message.endswith((".", ")"))
    return error.value.code


# Runs


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (r("The ") + r("Council"), "The Council"),
        (r("1.", content="<w:tab/>") + r("The Council"), "1. The Council"),
        (r("counter", content="<w:noBreakHyphen/>") + r("terrorism"), "counter-terrorism"),
        (r("coun", content="<w:softHyphen/>") + r("cil"), "council"),
        (r("coun\u00adcil"), "council"),
        (r("cafe\u0301"), "café"),
        (r("EU\u00a0–\u2003Africa"), "EU – Africa"),
        (r("of the", content="<w:br/>") + r("Union"), "of the Union"),
        (r("of the", content="<w:cr/>") + r("Union"), "of the Union"),
        (r("of the\u2028Union"), "of the Union"),
        (r(content='<w:sym w:font="Symbol" w:char="F061"/>') + r(" and b"), "α and b"),
        (r(content='<w:sym w:font="Symbol" w:char="F0B7"/>') + r(" item"), "• item"),
        (r(content='<w:sym w:font="Wingdings" w:char="00A7"/>') + r(" item"), "▪ item"),
        (r(content='<w:sym w:font="Arial" w:char="20AC"/>') + r("5"), "€5"),
        (r(content='<w:sym w:font="Arial" w:char="0041"/>') + r("5"), "A5"),
        ("<m:oMath><m:r><m:t>x=1</m:t></m:r></m:oMath>", "x=1"),
        ("<w:hyperlink>" + r("link") + "</w:hyperlink>", "link"),
        ("<w:smartTag>" + r("tag") + "</w:smartTag>", "tag"),
        ("<w:sdt><w:sdtPr/><w:sdtContent>" + r("control") + "</w:sdtContent></w:sdt>", "control"),
        ("<w:ins>" + r("in") + "</w:ins><w:del>" + r("out") + "</w:del>", "in"),
        ("<w:moveTo>" + r("to") + "</w:moveTo><w:moveFrom>" + r("from") + "</w:moveFrom>", "to"),
        ("<w:ins>" + r("in") + "<w:del>" + r("out") + "</w:del></w:ins>", "in"),
        (r("in") + "<w:del><w:r><w:delText>out</w:delText></w:r></w:del>", "in"),
        (r("shown") + r("hidden", "<w:vanish/>"), "shown"),
        (r("shown", '<w:vanish w:val="0"/>'), "shown"),
        (
            "<w:ruby><w:rt>"
            + r("above")
            + "</w:rt><w:rubyBase>"
            + r("base")
            + "</w:rubyBase></w:ruby>",
            "base",
        ),
    ],
)
def test_what_a_paragraph_prints(content, text):
    assert texts(p(content=content)) == [text]


def test_prompt_of_an_empty_content_control_is_no_text():
    prompt = (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>"
        + r("Click here.")
        + "</w:sdtContent></w:sdt>"
    )
    assert texts(p("The Council", prompt)) == ["The Council"]


def test_hidden_by_a_style():
    hidden = style("Hidden", more="<w:rPr><w:vanish/></w:rPr>")
    body = (
        p("Seen.") + p("Hidden.", style="Hidden") + p(content=r("x", '<w:rStyle w:val="Hidden"/>'))
    )
    assert texts(body, styles=hidden) == ["Seen."]


def complex_field(instruction: str, result: str) -> str:
    def mark(kind: str) -> str:
        return r(content=f'<w:fldChar w:fldCharType="{kind}"/>')

    code = r(content=f"<w:instrText>{instruction}</w:instrText>")
    return mark("begin") + code + mark("separate") + result + mark("end")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (complex_field(" REF x ", r("paragraph 5")), "see paragraph 5"),
        (complex_field(" NOTEREF x ", r("3")), "see"),
        (complex_field("NOTE</w:instrText><w:instrText>REF x", r("3")), "see"),
        (complex_field("PAGE", ""), "see 1"),
        (complex_field("IF " + complex_field("PAGE", r("9")), r("yes")), "see yes"),
        ('<w:fldSimple w:instr="REF x">' + r("it") + "</w:fldSimple>", "see it"),
        ('<w:fldSimple w:instr="NOTEREF x">' + r("3") + "</w:fldSimple>", "see"),
        (r(content='<w:fldChar w:fldCharType="end"/>') + r("it"), "see it"),
    ],
)
def test_fields_print_their_result(content, text):
    assert texts(p("see ", content)) == [text]


def test_field_without_an_end_hides_no_more_than_its_paragraph():
    broken = r(content='<w:fldChar w:fldCharType="begin"/>')
    assert texts(p("One.", broken) + p("Two.")) == ["One.", "Two."]


@pytest.mark.parametrize(
    "box",
    [
        "<mc:AlternateContent><mc:Choice><wps:txbx><w:txbxContent>{}</w:txbxContent></wps:txbx></mc:Choice>"
        "<mc:Fallback><w:pict><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent>",
        "<w:pict><v:textbox><w:txbxContent>{}</w:txbxContent></v:textbox></w:pict>",
        "<mc:AlternateContent><mc:Fallback><w:pict><w:txbxContent>{}</w:txbxContent></w:pict>"
        "</mc:Fallback></mc:AlternateContent>",
    ],
)
def test_text_box_is_read_once_after_its_paragraph(box):
    box = box.replace("{}", p("In the box."))
    assert texts(p("Beside it.", r(content=box)) + p("Below.")) == [
        "Beside it.",
        "In the box.",
        "Below.",
    ]


# Paragraphs


def test_page_break_divides_a_paragraph():
    body = p(content=r("Text.", content='<w:br w:type="page"/>') + r("ANNEX"))
    assert texts(body) == ["Text.", "ANNEX"]


def test_breaks_before_list_items_divide_a_paragraph():
    items = r("calls for", content="<w:br/>") + r("– ports;", content="<w:br/>") + r("– borders.")
    assert texts(p(content=items)) == ["calls for", "– ports;", "– borders."]


def test_break_before_a_day_does_not_divide_a_paragraph():
    body = p(content=r("on", content="<w:br/>") + r("20. Juni"))
    assert texts(body) == ["on 20. Juni"]


@pytest.mark.parametrize("mark", ["<w:del/>", "<w:moveFrom/>", "<w:vanish/><w:specVanish/>"])
def test_paragraph_without_a_printed_end_runs_on(mark):
    body = p("The Council ", properties=f"<w:rPr>{mark}</w:rPr>") + p("agrees.") + p("Next.")
    assert texts(body) == ["The Council agrees.", "Next."]


def test_deleted_numbered_paragraph_is_not_counted():
    deleted = p(
        content="<w:del>" + r("Gone.") + "</w:del>",
        properties=num_pr(1) + "<w:rPr><w:del/></w:rPr>",
    )
    assert texts(numbered("One.") + deleted + numbered("Two."), numbering=DECIMAL) == [
        "1. One.",
        "2. Two.",
    ]


def test_table_of_contents_is_left_out():
    styles = style("Inhopg1", "toc 1") + style("Kop1", "heading 1")
    body = p("Inleiding 3", style="Inhopg1") + p("Inleiding", style="Kop1")
    assert texts(body, styles=styles) == ["Inleiding"]


def test_block_content_control_and_insertion_are_read():
    body = (
        "<w:sdt><w:sdtContent>" + p("One.") + "</w:sdtContent></w:sdt>"
        "<w:customXml>" + p("Two.") + "</w:customXml><w:ins>" + p("Three.") + "</w:ins>"
    )
    assert texts(body) == ["One.", "Two.", "Three."]


# Tables


def test_cover_rows_are_lines_of_label_and_value():
    body = table(
        (p("From:"), p("General Secretariat")),
        (p("No. prev. doc.:"), p("80000/31")),
        (p("Subject:"), p("Ports") + p("- Council conclusions")),
    )
    assert texts(body) == [
        "From: General Secretariat",
        "No. prev. doc.: 80000/31",
        "Subject: Ports",
        "- Council conclusions",
    ]


@pytest.mark.parametrize("mark", ["1.", "12.", "(a)", "iv)", "–", "•", "2.1."])
def test_row_of_mark_and_text_is_one_line(mark):
    body = table((p(mark), p("The Council agrees.") + p("It acts.")))
    assert texts(body) == [f"{mark} The Council agrees.", "It acts."]


def test_row_whose_first_cell_is_an_automatic_number():
    body = table((numbered(""), p("One.")), (numbered(""), p("Two.")))
    assert texts(body, numbering=DECIMAL) == ["1. One.", "2. Two."]


def test_other_tables_are_read_row_by_row():
    body = (
        p("Before.")
        + table((p("A1"), p("B1"), p("")), (p("A2"), table((p("C1"), p("C2")))))
        + p("After.")
    )
    assert texts(body) == ["Before.", "A1", "B1", "A2", "C1", "C2", "After."]


def test_deleted_row_is_out():
    rows = table((p("Kept."),)) + table((p("Gone."),)).replace(
        "<w:tr>", "<w:tr><w:trPr><w:del/></w:trPr>"
    )
    assert texts(rows) == ["Kept."]


# Numbering

DECIMAL = abstract(1, level(0, "decimal", "%1."), level(1, "lowerLetter", "(%2)")) + num(1, 1)


@pytest.mark.parametrize(
    ("number_format", "text", "printed"),
    [
        ("decimal", "%1.", ["1.", "2.", "3.", "4."]),
        ("decimal", "§ %1", ["§ 1", "§ 2", "§ 3", "§ 4"]),
        ("lowerLetter", "(%1)", ["(a)", "(b)", "(c)", "(d)"]),
        ("upperLetter", "%1.", ["A.", "B.", "C.", "D."]),
        ("lowerRoman", "%1)", ["i)", "ii)", "iii)", "iv)"]),
        ("upperRoman", "%1.", ["I.", "II.", "III.", "IV."]),
        ("decimalZero", "%1.", ["01.", "02.", "03.", "04."]),
        ("russianLower", "%1)", ["а)", "б)", "в)", "г)"]),
        ("bullet", "–", ["–"] * 4),
        ("bullet", "\uf0b7", ["•"] * 4),
        ("bullet", "\uf02d", ["–"] * 4),
        ("bullet", "o", ["•"] * 4),
        ("none", "", [""] * 4),
    ],
)
def test_number_formats(number_format, text, printed):
    numbering = abstract(1, level(0, number_format, text)) + num(1, 1)
    found = texts(numbered("The Council.") * 4, numbering=numbering)
    assert found == [f"{number} The Council.".strip() for number in printed]


def test_newer_number_format_falls_back_on_the_plain_one():
    newer = (
        '<mc:AlternateContent><mc:Choice><w:numFmt w:val="custom" w:format="001"/></mc:Choice>'
        '<mc:Fallback><w:numFmt w:val="upperRoman"/></mc:Fallback></mc:AlternateContent>'
    )
    plain = '<w:numFmt w:val="decimal"/>'
    numbering = abstract(1, level(0, "decimal", "%1.").replace(plain, newer)) + num(1, 1)
    assert texts(numbered("x."), numbering=numbering) == ["I. x."]


def test_letters_after_z_are_repeated():
    numbering = abstract(1, level(0, "lowerLetter", "%1)", start=26)) + num(1, 1)
    assert texts(numbered("x.") * 3, numbering=numbering) == ["z) x.", "aa) x.", "bb) x."]


def test_lower_levels_begin_again_under_each_number():
    body = numbered("A.") + numbered("b.", level=1) * 2 + numbered("C.") + numbered("d.", level=1)
    assert texts(body, numbering=DECIMAL) == ["1. A.", "(a) b.", "(b) b.", "2. C.", "(a) d."]


@pytest.mark.parametrize(
    ("restart", "printed"),
    [("", "(a)"), ('<w:lvlRestart w:val="0"/>', "(b)"), ('<w:lvlRestart w:val="1"/>', "(a)")],
)
def test_level_restart(restart, printed):
    numbering = abstract(
        1, level(0, "decimal", "%1."), level(1, "lowerLetter", "(%2)", restart)
    ) + num(1, 1)
    body = (numbered("A.") + numbered("b.", level=1)) * 2
    assert texts(body, numbering=numbering)[-1] == f"{printed} b."


def test_numbers_of_several_levels():
    levels = level(0, "upperRoman", "%1."), level(1, "decimal", "%1.%2.")
    legal = level(2, "decimal", "%1.%2.%3", "<w:isLgl/>")
    body = numbered("A.") + numbered("b.", level=1) + numbered("c.", level=2)
    numbering = abstract(1, *levels, legal) + num(1, 1)
    assert texts(body, numbering=numbering) == ["I. A.", "I.1. b.", "1.1.1 c."]


def test_lists_of_one_kind_count_on_and_an_override_begins_again():
    override = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{}"/></w:lvlOverride>'
    numbering = DECIMAL + num(2, 1) + num(3, 1, override.format(1)) + num(4, 1, override.format(7))
    body = "".join(numbered("x.", num=number) for number in (1, 2, 3, 3, 4, 1))
    found = [text.split()[0] for text in texts(body, numbering=numbering)]
    assert found == ["1.", "2.", "1.", "2.", "7.", "8."]


def test_override_may_change_the_level():
    override = f'<w:lvlOverride w:ilvl="0">{level(0, "upperRoman", "%1)")}</w:lvlOverride>'
    assert texts(numbered("x.", num=2), numbering=DECIMAL + num(2, 1, override)) == ["I) x."]


def test_numbers_go_on_after_text_between():
    body = numbered("One.") + p("Between.") + numbered("") + numbered("Three.")
    assert texts(body, numbering=DECIMAL) == ["1. One.", "Between.", "3. Three."]


def test_number_from_a_style_and_its_base():
    styles = (
        style("Point", more=f"<w:pPr>{num_pr(1, None)}</w:pPr>")
        + style("Special", base="Point")
        + style("Letter", more=f"<w:pPr>{num_pr(1, None)}</w:pPr>")
    )
    linked = level(1, "lowerLetter", "(%2)", '<w:pStyle w:val="Letter"/>')
    numbering = abstract(1, level(0, "decimal", "%1."), linked) + num(1, 1)
    body = p("A.", style="Point") + p("b.", style="Letter") + p("C.", style="Special")
    assert texts(body, styles=styles, numbering=numbering) == ["1. A.", "(a) b.", "2. C."]


def test_number_of_a_style_is_switched_off():
    styles = style("Point", more=f"<w:pPr>{num_pr(1)}</w:pPr>")
    body = p("One.", style="Point") + p("None.", style="Point", properties=num_pr(0))
    assert texts(body, styles=styles, numbering=DECIMAL) == ["1. One.", "None."]


def test_list_that_names_a_list_style():
    styles = style("List", more=f"<w:pPr>{num_pr(1)}</w:pPr>")
    link = abstract(2, more='<w:numStyleLink w:val="List"/>') + num(2, 2)
    assert texts(numbered("x.", num=2), styles=styles, numbering=DECIMAL + link) == ["1. x."]


def test_former_numbering_of_a_tracked_change_does_not_count():
    change = f"<w:pPrChange><w:pPr>{num_pr(1)}</w:pPr></w:pPrChange>"
    assert texts(p("Plain.", properties=change), numbering=DECIMAL) == ["Plain."]


def test_unknown_list_gives_no_number():
    assert texts(numbered("x.", num=9) + numbered("y.", level=7), numbering=DECIMAL) == ["x.", "y."]


# Footnotes, headings, footers, properties

FOOTNOTES = (
    '<w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
    + '<w:footnote w:id="2">'
    + p(content=r(content="<w:footnoteRef/>") + r(" See document 80000/31."))
    + "</w:footnote>"
)
REFERENCE = r(content='<w:footnoteReference w:id="2"/>')


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("The report", r(" is late."), "The report is late."),
        ("The report ", r("."), "The report."),
        ("The report (", r(") is late."), "The report is late."),
        ("The report", r(",") + REFERENCE + r(" is late."), "The report is late."),
    ],
)
def test_footnote_follows_its_paragraph_without_marks(before, after, text):
    body = p(before, REFERENCE + after) + p("Next.")
    assert roles(body, footnotes=FOOTNOTES) == [
        (None, text),
        ("footnote", "See document 80000/31."),
        (None, "Next."),
    ]


def test_own_mark_of_a_footnote_is_removed():
    starred = r(content='<w:footnoteReference w:customMarkFollows="1" w:id="2"/><w:t>*</w:t>')
    assert texts(p("The report", starred + r(" is late.")), footnotes=FOOTNOTES) == [
        "The report is late.",
        "See document 80000/31.",
    ]


def test_endnotes_are_footnotes_and_deleted_references_count_for_nothing():
    endnotes = '<w:endnote w:id="2">' + p("At the end.") + "</w:endnote>"
    reference = r(content='<w:endnoteReference w:id="2"/>')
    body = p("Text", reference + "<w:del>" + REFERENCE + "</w:del>")
    assert roles(body, footnotes=FOOTNOTES, endnotes=endnotes) == [
        (None, "Text"),
        ("footnote", "At the end."),
    ]


@pytest.mark.parametrize(
    ("style_id", "name", "role"),
    [
        ("Heading1", "heading 1", "heading"),
        ("Kop2", "heading 2", "heading"),
        ("berschrift1", "Überschrift 1", "heading"),
        ("1", "Επικεφαλίδα 1", "heading"),
        ("Titre", "Titre", "title"),
        ("Titre1", "Titre 1", "heading"),
        ("a3", "Title", "title"),
        ("Heading", "Heading", None),
        ("Normal", "Normal", None),
    ],
)
def test_heading_styles(style_id, name, role):
    body = p("Maritime security", style=style_id)
    assert roles(body, styles=style(style_id, name)) == [(role, "Maritime security")]


@pytest.mark.parametrize("style_id", ["Heading1", "Kop1", "berschrift2", "Titre3", "Cmsor1"])
def test_heading_style_is_known_by_its_id_alone(style_id):
    assert roles(p("Ports", style=style_id)) == [("heading", "Ports")]


def test_heading_by_outline_level_of_style_base_or_paragraph():
    styles = style("Base", more='<w:pPr><w:outlineLvl w:val="0"/></w:pPr>') + style(
        "Sub", base="Base"
    )
    own = '<w:outlineLvl w:val="{}"/>'
    body = (
        p("By base", style="Sub")
        + p("By itself", properties=own.format(1))
        + p("Body text.", style="Sub", properties=own.format(9))
    )
    assert [role for role, _ in roles(body, styles=styles)] == ["heading", "heading", None]


def test_numbered_sentence_in_a_heading_style_is_no_heading():
    styles = style("Heading1", "heading 1", more=f"<w:pPr>{num_pr(1)}</w:pPr>")
    body = p("Ports", style="Heading1") + p("The Council agrees.", style="Heading1")
    assert roles(body, styles=styles, numbering=DECIMAL) == [
        ("heading", "1. Ports"),
        (None, "2. The Council agrees."),
    ]


PAGE = complex_field("PAGE", "")


def test_footers_are_no_text_but_tell_the_document():
    footer = table(
        (p("80001/31"), p(""), p("ab/cd"), p(content=PAGE)),
        (p(""), p("JAI.1"), p("LIMITE"), p("EN")),
    )
    plain = p("80001/31 REV 1\tab/cd\t", PAGE)
    extracted = extract_docx(docx(p("The Council."), footer1=footer, footer2=plain), None)
    assert [line.text for line in extracted.lines] == ["The Council."]
    assert extracted.footers == (
        Footer(80001, 2031, (), "en"),
        Footer(80001, 2031, ("REV 1",), ""),
    )


def test_furniture_in_the_body_is_taken_off():
    body = p("The Council.") + p("__________") + p("LIMITE") + p("80001/31 ab/cd 2 JAI.1 EN")
    extracted = extract_docx(docx(body), None)
    assert [line.text for line in extracted.lines] == ["The Council."]
    assert extracted.footers == (Footer(80001, 2031, (), "en"),)


def language_style(code: str) -> str:
    return f'<w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="{code}"/></w:rPr></w:rPrDefault></w:docDefaults>'


@pytest.mark.parametrize(
    ("code", "text", "language"),
    [
        ("nl-NL", "De Raad.", "nl"),
        ("nl-NL", "De Raad benadrukt dat havens voor iedereen veilig moeten zijn.", "nl"),
        ("en-US", "De Raad benadrukt dat havens voor iedereen veilig moeten zijn.", ""),
        ("no-NO", "De Raad.", ""),
    ],
)
def test_proofing_language_counts_unless_the_text_says_otherwise(code, text, language):
    assert extract_docx(docx(p(text), styles=language_style(code)), None).language == language


def core(title: str = "", created: str = "") -> bytes:
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
        f"<dc:title>{title}</dc:title><dcterms:created>{created}</dcterms:created></cp:coreProperties>"
    ).encode()


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Council conclusions on ports", "Council conclusions on ports"),
        ("Microsoft Word - st80001 en 31", ""),
        ("Document1", ""),
        ("notes on the ports.docx", ""),
        ("", ""),
    ],
)
def test_title_of_the_properties(stated, title):
    content = docx(p("The Council."), **{"docProps/core.xml": core(stated)})
    assert extract_docx(content, None).title == title


@pytest.mark.parametrize(
    ("created", "date"), [("2031-06-04T10:00:00Z", "2031-06-04"), ("2013-12-23T23:15:00Z", "")]
)
def test_date_of_the_properties_counts_only_if_the_text_names_it(created, date):
    body = p("Brussels, 4 June 2031") + p("The Council agrees.")
    content = docx(body, **{"docProps/core.xml": core(created=created)})
    assert extract_docx(content, "en").date == date


def test_picture_characters_are_removed_and_counted():
    extracted = extract_docx(docx(p("\uf0e8 The Council.")), None)
    assert [line.text for line in extracted.lines] == ["The Council."]
    assert [remark.code for remark in extracted.remarks] == ["CLEANED"]


def test_embedded_documents_are_reported():
    extracted = extract_docx(docx(p("The Council.") + "<w:altChunk/>"), None)
    assert [remark.code for remark in extracted.remarks] == ["INCOMPLETE"]


def test_parts_are_found_by_their_relationships_and_strict_documents_are_read():
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    content = archive(
        {
            "_rels/.rels": relationships(officeDocument="/word/document2.xml"),
            "word/document2.xml": root("document", f"<w:body>{numbered('One.')}</w:body>").replace(
                W, strict
            ),
            "word/_rels/document2.xml.rels": relationships(numbering="lists/numbering2.xml"),
            "word/lists/numbering2.xml": root("numbering", DECIMAL).replace(W, strict),
        }
    )
    assert [line.text for line in extract_docx(content, None).lines] == ["1. One."]


def test_layout_of_a_whole_document():
    styles = style("Normal", attributes='w:default="1"') + style("Heading1", "heading 1")
    body = (
        p("Council of the European Union")
        + table((p("From:"), p("General Secretariat")), (p("To:"), p("Delegations")))
        + p(content=r(content='<w:br w:type="page"/>') + r("ANNEX"))
        + p("Council conclusions on ports")
        + p("Introduction", style="Heading1")
        + numbered("The Council recalls its work.")
        + numbered("It calls for:")
        + numbered("better ports;", level=1)
        + numbered("safer ships.", level=1)
        + numbered("It will return to this.")
    )
    lines = extract_docx(docx(body, styles=styles, numbering=DECIMAL), None).lines
    layout = parse_layout(lines, load_council_words(), "en")
    found = [(b.kind, b.paragraph, layout.text[b.start : b.end]) for b in layout.blocks]
    assert found == [
        ("cover", "", "Council of the European Union"),
        ("cover", "", "From: General Secretariat"),
        ("cover", "", "To: Delegations"),
        ("cover", "", "ANNEX"),
        ("title", "", "Council conclusions on ports"),
        ("heading", "", "Introduction"),
        ("sentence", "1", "The Council recalls its work."),
        ("sentence", "2", "It calls for:"),
        ("sentence", "2", "(a) better ports;"),
        ("sentence", "2", "(b) safer ships."),
        ("sentence", "3", "It will return to this."),
    ]


# Files that are no documents, and attacks

LAUGHS = "".join(
    f'<!ENTITY l{level} "{f"&l{level - 1};" * 10 if level else "ha"}">' for level in range(10)
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b"<html><body>not Word</body></html>", "BAD_FORMAT"),
        (b"%PDF-1.7", "BAD_FORMAT"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "BAD_FORMAT"),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "ENCRYPTED"),
        (archive({"content.xml": "<a/>"}), "BAD_FORMAT"),
        (archive({"word/document.xml": "<a/>"}), "BAD_FORMAT"),
        (archive({"word/document.xml": "<a>"}), "BAD_XML"),
        (archive({"word/document.xml": ""}), "BAD_XML"),
        (
            archive({"word/document.xml": root("document", "<w:body/>")}, zipfile.ZIP_BZIP2),
            "BAD_FORMAT",
        ),
        (docx(p("x"), styles=b"ignored")[:-40], "BAD_FORMAT"),
        (docx(p("One."), numbering="<w:num>"), "BAD_XML"),
        (docx(""), "NO_TEXT"),
        (docx(p() + p(content=r(content="<w:drawing/>"))), "NO_TEXT"),
        (docx(p("\u00ad\u200b")), "NO_TEXT"),
        (docx("<w:sdt>" * 260 + "</w:sdt>" * 260), "LIMIT"),
        (docx(p("x" * 10_100_000)), "LIMIT"),
    ],
)
def test_what_is_no_document_fails_with_its_code(content, code):
    assert code_of(content) == code


@pytest.mark.parametrize("place", ["<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>", '<w:p w:id="&l9;"/>'])
def test_entity_bomb_is_refused(place):
    bomb = root("document", f"<w:body>{place}</w:body>").replace(
        "?>", f"?><!DOCTYPE d [{LAUGHS}]>", 1
    )
    assert code_of(archive({"word/document.xml": bomb})) == "BAD_XML"


@pytest.mark.parametrize("address", ["file://{}", "http://127.0.0.1:9/x"])
def test_external_entity_is_not_read(tmp_path, address):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    entity = f'?><!DOCTYPE d [<!ENTITY x SYSTEM "{address.format(secret)}">]>'
    document = root("document", f"<w:body>{p('&x; text')}</w:body>").replace("?>", entity, 1)
    with pytest.raises(DocumentError) as error:
        extract_docx(archive({"word/document.xml": document}), None)
    assert error.value.code == "BAD_XML"
    assert "secret" not in error.value.message.replace(str(tmp_path), "")


def test_zip_bomb_is_refused_by_its_headers():
    bomb = archive({"word/document.xml": bytes(300_000_000)})
    tracemalloc.start()
    assert code_of(bomb) == "LIMIT"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_zip_bomb_that_lies_about_its_size_is_unpacked_no_further():
    bomb = archive({"word/document.xml": bytes(150_000_000)})
    lying = bomb.replace((150_000_000).to_bytes(4, "little"), (20_000).to_bytes(4, "little"))
    tracemalloc.start()
    assert code_of(lying) == "BAD_FORMAT"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({f"word/media/{index}": "" for index in range(5_001)}, "too many files"),
        ({"word/document.xml": "<w:p/>" * 1_000_001}, "tags"),
        ({"word/document.xml": " " * 20_000_001}, "20 MB of XML"),
    ],
    ids=["members", "tags", "size"],
)
def test_limits(parts, reason):
    with pytest.raises(DocumentError, match=reason) as error:
        extract_docx(archive(parts, zipfile.ZIP_STORED), None)
    assert error.value.code == "LIMIT"


def test_ratio_is_limited():
    with pytest.raises(DocumentError, match="times its size") as error:
        extract_docx(archive({"word/document.xml": " " * 2_000_000}), None)
    assert error.value.code == "LIMIT"


def test_protected_zip_member_is_encrypted():
    content = bytearray(docx(p("x")))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(content)) == "ENCRYPTED"


def test_styles_based_on_each_other_and_notes_that_cite_themselves_end():
    styles = style("A", base="B") + style("B", base="A")
    footnotes = FOOTNOTES.replace("<w:footnoteRef/>", '<w:footnoteReference w:id="2"/>')
    assert len(texts(p("Text", REFERENCE * 3, style="A"), styles=styles, footnotes=footnotes)) == 2


@pytest.mark.parametrize(
    "around",
    [
        "<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>",
        "<w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>",
        "<w:p><w:r><w:txbxContent>{}</w:txbxContent></w:r></w:p>",
        "<mc:AlternateContent><mc:Choice>{}</mc:Choice></mc:AlternateContent>",
    ],
)
def test_deep_nesting_is_read(around):
    deep = p("Deep.")
    for _ in range(240 // around.count("</")):
        deep = around.format(deep)
    assert texts(deep) == ["Deep."]


SAMPLE = docx(
    p("Introduction", style="Heading1")
    + numbered("The Council agrees.", content=REFERENCE)
    + table((p("From:"), p("Delegations"))),
    styles=style("Heading1", "heading 1"),
    numbering=DECIMAL,
    footnotes=FOOTNOTES,
    footer1=p("80001/31 ab/cd 1 EN"),
)
SAMPLE_PARTS = {
    name: zipfile.ZipFile(BytesIO(SAMPLE)).read(name)
    for name in zipfile.ZipFile(BytesIO(SAMPLE)).namelist()
}
STORED = archive(SAMPLE_PARTS, zipfile.ZIP_STORED)


def assert_lines_or_error(content: bytes) -> None:
    try:
        lines = extract_docx(content, "en").lines
    except DocumentError:
        return
    assert lines
    assert all(line.text.encode().strip() for line in lines)


@settings(max_examples=300, deadline=2_000)
@given(st.binary(max_size=300))
def test_random_bytes_fail_as_documents(content):
    assert_lines_or_error(content)
    assert_lines_or_error(b"PK\x03\x04" + content)
    assert_lines_or_error(SAMPLE + content)


@settings(max_examples=300, deadline=2_000)
@given(st.sampled_from([SAMPLE, STORED]), st.data())
def test_damaged_documents_give_lines_or_an_error(content, data):
    end = data.draw(st.integers(0, len(content)))
    assert_lines_or_error(content[:end])
    flipped = bytearray(content)
    for place in data.draw(st.lists(st.integers(0, len(content) * 8 - 1), min_size=1, max_size=6)):
        flipped[place // 8] ^= 1 << place % 8
    assert_lines_or_error(bytes(flipped))


@settings(max_examples=300, deadline=2_000)
@given(st.sampled_from(sorted(SAMPLE_PARTS)), st.data())
def test_parts_with_changed_bytes_give_lines_or_an_error(name, data):
    part = bytearray(SAMPLE_PARTS[name])
    for place in data.draw(st.lists(st.integers(0, len(part) - 1), min_size=1, max_size=3)):
        part[place] = data.draw(st.integers(0, 255))
    assert_lines_or_error(archive({**SAMPLE_PARTS, name: bytes(part)}))


XML_PIECES = st.sampled_from(
    [
        *("<w:p>", "</w:p>", "<w:r>", "</w:r>", "<w:t>text</w:t>", "<w:tbl>", "</w:tbl>", "<w:tr>"),
        *(
            "</w:tr>",
            "<w:tc>",
            "</w:tc>",
            "<w:br/>",
            "<w:sdt/>",
            '<w:fldChar w:fldCharType="begin"/>',
        ),
        *('<w:fldChar w:fldCharType="end"/>', "<w:sym/>", '<w:sym w:char="D800"/>', "<w:pPr/>"),
        *(num_pr(1), '<w:lvl w:ilvl="٣"/>', '<w:numId w:val="²"/>', '<w:sym w:char="0000"/>'),
        *(
            "<w:del>",
            "</w:del>",
            "<mc:AlternateContent/>",
            "<w:instrText/>",
            "<w:footnoteReference/>",
        ),
    ]
)


@settings(max_examples=300, deadline=2_000)
@given(st.lists(XML_PIECES, max_size=25))
def test_any_arrangement_of_elements_gives_lines_or_an_error(pieces):
    body = "".join(pieces)
    assert_lines_or_error(docx(body, numbering=DECIMAL))
    loose = re.sub(r"<(/?)w:(p|r|tbl|tr|tc|del)>", "<w:p/>", body)
    assert_lines_or_error(docx(f"<w:p><w:r>{loose}<w:t>end</w:t></w:r></w:p>", numbering=loose))
