"""What uv says of a requirements export; uv is a test tool (dependency group ``peers``)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes import samples
from tests.fakes.archives import make_wheel
from tests.fakes.samples import resolution, sdist_pin, wheel_pin
from wheelcheck.export import listing
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.distribution import Availability
from wheelcheck.model.plan import Options, Plan
from wheelcheck.model.resolution import Pin, Resolution
from wheelcheck.plans.making import plan

UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
pytestmark = pytest.mark.skipif(not Path(UV).exists(), reason="uv is not installed")


def rendered_requirements(plan: Plan) -> str:
    return listing.render_requirements(Shipment(plan=plan))


def dry_run(folder: Path, outcome: Resolution, options: Options, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Let uv read the export of *outcome* as a builder for Windows would."""
    export = folder / "requirements.lock.txt"
    made = plan(outcome, (), inputs=(), options=options)
    export.write_text(rendered_requirements(made), encoding="utf-8")
    target = ["--python-platform", "windows", "--python-version", "3.11", "--target", str(folder / "target")]
    command = [UV, "pip", "install", "--dry-run", "--no-deps", "--require-hashes", *target, "-r", str(export)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)


def local_pin(folder: Path, name: str, version: str, tag: str, *, index: str) -> Pin:
    filename, content = make_wheel(name, version, tags=tag)
    path = folder / filename
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    at = Availability(url=path.as_uri(), hashes=(("sha256", digest),), index=index)
    return wheel_pin(name, version, tag=tag, at=at)


def test_uv_accepts_the_export_of_a_folder_of_wheels(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    options = Options(sdist="pure", exclude_newer=None, indexes=(), find_links=(folder.as_uri(),))
    pins = (
        local_pin(folder, "tiny", "1.0", "cp311-cp311-win_amd64", index=folder.as_uri()),
        local_pin(folder, "local-version", "2.1.0+cpu", "py3-none-any", index=folder.as_uri()),
        local_pin(folder, "direct", "3", "py3-none-any", index=""),
    )
    direct = pins[2].distribution
    assert direct is not None
    outcome = resolution(pins, {"": ["tiny", "local-version", f"direct @ {direct.at.url}"]})
    answer = dry_run(tmp_path, outcome, options, "--offline", "--no-index", "--no-cache")
    assert answer.returncode == 0, answer.stderr
    for line in ("+ tiny==1.0", "+ local-version==2.1.0+cpu", "+ direct @ file:"):
        assert line in answer.stderr


@pytest.mark.live
def test_uv_accepts_the_export_against_the_real_index(tmp_path: Path) -> None:
    """The hashes are those of files that pip fetches, the index is whatever the machine is configured for."""
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path)]
    windows = ["--platform", "win_amd64", "--python-version", "3.11", "--only-binary", ":all:", "numpy==1.26.4"]
    subprocess.run([*fetch, *windows], check=True, timeout=300)
    subprocess.run([*fetch, "--no-binary", ":all:", "docopt==0.6.2"], check=True, timeout=300)
    wheel, source = next(tmp_path.glob("numpy-*.whl")), next(tmp_path.glob("docopt-*.tar.gz"))
    places = {
        path: Availability(url=path.as_uri(), hashes=(("sha256", hashlib.sha256(path.read_bytes()).hexdigest()),))
        for path in (wheel, source)
    }
    pins = (
        wheel_pin("numpy", "1.26.4", tag="cp311-cp311-win_amd64", at=places[wheel]),
        sdist_pin("docopt", "0.6.2", at=places[source]),
    )
    options = Options(sdist="pure", exclude_newer=None, indexes=())
    answer = dry_run(tmp_path, resolution(pins, {"": ["numpy", "docopt"]}, target=samples.WINDOWS), options)
    assert answer.returncode == 0, answer.stderr
    assert "+ numpy==1.26.4" in answer.stderr
    assert "+ docopt==0.6.2" in answer.stderr
