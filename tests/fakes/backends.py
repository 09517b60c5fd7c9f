"""Source archives that build without a network: their build backend lies in them (PEP 517 ``backend-path``)."""

from __future__ import annotations

from tests.fakes.archives import make_sdist

_BACKEND = """
import base64, hashlib, os, zipfile

NAME, VERSION, TAG, REQUIRES = {name!r}, {version!r}, {tag!r}, {requires!r}


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(folder, config_settings=None, metadata_directory=None):
    {before}
    info = f"{{NAME}}-{{VERSION}}.dist-info"
    needs = "".join(f"Requires-Dist: {{need}}\\n" for need in REQUIRES)
    files = {{
        f"{{NAME}}/__init__.py": f"VERSION = {{VERSION!r}}\\n",
        f"{{info}}/METADATA": f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n{{needs}}",
        f"{{info}}/WHEEL": f"Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: {{TAG}}\\n",
    }}
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{{path}},sha256={{digest}},{{len(text.encode())}}\\n"
    files[f"{{info}}/RECORD"] = record + f"{{info}}/RECORD,,\\n"
    filename = f"{{NAME}}-{{VERSION}}-{{TAG}}.whl"
    with zipfile.ZipFile(os.path.join(folder, filename), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path), text)
    return filename
"""


def make_buildable(
    name: str,
    version: str,
    *,
    tag: str = "py3-none-any",
    requires: tuple[str, ...] = (),
    built_version: str = "",
    before: str = "pass",
) -> tuple[str, bytes]:
    """A pure project as ``(file name, bytes)`` whose own backend makes a wheel with *tag*.

    *requires* are what archive and wheel ask for; *built_version* what the wheel claims to be, if another; *before* is a
    statement that runs when it builds.
    """
    backend = _BACKEND.format(
        name=name, version=built_version or version, tag=tag, requires=list(requires), before=before
    )
    return make_sdist(
        name,
        version,
        requires=requires,
        files={
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n\n'
            f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = {list(requires)!r}\n',
            "own.py": backend,
            f"{name}/__init__.py": "",
        },
    )
