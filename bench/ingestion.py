"""Pages of PDF and megabytes of text per second, beside plain text extraction by pypdf, pdfplumber.

They do less: a text without page furniture, numbers, kinds or offsets takes work of its own. The
documents are drawn here, so nothing is downloaded: ``python -m bench.ingestion``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

import pypdf
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas

from pipeline.ingestion.reader import read_document
from pipeline.ingestion.sources import Source

PARAGRAPH = (
    "The Council recalls its conclusions on the safety of ports and stresses that customs, police "
    "and the operators of terminals depend on the reports of each other, that a report which comes "
    "late helps nobody, and that smaller ports need the same protection as the large ones."
)
TEXT_BYTES = 1_000_000
SPACING = 18
LEFT, TOP, BOTTOM, WIDTH = 70, 770, 90, 450


def draw_conclusions(n_pages: int) -> bytes:
    """Return a PDF of numbered paragraphs with the footers of the Council's register."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    lines = simpleSplit(PARAGRAPH, "Times-Roman", 12, WIDTH - 28)
    number = 0
    for page in range(1, n_pages + 1):
        canvas.setFont("Times-Roman", 12)
        y = TOP
        while y - SPACING * len(lines) > BOTTOM:
            number += 1
            canvas.drawString(LEFT, y, f"{number}.")
            for line in lines:
                canvas.drawString(LEFT + 28, y, line)
                y -= SPACING
            y -= SPACING / 2
        canvas.drawString(LEFT, 60, f"80001/31   ab/cd   {page}")
        canvas.drawString(LEFT, 46, "JAI.1   EN")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def write_conclusions(size_bytes: int) -> bytes:
    """Return text of at least a size, its lines wrapped as they come out of a PDF."""
    lines = simpleSplit(PARAGRAPH, "Times-Roman", 12, WIDTH)
    paragraphs = []
    size = 0
    while size < size_bytes:
        paragraph = f"{len(paragraphs) % 300 + 1}. " + "\n".join(lines) + "\n\n"
        paragraphs.append(paragraph)
        size += len(paragraph)
    return "".join(paragraphs).encode()


def read(content: bytes, name: str) -> int:
    """Read a document as ``label`` does and return its number of blocks."""
    return len(read_document(Source(Path(name), name), content, "en").blocks)


def read_by_pypdf(content: bytes) -> int:
    """Return the length of the plain text that pypdf gives."""
    return sum(len(page.extract_text()) for page in pypdf.PdfReader(BytesIO(content)).pages)


def read_by_pdfplumber(content: bytes) -> int:
    """Return the length of the plain text that pdfplumber gives."""
    import pdfplumber  # of the extra "bench"

    with pdfplumber.open(BytesIO(content)) as document:
        return sum(len(page.extract_text()) for page in document.pages)


def seconds(task: Callable[[], object], n_runs: int) -> float:
    """Return the median of the seconds that a task takes, after a first run to warm up."""
    task()
    measured = []
    for _ in range(n_runs):
        start = time.perf_counter()
        task()
        measured.append(time.perf_counter() - start)
    return median(measured)


def measure(n_pages: int, n_runs: int) -> dict[str, float]:
    """Return pages per second by each reader, megabytes of text per second, and the ratios."""
    document = draw_conclusions(n_pages)
    text = write_conclusions(TEXT_BYTES)
    readers: dict[str, Callable[[], object]] = {
        "conclabel": lambda: read(document, "bench.pdf"),
        "pypdf": lambda: read_by_pypdf(document),
        "pdfplumber": lambda: read_by_pdfplumber(document),
    }
    found = {
        f"pdf_pages_per_s_{name}": n_pages / seconds(task, n_runs) for name, task in readers.items()
    }
    own = found["pdf_pages_per_s_conclabel"]
    found["pdf_ratio_to_pypdf"] = own / found["pdf_pages_per_s_pypdf"]
    found["pdf_ratio_to_pdfplumber"] = own / found["pdf_pages_per_s_pdfplumber"]
    found["text_mb_per_s"] = len(text) / 1e6 / seconds(lambda: read(text, "bench.txt"), n_runs)
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.pages, arguments.runs), indent=2))


if __name__ == "__main__":
    main()
