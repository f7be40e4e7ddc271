"""The zip archive that a DOCX is: its XML parts, checked before anything is unpacked."""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from io import BytesIO

from lxml import etree
from lxml.etree import _Element as Element

from pipeline.errors import DocumentError

MAX_UNPACKED_BYTES = 100_000_000
MAX_RATIO = 200
"""Unpacked to packed size; XML of real documents packs to a tenth or a twentieth."""
MAX_MEMBERS = 5_000
MAX_XML_BYTES = 20_000_000
MAX_XML_TAGS = 1_000_000
"""Tags, not bytes, take the memory (some 0.2 kB each); 500 printed pages have 0.3 million."""

_USUAL_PATHS = {
    "officeDocument": "word/document.xml",
    "styles": "word/styles.xml",
    "numbering": "word/numbering.xml",
    "footnotes": "word/footnotes.xml",
    "endnotes": "word/endnotes.xml",
    "core-properties": "docProps/core.xml",
}
"""Where Word puts the parts; a file's relationships may say otherwise."""

_STRICT_NAMESPACE = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_NAMESPACE = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"

_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_CENTRAL_ENTRY = b"PK\x01\x02"
_ENCRYPTED_FLAG = 0x1
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError),
    *(EOFError, OSError, ValueError, OverflowError),
)
"""What ``zipfile`` raises on damaged archives."""


class Package:
    """The parts of a DOCX by kind, the last word of their relationship: "styles", "footer".

    Raises:
        DocumentError: ``EMPTY``, ``BAD_FORMAT``, ``ENCRYPTED``, ``LIMIT``, or, for a part that is
            read and is no well-formed XML without a DTD, ``BAD_XML``.
    """

    def __init__(self, content: bytes) -> None:
        self._archive, self._member_by_path = _open_archive(content)
        roots = self._related("")
        self._main_path = next(
            (path for path in roots.get("officeDocument", []) if self._has(path)),
            _USUAL_PATHS["officeDocument"],
        )
        if not self._has(self._main_path):
            raise _bad_format(f"a zip archive without {self._main_path}")
        self._paths_by_kind = roots | self._related(self._main_path)

    def main(self) -> Element:
        """Return the root of the main document."""
        return self._parse(self._main_path)

    def part(self, kind: str) -> Element | None:
        """Return the root of the first part of a kind, None where there is none."""
        return next(iter(self.parts(kind)), None)

    def parts(self, kind: str) -> list[Element]:
        """Return the roots of all parts of a kind, in the order of the relationships."""
        usual = [_USUAL_PATHS[kind]] if kind in _USUAL_PATHS else []
        paths = self._paths_by_kind.get(kind, usual)
        return [self._parse(path) for path in paths if self._has(path)]

    def _has(self, path: str) -> bool:
        return path.lower() in self._member_by_path

    def _related(self, source: str) -> dict[str, list[str]]:
        """Return the paths that a part's relationships name, by kind; "" is the package itself."""
        folder, name = posixpath.split(source)
        relationships = posixpath.join(folder, "_rels", f"{name}.rels")
        paths: dict[str, list[str]] = {}
        if not self._has(relationships):
            return paths
        for relationship in self._parse(relationships).iter(_RELATIONSHIP):
            if relationship.get("TargetMode") == "External":
                continue
            kind = str(relationship.get("Type", "")).rpartition("/")[2]
            target = posixpath.join("/", folder, str(relationship.get("Target", "")))
            paths.setdefault(kind, []).append(posixpath.normpath(target).lstrip("/"))
        return paths

    def _parse(self, path: str) -> Element:
        return _parse_xml(self._read(path), path)

    def _read(self, path: str) -> bytes:
        member = self._member_by_path[path.lower()]
        if member.file_size > MAX_XML_BYTES:
            raise _limit(
                f"{path} unpacks to {member.file_size / 1e6:.0f} MB of XML",
                f"{MAX_XML_BYTES / 1e6:.0f} MB",
            )
        try:
            with self._archive.open(member) as file:
                # With a size, zipfile unpacks no more than that, whatever the header says.
                return file.read(member.file_size + 1)
        except _ZIP_ERRORS as error:
            raise _damaged(path, error) from error


def _open_archive(content: bytes) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """Return an archive and its members by lower-case path, once its headers are found sound."""
    if not content.strip():
        raise DocumentError("EMPTY", "the file is empty. Check that it was saved or sent whole.")
    if content.startswith(_OLE_SIGNATURE):
        raise _ole_error(content)
    if content.count(_CENTRAL_ENTRY) > MAX_MEMBERS:  # zipfile would read them all first
        raise _limit("too many files in the zip archive", f"{MAX_MEMBERS:,}")
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        members = archive.infolist()
    except _ZIP_ERRORS as error:
        raise _bad_format("no zip archive, or one cut short") from error
    _check_members(members, len(content))
    return archive, {member.filename.lower(): member for member in members}


def _check_members(members: list[zipfile.ZipInfo], size_bytes: int) -> None:
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise _encrypted()
    unpacked_bytes = sum(member.file_size for member in members)
    if unpacked_bytes > MAX_UNPACKED_BYTES:
        raise _limit(
            f"unpacks to {unpacked_bytes / 1e6:.0f} MB", f"{MAX_UNPACKED_BYTES / 1e6:.0f} MB"
        )
    if unpacked_bytes > MAX_RATIO * size_bytes:
        raise _limit(
            f"unpacks to {unpacked_bytes / size_bytes:.0f} times its size", f"{MAX_RATIO} times"
        )
    for member in members:
        # Other methods cannot be unpacked piece by piece, and no word processor uses them.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _bad_format(f"a zip archive with compression method {member.compress_type}")


def _parse_xml(xml: bytes, path: str) -> Element:
    """Return the root of a part. A DTD is refused: it is what entity attacks are made of."""
    if xml.count(b"<") > MAX_XML_TAGS:
        raise _limit(f"{path} has {xml.count(b'<'):,} tags", f"{MAX_XML_TAGS:,}")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(xml.replace(_STRICT_NAMESPACE, _NAMESPACE), parser)
    except etree.XMLSyntaxError as error:
        if "XML_PARSE_HUGE" in str(error):
            raise _limit(f"{path}: {error}", "10 MB in one text and 256 levels") from error
        raise _bad_xml(path, str(error)) from error
    if root.getroottree().docinfo.doctype:
        raise _bad_xml(path, "it declares a DTD, which the format forbids")
    return root


def _ole_error(content: bytes) -> DocumentError:
    if _ENCRYPTED_STREAM in content:
        return _encrypted()
    return _bad_format("an old Microsoft Office document (.doc)")


def _encrypted() -> DocumentError:
    return DocumentError(
        "ENCRYPTED", "the document is protected by a password. Save it without one."
    )


def _bad_format(found: str) -> DocumentError:
    return DocumentError(
        "BAD_FORMAT", f"expected a Word document (.docx), found {found}. Save it as .docx again."
    )


def _damaged(path: str, error: Exception) -> DocumentError:
    return DocumentError(
        "BAD_FORMAT", f"{path} cannot be unpacked ({error}). Check that the file was sent whole."
    )


def _bad_xml(path: str, reason: str) -> DocumentError:
    return DocumentError("BAD_XML", f"{path} is no sound XML: {reason}. Save the document again.")


def _limit(found: str, expected: str) -> DocumentError:
    return DocumentError(
        "LIMIT", f"{found}, expected at most {expected}. Check that it is a document, or split it."
    )
