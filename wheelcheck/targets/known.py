"""The platforms and Pythons that ``all`` stands for: one list for every command with many targets; judges nothing.

A list of what is worth asking about, not of what can be asked: any platform tag and any Python is still taken by its own word.
"""

from __future__ import annotations

from collections.abc import Iterable

# One word for each kind of machine that people install on, with the floors of the bare words in `platforms.py`, so that
# `--platform all` and `--platform linux` speak of the same machine. Few projects have wheels for 32 bits and the rarer
# architectures: in every table they would be a column of dots, so they are asked for by name.
PLATFORMS: tuple[str, ...] = (
    "win_amd64",
    "win_arm64",
    "macosx_13_0_arm64",
    "macosx_13_0_x86_64",
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
)

# Every CPython that is maintained, and the one that ceased to be last: it is still shipped, and the first that projects drop.
# Free-threaded builds count from 3.13 on (PEP 703) and need wheels of their own.
PYTHONS: tuple[str, ...] = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t")

ALL = "all"


def expanded(words: Iterable[str], everything: tuple[str, ...]) -> tuple[str, ...]:
    """*words* with ``all`` written out as *everything*, each word once, in the order of its first mention."""
    return tuple(
        dict.fromkeys(
            each for word in words for each in (everything if word.strip().lower() == ALL else (word.strip(),))
        )
    )
