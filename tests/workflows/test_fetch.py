"""Fetching from a server on this machine that behaves like the register and CELLAR."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.config import FetchConfig
from pipeline.errors import RequestError
from pipeline.ingestion.fetch import document_url
from pipeline.workflows.fetch import fetch_documents, read_sources

TEXTS = {
    "nl": "<p>De Raad neemt nota van het verslag en bedankt de lidstaten voor hun bijdragen.</p>",
    "en": "<p>The Council takes note of the report and thanks the Member States for it.</p>",
}
DOC = "ST-90001-2031-INIT"


class _Register(BaseHTTPRequestHandler):
    """Answers by path; ``routes`` and ``asked`` belong to the server of one test."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Accept-Language")))
        route = self.server.routes.get(self.path)
        if route is None:
            self.send_response(404)
            self.end_headers()
            return
        route(self)

    def answer(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Register)
    server.routes, server.asked = {}, []
    server.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(server, tmp_path):
    def fetch(document=DOC, languages=("nl",), **changes):
        settings = {
            "output": tmp_path / "raw",
            "register_origin": server.origin,
            "cellar_origin": server.origin,
            "origins": [server.origin],
            "pause_s": 0,
            "backoff_s": 0,
            "timeout_s": 5,
            "max_bytes": 200_000,
        }
        config = FetchConfig.model_validate(settings | changes)
        return fetch_documents(config, [document], languages, lambda *_: None, lambda _: None)

    return fetch


def page(language, **headers):
    body = f"<html><body>{TEXTS[language]}</body></html>".encode()
    return lambda request: request.answer(200, body, Content_Type="text/html", **headers)


def path(language="nl"):
    return f"/doc/document/{DOC}/{language}/pdf"


def codes(summary):
    return [error.code for _, error in summary.failures]


def test_document_is_saved_with_its_source(server, fetch, tmp_path):
    server.routes[path()] = page("nl")
    summary = fetch()
    assert summary.fetched == [f"{DOC}_nl.html"]
    (row,) = read_sources(tmp_path / "raw")
    assert (row["doc_id"], row["language"], row["file"]) == (DOC, "nl", f"{DOC}_nl.html")
    assert row["url"] == server.origin + path()
    assert len(row["sha256"]) == 64
    assert row["retrieved"][:2] == "20"


def test_what_is_there_is_not_asked_for_again(server, fetch, tmp_path):
    server.routes[path()] = page("nl")
    fetch()
    assert fetch().kept == [f"{DOC}_nl.html"]
    assert len(server.asked) == 1
    (tmp_path / "raw" / f"{DOC}_nl.html").write_text("changed", encoding="utf-8")
    assert fetch().fetched == [f"{DOC}_nl.html"]
    assert len(read_sources(tmp_path / "raw")) == 1


def test_each_language_is_asked_for_by_itself(server, fetch):
    server.routes[path("nl")] = page("nl")
    server.routes[path("en")] = page("en")
    assert len(fetch(languages=["nl", "en"]).fetched) == 2
    assert [language for _, language in server.asked] == ["nl", "en"]


def test_redirect_to_an_allowed_host_is_followed(server, fetch):
    server.routes[path()] = lambda r: r.answer(303, Location="/moved")
    server.routes["/moved"] = page("nl")
    assert fetch().fetched


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.2:9/x",
        "http://example.invalid/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
    ],
)
def test_redirect_elsewhere_is_refused(server, fetch, target):
    server.routes[path()] = lambda r: r.answer(302, Location=target)
    summary = fetch()
    assert codes(summary) == ["FETCH_REFUSED"]
    assert "not at an allowed host" in summary.failures[0][1].message


def test_name_that_leads_into_a_private_network_is_refused(server, fetch):
    origin = f"http://localhost:{server.server_port}"
    server.routes[path()] = page("nl")
    assert codes(fetch(register_origin=origin, origins=[origin])) == ["FETCH_REFUSED"]
    assert server.asked == []


def test_too_many_redirects_are_refused(server, fetch):
    server.routes[path()] = lambda r: r.answer(302, Location=r.path)
    assert codes(fetch(max_hops=3)) == ["FETCH_REFUSED"]
    assert len(server.asked) == 4


def test_endless_body_is_refused(server, fetch):
    def endless(request):
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 10_000)
        except OSError:
            pass

    server.routes[path()] = endless
    assert codes(fetch()) == ["FETCH_REFUSED"]


def test_body_that_unpacks_to_too_much_is_refused(server, fetch):
    bomb = gzip.compress(b"0" * 3_000_000)
    server.routes[path()] = lambda r: r.answer(
        200, bomb, Content_Type="text/html", Content_Encoding="gzip"
    )
    assert codes(fetch()) == ["FETCH_REFUSED"]


def test_other_type_is_refused(server, fetch):
    server.routes[path()] = lambda r: r.answer(200, b"MZ", Content_Type="application/x-msdownload")
    assert codes(fetch()) == ["FETCH_REFUSED"]


def test_rendition_that_is_being_made_is_waited_for(server, fetch):
    answers = [lambda r: r.answer(202), lambda r: r.answer(200, b"", Content_Type="text/html")]

    def in_time(request):
        (answers.pop(0) if answers else page("nl"))(request)

    server.routes[path()] = in_time
    assert fetch().fetched
    assert len(server.asked) == 3


def test_server_that_never_gets_ready_is_given_up(server, fetch):
    server.routes[path()] = lambda r: r.answer(503)
    assert codes(fetch(tries=3)) == ["FETCH_FAILED"]
    assert len(server.asked) == 3


def test_absent_document_is_named(server, fetch):
    assert codes(fetch()) == ["NOT_FOUND"]


@pytest.mark.parametrize("headers", [{}, {"Content_Language": "en"}], ids=["text", "header"])
def test_other_language_than_asked_for_is_not_kept(server, fetch, tmp_path, headers):
    server.routes[path()] = page("en", **headers)
    assert codes(fetch()) == ["WRONG_LANGUAGE"]
    assert read_sources(tmp_path / "raw") == []
    assert list((tmp_path / "raw").iterdir()) == []


def test_several_documents_of_one_celex_number_are_all_kept(server, fetch):
    celex = "52031XG0630(01)"
    links = b'<ul><li><a href="/one">1</a></li><li><a href="/two">2</a></li></ul>'
    server.routes["/resource/celex/52031XG0630%2801%29"] = lambda r: r.answer(
        300, links, Content_Type="text/html"
    )
    server.routes["/one"] = server.routes["/two"] = page("nl")
    assert fetch(celex).fetched == [f"{celex}.1_nl.html", f"{celex}.2_nl.html"]


@pytest.mark.parametrize(
    ("document", "url"),
    [
        ("ST-10179-2022-INIT", "R/doc/document/ST-10179-2022-INIT/nl/pdf"),
        ("10179/22", "R/doc/document/ST-10179-2022-INIT/nl/pdf"),
        ("9422/15 REV 1", "R/doc/document/ST-9422-2015-REV-1/nl/pdf"),
        ("52022XG0630(01)", "C/resource/celex/52022XG0630%2801%29"),
    ],
)
def test_documents_have_the_addresses_of_register_and_cellar(document, url):
    assert document_url(document, "nl", "R", "C") == url


@pytest.mark.parametrize(("document", "language"), [("conclusions", "nl"), (DOC, "xx")])
def test_request_that_cannot_be_understood_is_refused(fetch, document, language):
    with pytest.raises(RequestError):
        fetch(document, [language])
