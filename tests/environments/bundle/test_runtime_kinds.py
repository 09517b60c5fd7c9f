"""The file that says what an embeddable Python imports is opened for site-packages, and otherwise left alone."""

from __future__ import annotations

from tests.fakes.runtimes import PTH
from wheelcheck.environments.bundle.runtimes import open_site_packages


def test_site_packages_follow_the_paths_and_site_is_imported() -> None:
    assert open_site_packages(PTH) == (
        b"python311.zip\r\n.\r\nLib\\site-packages\r\n\r\n# Uncomment to run site.main() automatically\r\nimport site\r\n"
    )


def test_own_lines_are_kept() -> None:
    opened = open_site_packages(b"python311.zip\r\n..\\app\r\n.\r\n#import site\r\n")

    assert opened == b"python311.zip\r\n..\\app\r\n.\r\nLib\\site-packages\r\nimport site\r\n"


def test_open_file_stays_as_it_is() -> None:
    opened = open_site_packages(PTH)

    assert open_site_packages(opened) == opened


def test_line_ends_stay_as_they_are() -> None:
    assert open_site_packages(b"python311.zip\n.\n") == b"python311.zip\n.\nLib\\site-packages\nimport site\n"
