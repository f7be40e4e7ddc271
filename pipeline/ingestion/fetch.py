"""Downloads one document from the Council's register or from CELLAR, and nothing else.

Redirects are followed here, one at a time, so that every hop is held against the list of allowed
origins, and the address behind its name against the private networks.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import httpx2

from pipeline.errors import DocumentError
from pipeline.ingestion.metadata import CELEX

REFUSED = "FETCH_REFUSED"
FAILED = "FETCH_FAILED"
NOT_FOUND = "NOT_FOUND"

SUFFIX_BY_TYPE = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
}
_TYPES = ", ".join(SUFFIX_BY_TYPE)
_NOT_READY = frozenset({202, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ABSENT = frozenset({404, 406, 410})
_HREF = re.compile(rb"""href\s*=\s*["']([^"'#]+)["']""", re.IGNORECASE)
_SHORT_NUMBER = re.compile(r"(\d{4,5})/(\d{2})(?:\s+(REV|ADD|COR)\s?(\d+))?", re.IGNORECASE)
_DOC_ID = re.compile(r"[A-Z]{2,4}-\d{1,5}-\d{4}-(?:INIT|(?:REV|ADD|COR)-\d+)")
_EXTENDED_LANGUAGE = re.compile(r"[-_;,]")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What a download may do at most, and how patient it is."""

    origins: tuple[str, ...]
    timeout_s: float
    max_bytes: int
    max_hops: int
    tries: int
    backoff_s: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as it came: its bytes, the last URL, and the extension that fits its type."""

    url: str
    content: bytes
    suffix: str


def document_url(document: str, language: str, register: str, cellar: str) -> str:
    """Return where a document is to be had.

    Args:
        document: A register number (``ST-10179-2022-INIT``, ``10179/22``) or a CELEX number.
        language: ISO 639-1.
        register: Origin of the Council's register.
        cellar: Origin of CELLAR.

    Raises:
        ValueError: ``document`` is none of these.
    """
    if CELEX.fullmatch(document):
        return f"{cellar}/resource/celex/{quote(document, safe='')}"
    return f"{register}/doc/document/{document_id(document)}/{language}/pdf"


def document_id(document: str) -> str:
    """Return a document's number in one spelling.

    >>> document_id("10179/22"), document_id("9422/15 REV 1")
    ('ST-10179-2022-INIT', 'ST-9422-2015-REV-1')

    Raises:
        ValueError: It is neither a register number nor a CELEX number.
    """
    if CELEX.fullmatch(document) or _DOC_ID.fullmatch(document.upper()):
        return document.upper()
    match = _SHORT_NUMBER.fullmatch(document.strip())
    if not match:
        raise ValueError(f"{document!r} is neither a register number nor a CELEX number")
    part = f"{match[3].upper()}-{match[4]}" if match[3] else "INIT"
    return f"ST-{match[1]}-20{match[2]}-{part}"


class Fetcher:
    """Fetches documents one at a time; use it as a context manager."""

    def __init__(
        self, limits: FetchLimits, user_agent: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._limits = limits
        self._sleep = sleep
        self._client = httpx2.Client(
            follow_redirects=False,
            timeout=limits.timeout_s,
            headers={"User-Agent": user_agent},
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(self, url: str, language: str) -> list[Fetched]:
        """Return the document at a URL, or the several that its answer lists (status 300).

        Raises:
            DocumentError: ``FETCH_REFUSED`` for what the limits forbid, ``NOT_FOUND``, or
                ``FETCH_FAILED`` when the server does not answer in the end.
        """
        answer = self._patiently(url, language)
        if isinstance(answer, Fetched):
            return [answer]
        found = [self._patiently(link, language) for link in answer]
        documents = [entry for entry in found if isinstance(entry, Fetched)]
        if not documents:
            raise DocumentError(FAILED, f"{url}: lists only further lists, no document.")
        return documents

    def _patiently(self, url: str, language: str) -> Fetched | list[str]:
        """Try until the server has the document ready, waiting longer each time."""
        reason = ""
        for attempt in range(self._limits.tries):
            if attempt:
                self._sleep(self._limits.backoff_s * 2 ** (attempt - 1))
            try:
                answer = self._once(url, language)
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                continue
            if not isinstance(answer, str):
                return answer
            reason = answer
            logger.info("%s: %s, trying again", url, reason)
        raise DocumentError(
            FAILED, f"{url}: no document after {self._limits.tries} tries ({reason}). Try later."
        )

    def _once(self, url: str, language: str) -> Fetched | list[str] | str:
        """Return a document, links to several, or in words why it is worth trying again."""
        headers = {"Accept": _TYPES, "Accept-Language": language}
        for _ in range(self._limits.max_hops + 1):
            self._refuse_elsewhere(url)
            with self._client.stream("GET", url, headers=headers) as response:
                status = response.status_code
                if status in _REDIRECTS:
                    url = urljoin(url, response.headers.get("location", ""))
                    continue
                if status in _NOT_READY:
                    return f"status {status}"
                if status in _ABSENT:
                    raise DocumentError(
                        NOT_FOUND, f"{url}: status {status}; there is none in '{language}'."
                    )
                if status == httpx2.codes.MULTIPLE_CHOICES:
                    links = _HREF.findall(self._read(url, response))
                    return [urljoin(url, link.decode("utf-8", "replace")) for link in links]
                if status != httpx2.codes.OK:
                    raise DocumentError(FAILED, f"{url}: status {status}, expected 200.")
                return self._document(url, response, language)
        raise DocumentError(
            REFUSED, f"{url}: more than {self._limits.max_hops} redirects. Check the address."
        )

    def _document(self, url: str, response: httpx2.Response, language: str) -> Fetched | str:
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        suffix = SUFFIX_BY_TYPE.get(media_type)
        if suffix is None:
            raise DocumentError(
                REFUSED, f"{url}: is '{media_type or 'of no type'}', expected one of {_TYPES}."
            )
        told = response.headers.get("content-language", "").strip().lower()
        if told and _EXTENDED_LANGUAGE.split(told)[0] != language:
            raise DocumentError(
                "WRONG_LANGUAGE", f"{url}: the server answers in '{told}', asked for '{language}'."
            )
        content = self._read(url, response)
        return Fetched(url, content, suffix) if content else "an empty answer"

    def _read(self, url: str, response: httpx2.Response) -> bytes:
        """Return the decoded body, within the limits of size and time."""
        started = time.monotonic()
        body = bytearray()
        for block in response.iter_bytes():
            body += block
            if len(body) > self._limits.max_bytes:
                raise DocumentError(
                    REFUSED, f"{url}: more than {self._limits.max_bytes:,} bytes. Is it endless?"
                )
            if time.monotonic() - started > self._limits.timeout_s:
                raise DocumentError(
                    REFUSED, f"{url}: still sending after {self._limits.timeout_s:.0f} s."
                )
        return bytes(body)

    def _refuse_elsewhere(self, url: str) -> None:
        """Refuse a URL that is at none of the allowed origins, or leads into a private network."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._limits.origins:
            allowed = ", ".join(self._limits.origins)
            raise DocumentError(REFUSED, f"{url}: is not at an allowed host ({allowed}).")
        host = parts.hostname or ""
        if not _is_address(host) and _leads_to_private_network(host, parts.port):
            raise DocumentError(REFUSED, f"{url}: '{host}' leads into a private network.")


def _is_address(host: str) -> bool:
    """Whether a host is an IP address: one in the list of origins was put there on purpose."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _leads_to_private_network(host: str, port: int | None) -> bool:
    try:
        found: Sequence[tuple[object, ...]] = socket.getaddrinfo(host, port or 443)
    except OSError:
        return False  # the request will fail by itself, with the reason
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}  # type: ignore[index]
    return any(not ipaddress.ip_address(address).is_global for address in addresses)
