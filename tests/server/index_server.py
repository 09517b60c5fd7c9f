"""A real HTTP/1.1 index on a free loopback port, for tests; answers from a catalog in memory and writes down each request.

``with IndexServer({"a": [make_wheel("a", "1.0")]}, mode=Mode(pages="html")) as server: server.simple_url``
"""

from __future__ import annotations

import base64
import ssl
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from tests.fakes.archives import metadata_text
from tests.server.answers import Answer, conditioned, refuse
from tests.server.catalog import Catalog, IndexFile, read_catalog
from tests.server.connections import ConnectionServer
from tests.server.mode import Lie, Mode
from tests.server.pages import (
    HTML_TYPE,
    JSON_TYPE,
    has_sidecar,
    render_html_folder,
    render_html_page,
    render_json_page,
    render_project_list,
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came: *path* with its query, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class IndexServer:
    """An index that behaves as *mode* says; counts are exact once the client has its answer.

    *host* is the word in the URLs: ``127.0.0.1`` or ``localhost``, which are two hosts to a client. *tls* makes it HTTPS.
    ``mode`` may be replaced while it runs. Leaving the ``with`` block ends every connection and thread, and raises what failed
    inside a handler.
    """

    def __init__(
        self,
        catalog: Catalog = (),
        *,
        mode: Mode | None = None,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.projects = read_catalog(catalog)
        self.mode = mode or Mode()
        self.requests: list[Request] = []
        self._files: dict[str, IndexFile] = {f.path: f for each in self.projects.values() for f in each.files}
        self._paths: dict[str, Answer] = {}
        self._failed: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ConnectionServer(self, tls)
        self.base_url = f"{'https' if tls else 'http'}://{host}:{self._server.server_address[1]}"

    @property
    def simple_url(self) -> str:
        """The index URL, with a trailing slash."""
        return f"{self.base_url}/simple/"

    def url_of(self, filename: str) -> str:
        """The URL of the file with that name in the catalog."""
        return next(f"{self.base_url}{path}" for path in self._files if path.endswith(f"/{filename}"))

    def add_path(
        self, path: str, body: bytes, *, content_type: str = "text/plain; charset=utf-8", status: int = 200
    ) -> str:
        """Serve *body* at *path* (requirements files, loose archives); answer its URL."""
        self._paths[path] = Answer(status=status, body=body, content_type=content_type, kind="file")
        return self.base_url + path

    def add_find_links(self, path: str, *hrefs: str) -> str:
        """Serve a page of bare links at *path*; answer its URL."""
        return self.add_path(path, render_html_folder(hrefs).encode(), content_type=HTML_TYPE)

    def count(self, *, method: str = "", path: str = "", suffix: str = "") -> int:
        """How many requests came, with that *method*, a path that holds *path* and ends with *suffix*."""
        with self._lock:
            return sum(
                method in ("", r.method) and path in unquote(r.path) and unquote(r.path).endswith(suffix)
                for r in self.requests
            )

    def count_pages(self, name: str = "") -> int:
        """How many times project pages were asked for, or the page of *name*."""
        return self.count(path=f"/simple/{name}", suffix="/")

    def count_sidecars(self) -> int:
        """How many times sidecars were asked for."""
        return self.count(suffix=".metadata")

    def count_ranges(self) -> int:
        """How many requests had a Range header."""
        with self._lock:
            return sum("range" in r.headers for r in self.requests)

    @property
    def authorizations(self) -> list[str]:
        """Every Authorization header received, in order."""
        with self._lock:
            return [r.headers["authorization"] for r in self.requests if "authorization" in r.headers]

    def forget_requests(self) -> None:
        """Start counting anew; flaky paths stay healed."""
        with self._lock:
            self.requests.clear()

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Write a request down; answer whether it must fail as the mode's ``flaky`` says."""
        with self._lock:
            self.requests.append(Request(method, path, headers))
            flaky = self.mode.flaky
            if flaky is None or flaky.on not in path or self._failed[path] >= flaky.first:
                return False
            self._failed[path] += 1
            return True

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """What a request gets, apart from the ways in which the connection itself may fail."""
        mode = self.mode
        if mode.credentials is not None and headers.get("authorization") != _basic(*mode.credentials):
            return refuse(401, "who are you?", WWW_Authenticate='Basic realm="index"')
        plain = unquote(urlsplit(path).path)
        if plain in self._paths:
            found = self._paths[plain]
        elif plain.startswith("/simple"):
            found = self._page(method, path, plain, headers.get("accept", ""))
        else:
            found = self._file(path, plain)
        return conditioned(found, headers, mode)

    def _page(self, method: str, path: str, plain: str, accept: str) -> Answer:
        mode = self.mode
        if mode.redirect_pages_to is not None:
            return refuse(302, Location=mode.redirect_pages_to.rstrip("/") + path)
        word = plain.removeprefix("/simple").strip("/")
        name = canonicalize_name(word)
        kind = "json" if mode.pages == "json" and JSON_TYPE in accept else "html"
        if not name:
            text = render_project_list(self.projects, kind)
        elif word != name or not plain.endswith("/"):
            return refuse(301, Location=f"/simple/{name}/")
        elif name not in self.projects:
            return refuse(mode.absent_status, "no such project")
        elif kind == "json":
            text = render_json_page(self.projects[name], mode, self.base_url)
        else:
            text = render_html_page(self.projects[name], mode, self.base_url, accept)
        lie = Lie.CONTENT_TYPE_HEAD if method == "HEAD" else Lie.CONTENT_TYPE_GET
        labelled = (kind == "json") != (lie in mode.lies)
        return Answer(body=text.encode(), content_type=JSON_TYPE if labelled else HTML_TYPE, kind="page")

    def _file(self, path: str, plain: str) -> Answer:
        mode = self.mode
        if mode.redirect_files_to is not None:
            return refuse(302, Location=mode.redirect_files_to.rstrip("/") + path)
        if plain.endswith(".metadata"):
            file = self._files.get(plain.removesuffix(".metadata"))
            if file is None or file.sidecar is None or not has_sidecar(file, mode):
                return refuse(404, "no such sidecar")
            lying = Lie.SIDECAR_OF_ANOTHER in mode.lies
            body = metadata_text("impostor", "6.6.6").encode() if lying else file.sidecar()
            return Answer(body=body, kind="sidecar")
        file = self._files.get(plain)
        if file is None or file.content is None:
            return refuse(404, "no such file")
        return Answer(body=file.content(), kind="file")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        if kind is None and self._server.failures:
            raise ExceptionGroup("handlers of the test index failed", self._server.failures)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
