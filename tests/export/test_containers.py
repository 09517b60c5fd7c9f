"""Container images of a bundle: skopeo copies the OCI tar, umoci unpacks it, its program starts; hadolint reads the Dockerfile."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.export.test_builders import exporter, planned_for, program
from tests.export.test_installers import UNIX
from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment


def laid(folder: Path) -> Shipment:
    """A bundle in *folder* whose interpreter prints its arguments, and a program."""
    python = folder / "the bundle" / "bin" / "python3.11"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s|" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (python.parent / "python3").symlink_to("python3.11")
    (folder / "the bundle" / ("d" * 90) / ("e" * 90)).mkdir(parents=True)
    (folder / "the bundle" / ("d" * 90) / ("e" * 90) / "ünï.py").touch()
    (folder / "it's $HOME.py").touch()
    return Shipment(
        plan=planned_for("linux"),
        bundle="the bundle",
        manifest=UNIX,
        name="De Mo",
        version="1.2+x",
        entry="it's $HOME.py",
    )


def written(folder: Path, *words: str, shipment: Shipment | None = None) -> str:
    (folder / "build.py").write_text(exporter("oci").render(shipment or laid(folder)), encoding="utf-8")
    command = [sys.executable, str(folder / "build.py"), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[1]


def read(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    assert member is not None
    return member.read()


def test_image_names_every_blob_by_its_digest_and_has_the_same_bytes_again(tmp_path: Path) -> None:
    digest = written(tmp_path, "a.tar")
    again = tmp_path / "again"
    again.mkdir()
    assert written(again, "a.tar") == digest
    assert (again / "a.tar").read_bytes() == (tmp_path / "a.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as tar:
        blobs = {name: read(tar, name) for name in tar.getnames() if name.startswith("blobs/")}
        assert all(name == f"blobs/sha256/{hashlib.sha256(content).hexdigest()}" for name, content in blobs.items())
        (described,) = json.loads(read(tar, "index.json"))["manifests"]
        assert described["digest"] == digest
        manifest = json.loads(blobs[f"blobs/{digest.replace(':', '/')}"])
        for each in (manifest["config"], *manifest["layers"]):
            assert len(blobs[f"blobs/{each['digest'].replace(':', '/')}"]) == each["size"]


def test_skopeo_copies_the_image_and_umoci_unpacks_a_program_that_starts(tmp_path: Path) -> None:
    skopeo, umoci = program("skopeo"), program("umoci")
    shipment = laid(tmp_path)
    written(tmp_path, "base.tar", shipment=shipment)
    # Its own output is a base as good as any: the second image has two layers.
    written(tmp_path, "a.tar", "--base", "base.tar", shipment=replace(shipment, name="other"))
    subprocess.run(
        [skopeo, "--insecure-policy", "copy", "-q", "oci-archive:a.tar", "oci:out:1"],
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    seen = json.loads(
        subprocess.run(
            [skopeo, "inspect", "--config", "oci:out:1"], cwd=tmp_path, capture_output=True, check=True
        ).stdout
    )
    assert seen["architecture"] == "amd64"
    assert len(seen["rootfs"]["diff_ids"]) == 2
    assert seen["config"]["Entrypoint"] == ["/opt/other/python/bin/python3.11", "-IB", "/opt/other/it's $HOME.py"]
    subprocess.run(
        [umoci, "unpack", "--rootless", "--image", "out:1", "root"],
        cwd=tmp_path,
        check=True,
        timeout=60,
        capture_output=True,
    )
    inside = tmp_path / "root" / "rootfs"
    first, *rest = seen["config"]["Entrypoint"]
    started = subprocess.run([f"{inside}{first}", *rest], capture_output=True, text=True, check=True, timeout=60)
    assert started.stdout == "-IB|/opt/other/it's $HOME.py|"
    assert (inside / "opt/de-mo/python/bin/python3").readlink() == Path("python3.11")
    assert (inside / "opt/de-mo/python" / ("d" * 90) / ("e" * 90) / "ünï.py").exists()


def test_base_of_another_machine_and_a_damaged_base_are_refused(tmp_path: Path) -> None:
    shipment = laid(tmp_path)
    written(tmp_path, "base.tar", shipment=shipment)
    (tmp_path / "arm.py").write_text(
        exporter("oci").render(replace(shipment, plan=planned_for("linux-arm64"))), encoding="utf-8"
    )
    command = [sys.executable, "arm.py", "out.tar", "--base"]
    done = subprocess.run([*command, "base.tar"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "no image for arm64" in done.stderr
    content = (tmp_path / "base.tar").read_bytes()
    (tmp_path / "bad.tar").write_bytes(content.replace(b'"os": "linux", "config"', b'"os": "linus", "config"'))
    done = subprocess.run(
        [sys.executable, "build.py", "o.tar", "--base", "bad.tar"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "has other bytes" in done.stderr
    assert not (tmp_path / "out.tar").exists()


def test_hadolint_accepts_the_dockerfile_of_a_bundle(tmp_path: Path) -> None:
    hadolint = program("hadolint")
    text = exporter("container-dockerfile").render(replace(laid(tmp_path), entry="app/it's me.py"))
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [hadolint, "Dockerfile"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout
    instructions = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert json.loads(instructions["ENTRYPOINT"])[-1] == "/opt/de-mo/it's me.py"
    # What hadolint lets pass and builders refuse: they read the quotes again.
    assert json.loads(instructions["COPY"]) == ["./app/it\\'s me.py", "/opt/de-mo/"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="buildah builds here as root alone")
def test_buildah_builds_the_dockerfile_without_a_daemon_and_the_program_starts(tmp_path: Path) -> None:
    buildah, umoci = program("buildah"), program("umoci")
    shipment = replace(laid(tmp_path), entry='app/it\'s "me".py')
    (tmp_path / "app").mkdir()
    (tmp_path / shipment.entry).touch()
    (tmp_path / "Dockerfile").write_text(exporter("container-dockerfile").render(shipment), encoding="utf-8")
    state = ["--storage-driver", "vfs", "--root", str(tmp_path / "r"), "--runroot", str(tmp_path / "s")]
    for words in (
        [buildah, *state, "bud", "--isolation", "chroot", "--build-arg", "BASE=scratch", "-t", "demo:1", "."],
        [buildah, *state, "push", "-q", "demo:1", "oci:out:1"],
        [umoci, "unpack", "--rootless", "--image", "out:1", "root"],
    ):
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "root" / "config.json").read_text("utf-8"))
    first, *rest = config["process"]["args"]
    started = subprocess.run([f"{tmp_path}/root/rootfs{first}", *rest], capture_output=True, text=True, check=True)
    assert started.stdout == '-IB|/opt/de-mo/it\'s "me".py|'
    assert (tmp_path / 'root/rootfs/opt/de-mo/it\'s "me".py').exists()


def test_containers_are_refused_for_other_systems_newer_systems_and_files_outside(tmp_path: Path) -> None:
    good = laid(tmp_path)
    for wrong, why in (
        (replace(good, plan=planned_for("win_amd64")), "is for Linux"),
        (replace(good, plan=planned_for("manylinux_2_42_x86_64")), "has glibc 2.41"),
    ):
        for form in ("oci", "container-dockerfile"):
            with pytest.raises(UsageProblem, match=why):
                exporter(form).render(wrong)
    for path in ("../bundle", "/bundle", "$X", "a*"):
        with pytest.raises(UsageProblem, match="not below the Dockerfile"):
            exporter("container-dockerfile").render(replace(good, entry="x.py", bundle=path))
    assert "alpine" in exporter("container-dockerfile").render(replace(good, entry="x.py", plan=planned_for("alpine")))
