"""HTML pages: EUR-Lex's tables, lists, footnotes, sites around the text, and hostile input."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DocumentError
from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.html import extract_html
from pipeline.ingestion.layout import parse_layout

RUNNING_HEAD = (
    '<table><tr><td><p class="{0}hd-date">30.6.2031</p></td><td><p class="{0}hd-lg">EN</p></td>'
    '<td><p class="{0}hd-ti">Official Journal of the European Union</p></td>'
    '<td><p class="{0}hd-oj">C 248/97</p></td></tr></table><hr class="{0}separator"/>'
)
OJ_BODY = """
<p class="{0}doc-ti">Council conclusions on the security of ports</p>
<p class="{0}doc-ti">and of undersea cables</p>
<p class="{0}doc-ti">(2031/C 248/09)</p>
<p class="{0}ti-grseq-1">Introduction</p>
<table><tr><td valign="top"><p class="{0}normal">1.</p></td><td>
  <p class="{0}normal">The Council recalls its position&nbsp;<a id="ntc1-C" href="#ntr1-C">(<span
  class="{0}super">1</span>)</a>, and calls for:</p>
  <table><tr><td><p class="{0}normal">(a)</p></td><td><p class="{0}normal">faster reporting on:</p>
    <table><tr><td><p class="{0}normal">—</p></td><td><p class="{0}normal">ports;</p></td></tr></table>
  </td></tr></table>
  <table><tr><td><p class="{0}normal">(b)</p></td><td><p class="{0}normal">training.</p></td></tr></table>
  <p class="{0}normal">It will return to this.</p>
</td></tr></table>
<table><tr><td><p class="{0}normal">2.</p></td><td><p class="{0}normal">The Council notes the plan
  (<span class="{0}super">2</span>).</p></td></tr></table>
