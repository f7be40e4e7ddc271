"""What of a web page is the document: where its text is, what stands around it, what it says.

The names of classes and ids are those of EUR-Lex (with and without the prefix ``oj-``), of the
Council's site, and of pages saved by Word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from lxml.etree import _Element as Element

from pipeline.ingestion.metadata import celex_in
from pipeline.records import EU_LANGUAGES

_CONTENT_IDS = ("textTabContent", "TexteOnly", "docHtml", "document1", "PP4Contents")
"""Where EUR-Lex puts a document on a page with menus around it."""
_NOT_PRINTED = frozenset(
    (
        *("head", "script", "style", "noscript", "template", "title", "meta", "link", "base"),
        *("nav", "button", "select", "input", "textarea", "option", "datalist", "svg"),
        *("iframe", "frame", "object", "embed", "applet", "audio", "video", "canvas", "map"),
        *("area", "dialog", "del", "rp", "rt", "conclabel-end"),
    )
)
_FURNITURE_ROLES = frozenset(
    (
        *("navigation", "banner", "contentinfo", "complementary", "search", "dialog"),
        *("alertdialog", "menu", "menubar", "toolbar", "doc-toc", "doc-backlink"),
    )
)
_RUNNING_HEADS = frozenset(("linkToTop", "disclaimer", "tocWrapper"))
_RUNNING_HEAD = "hd-"
"""How the classes of the OJ's running head begin: date, language, name, series, number."""
_HIDDEN_CLASSES = frozenset(("sr-only", "visually-hidden", "visuallyhidden", "element-invisible"))
_FURNITURE_WORDS = frozenset(
    (
        *("breadcrumb", "breadcrumbs", "consent", "contact", "contacts", "cookie", "cookies"),
        *("navbar", "navigation", "newsletter", "pagination", "related", "share", "sharing"),
        *("sidebar", "skip", "social", "toolbar"),
    )
)
"""A class or id of which this is one part ("cookie-banner") is a part of the site, not the text."""
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_PARTS_OF_NAME = re.compile(r"[a-z]+|[A-Z][a-z]*")

_NOTE_CLASSES = frozenset(
    ("footnote", "footnotes", "endnotes", "msofootnotetext", "msoendnotetext")
)
_NOTE_ROLES = frozenset(("doc-footnote", "doc-endnote", "doc-endnotes"))
_HEADING_CLASS = re.compile(r"s?ti-[\w-]+|s?title-[\w-]+|MsoHeading\d?|MsoSubtitle")
_TITLE_CLASS = re.compile(r"doc-ti|ti-doc|ti-main|title-doc[\w-]*|MsoTitle")
_HEADING_TAGS = frozenset(f"h{level}" for level in range(2, 7))

_TITLE_NAMES = ("eli:title", "dc.title", "dcterms.title", "wt.z_doctitle", "og:title")
_DATE_NAMES = (
    *("eli:date_document", "dc.date.created", "dc.date", "dc.date.issued", "dcterms.created"),
    *("dcterms.date", "dcterms.issued", "article:published_time", "date"),
)
_LANGUAGE_NAMES = ("content-language", "dc.language", "dcterms.language", "language", "og:locale")
_CELEX_NAMES = ("wt.z_docid", "dc.identifier", "eli:id_local", "dcterms.identifier", "og:url")
_NO_TITLE = re.compile(r"EUR-Lex|untitled|.*\.(?:xml|x?html?|docx?|pdf)$|[CL]_\d{4}", re.IGNORECASE)
_SITE_NAME = re.compile(r"\s+[-–—|]\s+(?:Consilium|EUR-Lex|European Union|Council of the EU)$")
_CELEX_LABEL = re.compile(r"^(?:CELEX[^\d:]{0,20}:?|Document|Dokument)\s*")
MIN_TITLE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Statements:
    """What a page's metadata say of the document, empty where they say nothing.

    ``language`` is stated for the document itself, ``site_language`` for the page around it.
    """

    language: str
    site_language: str
    title: str
    date: str
    celex: str


def find_content(root: Element) -> Element:
    """Return the element that holds the document: EUR-Lex's own, ``main``, ``article``, or all."""
    candidates = (
        *([element for element in root.iter() if element.get("id") == i] for i in _CONTENT_IDS),
        [element for element in root.iter() if _is_main(element)],
        [element for element in root.iter("article") if not any(element.iterancestors("article"))],
    )
    for elements in candidates:
        if len(elements) == 1 and _has_text(elements[0]):
            return elements[0]
    return root


def _is_main(element: Element) -> bool:
    return "main" in (element.tag, element.get("role"))


def _has_text(element: Element) -> bool:
    return any(not text.isspace() for text in printed_texts(element))


def printed_texts(element: Element) -> Iterator[str]:
    """Yield the pieces of text below an element that are printed, without site furniture."""
    if is_left_out(element):
        return
    if element.text:
        yield element.text
    for child in element:
        yield from printed_texts(child)
        if child.tail:
            yield child.tail


def is_left_out(element: Element) -> bool:
    """Whether an element is hidden, not printed, navigation, or a running head of the OJ."""
    tag = element.tag
    if tag in _NOT_PRINTED or element.get("role") in _FURNITURE_ROLES:
        return True
    if tag == "footer" and _is_of_site(element):
        return True
    if tag == "header" and _is_of_site(element) and element.find(".//nav") is not None:
        return True
    if tag == "aside" and not is_note(element):
        return True
    names = class_names(element)
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDDEN_STYLE.search(element.get("style", "")))
        or not _HIDDEN_CLASSES.isdisjoint(names)
        or not _RUNNING_HEADS.isdisjoint(names)
        or any(name.startswith(_RUNNING_HEAD) for name in names)
    )


