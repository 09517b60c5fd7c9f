"""The data on the standard library agree with the Python that runs the tests."""

from __future__ import annotations

import importlib
import sys
import warnings

from wheelcheck.knowledge.loading import load_standard_library

MINOR = sys.version_info.minor


def test_every_module_of_this_python_is_known() -> None:
    library = load_standard_library()
    assert {name for name in sys.stdlib_module_names if not library.had(name) and not name.startswith("_")} == set()
    assert {name for name in sys.stdlib_module_names if not library.has(name, MINOR)} == set()


def test_modules_that_are_gone_cannot_be_found_here() -> None:
    library = load_standard_library()
    gone = [name for name in library.spans if "." not in name and not library.has(name, MINOR)]
    assert gone
    assert set(gone) & sys.stdlib_module_names == set()


def test_names_that_are_gone_are_gone_here_and_those_that_are_there_are_there() -> None:
    library = load_standard_library()
    wrong = []
    for module, names in library.gone.items():
        if not library.has(module, MINOR):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module(module)
            wrong += [
                f"{module}.{name}" for name in names if hasattr(found, name) is library.lacks(module, name, MINOR)
            ]
    assert wrong == []
