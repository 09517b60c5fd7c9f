"""Makes runtimes in miniature: the files by which one is recognised, with binaries that are headers only."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.archives import make_tar, make_zip, tar_file, tar_link

AMD64, ARM64 = 0x8664, 0xAA64
X86_64, AARCH64 = 62, 183
PTH = b"python311.zip\r\n.\r\n\r\n# Uncomment to run site.main() automatically\r\n#import site\r\n"


def pe(machine: int = AMD64) -> bytes:
    """A Windows binary without sections."""
    optional = struct.pack("<HBB", 0x20B, 14, 0).ljust(108, b"\0") + struct.pack("<I", 16) + bytes(128)
    header = struct.pack("<HHIIIHH", machine, 0, 0, 0, 0, len(optional), 0x2022)
    return b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + header + optional + bytes(512)


def elf(machine: int = X86_64, loader: str = "/lib64/ld-linux-x86-64.so.2") -> bytes:
    """A Linux executable with the name of its loader; static for an empty one."""
    name = loader.encode() + b"\0" if loader else b""
    count = 1 if loader else 0
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, count, 64, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(name), len(name), 1) if loader else b""
    return header + segment + name


def mach(*cpus: int) -> bytes:
    """A macOS executable for *cpus*, a universal one for several."""
    images = [struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 2, 0, 0, 0, 0) for cpu in cpus]
    if len(images) == 1:
        return images[0]
    begin, size = 4096, len(images[0])
    parts = b"".join(struct.pack(">IIIII", cpu, 0, begin + size * at, size, 5) for at, cpu in enumerate(cpus))
    return (struct.pack(">II", 0xCAFEBABE, len(cpus)) + parts).ljust(begin, b"\0") + b"".join(images)


def embeddable(*, machine: int = AMD64, python: str = "311") -> dict[str, bytes]:
    """The embeddable package for Windows."""
    return {
        "python.exe": pe(machine),
        "pythonw.exe": pe(machine),
        "python3.dll": pe(machine),
        f"python{python}.dll": pe(machine),
        f"python{python}.zip": make_zip({"os.pyc": b""}),
        f"python{python}._pth": PTH,
        "_ssl.pyd": pe(machine),
    }


def windows_prefix(*, machine: int = AMD64, python: str = "3.11.9") -> dict[str, bytes]:
    """A whole installation for Windows, with what grew in it."""
    digits = "".join(python.split(".")[:2])
    return {
        "python.exe": pe(machine),
        f"python{digits}.dll": pe(machine),
        "LICENSE.txt": b"",
        "DLLs/_ssl.pyd": pe(machine),
        "Lib/os.py": b"# os\n",
        "Lib/__pycache__/os.cpython-311.pyc": b"",
        "Lib/test/test_os.py": b"",
        "Lib/site-packages/README.txt": b"read me",
        "Lib/site-packages/grown/__init__.py": b"",
        "Scripts/grown.exe": pe(machine),
        "Doc/python.chm": b"",
        "include/patchlevel.h": f'#define PY_VERSION      "{python}"\n'.encode(),
    }


def unix_prefix(executable: bytes, *, python: str = "3.12.1", threads: str = "") -> dict[str, bytes]:
    """A whole installation for Linux or macOS, with what grew in it; *threads* is ``t`` for a free-threaded one."""
    minor = python.rpartition(".")[0] + threads
    return {
        f"bin/python{minor}": executable,
        f"bin/pip{minor}": b"#!/home/builder/bin/python\n",
        f"lib/python{minor}/os.py": b"# os\n",
        f"lib/python{minor}/test/test_os.py": b"",
        f"lib/python{minor}/_sysconfigdata__linux_x86_64-linux-gnu.py": b"build_time_vars = {'prefix': '/home/builder/python',\n"
        b" 'LIBDIR': '/home/builder/python/lib'}\n",
        f"lib/python{minor}/site-packages/README.txt": b"read me",
        f"lib/python{minor}/site-packages/pip/__init__.py": b"",
        f"include/python{minor}/patchlevel.h": f'#define PY_VERSION      "{python}"\n'.encode(),
        "share/man/man1/python3.1": b"",
    }


def lay_down(files: Mapping[str, bytes], folder: Path) -> Path:
    """*files* on disk under *folder*; what lies in ``bin/`` is executable."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o755 if path.startswith("bin/") else 0o644)
    return folder


def tarred(files: Mapping[str, bytes], links: Mapping[str, str] | None = None, *, top: str = "python/") -> bytes:
    """*files* and symbolic *links* as an uncompressed tar under the folder *top*; what lies in ``bin/`` is executable."""
    entries = []
    for path, content in files.items():
        entry = tar_file(f"{top}{path}", content)
        entry.mode = 0o755 if path.startswith("bin/") else 0o644
        entries.append((entry, content))
    entries += [(tar_link(f"{top}{path}", to), b"") for path, to in (links or {}).items()]
    return make_tar(entries)