<p class="{0}note"><a id="ntr1-C" href="#ntc1-C">(<span class="{0}super">1</span>)</a>&nbsp;&nbsp;OJ C 1, p. 1.</p>
<p class="{0}note">It was corrected later.</p>
<p class="{0}note">( 2 ) Document 80001/31.</p>
"""
OJ_LINES = [
    ("title", "Council conclusions on the security of ports and of undersea cables"),
    ("heading", "Introduction"),
    (None, "1. The Council recalls its position, and calls for:"),
    (None, "(a) faster reporting on:"),
    (None, "— ports;"),
    (None, "(b) training."),
    (None, "It will return to this."),
    (None, "2. The Council notes the plan."),
    ("footnote", "OJ C 1, p. 1."),
    ("footnote", "It was corrected later."),
    ("footnote", "Document 80001/31."),
]
DUTCH = "De Raad benadrukt dat de lidstaten en de Commissie nauw moeten samenwerken in alle zeegebieden van de Unie en daarbuiten."
GREEK = "Το Συμβούλιο υπογραμμίζει την ανάγκη να αντιμετωπιστεί ο βίαιος εξτρεμισμός σε όλα τα κράτη μέλη της Ένωσης, στα λιμάνια και στα σύνορα."


def page(body: str, head: str = "", attributes: str = "") -> bytes:
    return (
        f"<!DOCTYPE html><html {attributes}><head>{head}</head><body>{body}</body></html>".encode()
    )


def lines(body: str) -> list[tuple[str | None, str]]:
    return [(line.role, line.text) for line in extract_html(page(body), None).lines]


def texts(body: str) -> list[str]:
    return [text for _, text in lines(body)]


def codes(extracted) -> list[str]:
    return [remark.code for remark in extracted.remarks]


@pytest.mark.parametrize("prefix", ["", "oj-"], ids=["old look", "new look"])
def test_official_journal_page(prefix):
    assert lines((RUNNING_HEAD + OJ_BODY).format(prefix)) == OJ_LINES


def test_official_journal_page_has_the_council_layout():
    extracted = extract_html(page((RUNNING_HEAD + OJ_BODY).format("oj-")), None)
    layout = parse_layout(extracted.lines, load_council_words(), extracted.language)
    found = [(block.kind, block.paragraph, block.section) for block in layout.blocks]
    assert found[:3] == [
        ("title", "", ""),
        ("heading", "", ""),
        ("sentence", "1", "Introduction"),
    ]
    assert [kind for kind, *_ in found].count("footnote") == 2
    assert ("sentence", "2", "Introduction") in found


def test_document_inside_a_page_of_eur_lex():
    chrome = (
        '<div id="MainContent"><p>Document 52031XG0630(09)</p><h1>Help Print</h1>'
        f'<div id="textTabContent">{RUNNING_HEAD.format("oj-")}<p class="oj-normal">{DUTCH}</p></div>'
        "<p>Top</p></div>"
    )
    extracted = extract_html(page(chrome, attributes='lang="el"'), None)
    assert [line.text for line in extracted.lines] == [DUTCH]
    assert (extracted.language, extracted.celex) == ("en", "52031XG0630(09)")


def test_page_of_text_only():
    body = "<div id='TexteOnly'><p><TXT_TE><p>Council conclusions</p><p>1. The Council acts.</p></TXT_TE></p></div><p>Top</p>"
    assert texts(body) == ["Council conclusions", "1. The Council acts."]


def test_last_lines_of_the_official_journal_go():
    body = "<p>It acts.</p><hr class='oj-doc-end'><p>ELI: <a href='x'>http://data.europa.eu/eli/C/2031/300/oj</a></p><p>ISSN 1977-091X (electronic edition)</p>"
    assert texts(body) == ["It acts."]


def test_press_page_without_the_site_around_it():
    extracted = extract_html(
        page(
            "<header><nav>Council</nav></header><div class='cookie-banner'>We use cookies.</div>"
            "<main><ul class='gsc-breadcrumb'><li>Home</li></ul><h1>Conclusions on ports</h1>"
            "<div class='share-bar'>Share this</div><div class='social-policy'><p>The Council adopted "
            "conclusions on the security of the ports and of the cables of the Union.</p>"
            "<p>1. The Council acts.</p><script>track('<p>x</p>')</script></div>"
            "<section class='related-items'><p>Other news</p></section></main><footer>© Council</footer>"
        ),
        None,
    )
    assert [(line.role, line.text) for line in extracted.lines] == [
        ("title", "Conclusions on ports"),
        (
            None,
            "The Council adopted conclusions on the security of the ports and of the cables of the Union.",
        ),
        (None, "1. The Council acts."),
    ]
    assert codes(extracted) == ["LEFT_OUT"]
    assert "gsc-breadcrumb, related-items, share-bar" in extracted.remarks[0].message


@pytest.mark.parametrize(
    "attribute",
    ["hidden", 'aria-hidden="true"', 'style="color:red; display: none"', 'class="sr-only"'],
)
def test_what_is_hidden_is_out(attribute):
    assert texts(f"<p>The Council <span {attribute}>never</span> acts.</p>") == [
        "The Council acts."
    ]


def test_form_around_the_page_is_no_furniture():
    assert texts("<form><p>It acts.</p><input value='x'><button>Go</button></form>") == ["It acts."]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<ol><li>A<li>B</ol>", ["1. A", "2. B"]),
        ("<ol start=4><li>A<li value=9>B</ol>", ["4. A", "9. B"]),
        ("<ol type=a><li>x<li>y</ol>", ["(a) x", "(b) y"]),
        ('<ol style="list-style-type: lower-roman"><li>x<li>y</ol>', ["(i) x", "(ii) y"]),
        ("<ol type=A><li>x</ol>", ["A. x"]),
        ("<ul><li>x<li>y</ul>", ["– x", "– y"]),
        ("<ol><li>A<ul><li>x</ul><li>B</ol>", ["1. A", "– x", "2. B"]),
        ("<ol><li><p>A.</p><p>More.</p></li></ol>", ["1. A.", "More."]),
        ("<ol><li>1. A</ol><ul><li>• x</ul>", ["1. A", "• x"]),
        ("<ul style='list-style: none'><li>x</ul>", ["x"]),
        ("<ol><li></li><li>B</ol><p>C</p>", ["2. B", "C"]),
    ],
)  # fmt: skip
def test_list_items_get_their_marks(body, expected):
    assert texts(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>The Council<br>acts.</p>", ["The Council acts."]),
        ("<p>It calls for:<br>(a) x;<br>– y.</p>", ["It calls for:", "(a) x;", "– y."]),
        ("<p>It acts.<br>2. It notes.</p>", ["It acts.", "2. It notes."]),
        ("<p>on<br>20. Juni</p>", ["on 20. Juni"]),
        ("It acts.<br><br>It notes.", ["It acts.", "It notes."]),
        ("<h2>On<br><br>ports</h2>", ["On ports"]),
    ],
)
def test_line_breaks(body, expected):
    assert texts(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<table><tr><td>From:</td><td>General Secretariat</td></tr></table>",
            ["From: General Secretariat"],
        ),
        ("<table><tr><td></td><td>1.</td><td>(a)</td><td>x</td></tr></table>", ["1. (a) x"]),
        (
            "<table><tr><td>Port</td><td>Risk</td><td>High</td></tr></table>",
            ["Port", "Risk", "High"],
        ),
        ("<table><tr><td>1.</td><td></td></tr></table>", ["1."]),
        ("<div class='grid-list-column-1'>(a)</div><div><p>x</p></div>", ["(a) x"]),
        ("before<table><tr><td>in</table>after", ["before", "in", "after"]),
    ],
)
def test_table_rows(body, expected):
    assert texts(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>It acts<sup>1</sup>.</p><p><sup>1</sup> Document 1.</p>", ["It acts.", "Document 1."]),
        ("<p>It acts <a href='#_ftn1'>[1]</a> now.</p><p class=MsoFootnoteText><a href='#_ftnref1'>[1]</a> Note.</p>", ["It acts now.", "Note."]),
        ("<p>It acts<sup><a href='#fn1'>(1)</a></sup> now.</p><p id='fn1'>(1) Note.</p>", ["It acts now.", "Note."]),
        ("<p>It acts<sup><a href='#fn1'>1</a></sup>,</p><section role='doc-endnotes'><ol><li id=fn1>Note. <a href='#fnref1'>↩</a></li></ol></section>", ["It acts,", "Note."]),
        ("<p>It acts (<a href='#note1'>*</a>).</p><aside role='doc-footnote'>* Note.</aside>", ["It acts.", "Note."]),
    ],
)  # fmt: skip
def test_footnotes_lose_their_marks(body, expected):
    assert lines(body) == [(None, expected[0]), ("footnote", expected[1])]


@pytest.mark.parametrize(
    "text", ["5 m<sup>2</sup> of land", "the 1<sup>er</sup> July", "a<sup>2</sup>"]
)
def test_raised_text_that_marks_no_footnote_stays(text):
    assert texts(f"<p>{text}</p>") == [text.replace("<sup>", "").replace("</sup>", "")]


def test_power_stays_though_a_footnote_has_its_number():
    body = "<p>5 km<sup>2</sup> of sea<sup>2</sup></p><p class='note'>(2) Note.</p>"
    assert texts(body) == ["5 km2 of sea", "Note."]


def test_second_paragraph_of_a_footnote_goes_on_with_it():
    extracted = extract_html(page("<p class='note'>(1) One.</p><p class='note'>More.</p>"), None)
    assert [line.gap for line in extracted.lines] == [1, 0]


def test_first_h1_is_the_title_and_other_headings_are_headings():
    assert lines("<h1>A</h1><h2>B</h2><h1>C</h1>") == [
        ("title", "A"),
        ("heading", "B"),
        ("heading", "C"),
    ]


def test_annex_is_no_part_of_a_title():
    body = "<p class='doc-ti'>ANNEX</p><p class='doc-ti'>Roadmap</p><p class='doc-ti'>for ports</p>"
    assert lines(body) == [(None, "ANNEX"), ("title", "Roadmap for ports")]


@pytest.mark.parametrize("text", ["1. The Council acts.", " ".join(["word"] * 41)])
def test_sentence_in_a_headings_place_is_a_sentence(text):
    assert lines(f"<h2>{text}</h2>") == [(None, text)]


def test_preformatted_lines_keep_their_ends_and_gaps():
    extracted = extract_html(
        page("<pre>1. The Council\nacts.\n\n80001/31 ab/cd 2\n\n2. It notes.</pre>"), None
    )
    assert [(line.text, line.gap) for line in extracted.lines] == [
        ("1. The Council", 1),
        ("acts.", 0),
        ("2. It notes.", 1),
    ]
    assert extracted.footers[0].number == 80001


def test_footers_and_stamps_go_and_are_kept_apart():
    extracted = extract_html(
        page("<p>It acts.</p><p>80001/31 ab/cd 2</p><p>JAI.1 EN</p><p>LIMITE</p>"), None
    )
    assert [line.text for line in extracted.lines] == ["It acts."]
    assert [(footer.number, footer.language) for footer in extracted.footers] == [(80001, "en")]


def test_references_are_characters_and_spaces_fold():
    body = "<p>&Eacute;tat&nbsp;&#8239;membre &lt;x&gt; ter&shy;ror e&#x301;t&#x2028;at\n\t&#1;</p>"
    extracted = extract_html(page(body), None)
    assert extracted.lines[0].text == "État membre <x> terror ét at"
    assert codes(extracted) == ["CLEANED"]


def test_text_after_the_end_of_the_page_is_read():
    assert texts("<p>A</p></body></html><html><body><p>B</p>") == ["A", "B"]


def test_xhtml_with_empty_elements_and_character_data():
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="nl">'
        "<head><title/><script src='x'/></head><body><p>A<br/>B <![CDATA[C < D]]></p><p/><p>E</p></body></html>"
    )
    extracted = extract_html(content.encode(), None)
    assert [line.text for line in extracted.lines] == ["A B C < D", "E"]
    assert extracted.language == "nl"


def test_metadata_that_say_something_are_read():
    head = (
        "<title>C_2031248EN.xml</title><meta name='WT.z_docID' content='52031XG0630(09)'>"
        "<meta property='eli:title' lang='fr' content='Conclusions du Conseil sur les ports'>"
        "<meta property='eli:title' lang='en' content='Council conclusions on ports'>"
        "<meta property='eli:date_document' content='2031-06-20'><meta name='DC.date' content='now'>"
    )
    extracted = extract_html(page("<p>It acts.</p>", head, 'lang="en-GB"'), None)
    found = (extracted.title, extracted.date, extracted.celex, extracted.language)
    assert found == ("Council conclusions on ports", "2031-06-20", "52031XG0630(09)", "en")


@pytest.mark.parametrize(
    "head",
    [
        "<link rel=canonical href='https://x/?uri=CELEX%3A52031XG0630%2809%29'>",
        "<meta name='DC.identifier' content='CELEX:52031XG0630(09)'>",
    ],
)
def test_celex_number_in_the_address(head):
    assert extract_html(page("<p>It acts.</p>", head), None).celex == "52031XG0630(09)"


@pytest.mark.parametrize(
    "body",
    ["<p>CELEX: 52031XG0630(09)</p>", "<dl><dt>CELEX number:</dt><dd>52031XG0630(09)</dd></dl>"],
)
def test_celex_number_on_the_page(body):
    assert extract_html(page(body), None).celex == "52031XG0630(09)"


def test_celex_number_of_another_document_is_not_taken():
    assert extract_html(page("<p>As in 52031XG0630(09).</p>"), None).celex == ""


def test_file_name_is_no_title():
    assert (
        extract_html(page("<p>A</p>", "<title>EUR-Lex - 52031XG0630 - EN</title>"), None).title
        == ""
    )


def test_site_in_another_language_than_its_text_is_not_obeyed():
    extracted = extract_html(page(f"<main><p>{DUTCH}</p></main>", attributes='lang="fr"'), None)
    assert (extracted.language, codes(extracted)) == ("", ["LANGUAGE_CONFLICT"])


@pytest.mark.parametrize(
    ("encoding", "head", "remarks"),
    [
        ("utf-8", "", []),
        ("utf-8-sig", "<meta charset='iso-8859-7'>", []),
        ("utf-16", "", []),
        ("cp1253", "<meta charset='windows-1253'>", []),
        (
            "iso8859-7",
            "<meta http-equiv='Content-Type' content='text/html; charset=ISO-8859-7'>",
            [],
        ),
        ("utf-8", "<meta charset='windows-1253'>", ["ENCODING_UNCERTAIN"]),
        ("cp1253", "", ["ENCODING_UNCERTAIN"]),
        ("cp1253", "<meta charset='utf-8'>", ["ENCODING_UNCERTAIN"]),
        ("cp1253", "<meta charset='hex'>", ["ENCODING_UNCERTAIN"]),
    ],
)
def test_encodings(encoding, head, remarks):
    content = page(f"<p>{GREEK}</p>", head, 'lang="el"').decode().encode(encoding)
    extracted = extract_html(content, None)
    assert [line.text for line in extracted.lines] == [GREEK]
    assert codes(extracted) == remarks


def test_latin_1_is_read_as_browsers_do():
    content = (
        page("<p>l’État – “membre”</p>", "<meta charset='iso-8859-1'>").decode().encode("cp1252")
    )
    assert extract_html(content, "fr").lines[0].text == "l’État – “membre”"


def test_charset_of_an_xml_declaration():
    content = '<?xml version="1.0" encoding="windows-1250"?><html><p>Příloha</p></html>'.encode(
        "cp1250"
    )
    assert extract_html(content, None).lines[0].text == "Příloha"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b" \n", "EMPTY"),
        (b"The Council acts.", "BAD_FORMAT"),
        (b"%PDF-1.7 <html><p>x", "BAD_FORMAT"),
        (b"PK\x03\x04<html>", "BAD_FORMAT"),
        (b'{"html": "<p>x</p>"}', "BAD_FORMAT"),
        (b"<?xml version='1.0'?><ACT><P>The Council acts.</P></ACT>", "BAD_FORMAT"),
        (bytes(range(256)) * 40, "BAD_FORMAT"),
        (b"<p>The Council acts.</p><!-- never closed <p>It notes.</p>", "BAD_FORMAT"),
        (b"<p>The Council acts.</p><script>var x = 1;", "BAD_FORMAT"),
        (b"<html><body></body></html>", "NO_TEXT"),
        (b"<html><body><nav>Menu</nav><script>run()</script></body></html>", "NO_TEXT"),
        (b"<p>&#8203;&shy;&nbsp;</p>", "NO_TEXT"),
        (b"<p>- 3 -</p>", "NO_TEXT"),
        (b"<p " + b" ".join(b"a%d" % i for i in range(200_000)) + b">x", "LIMIT"),
        (b"<p>a" * 500_000, "LIMIT"),
    ],
)
def test_what_is_no_document_fails_with_its_code(content, code):
    with pytest.raises(DocumentError) as error:
        extract_html(content, None)
    assert error.value.code == code
    assert error.value.message.endswith(".")


@pytest.mark.parametrize(
    "before", ["", "<p>The Council acts.</p>", "<p>x</b>" * 200], ids=["nothing", "text", "errors"]
)
@pytest.mark.parametrize("tag", ["<div>", "<b>x", "<table><tr><td>", "<ul><li>"])
def test_nesting_without_end_is_refused_soon(before, tag):
    started = time.perf_counter()
    with pytest.raises(DocumentError, match="within each other") as error:
        extract_html(page(before + tag * 100_000 + "The Council acts."), None)
    assert error.value.code == "LIMIT"
    assert time.perf_counter() - started < 5


def test_deepest_page_is_read_to_its_end():
    assert texts("<div>" * 140 + "<p>A</p>" + "</div>" * 140 + "<p>B</p>") == ["A", "B"]


def test_line_of_thirty_megabytes_is_refused():
    with pytest.raises(DocumentError, match="30 MB of HTML, expected at most 10 MB"):
        extract_html(page("<p>" + "word " * 6_000_000), None)


def test_line_of_nine_megabytes_is_read_whole():
    assert len(extract_html(page("<p>" + "word " * 1_800_000), "en").lines[0].text) == 8_999_999


def test_nothing_outside_the_page_is_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    content = (
        f'<!DOCTYPE html SYSTEM "{tmp_path}/x.dtd" [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "yy">]>'
        "<html><body><p>A &x; &y; B</p></body></html>"
    )
    assert extract_html(content.encode(), None).lines[0].text == "A &x; &y; B"


FRAGMENTS = (
    *("<p>", "</p>", "<br>", "<h1>", "</h1>", "<pre>", "</pre>", "<ol>", "<ul>", "<li>", "</ol>"),
    *(
        "<table><tr><td>",
        "</td><td>",
        "<tr><td>",
        "</tr>",
        "</table>",
        "<main>",
        "</html>",
        "<body>",
    ),
    *("1.", "(a)", "—", "The Council acts.", "80001/31 ab/cd 2", "JAI.1 EN", "<sup>1</sup>"),
    *(
        "<a href='#ntr1'>(1)</a>",
        "<p class='oj-note'>",
        "<p class='doc-ti'>",
        "<div class='share'>",
    ),
    *(
        "<div hidden>",
        "</div>",
        "<script>",
        "</script>",
        "<title>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
    ),
    *("<span", "=", '"', "'", "<", ">", "&", "&shy;", "&nbsp;", "&#0;", "&#xD800;"),
    *("\n", "\f", "\0", "\u2028", "\u00ad\n", " "),
)


def check_outcome(content: bytes) -> None:
    """Lines or a DocumentError, never an empty success."""
    try:
        extracted = extract_html(content, None)
    except DocumentError:
        return
    assert extracted.lines
    for line in extracted.lines:
        assert line.text == " ".join(line.text.split())
        assert line.text
        assert not set("\0\f\n\u00ad\ufffe") & set(line.text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_soup_of_tags_is_read_or_refused(soup):
    check_outcome(page(soup))
    check_outcome(soup.encode())


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(content):
    check_outcome(content)
    check_outcome(b"<html><body>" + content)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_page_is_read_or_refused(data):
    content = bytearray(page((RUNNING_HEAD + OJ_BODY).format("oj-")))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    check_outcome(bytes(content[: data.draw(st.integers(0, len(content)))]))


@given(
    st.lists(st.sampled_from(["p", "div", "td", "li", "span", "b"]), min_size=1, max_size=30),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_every_word_is_read_once_and_in_order(tags, data):
    words = [f"word{index}" for index in range(len(tags))]
    body = ""
    for word, tag in zip(words, tags, strict=True):
        wraps = data.draw(st.booleans())
        body = f"{body} {word} <{tag}>" if wraps else f"{body}<{tag}> {word} </{tag}>"
    found = " ".join(texts(f"<table><tr><td>{body}</table>")).replace("– ", "").split()
    assert found == words
