"""A product that trains, on each platform: what its builders are given, its installer, its package, and a step of training."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

from tests.live.builders_lines import RUNTIME, Ran, Workshop, note
from tests.live.peers import CUTOFF

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
const backend = await startBackend({ seconds: 300 });
const answer = await fetch(backend.url + "/train");
console.log(`health after ${backend.milliseconds} ms; /train: ${answer.status} ${await answer.text()}`);
await backend.stop();
"""


def peft_studio(shop: Workshop) -> Iterator[Ran]:
    """One program for each platform: what its builder is given, whether this machine could build it, installer and package."""
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
    yield from windows_installer(shop)
    yield from linux_package(shop)
    yield note(
        "Not done here: PyInstaller was not run on gigabytes of libraries (its specs are held to it with smaller products), and no"
        " Python for macOS can be had here, of which `--to macos-app` would make the application and its `.dmg`."
    )


def windows_installer(shop: Workshop) -> Iterator[Ran]:
    """Bundle for Windows, look at it without imports, and build the installer."""
    yield shop.run("bundle", "win_amd64.json", "--runtime", RUNTIME, "-o", "dist/windows")
    yield shop.run("verify", "dist/windows", "--plan", "win_amd64.json", "--imports", "none")
    words = ("--name", "PEFT Studio", "--app-version", "1.0", "--entry", "backend.py", "-o", "studio.nsi")
    yield shop.run("export", "win_amd64.json", "--to", "nsis", "--bundle", "dist/windows", *words)
    # It is compressed where it is released; here the machine has other work.
    yield shop.tool("makensis", "-V1", "-XSetCompress off", "studio.nsi")
    made = next(shop.folder.glob("*-setup.exe"), None)
    yield note(f"The installer has {made.stat().st_size / 1e6:.0f} MB, not compressed." if made else "No installer.")
    shutil.rmtree(shop.folder / "dist")


def linux_package(shop: Workshop) -> Iterator[Ran]:
    """Bundle for Linux with the Python of this machine, train from it, and build the Debian package and what AppImage takes."""
    (shop.folder / "python3.11").symlink_to(sys.base_prefix)
    plan = "manylinux_2_28_x86_64.json"
    yield shop.run("bundle", plan, "--runtime", "python3.11", "--strip", "tests,docs,pyi", "-o", "dist/linux")
    program = ("--name", "peft-studio", "--entry", "backend.py", "--bundle", "dist/linux")
    yield shop.run("export", plan, "--to", "backend-node", *program, "-o", "backend.mjs")
    yield shop.tool("node", "driver.mjs")
    for form, output in (("deb", "build-deb.sh"), ("appimage", "build-appimage.sh")):
        yield shop.run("export", plan, "--to", form, *program, "--app-version", "1.0", "-o", output)
    yield shop.tool("sh", "build-appimage.sh")
    size = sum(each.lstat().st_size for each in (shop.folder / "dist/linux").rglob("*"))
    if shutil.disk_usage(shop.folder).free < 3 * size:
        yield note(
            f"The Debian package was not built: it wants twice the {size / 1e9:.1f} GB of the bundle, more than was free."
        )
        return
    yield shop.tool("sh", "build-deb.sh", "studio.deb", DPKG_DEB_COMPRESSOR_TYPE="none", TMPDIR=str(shop.folder))
    yield shop.tool("dpkg-deb", "--info", "studio.deb")
