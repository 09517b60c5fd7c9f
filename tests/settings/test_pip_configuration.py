"""pip's files and variables, in pip's precedence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from wheelcheck.errors import SettingsInvalid, UsageProblem
from wheelcheck.model.urls import default_index_url
from wheelcheck.settings.pip_configuration import (
    NetworkSettings,
    PipConfiguration,
    load_pip_configuration,
    network_settings,
    pip_configuration_files,
)


def configured(tmp_path: Path, *texts: str, **environ: str) -> PipConfiguration:
    files = [tmp_path / f"{number}.conf" for number in range(len(texts))]
    for path, text in zip(files, texts, strict=True):
        path.write_text(text)
    return load_pip_configuration(environ, files=files)


def test_every_key_is_read_from_a_file(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        "[global]\nindex-url = https://one.example/simple\nextra_index_url =\n    https://two.example/simple\n    file:///wheels\n"
        "find-links = /a /b\nno-index = no\ncert = /ca.pem\nclient-cert = /me.pem\ntrusted-host = a b:8080\nproxy = http://p:3128\n"
        "timeout = 15\nretries = 2\nprogress-bar = off\n",
    )
    assert (found.said_by["cert"], found.said_by["client-cert"]) == (str(tmp_path / "0.conf"),) * 2
    # Who said the others has tests of its own.
    assert replace(found, said_by={}) == PipConfiguration(
        index_url="https://one.example/simple",
        extra_index_urls=("https://two.example/simple", "file:///wheels"),
        find_links=("/a", "/b"),
        cert="/ca.pem",
        client_cert="/me.pem",
        trusted_hosts=("a", "b:8080"),
        proxy="http://p:3128",
        timeout=15.0,
        retries=2,
    )


def test_later_files_win_and_the_command_section_wins_over_global(tmp_path: Path) -> None:
    weak = "[global]\nindex-url = https://weak.example\ntimeout = 1\n[install]\nindex-url = https://install.example\n"
    strong = (
        "[global]\nindex-url = https://strong.example\ntimeout = 2\n[freeze]\ntimeout = 3\n[download]\nretries = 7\n"
    )
    found = configured(tmp_path, weak, strong)
    assert (found.index_url, found.timeout, found.retries) == ("https://install.example", 2.0, 7)


def test_the_environment_wins_over_files_and_empty_values_say_nothing(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        "[global]\nindex-url = https://file.example\nextra-index-url = https://extra.example\nproxy =\n",
        PIP_INDEX_URL="https://variable.example",
        PIP_EXTRA_INDEX_URL="",
        PIP_NO_INDEX="1",
        PIP_DEFAULT_TIMEOUT="60",
        PIP_RETRIES="0",
        PIP_FIND_LINKS="one two",
        PIP_TRUSTED_HOST="h",
        PIP_PROXY="http://p",
        PIP_CERT="/x.pem",
        PIP_VERBOSE="3",
    )
    assert (found.index_url, found.extra_index_urls) == ("https://variable.example", ("https://extra.example",))
    assert (found.no_index, found.timeout, found.retries, found.find_links) == (True, 60.0, 0, ("one", "two"))
    assert (found.trusted_hosts, found.proxy, found.cert, found.said_by["cert"]) == (
        ("h",),
        "http://p",
        "/x.pem",
        "PIP_CERT",
    )


def test_absent_files_say_nothing(tmp_path: Path) -> None:
    assert load_pip_configuration({}, files=[tmp_path / "absent" / "pip.conf", tmp_path]) == PipConfiguration()


@pytest.mark.parametrize("text", ["no section\n", "[global\n", "[global]\na = 1\na = 2\n"])
def test_a_malformed_file_is_named_without_quoting_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        configured(tmp_path, text)
    assert caught.value.address.startswith(str(tmp_path / "0.conf"))
    assert "malformed" in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"), [("PIP_TIMEOUT", "soon"), ("PIP_RETRIES", "-1"), ("PIP_NO_INDEX", "perhaps")]
)
def test_a_bad_value_names_its_variable(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        configured(tmp_path, **{name: value})
    assert caught.value.address == name


def test_files_are_looked_for_where_pip_does_on_linux() -> None:
    environ = {"HOME": "/home/me", "XDG_CONFIG_DIRS": f"/one{os.pathsep}/two", "VIRTUAL_ENV": "/venv"}
    assert [path.as_posix() for path in pip_configuration_files(environ, system="linux")] == [
        "/one/pip/pip.conf",
        "/two/pip/pip.conf",
        "/etc/pip.conf",
        "/home/me/.pip/pip.conf",
        "/home/me/.config/pip/pip.conf",
        "/venv/pip.conf",
    ]


def test_files_are_looked_for_where_pip_does_on_macos(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "VIRTUAL_ENV": "/venv"}
    assert pip_configuration_files(environ, system="darwin")[2] == tmp_path / ".config" / "pip" / "pip.conf"
    library = tmp_path / "Library" / "Application Support" / "pip"
    library.mkdir(parents=True)
    assert pip_configuration_files(environ, system="darwin")[2] == library / "pip.conf"


def test_files_are_looked_for_where_pip_does_on_windows() -> None:
    environ = {"USERPROFILE": "/u", "APPDATA": "/u/r", "PROGRAMDATA": "/pd", "VIRTUAL_ENV": "/v"}
    assert [path.as_posix() for path in pip_configuration_files(environ, system="win32")] == [
        "/pd/pip/pip.ini",
        "/u/pip/pip.ini",
        "/u/r/pip/pip.ini",
        "/v/pip.ini",
    ]


def test_pip_config_file_takes_the_place_of_the_users_and_the_null_device_of_all(tmp_path: Path) -> None:
    named = tmp_path / "mine.conf"
    environ = {"HOME": "/home/me", "PIP_CONFIG_FILE": str(named)}
    assert pip_configuration_files(environ, system="linux")[-1] == named
    assert Path("/home/me/.config/pip/pip.conf") in pip_configuration_files(environ, system="linux")
    named.write_text("")
    assert Path("/home/me/.config/pip/pip.conf") not in pip_configuration_files(environ, system="linux")
    assert pip_configuration_files({"PIP_CONFIG_FILE": os.devnull}) == ()


def test_the_default_index_is_the_constant_of_pypi_simple() -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    assert default_index_url() == PYPI_SIMPLE_ENDPOINT


def test_certificates_come_from_pip_then_the_first_variable(tmp_path: Path) -> None:
    bundles = {
        name: tmp_path / f"{name}.pem" for name in ("PIP", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
    }
    for path in bundles.values():
        path.write_text("")
    environ = {name: str(path) for name, path in bundles.items() if name != "PIP"}
    pip = PipConfiguration(
        cert=str(bundles["PIP"]), said_by={"cert": "PIP_CERT"}, proxy="http://p", timeout=3.0, retries=1
    )
    assert network_settings(environ, pip) == NetworkSettings(
        ca_bundle=bundles["PIP"], proxy="http://p", timeout=3.0, retries=1
    )
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        assert network_settings(environ, PipConfiguration()).ca_bundle == bundles[variable]
        del environ[variable]
    assert network_settings({}, PipConfiguration()).ca_bundle is None


def test_a_missing_certificate_file_names_its_variable() -> None:
    with pytest.raises(UsageProblem) as caught:
        network_settings({"SSL_CERT_FILE": "/nowhere/ca.pem"}, PipConfiguration())
    assert caught.value.address == "SSL_CERT_FILE"
    with pytest.raises(UsageProblem, match="PIP_CLIENT_CERT"):
        network_settings({}, PipConfiguration(client_cert="/nowhere", said_by={"client-cert": "PIP_CLIENT_CERT"}))
