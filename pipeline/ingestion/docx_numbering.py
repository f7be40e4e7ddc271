"""The styles and the automatic numbering of a DOCX: what Word prints before a paragraph.

The number itself is nowhere in the file: ``numbering.xml`` holds lists of levels, a paragraph or
its style points at one, and the counting is the reader's work (ECMA-376 part 1, section 17.9).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml.etree import _Element as Element

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES = {"w": WORD}

MAX_BASES = 12
"""Word allows some ten styles based on one another; more is a mistake or an attack."""
MAX_NUMBER = 32_767
"""The highest number Word counts to."""
MAX_LEVEL_TEXT = 64
"""Word's own limit for a level's text is shorter."""
BULLET = "•"

PRIVATE_CHARACTERS = {0xF02D: "–", 0xF0A0: "€", 0xF0A7: "▪", 0xF0B7: "•", 0xF0D8: "➢", 0xF0FC: "✓"}
"""Characters of the fonts Symbol and Wingdings, which Word keeps in the private use area."""

_LISTED_MARKS = frozenset("-–—•▪◦●■‣·")
_ROMAN_DIGITS = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_PLACEHOLDER = re.compile(r"%([1-9])")


def attribute(element: Element | None, name: str = "val") -> str:
    """Return an attribute in Word's namespace, empty where element or attribute is missing."""
    return "" if element is None else str(element.get(f"{{{WORD}}}{name}", ""))


def integer(element: Element | None, default: int) -> int:
    """Return a whole-number value, the default where it is missing or no number of Word's."""
    value = attribute(element)
    if not re.fullmatch(r"-?[0-9]{1,5}", value):
        return default
    return int(value) if abs(int(value)) <= MAX_NUMBER else default


def is_on(element: Element | None) -> bool:
    """Whether a switch such as ``<w:vanish/>`` is there and not switched off."""
    return element is not None and attribute(element) not in ("0", "false", "off", "none")


def format_number(number: int, number_format: str) -> str:
    """Return a number as Word prints it; formats that spell numbers out become digits.

    >>> [format_number(4, name) for name in ("decimal", "lowerRoman", "upperLetter", "none")]
    ['4', 'iv', 'D', '']
    >>> format_number(28, "lowerLetter")
    'bb'
    """
    if number_format == "none":
        return ""
    if number_format == "decimalZero":
        return f"{number:02}"
    if number_format.endswith("Roman"):
        printed = _roman(number)
    elif number_format.endswith("Letter"):
        printed = _letter(number, _LATIN)
    elif number_format in ("russianLower", "russianUpper"):
        printed = _letter(number, _RUSSIAN)
    else:
        printed = str(number)
    return (
        printed.upper()
        if number_format.startswith("upper") or "Upper" in number_format
        else printed
    )


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    printed = ""
    for value, letters in _ROMAN_DIGITS:
        count, number = divmod(number, value)
        printed += letters * count
    return printed


def _letter(number: int, alphabet: str) -> str:
    """Return a, b, … z, aa, bb: Word repeats the letter, it does not count on to "ab"."""
    rounds, place = divmod(number - 1, len(alphabet))
    return alphabet[place] * (rounds + 1) if 0 <= rounds < 10 else str(number)


