"""The inputs that are changed: ``kind → contents``, valid ones of our own making and those in ``corpus/`` that once failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import cast

from tests.fakes.archives import SdistSuffix, make_sdist, make_wheel, pack
from tests.fakes.environments import embeddable
from tests.fakes.libraries import make_elf, make_macho, make_pe, make_universal
from tests.fakes.samples import blocked_plan, fixed_plan, installable_plan
from tests.fuzz.kinds import kind_of, names
from wheelcheck.plans.documents import render_plan
from wheelcheck.plans.manifests import render_manifest
from wheelcheck.targets.targets import parse_target, render_target_file

_ROOT = Path(__file__).parents[2]
_CORPUS = Path(__file__).with_name("corpus")
_LOCKS = {
    "pylock": "pylock.*.toml",
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipfile": "Pipfile.lock",
    "pipreport": "pip-report.json",
    "hashed": "requirements-hashed.txt",
}
_LARGEST = 24 * 1024

_HTML = b"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"><title>Links</title></head><body>
<h1>Links for a</h1>
<a href="../../p/a-1.0-py3-none-any.whl#sha256=%s" data-requires-python="&gt;=3.8" data-core-metadata="true">a-1.0</a><br/>
<a href="https://files.example/a-1.1.tar.gz" data-yanked="no" data-upload-time="2026-01-02T03:04:05Z">a-1.1</a><br/>
</body></html>""" % (b"0" * 64)
_JSON = b"""{"meta": {"api-version": "1.1"}, "name": "a", "versions": ["1.0"], "project-status": {"status": "archived"},
 "files": [{"filename": "a-1.0-py3-none-any.whl", "url": "https://files.example/a-1.0-py3-none-any.whl", "size": 1234, "yanked":
  false, "hashes": {"sha256": "%s"}, "requires-python": ">=3.8", "core-metadata": {"sha256": "%s"}, "upload-time":
  "2026-01-02T03:04:05Z"}, {"filename": "a-1.1.tar.gz", "url": "../a-1.1.tar.gz", "hashes": {}}]}""" % (
    b"0" * 64,
    b"1" * 64,
)
_PYPROJECT = b"""[build-system]
requires = ["setuptools>=70"]
build-backend = "setuptools.build_meta"
[project]
name = "x"
version = "1.2.3"
requires-python = ">=3.9,<4"
dependencies = ["a>1", "b[q]==1.*; sys_platform == 'win32'", "c @ https://files.example/c-1.0.tar.gz#sha256=00"]
optional-dependencies = {q = ["z", "x[q]"]}
[dependency-groups]
dev = ["a", {include-group = "docs"}]
docs = ["sphinx"]
[tool.uv]
index-url = "https://index.example/simple/"
override-dependencies = ["a==2"]
[tool.uv.sources]
b = {path = "../b"}
[tool.poetry.dependencies]
python = "^3.9"
d = {version = "^1.2", markers = "python_version < '3.12'", optional = true}
[tool.cibuildwheel]
build = ["cp31?-*", "pp*"]
skip = "*-musllinux_*"
[tool.cibuildwheel.linux]
archs = ["x86_64", "aarch64"]
[tool.wheelcheck]
platform = ["windows"]
[tool.pdm]
[tool.hatch.envs.test]
dependencies = ["pytest"]
"""
_SETTINGS = b"""platform = ["win_amd64", "linux"]
python = ["3.11", "3.13t"]
sdist = "pure"
pre = true
exclude-newer = 2026-01-01
index-url = "https://${U}@index.example/simple/"
extra-index-url = ["https://other.example/simple/"]
fail-on = ["WC2"]
[[allow]]
code = "WC102"
package = "av"
reason = "because"
until = 2027-01-01
[indexes]
own = "https://own.example/simple/"
[sources]
torch = "own"
"""
_REQUIREMENTS = b"""# comment
--index-url https://index.example/simple/
-c constraints.txt
a==1.0 --hash=sha256:%s \\
  --hash=sha256:%s
b[x,y]>=1,<2; python_version >= "3.8" and sys_platform != "win32"
c @ https://files.example/c-1.0-py3-none-any.whl#sha256=%s
./local/d-1.0.tar.gz
-e git+https://git.example/e.git@main#egg=e
""" % (b"0" * 64, b"1" * 64, b"2" * 64)
_SETUP = b"""import os, sys
from setuptools import setup, Extension, find_packages
VERSION = "1.0"
here = os.path.dirname(__file__)
requires = ["a>=1"] + (["b"] if sys.version_info < (3, 8) else [])
if os.environ.get("WITH_C"):
    ext = [Extension("x._x", ["x.c"])]
else:
    ext = []
class build(object):
    def run(self): pass
setup(name="x", version=VERSION, install_requires=requires, extras_require={"t": ["pytest"]}, ext_modules=ext,
      cmdclass={"build_ext": build}, packages=find_packages(), python_requires=">=3.6")
"""
_SETUP_CFG = b"""[metadata]
name = x
version = 1.0
[options]
install_requires =
    a>=1
    b; python_version < "3.9"
python_requires = >=3.6
[options.extras_require]
t = pytest
"""
_METADATA = b"""Metadata-Version: 2.4
Name: a
Version: 1.0
Requires-Python: >=3.8
Provides-Extra: x
Requires-Dist: b>=1; extra == "x"
Requires-Dist: c (>=2.0)
Dynamic: license

A long
description
"""
_SCRIPT = b"""#!/usr/bin/env python
# /// script
# requires-python = ">=3.11"
# dependencies = ["a>1", "b"]
# [tool.uv]
# exclude-newer = "2026-01-01T00:00:00Z"
# ///
import a
"""
_ENVIRONMENT = b"""name: x
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - numpy>=1.2,<2
  - conda-forge::pytorch=2.*=*cuda*
  - pip
  - pip:
    - a==1.0
    - -r requirements.txt
variables: {A: b}
"""
_WORKFLOW = b"""name: ci
on: [push]
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-22.04, windows-latest, macos-14]
        python: ["3.11", '3.12', 3.13]
        include:
          - {os: ubuntu-24.04-arm, python: "3.14"}
        exclude: [{os: macos-14, python: "3.11"}]
    steps:
      - uses: actions/setup-python@v5
        with: {python-version: "${{ matrix.python }}", architecture: x64}
      - run: pip install .
"""
_DOCKERFILE = b"""# syntax=docker/dockerfile:1
ARG PY=3.12
FROM --platform=linux/arm64 python:${PY}-slim-bookworm AS base
RUN <<EOF
apt-get update
EOF
FROM base
COPY requirements.txt .
RUN pip install -r requirements.txt \\
    --no-cache
"""
_INSTALLED = {
    "pth": b"import os; os.system('x')\n../x\n/abs\nhome = /usr/bin\nversion = 3.11.4\n",
    "RECORD": b"a/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n../../../bin/x,,\na-1.0.dist-info/RECORD,,\n",
    "METADATA": _METADATA,
    "WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n",
    "pyvenv.cfg": b"home = /usr/bin\ninclude-system-site-packages = false\nversion_info = 3.11.4.final.0\nuv = 0.9\n",
    "_pth": b"python311.zip\r\n.\r\nLib\\site-packages\r\n#import site\r\nimport site\r\n",
    "direct_url.json": b'{"url": "file:///x/a", "dir_info": {"editable": true}}',
    "entry_points.txt": b"[console_scripts]\nx = a.b:main [q]\n",
}
_MODULE = b"""import os, sys
from . import _speed
from .x import *
try:
    import fast
except ImportError:
    fast = None
if sys.version_info >= (3, 8) and sys.platform == "win32":
    import winreg
if TYPE_CHECKING:
    from b import C
globals().update(a=1)
def f(x): return lambda: [y for y in x]
match 1:
    case {"a": 1, **rest}: pass
"""


