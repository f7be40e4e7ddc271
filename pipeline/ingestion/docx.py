"""DOCX → lines: the printed text of a Word document, with its automatic numbers and footnotes.

Tracked changes count as accepted: insertions are in, deletions out. Hidden text, headers and
footers are out, but a footer's document number is kept. ECMA-376 part 1 is the format's standard.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import chain

from lxml import etree
from lxml.etree import _Element as Element

from pipeline.errors import DocumentError
from pipeline.ingestion.decoding import clean
from pipeline.ingestion.docx_numbering import (
    NAMESPACES,
    PRIVATE_CHARACTERS,
    WORD,
    Numbering,
    Styles,
    attribute,
    integer,
    is_on,
)
from pipeline.ingestion.extracted import Extracted
from pipeline.ingestion.furniture import Footer, is_stamp, parse_footer
from pipeline.ingestion.language import detect_language
from pipeline.ingestion.lines import Line
from pipeline.ingestion.metadata import find_date
from pipeline.ingestion.numbering import number_mark
from pipeline.records import EU_LANGUAGES, Kind, Remark

MAX_UNPACKED_BYTES = 100_000_000
MAX_XML_BYTES = 20_000_000
"""A part of this size takes up to ten times as much memory; 500 printed pages have under 10 MB."""
MAX_RATIO = 200
MAX_MEMBERS = 5_000
MAX_HEADING_WORDS = 40
"""A longer paragraph in a heading's style is a paragraph all the same."""
MIN_TITLE_WORDS = 3
MIN_LANGUAGE_FRACTION = 0.9
"""The proofing language counts where it is that of this share of the text."""