class Styles:
    """The styles of a document, each with those it is based on."""

    def __init__(self, root: Element | None) -> None:
        elements = [] if root is None else root.findall("w:style", NAMESPACES)
        self._defaults = (
            None if root is None else root.find("w:docDefaults/w:rPrDefault/w:rPr", NAMESPACES)
        )
        self._style_by_id = {attribute(element, "styleId"): element for element in elements}
        self._chains: dict[str, tuple[Element, ...]] = {}
        self._found: dict[tuple[str, str], Element | None] = {}
        # The style of paragraphs that name none.
        self.default_paragraph = next(
            (
                attribute(element, "styleId")
                for element in elements
                if attribute(element, "type") == "paragraph"
                and attribute(element, "default") in ("1", "true", "on")
            ),
            "",
        )

    def chain(self, style_id: str) -> tuple[Element, ...]:
        """Return the style and those it is based on, nearest first."""
        if style_id not in self._chains:
            self._chains[style_id] = tuple(self._bases(style_id))
        return self._chains[style_id]

    def _bases(self, style_id: str) -> list[Element]:
        bases: list[Element] = []
        while style_id in self._style_by_id and len(bases) < MAX_BASES:
            bases.append(self._style_by_id[style_id])
            style_id = attribute(bases[-1].find("w:basedOn", NAMESPACES))
        return bases

    def find(self, style_id: str, path: str) -> Element | None:
        """Return what is at ``path`` (``w:pPr/w:outlineLvl``) in the style or its nearest base."""
        key = (style_id, path)
        if key not in self._found:
            settings = (style.find(path, NAMESPACES) for style in self.chain(style_id))
            self._found[key] = next((found for found in settings if found is not None), None)
        return self._found[key]

    def names(self, style_id: str) -> tuple[str, ...]:
        """Return the id and the names of the style and its bases, in lower case."""
        names = [attribute(style.find("w:name", NAMESPACES)) for style in self.chain(style_id)]
        ids = [attribute(style, "styleId") for style in self.chain(style_id)] or [style_id]
        return tuple(name.lower() for name in (*names, *ids))

    def default_setting(self, name: str) -> Element | None:
        """Return a run setting ("lang") of the document's defaults."""
        return None if self._defaults is None else self._defaults.find(f"w:{name}", NAMESPACES)


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list: "%1." in decimal, beginning at 1.

    ``restarts_after`` is the number of levels above of which any use begins the counting again;
    0 means that it never does.
    """

    start: int
    number_format: str
    text: str
    is_legal: bool
    restarts_after: int
    style_id: str


@dataclass(frozen=True, slots=True)
class _List:
    """A ``w:num``: the levels it shows, the counters it shares, and where it begins anew."""

    abstract_id: str
    levels: Mapping[int, _Level]
    start_overrides: Mapping[int, int]


class Numbering:
    """Counts the paragraphs of a document; ask once for each, in the order of the document."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._nums = _by_id(root, "w:num", "numId")
        self._abstracts = _by_id(root, "w:abstractNum", "abstractNumId")
        self._lists: dict[str, _List | None] = {}
        self._counters: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def next_number(self, properties: Element | None, style_id: str) -> str:
        """Return what Word prints before a paragraph: "1.", "(a)", "–" or nothing.

        Args:
            properties: The paragraph's own ``w:pPr``.
            style_id: Its style, from which it may have its number.
        """
        own = None if properties is None else properties.find("w:numPr", NAMESPACES)
        own_list = None if own is None else own.find("w:numId", NAMESPACES)
        list_setting = own_list
        if list_setting is None:
            list_setting = self._styles.find(style_id, "w:pPr/w:numPr/w:numId")
        numbered_list = self._list(attribute(list_setting))
        if numbered_list is None:
            return ""
        own_level = None if own is None else own.find("w:ilvl", NAMESPACES)
        if own_level is not None:
            level_number = integer(own_level, 0)
        elif own_list is not None:
            level_number = 0
        else:
            level_number = self._level_of_style(style_id, numbered_list)
        if level_number not in numbered_list.levels:
            return ""
        return self._count(attribute(list_setting), numbered_list, level_number)

    def _level_of_style(self, style_id: str, numbered_list: _List) -> int:
        """Return the level that names the style or a base, else the one that the style names."""
        level_by_style = {level.style_id: n for n, level in numbered_list.levels.items()}
        for style in self._styles.chain(style_id):
            linked = level_by_style.get(attribute(style, "styleId"))
            if linked is not None:
                return linked
        return integer(self._styles.find(style_id, "w:pPr/w:numPr/w:ilvl"), 0)

    def _list(self, num_id: str) -> _List | None:
        if num_id not in self._lists:
            self._lists[num_id] = self._read_list(num_id)
        return self._lists[num_id]

    def _read_list(self, num_id: str) -> _List | None:
        num = self._nums.get(num_id)
        if num is None:
            return None
        abstract_id = attribute(num.find("w:abstractNumId", NAMESPACES))
        abstract_id = self._linked_abstract(abstract_id)
        abstract = self._abstracts.get(abstract_id)
        if abstract is None:
            return None
        levels = _levels(abstract)
        start_overrides = {}
        for override in num.findall("w:lvlOverride", NAMESPACES):
            levels |= _levels(override)
            start = override.find("w:startOverride", NAMESPACES)
            if start is not None:
                start_overrides[_level_number(override)] = integer(start, 1)
        return _List(abstract_id, levels, start_overrides)

    def _linked_abstract(self, abstract_id: str) -> str:
        """Follow a list that only names a list style to the list that the style means."""
        abstract = self._abstracts.get(abstract_id)
        link = None if abstract is None else abstract.find("w:numStyleLink", NAMESPACES)
        if link is None:
            return abstract_id
        num_id = attribute(self._styles.find(attribute(link), "w:pPr/w:numPr/w:numId"))
        num = self._nums.get(num_id)
        return abstract_id if num is None else attribute(num.find("w:abstractNumId", NAMESPACES))

    def _count(self, num_id: str, numbered_list: _List, level_number: int) -> str:
        counters = self._counters.setdefault(numbered_list.abstract_id, {})
        level = numbered_list.levels[level_number]
        for above in range(level_number):
            if above in numbered_list.levels:
                counters.setdefault(above, numbered_list.levels[above].start)
        begins_anew = (
            level_number in numbered_list.start_overrides
            and (num_id, level_number) not in self._begun
        )
        self._begun.add((num_id, level_number))
        if begins_anew:
            counters[level_number] = numbered_list.start_overrides[level_number]
        elif level_number in counters:
            counters[level_number] += 1
        else:
            counters[level_number] = level.start
        for below in [below for below in counters if below > level_number]:
            lower = numbered_list.levels.get(below)
            if lower is None or level_number < lower.restarts_after:
                del counters[below]
        return _printed(numbered_list.levels, level_number, counters)


