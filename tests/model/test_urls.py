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
        ("http:\\\\user:hunter2@index.example", "http:\\\\***@index.example"),
        ("https:/user:hunter2@index.example", "https:/***@index.example"),
        ("https:user:hunter2@index.example/x", "***@index.example/x"),
        ("give user:hunter2@index.example/simple", "give ***@index.example/simple"),
        ("https://h/simple/?token=hunter2: refused", "https://h/simple/?token=***: refused"),
        ("https://h/a.whl?x=1&X-Amz-Signature=hunter2&y=2#z", "https://h/a.whl?x=1&X-Amz-Signature=***&y=2#z"),
        ("https://h/?private_token=hunter2, and", "https://h/?private_token=***, and"),
        ("FROM python:3.11@sha256:abc", "FROM python:3.11@sha256:abc"),
        ("mail somebody@example.org about r.txt:3", "mail somebody@example.org about r.txt:3"),
        ("https://h/?page=2&monkey=1", "https://h/?page=2&monkey=1"),
    ],
)
def test_credentials_within_a_text_are_masked_and_nothing_else(written: str, shown: str) -> None:
    assert masked_within(written) == shown


def test_masked_url_stays_usable() -> None:
    assert masked("https://user:hunter2@index.example:8443/simple/") == "https://index.example:8443/simple/"
    assert masked("wheels/a@b") == "wheels/a@b"


def test_secrets_of_a_query_are_not_shown() -> None:
    assert masked("https://index.example/a.whl?token=hunter2&x=1") == "https://index.example/a.whl?token=***&x=1"