@cache
def seeds(kind: str) -> tuple[bytes, ...]:
    """The contents that inputs of *kind* are made of; at least one."""
    kept = [each.read_bytes() for each in sorted(_CORPUS.glob(f"{kind}.*")) if each.name.rpartition(".")[0] == kind]
    return (*_valid(kind), *kept)


def _valid(kind: str) -> Iterator[bytes]:
    family, _, rest = kind.partition("-")
    if family == "know":
        yield from _entries(resources.files("wheelcheck.knowledge").joinpath(rest).read_bytes())
    elif family == "lock":
        yield from _locks(rest)
    elif family == "inst":
        yield _INSTALLED.get(rest) or _manifest()
    elif kind.startswith("sdist."):
        files = {
            "setup.py": _SETUP,
            "x/__init__.py": b"import a\n",
            "PKG-INFO": _METADATA,
            "x.egg-info/requires.txt": b"a\n",
        }
        suffix = cast(SdistSuffix, "." + kind.partition(".")[2] if kind != "sdist.tar.zst" else ".tar")
        yield pack({f"a-1.0/{path}": content for path, content in files.items()}, suffix)
        yield make_sdist("a", "1.0", requires=["b"])[1]
    elif kind == "log":
        logs = sorted((_ROOT / "fixtures" / "logs").glob("*.log"))
        yield from (each.read_bytes()[:_LARGEST] for each in logs[::3])
    else:
        yield from _CONTENTS[kind.removeprefix("sdistmember-")]


