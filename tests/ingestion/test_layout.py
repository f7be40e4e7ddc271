"""Lines whose kind the format knows: headings, titles and footnotes."""

from pipeline.ingestion.council_words import load_council_words
from pipeline.ingestion.layout import Layout, parse_layout
from pipeline.ingestion.lines import Line


def layout(*lines: Line) -> Layout:
    return parse_layout(lines, load_council_words(), "en")


def kinds(found: Layout) -> list[tuple[str, str]]:
    return [(block.kind, found.text[block.start : block.end]) for block in found.blocks]


def line(text: str, role: str | None = None, gap: int = 1) -> Line:
    return Line(text, gap, None, role=role)


def test_stated_headings_need_not_look_like_headings():
    found = layout(
        line("Ports", "title"),
        line("What is at stake?", "heading"),
        line("1. The Council recalls its position."),
        line("2. The Council will act."),
    )
    assert [kind for kind, _ in kinds(found)] == ["title", "heading", "sentence", "sentence"]


def test_footnotes_follow_their_paragraph_which_runs_on_past_them():
    found = layout(
        line("1. The Council recalls the plan of the agency and that of"),
        line("Doc. 1234/31.", "footnote"),
        line("See the report", "footnote"),
        line("of 2030.", "footnote", gap=0),
        line("the Commission.", gap=0),
        line("2. The Council will act."),
    )
    assert kinds(found) == [
        ("sentence", "The Council recalls the plan of the agency and that of the Commission."),
        ("footnote", "Doc. 1234/31."),
        ("footnote", "See the report of 2030."),
        ("sentence", "The Council will act."),
    ]
    assert [block.paragraph for block in found.blocks] == ["1", "1", "1", "2"]


def test_footnote_goes_to_the_paragraph_that_refers_to_it():
    found = layout(
        Line("1. The Council recalls the plan.", 1, None, refers=("1",)),
        line("2. The Council will act."),
        line("3. It will return to this."),
        Line("Doc. 1234/31.", 1, None, role="footnote", note="1"),
        Line("Not referred to.", 1, None, role="footnote", note="2"),
    )
    assert [(block.kind, block.paragraph) for block in found.blocks] == [
        ("sentence", "1"),
        ("footnote", "1"),
        ("sentence", "2"),
        ("sentence", "3"),
        ("footnote", "3"),
    ]
