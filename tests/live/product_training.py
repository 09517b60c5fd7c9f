"""A product that trains, on each platform: what its builders are given, its installer, its package, and a step of training."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

from tests.fakes import runtimes
from tests.live.builders_lines import RUNTIME, Ran, Workshop, named_windows, note
from tests.live.peers import CUTOFF
from tests.live.product_updates import installed, removed

_REQUIREMENTS = "fixtures/scenarios/peft-studio/requirements.txt"
_PLATFORMS = ("win_amd64", "manylinux_2_28_x86_64", "macosx_14_0_arm64")
_BACKEND = """import os
import fastapi, uvicorn
app = fastapi.FastAPI()
@app.get("/health")
def health():
    return {"status": "ok"}
@app.get("/train")
def train():
    import peft, torch, transformers
    sizes = transformers.GPT2Config(n_layer=1, n_head=1, n_embd=8, vocab_size=16, n_positions=8)
    plain = transformers.GPT2LMHeadModel(sizes)
    model = peft.get_peft_model(plain, peft.LoraConfig(target_modules=["c_attn"], r=2, fan_in_fan_out=True))
    tokens = torch.arange(8).unsqueeze(0)
    model(input_ids=tokens, labels=tokens).loss.backward()
    return {"trained": sum(each.numel() for each in model.parameters() if each.grad is not None)}
uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
"""
_DRIVER = """import { startBackend } from "./backend.mjs";
const [program, ...words] = process.argv.slice(2);
const backend = await startBackend({ seconds: 600, ...(program ? { program, args: () => words } : {}) });
const answer = await fetch(backend.url + "/train");
console.log(`health after ${backend.milliseconds} ms; /train: ${answer.status} ${await answer.text()}`);
await backend.stop();
"""
_WINE = {"KMP_AFFINITY": "disabled"}
_ARM64 = 0x0100000C
_APPIMAGE_RUNTIME = """#!/bin/sh
# Stands for AppImage's published runtime, which mounts what follows it.
exit 0
"""


def plans(shop: Workshop) -> Iterator[Ran]:
    """For each platform the plan, its size, what PyInstaller is given, and whether this machine could build it."""
    (shop.folder / "backend.py").write_text(_BACKEND, encoding="utf-8")
    (shop.folder / "driver.mjs").write_text(_DRIVER, encoding="utf-8")
    for platform in _PLATFORMS:
        plan = f"{platform}.json"
        words = ("--platform", platform, "--python", "3.11", "--exclude-newer", CUTOFF)
        # What `verify` asks for on a clean Windows.
        more = ("msvc-runtime",) if platform == "win_amd64" else ()
        yield shop.run("plan", _REQUIREMENTS, *more, *words, "-q", "-o", plan)
        yield shop.run("fetch", plan, "--sizes")
        spec = ("--entry", "backend.py", "--name", "studio", "-o", f"{platform}.spec")
        yield shop.run("export", plan, "--to", "pyinstaller", *spec)
        yield shop.run("doctor", plan, "--builder", "pyinstaller")
    words = ("--platform", "win_arm64", "--python", "3.11", "--exclude-newer", CUTOFF)
    yield shop.run("plan", _REQUIREMENTS, *words, "-o", "win_arm64.json")
    yield note("The two `doctor` that refuse are right: PyInstaller freezes for the system on which it runs.")


def windows_bundle(shop: Workshop) -> Iterator[Ran]:
    """The environment for Windows, and what is known of it without running it."""
    yield shop.run("bundle", "win_amd64.json", "--runtime", RUNTIME, "-o", "dist/windows")
    yield shop.run("verify", "dist/windows", "--plan", "win_amd64.json", "--imports", "none")
    yield note(
        "Its warnings are of libraries that bitsandbytes brings for each kind of card. It loads one of them, without a card that"
        " for processors. Those for AMD's and Intel's cards were eleven errors before, where those for CUDA were warnings."
    )


def windows_training(shop: Workshop) -> Iterator[Ran]:
    """The program of this environment, started under Wine, trains one step."""
    program = ("--name", "PEFT Studio", "--entry", "backend.py", "--bundle", "dist/windows")
    yield shop.run("export", "win_amd64.json", "--to", "backend-node", *program, "-o", "backend.mjs")
    # Wine 8 has no GetNumaNodeProcessorMaskEx, for which PyTorch's OpenMP ends the process: it is told not to ask.
    yield note(
        "Wine 8 lacks a function that PyTorch's OpenMP asks for the processors with: with `KMP_AFFINITY=disabled` it does not."
    )
    yield shop.tool("node", "driver.mjs", "wine", "dist/windows/python.exe", "-B", "backend.py", **_WINE)


def windows_installer(shop: Workshop) -> Iterator[Ran]:
    """The installer with this environment in it: run under Wine, its program started, and removed."""
    windows = named_windows()
    assert windows is not None
    program = ("--name", "PEFT Studio", "--entry", "backend.py", "--bundle", "dist/windows")
    yield shop.run("export", "win_amd64.json", "--to", "nsis", *program, "--app-version", "1.0", "-o", "studio.nsi")
    # It is compressed where it is released; here the machine has other work. Wine runs no program of 32 bits.
    quickly = ("-XSetCompressor /FINAL zlib", "-XSetCompress off")
    yield shop.tool("makensis", "-V1", "-XTarget amd64-unicode", *quickly, "studio.nsi")
    made = next(shop.folder.glob("*-setup.exe"))
    yield note(f"The installer has {made.stat().st_size / 1e6:.0f} MB, not compressed.")
    shutil.rmtree(shop.folder / "dist" / "windows")
    place = windows.drive / "studio"
    shutil.rmtree(place, ignore_errors=True)
    yield shop.tool("wine", made.name, "/S", r"/D=C:\studio")
    made.unlink()
    yield installed(place)
    started = (r"C:\studio\python\python.exe", "-B", r"C:\studio\backend.py")
    yield shop.tool("node", "driver.mjs", "wine", *started, **_WINE)
    yield from removed(shop, place)


def linux_bundle(shop: Workshop) -> Iterator[Ran]:
    """The environment for Linux, with the Python of this machine: its program trains one step; a Debian package of it."""
    link = shop.folder / "python3.11"
    link.unlink(missing_ok=True)
    link.symlink_to(sys.base_prefix)
    plan = "manylinux_2_28_x86_64.json"
    yield shop.run("bundle", plan, "--runtime", "python3.11", "--strip", "tests,docs,pyi", "-o", "dist/linux")
    program = ("--name", "peft-studio", "--entry", "backend.py", "--bundle", "dist/linux")
    yield shop.run("export", plan, "--to", "backend-node", *program, "-o", "backend.mjs")
    yield shop.tool("node", "driver.mjs")
    yield shop.run("export", plan, "--to", "deb", *program, "--app-version", "1.0", "-o", "build-deb.sh")
    size = sum(each.lstat().st_size for each in (shop.folder / "dist/linux").rglob("*"))
    # It takes a copy of the bundle, and the package.
    if shutil.disk_usage(shop.folder).free < 2.2 * size:
        yield note(f"The Debian package was not built: it wants twice the {size / 1e9:.1f} GB, more than was free.")
        return
    where = {"TMPDIR": str(shop.folder), "DPKG_DEB_COMPRESSOR_TYPE": "none"}
    yield shop.tool("sh", "build-deb.sh", "studio.deb", **where)
    yield shop.tool("dpkg-deb", "--info", "studio.deb")
    (shop.folder / "studio.deb").unlink(missing_ok=True)


def appimage(shop: Workshop) -> Iterator[Ran]:
    """An AppImage of this environment, behind a stand-in for its runtime; unpacked as that would mount it, it trains again."""
    plan, program = "manylinux_2_28_x86_64.json", ("--name", "peft-studio", "--entry", "backend.py")
    words = ("--bundle", "dist/linux", "--app-version", "1.0", "-o", "build-appimage.sh")
    yield shop.run("export", plan, "--to", "appimage", *program, *words)
    (shop.folder / "runtime").write_text(_APPIMAGE_RUNTIME, encoding="utf-8")
    where = {"TMPDIR": str(shop.folder), "RUNTIME": "runtime", "MKSQUASHFS_OPTIONS": "-Xcompression-level 1"}
    yield shop.tool("sh", "build-appimage.sh", "studio.AppImage", **where)
    shutil.rmtree(shop.folder / "dist" / "linux")  # what it packed comes out again
    made = shop.folder / "studio.AppImage"
    yield note(
        f"The AppImage has {made.stat().st_size / 1e6:,.0f} MB. Its runtime, a program that AppImage publishes, cannot be had here:"
        " a stand-in of three lines was taken, and unsquashfs unpacks what the runtime would mount."
    )
    offset = str(len(_APPIMAGE_RUNTIME.encode()))
    yield shop.tool("unsquashfs", "-q", "-n", "-o", offset, "-d", "AppDir", "studio.AppImage")
    yield shop.tool("node", "driver.mjs", "AppDir/AppRun")
    made.unlink()
    shutil.rmtree(shop.folder / "AppDir")


def macos_application(shop: Workshop) -> Iterator[Ran]:
    """The application for macOS and what makes its `.dmg` on a Mac, made here: its packages are real, its Python is a stand-in."""
    runtimes.lay_down(runtimes.unix_prefix(runtimes.mach(_ARM64), python="3.11.9"), shop.folder / "python-macos")
    yield note(
        "No Python for macOS can be had here: the headers of one stand for it, so that nothing of this part was started."
    )
    plan = "macosx_14_0_arm64.json"
    yield shop.run("bundle", plan, "--runtime", "python-macos", "-o", "dist/macos")
    program = ("--name", "PEFT Studio", "--entry", "backend.py", "--bundle", "dist/macos")
    yield shop.run("export", plan, "--to", "macos-app", *program, "--app-version", "1.0", "-o", "build-app.py")
    yield shop.tool(sys.executable, "build-app.py", "--identifier", "example.peft.studio")
    yield shop.run("verify", "PEFT Studio.app/Contents/Resources/python", "--plan", plan, "--imports", "none")
    yield shop.tool("sh", "-n", "sign.sh")
    text = (shop.folder / "sign.sh").read_text(encoding="utf-8")
    signed = sum(line.startswith("sign ") for line in text.splitlines())
    yield note(
        f"`sign.sh` signs {signed} programs and libraries inside out, then notarises, staples and makes the `.dmg`: on a Mac."
    )
    shutil.rmtree(shop.folder / "dist" / "macos")
    shutil.rmtree(shop.folder / "PEFT Studio.app")