def _entries(text: bytes) -> Iterator[bytes]:
    """A knowledge file in parts: whole files take long to read."""
    if len(text) < 4_000:
        yield text
    parts = re.split(rb"\n(?=\[\[?[a-z_]+\]\]?\n)", text)
    for start in range(0, len(parts), max(1, len(parts) // 6)):
        yield b"\n".join(parts[start : start + 3])[:_LARGEST]


def _locks(word: str) -> Iterator[bytes]:
    if word == "pixi":
        from tests.locks.test_pixi import SEVEN  # the one lock that no fixture holds

        yield SEVEN.encode()
        return
    for path in sorted((_ROOT / "fixtures" / "locks" / "quay").glob(_LOCKS[word])):
        yield path.read_bytes()[:_LARGEST]


@cache
def _manifest() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        made = embeddable(Path(name) / "env")
        made.install("a")
        return render_manifest(made.manifest("a"))


_CONTENTS: dict[str, tuple[bytes, ...]] = {
    "html": (_HTML,),
    "json": (_JSON,),
    "requires": (_PYPROJECT,),
    "pyproject": (_PYPROJECT,),
    "pyproject.toml": (_PYPROJECT,),
    "cibw": (_PYPROJECT,),
    "requirements": (_REQUIREMENTS,),
    "setup.cfg": (_SETUP_CFG,),
    "setup.py": (_SETUP,),
    "PKG-INFO": (_METADATA, _METADATA.replace(b"2.4", b"1.2")),
    "METADATA": (_METADATA,),
    "requires.txt": (b"a>=1\n\n[x]\nb\n\n[:python_version<'3']\nc\n",),
    "SOURCES.txt": (b"setup.py\nx/__init__.py\nx/_x.c\nx.egg-info/PKG-INFO\n",),
    "script": (_SCRIPT,),
    "environment.yml": (_ENVIRONMENT,),
    "workflow": (_WORKFLOW,),
    "dockerfile": (_DOCKERFILE,),
    "pyversion": (b"3.11.4\npypy3.10-7.3\ncpython-3.12\n3.13t\n",),
    "settings": (_SETTINGS, b"[tool.wheelcheck]\n" + _SETTINGS.partition(b"[[")[0]),
    "pip.conf": (
        b"[global]\nindex-url = https://u:p@index.example/\nextra-index-url =\n  https://b.example\n[install]\npre = yes\n",
    ),
    "targetfile": (render_target_file(parse_target("win_amd64", "3.11")).encode()[:_LARGEST],),
    "wheelzip": (
        make_wheel(
            "a", "1.0", requires=["b"], files={"a/__init__.py": _MODULE, "a/x.py": b"y = 1\n", "a.libs/q.so": b"x"}
        )[1],
    ),
    "module": (_MODULE,),
    "RECORD": (_INSTALLED["RECORD"],),
    "elf": (
        make_elf(["libc.so.6"], runpath="$ORIGIN/x", versions={"libc.so.6": ["GLIBC_2.17"]}, interpreter="/lib/ld.so"),
    ),
    "pe": (make_pe(["KERNEL32.dll", "a.dll"], late=["b.dll"]),),
    "macho": (make_macho(["/usr/lib/libSystem.B.dylib"]), make_universal(("arm64", make_macho(["x"])))),
    "plan": tuple(render_plan(each())[:_LARGEST] for each in (installable_plan, fixed_plan, blocked_plan)),
    "manifest": (_manifest(),),
    "baseline": (
        b'{"schema": "wheelcheck.baseline/1", "findings": [\n{"fingerprint": "x", "code": "WC102", "target": "y"}\n]}',
    ),
    "wheelhouse": (b'{"schema": "wheelcheck.wheelhouse/1", "plan": "sha256:0", "files": []}',),
}

assert all(kind_of(name) is not None for name in names())
