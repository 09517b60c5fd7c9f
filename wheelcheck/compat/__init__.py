"""Target words → :class:`~wheelcheck.model.Target`, and a distribution on a target → fit or refusal.

``parse_target("win_amd64", "3.11")`` makes a target; ``Compatibility(target)`` judges files, markers and Python bounds for it;
``Shelf`` is a project's page as that target sees it.
Nothing here looks at the running interpreter except :func:`host_target`.
"""

from wheelcheck.compat.fitting import Compatibility, fits, is_for_another_extra, names_extra
from wheelcheck.compat.platforms import Platform, parse_platform
from wheelcheck.compat.pythons import PythonWord, parse_python
from wheelcheck.compat.shelf import Admission, Release, Shelf, first_upload, newest_standing, python_bounds
from wheelcheck.compat.stated import stated_for, stated_requirements
from wheelcheck.compat.targetfile import parse_target_file, render_target_file
from wheelcheck.compat.targets import host_target, parse_target

__all__ = [
    "Admission",
    "Compatibility",
    "Platform",
    "PythonWord",
    "Release",
    "Shelf",
    "first_upload",
    "fits",
    "host_target",
    "is_for_another_extra",
    "names_extra",
    "newest_standing",
    "parse_platform",
    "parse_python",
    "parse_target",
    "parse_target_file",
    "python_bounds",
    "render_target_file",
    "stated_for",
    "stated_requirements",
]