def _is_of_site(element: Element) -> bool:
    return next(element.iterancestors("main", "article"), None) is None


def furniture_name(element: Element) -> str:
    """Return the class or id by which an element belongs to the site, or nothing."""
    if element.tag in ("html", "body", "main", "article", "h1"):
        return ""
    names = (*element.get("class", "").split(), element.get("id", ""))
    return next((name for name in names if _FURNITURE_WORDS & set(_parts(name))), "")


def _parts(name: str) -> Iterator[str]:
    return (part.lower() for part in _PARTS_OF_NAME.findall(name))


def class_names(element: Element) -> set[str]:
    """Return an element's classes, those of EUR-Lex without the prefix that newer pages have."""
    return {name.removeprefix("oj-") for name in element.get("class", "").split()}


def is_note(element: Element) -> bool:
    """Whether an element is a footnote, or a group of them, by its class or role."""
    names = {name.lower() for name in class_names(element)}
    return (
        not _NOTE_CLASSES.isdisjoint(names)
        or (element.tag == "p" and "note" in names)
        or element.get("role") in _NOTE_ROLES
    )


def is_heading(element: Element) -> bool:
    """Whether an element is a heading by its tag or class."""
    return element.tag in _HEADING_TAGS or any(map(_HEADING_CLASS.fullmatch, class_names(element)))


def is_title(element: Element) -> bool:
    """Whether an element is a title by its class; ``h1`` is one only if it is the first."""
    return any(map(_TITLE_CLASS.fullmatch, class_names(element)))


def read_statements(root: Element, content: Element) -> Statements:
    """Return what a page says of itself in its head, and by the attributes around its content."""
    metas = [
        (_meta_name(meta), meta.get("content") or meta.get("resource") or "", meta.get("lang", ""))
        for meta in root.iter("meta")
    ]
    own = _running_language(root)
    around = _language_of(content) if content.tag not in ("html", "body") else ""
    site = next(
        (
            code
            for stated in (_language_of(root), *_values(metas, _LANGUAGE_NAMES))
            if (code := _language_code(stated))
        ),
        "",
    )
    language = own or around or (site if content is root else "")
    return Statements(
        language=language,
        site_language=site,
        title=_title(root, metas, language or site),
        date=next((day for value in _values(metas, _DATE_NAMES) if (day := _iso_date(value))), ""),
        celex=_celex(root, metas),
    )


def _meta_name(meta: Element) -> str:
    name = meta.get("name") or meta.get("property") or meta.get("http-equiv") or ""
    return name.lower()


_Metas = list[tuple[str, str, str]]
"""Name, content and language of each ``meta`` element."""


def _values(metas: _Metas, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the contents of the named metadata, in the order of the names."""
    for name in names:
        yield from (content.strip() for meta, content, _ in metas if meta == name)


def _running_language(root: Element) -> str:
    """Return the language that the running head of the Official Journal names."""
    heads = (element for element in root.iter("p", "td") if "hd-lg" in class_names(element))
    return next((code for head in heads if (code := _language_code("".join(head.itertext())))), "")


def _language_of(element: Element) -> str:
    name = "{http://www.w3.org/XML/1998/namespace}lang"
    return _language_code(element.get("lang") or element.get("xml:lang") or element.get(name) or "")


def _language_code(stated: str) -> str:
    """Return the EU language that a tag such as "en-GB" or "EN" names, or nothing."""
    code = re.split(r"[-_]", stated.strip().lower(), maxsplit=1)[0]
    return code if code in EU_LANGUAGES else ""


def _title(root: Element, metas: _Metas, language: str) -> str:
    """Return the title that the metadata give, one in the page's language first."""
    in_language = [meta for meta in metas if meta[2].lower() in ("", language)]
    titles = ["".join(element.itertext()) for element in root.iter("title")][:1]
    for stated in (*_values(in_language, _TITLE_NAMES), *titles):
        title = _SITE_NAME.sub("", " ".join(stated.split()))
        if len(title.split()) >= MIN_TITLE_WORDS and not _NO_TITLE.match(title):
            return title
    return ""


def _iso_date(stated: str) -> str:
    try:
        return date.fromisoformat(stated[:10]).isoformat()
    except ValueError:
        return ""


def _celex(root: Element, metas: _Metas) -> str:
    """Return the CELEX number of the metadata, the page's own address, or its line "CELEX: …"."""
    links = (link.get("href", "") for link in root.iter("link") if link.get("rel") == "canonical")
    stated = (*_values(metas, _CELEX_NAMES), *links)
    found = (celex_in(unquote(value)) for value in stated)
    return next(filter(None, found), "") or _printed_celex(root)


def _printed_celex(root: Element) -> str:
    """Return the number in a line such as "CELEX: 52022XG0630(01)", or nothing."""
    label = ""
    for text in filter(None, (text.strip() for text in root.itertext())):
        stated = _CELEX_LABEL.sub("", text)
        is_labelled = stated != text or _CELEX_LABEL.fullmatch(label)
        if stated and is_labelled and celex_in(stated) == stated:
            return stated
        label = text
    return ""
