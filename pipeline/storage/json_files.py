"""JSON as our output folders have it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any, indent: int = 2) -> None:
    """Write readable JSON in UTF-8; paths that are no UTF-8 become JSON's own escapes."""
    text = json.dumps(content, ensure_ascii=False, indent=indent) + "\n"
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