def _by_id(root: Element | None, path: str, name: str) -> dict[str, Element]:
    elements = [] if root is None else root.findall(path, NAMESPACES)
    return {attribute(element, name): element for element in elements}


def _level_number(element: Element) -> int:
    value = attribute(element, "ilvl")
    return int(value) if value in {*"012345678"} else -1


def _levels(parent: Element) -> dict[int, _Level]:
    """Return the levels of a list by number, 0 being the outermost."""
    return {_level_number(level): _level(level) for level in parent.findall("w:lvl", NAMESPACES)}


def _level(element: Element) -> _Level:
    # Newer formats come with a plain one to fall back on, which stands last.
    formats = list(element.iter(f"{{{WORD}}}numFmt"))
    return _Level(
        start=integer(element.find("w:start", NAMESPACES), 0),
        number_format=attribute(formats[-1]) if formats else "decimal",
        text=attribute(element.find("w:lvlText", NAMESPACES))[:MAX_LEVEL_TEXT],
        is_legal=is_on(element.find("w:isLgl", NAMESPACES)),
        restarts_after=integer(
            element.find("w:lvlRestart", NAMESPACES), max(_level_number(element), 0)
        ),
        style_id=attribute(element.find("w:pStyle", NAMESPACES)),
    )


def _printed(levels: Mapping[int, _Level], level_number: int, counters: Mapping[int, int]) -> str:
    level = levels[level_number]
    if level.number_format == "bullet":
        return _bullet(level.text)

    def printed_level(match: re.Match[str]) -> str:
        shown = int(match[1]) - 1
        if shown not in levels:
            return ""
        number_format = "decimal" if level.is_legal else levels[shown].number_format
        return format_number(counters.get(shown, levels[shown].start), number_format)

    return _PLACEHOLDER.sub(printed_level, level.text).strip()


def _bullet(text: str) -> str:
    """Return a list's dash as it is, any other picture ("o" in Courier New) as a bullet."""
    plain = text.translate(PRIVATE_CHARACTERS).strip()
    return plain if plain in _LISTED_MARKS or not plain else BULLET
