"""A real HTTP index for the tests."""

from tests.server.catalog import IndexFile, IndexProject, index_file, index_project
from tests.server.index_server import IndexServer, Request
from tests.server.mode import MIRROR, PLAIN_HTML, Flaky, Lie, Mode

__all__ = [
    "MIRROR",
    "PLAIN_HTML",
    "Flaky",
    "IndexFile",
    "IndexProject",
    "IndexServer",
    "Lie",
    "Mode",
    "Request",
    "index_file",
    "index_project",
]
