"""Bytes → the tree of an HTML page: its encoding, and the limits that the parser needs.

The parser (libxml2) stops without a word at 256 nested elements, and takes minutes over a tag with
a million attributes; so limits are checked before it, and that it came to the end after it.
"""

from __future__ import annotations

import codecs
import re
from html import escape

from lxml import etree
from lxml.etree import _Element as Element

from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import DecodedText, clean, decode
from pipeline.records import Remark

MAX_SIZE_BYTES = 10_000_000
"""EUR-Lex pages of the longest acts have about 5 MB, conclusions under 1 MB."""
MAX_TAGS = 400_000
"""Start and end tags; more would take over 200 MB of memory."""
MAX_ATTRIBUTES = 500
"""Of one tag: the parser's time grows with their square."""
MAX_DEPTH = 150
"""Elements within each other; the parser stops at 256, and readers go down by recursion."""
PROLOG_BYTES = 8_192
"""A charset stated further down than this is none."""

_DECLARED_CHARSET = (
    re.compile(rb"^\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE),
    re.compile(rb"<meta\s[^>]{0,300}?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE),
)
_DECLARED_LANGUAGE = re.compile(
    rb"<(?:html|body)\s[^>]{0,300}?\blang=[\"']?([a-z]{2})\b", re.IGNORECASE
)
_CODE_PAGE = re.compile(
    r"(?:iso[-_]?8859[-_]\d{1,2}|(?:windows|cp)[-_]?125\d|us-ascii|ascii|latin[-_]?\d|koi8-[ru])"
)
_WESTERN = re.compile(r"iso[-_]?8859[-_]1|us-ascii|ascii|latin[-_]?1")
"""Names that browsers read as windows-1252, of which these are a part."""
_MARKS_OF_ORDER = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_PROLOG = re.compile(
    r"\s+|<\?.*?>|<!--.*?-->|<!doctype\b[^>\[]*(?:\[.*?\]\s*)?>", re.IGNORECASE | re.DOTALL
)
_FIRST_TAG = re.compile(r"<([a-z][a-z0-9:_.-]*)(?=[\s/>])", re.IGNORECASE)
_FIRST_TAGS = frozenset(
    (
        *("html", "head", "title", "meta", "link", "base", "style", "script", "body", "main"),
        *("article", "section", "header", "footer", "nav", "aside", "div", "p", "span", "br"),
        *("hr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "tr", "td", "ul", "ol"),
        *("dl", "li", "pre", "blockquote", "center", "font", "b", "i", "u", "em", "strong"),
        *("a", "img", "form", "figure", "address"),
    )
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_END_OF_PAGE = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
"""Browsers read on after these, the parser begins another tree; without them both read on."""
_ATTRIBUTE = re.compile(
    r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?"""
)
_COMMENT_OR_TAG = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))|</?(?P<name>[a-z][^\s/>]*+)(?:{_ATTRIBUTE.pattern})*+",
    re.IGNORECASE | re.DOTALL,
)
_END_OF_RAW_TEXT = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "noscript", "iframe", "xmp")
}
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_END = "conclabel-end"


def parse_page(content: bytes, language: str | None) -> tuple[Element, tuple[Remark, ...]]:
    """Return the root of an HTML or XHTML page, and what its decoding had to guess.

    No entity but HTML's own is known, so that nothing outside the page is ever read.

    Raises:
        DocumentError: ``EMPTY``, ``LIMIT``, ``BAD_FORMAT``, ``ENCODING_UNCERTAIN``, ``NO_TEXT``.
    """
    if len(content) > MAX_SIZE_BYTES:
        raise DocumentError(
            "LIMIT",
            f"{len(content) / 1e6:.0f} MB of HTML, expected at most {MAX_SIZE_BYTES / 1e6:.0f} MB. "
            "Save the document without pictures, or as text.",
        )
    decoded = _decode(content, language)
    markup = _without_prolog(decoded.text)
    _check_tags(markup)
    markup = _END_OF_PAGE.sub("", _CDATA.sub(lambda match: escape(match[1]), markup))
    return _parse(markup), decoded.remarks


def _decode(content: bytes, language: str | None) -> DecodedText:
    """Return a page's text: by byte order mark, UTF-8, declared charset, or as a text file is.

    UTF-8 goes before a declared code page, for other text is next to never valid UTF-8 by chance;
    pages that were saved anew often keep the declaration they had.
    """
    declared = _declared_code_page(content)
    language = language or _declared_language(content)
    if declared is None or content.startswith(_MARKS_OF_ORDER) or content.isascii():
        return decode(content, language)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_as(declared, content, language)
    decoded = decode(content, language)
    message = f"the page says it is {declared}, but is valid UTF-8, and was read as such."
    remark = Remark("ENCODING_UNCERTAIN", message)
    return DecodedText(decoded.text, (remark, *decoded.remarks))


def _decode_as(code_page: str, content: bytes, language: str | None) -> DecodedText:
    try:
        return clean(content.decode(code_page))
    except (UnicodeDecodeError, LookupError):
        return decode(content, language)


def _declared_code_page(content: bytes) -> str | None:
    """Return the code page that a page names, None for UTF-8, none, or one never used for text."""
    matches = (pattern.search(content[:PROLOG_BYTES]) for pattern in _DECLARED_CHARSET)
    name = next((match[1].decode("ascii", "ignore").lower() for match in matches if match), "")
    if _WESTERN.fullmatch(name):
        return "cp1252"
    return name if _CODE_PAGE.fullmatch(name) else None


def _declared_language(content: bytes) -> str | None:
    """Return the page's language; its markup would mislead a detection."""
    match = _DECLARED_LANGUAGE.search(content[:PROLOG_BYTES])
    return match[1].decode().lower() if match else None


def _without_prolog(text: str) -> str:
    """Return the text from its first tag on, without document type and the entities it declares.

    Raises:
        DocumentError: ``BAD_FORMAT`` where it does not begin like HTML.
    """
    start = 0
    while match := _PROLOG.match(text, start):
        start = match.end()
    first = _FIRST_TAG.match(text, start)
    if first is None or first[1].lower() not in _FIRST_TAGS:
        found = f"XML of type <{first[1][:40]}>" if first else "no tag at its beginning"
        raise DocumentError(
            "BAD_FORMAT",
            f"expected HTML, found {found}. Give the file its right extension, or save it as text.",
        )
    return text[start:]


def _check_tags(markup: str) -> None:
    """Refuse a page with too many tags, or too many attributes in one of them."""
    tags = 0
    position = 0
    while match := _COMMENT_OR_TAG.search(markup, position):
        position = match.end()
        name = match["name"]
        if name is None:
            continue
        tags += 1
        if tags > MAX_TAGS:
            raise _limit(f"over {MAX_TAGS:,} tags")
        # An attribute takes two characters at least, so most tags need not be counted.
        if position - match.end("name") > 2 * MAX_ATTRIBUTES:
            attributes = sum(1 for _ in _ATTRIBUTE.finditer(markup, match.end("name"), position))
            if attributes > MAX_ATTRIBUTES:
                raise _limit(f"a tag with over {MAX_ATTRIBUTES} attributes")
        end_of_text = _END_OF_RAW_TEXT.get(name.lower())
        if end_of_text and markup[match.start() + 1] != "/":
            end = end_of_text.search(markup, position)
            position = end.start() if end else len(markup)


def _limit(found: str) -> DocumentError:
    return DocumentError(
        "LIMIT", f"{found}, more than any document needs. Check the page, or save it as text."
    )


def _parse(markup: str) -> Element:
    """Build the tree, and see by a last element of our own that it holds the whole page."""
    parser = etree.HTMLParser(
        encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(f"{markup}<{_END}></{_END}>".encode(), parser)
    except etree.LxmlError as error:
        raise DocumentError(
            "BAD_FORMAT", f"cannot be read as HTML ({error}). Save the page again, or as text."
        ) from error
    end = None if root is None else next(root.iter(_END), None)
    if root is not None and _TOO_DEEP(root):
        raise _limit(f"over {MAX_DEPTH} elements within each other")
    if root is None or end is None:
        raise DocumentError(
            "BAD_FORMAT",
            "the page ends inside a tag, comment or script that is never closed, so that text may "
            "be missing. Fetch or save it again.",
        )
    parent = end.getparent()
    if parent is not None:
        parent.remove(end)
    return root
