"""What of a URL may be shown."""

from __future__ import annotations

import pytest

from wheelcheck.model.urls import masked, masked_within


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("-i https://user:hunter2@index.example/simple/", "-i https://***@index.example/simple/"),
        ("https://hunter2@index.example/", "https://***@index.example/"),
        ("https://user:hun@ter2@index.example/", "https://***@index.example/"),
        ("https://user:hunter2/x@index.example/", "https://***@index.example/"),
        ("https://user:hunter2#x@index.example/", "https://***@index.example/"),
        (
            "https://user:1/2@index.example/",
            "https://user:1/2@index.example/",
        ),  # a port and a path, as far as can be told
        ("git+https://vcs.example/x.git@main#egg=x", "git+https://vcs.example/x.git@main#egg=x"),
        ("https://vcs.example:8443/x.git@main", "https://vcs.example:8443/x.git@main"),
        ("http://[::1]:8080/x@y", "http://[::1]:8080/x@y"),
        ("git+ssh://git:hunter2@vcs.example/x.git@main", "git+ssh://***@vcs.example/x.git@main"),
        (
            "'https://a:hunter2@x.example/' \"https://b:hunter2@y.example/\"",
            "'https://***@x.example/' \"https://***@y.example/\"",
        ),
    ],
)
def test_credentials_within_a_text_are_masked_and_nothing_else(written: str, shown: str) -> None:
    assert masked_within(written) == shown


def test_masked_url_stays_usable() -> None:
    assert masked("https://user:hunter2@index.example:8443/simple/") == "https://index.example:8443/simple/"
    assert masked("wheels/a@b") == "wheels/a@b"
