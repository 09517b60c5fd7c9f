"""What builders and CI make of the output of an installer: each function wraps the lines of a log in the format of one of them.

The formats are those of real logs: BuildKit's plain progress and its summary of a failed step, the classic builder of Docker,
docker compose, GitHub Actions as downloaded and as ``gh run view --log`` prints it, GitLab, Jenkins, PowerShell.
``python -m tests.logs.wrapping`` writes those among the fixtures that have a preamble of their own, which tells the target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"


def buildkit(lines: Iterable[str]) -> bytes:
    """``docker build --progress=plain``: the number of the step, and the seconds since it began."""
    return _joined(f"#9 {number / 7:.3f} {line}" if line.strip() else "#9" for number, line in enumerate(lines))


def buildkit_summary(lines: Iterable[str]) -> bytes:
    """The end of a failed ``docker build`` in a terminal, which repeats the output of the step."""
    return _joined(
        (
            "------",
            " > [4/5] RUN pip install -r requirements.txt:",
            *(f"{number / 7:.2f} {line}" for number, line in enumerate(lines)),
            "------",
        )
    )


def compose(lines: Iterable[str]) -> bytes:
    """``docker compose up``: the service before each line."""
    return _joined(f"web-1  | {line}" for line in lines)


def github(lines: Iterable[str]) -> bytes:
    """The log of a job of GitHub Actions as it is downloaded."""
    return _joined(
        f"2026-11-20T10:{number // 60 % 60:02}:{number % 60:02}.1234567Z {line}" for number, line in enumerate(lines)
    )


def github_run_view(lines: Iterable[str], job: str = "test (3.12)") -> bytes:
    """``gh run view --log``: job and step, with tabs, before the timestamp."""
    return _joined(
        f"{job}\tInstall\t2026-11-20T10:00:{number % 60:02}.1234567Z {line}" for number, line in enumerate(lines)
    )


def gitlab(lines: Iterable[str]) -> bytes:
    """The log of a job of GitLab with timestamps: time, stream, and a plus sign where a line goes on."""
    head = 'section_start:1732096800:step_script\r\x1b[0K\x1b[0K\x1b[36;1mExecuting "step_script" stage of the job script\x1b[0;m'
    return _joined(
        f"2026-11-20T10:00:{number % 60:02}.123456Z 01{'O' if number % 3 else 'E'} {line}"
        for number, line in enumerate((head, *lines))
    )


def jenkins(lines: Iterable[str]) -> bytes:
    """A pipeline of Jenkins with its timestamps."""
    return _joined(f"[2026-11-20T10:00:{number % 60:02}.123Z] {line}" for number, line in enumerate(lines))


def powershell(lines: Iterable[str]) -> bytes:
    """The output that PowerShell wrote to a file: UTF-16 with a mark, and Windows' ends of lines."""
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode("utf-16-le")


def coloured(lines: Iterable[str]) -> bytes:
    """Each line in a colour of its own."""
    return _joined(f"\x1b[38;5;{number % 256}m{line}\x1b[0m" for number, line in enumerate(lines))


WRAPPERS: tuple[Callable[[Iterable[str]], bytes], ...] = (
    buildkit, buildkit_summary, compose, github, github_run_view, gitlab, jenkins, powershell, coloured,
)  # fmt: skip


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def lines_of(name: str) -> list[str]:
    """The lines of the fixture *name*."""
    return (LOGS / f"{name}.log").read_bytes().decode().replace("\r\n", "\n").split("\n")


def _docker(image: str, name: str, command: str) -> str:
    """A whole ``docker build --progress=plain`` from *image* whose last step wrote the log *name*."""
    digest = "sha256:" + "3f" * 32
    return (
        "#0 building with \"default\" instance using docker driver\n\n#1 [internal] load build definition from Dockerfile\n"
        "#1 transferring dockerfile: 152B done\n#1 DONE 0.0s\n\n"
        f"#2 [internal] load metadata for docker.io/library/{image}\n#2 DONE 0.4s\n\n"
        f"#4 [1/3] FROM docker.io/library/{image}@{digest}\n#4 CACHED\n\n#8 [2/3] COPY requirements.txt .\n#8 DONE 0.1s\n\n"
        f"#9 [3/3] RUN {command}\n{buildkit(lines_of(name)).decode()}"
        f"#9 ERROR: process \"/bin/sh -c {command}\" did not complete successfully: exit code: 1\n------\n > [3/3] RUN {command}:\n"
        + "".join(f"{40 + number / 100:.2f} {line}\n" for number, line in enumerate(lines_of(name)[-8:]))
        + "------\nDockerfile:3\n--------------------\n"
        f"   1 |     FROM {image}\n   2 |     COPY requirements.txt .\n   3 | >>> RUN {command}\n--------------------\n"
        f"ERROR: failed to solve: process \"/bin/sh -c {command}\" did not complete successfully: exit code: 1\n"
    )  # fmt: skip


def _docker_platforms(names: dict[str, str], image: str) -> str:
    """A build for several platforms at once, whose steps write in turns."""
    text = '#0 building with "builder" instance using docker-container driver\n\n'
    steps = []
    for number, (platform, name) in enumerate(names.items(), 7):
        text += f"#{number - 3} [{platform} 1/2] FROM docker.io/library/{image}\n#{number - 3} DONE 1.0s\n\n"
        steps.append((number, platform, lines_of(name)))
    for number, platform, _ in steps:
        text += f"#{number} [{platform} 2/2] RUN pip install -r requirements.txt\n"
    for position in range(max(len(lines) for _, _, lines in steps)):
        for number, _, lines in steps:
            if position < len(lines):
                text += f"#{number} {position / 9:.3f} {lines[position]}\n"
    return text


def _classic(image: str, name: str) -> str:
    return (
        f"Sending build context to Docker daemon  4.096kB\r\r\nStep 1/3 : FROM {image}\n ---> 2d6f0b4a8e1c\n"
        "Step 2/3 : COPY requirements.txt .\n"
        " ---> Using cache\n ---> 9a1b2c3d4e5f\nStep 3/3 : RUN pip install -r requirements.txt\n ---> Running in 5f4e3d2c1b0a\n"
        + "\n".join(f"\x1b[91m{line}\x1b[0m" if "rror" in line else line for line in lines_of(name))
        + "The command '/bin/sh -c pip install -r requirements.txt' returned a non-zero code: 1\n"
    )  # fmt: skip


def _github_job(machine: str, python: str, name: str) -> str:
    head = [
        "Current runner version: '2.329.0'", "##[group]Runner Image", f"Image: {machine}", "Version: 20261116.1.0", "##[endgroup]",
        "##[group]Run actions/setup-python@v6", "with:", f"  python-version: {python}", "  check-latest: false", "##[endgroup]",
        "##[group]Installed versions", f"Successfully set up CPython ({python}.4)", "##[endgroup]",
        "##[group]Run pip install -r requirements.txt", "\x1b[36;1mpip install -r requirements.txt\x1b[0m",
        "shell: /usr/bin/bash -e {0}", "##[endgroup]",
    ]  # fmt: skip
    return github([*head, *lines_of(name), "##[error]Process completed with exit code 1."]).decode()


def _gitlab_job(image: str, name: str) -> str:
    head = [
        "\x1b[0KRunning with gitlab-runner 18.5.0 (bda84871)\x1b[0;m", "section_start:1732096800:prepare_executor\r\x1b[0K",
        f"\x1b[0KUsing Docker executor with image {image} ...\x1b[0;m", "section_end:1732096805:prepare_executor\r\x1b[0K",
        "\x1b[32;1m$ pip install -r requirements.txt\x1b[0;m",
    ]  # fmt: skip
    return gitlab([*head, *lines_of(name), "\x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m"]).decode()


def wrapped_fixtures() -> dict[str, str]:
    """The logs that are written with a preamble: by the name of the fixture, the text."""
    jobs = (("test (3.9)", "pip-22-pg-config"), ("test (3.13)", "pip-24-cython"))
    return {
        "docker-alpine": _docker("python:3.12-alpine", "pip-26-pg-config", "pip install -r requirements.txt"),
        "docker-slim-uv": _docker("python:3.13-slim-bookworm", "uv-0.13-no-compiler", "uv pip install --system netifaces"),
        "docker-two-platforms": _docker_platforms(
            {"linux/amd64": "pip-26-header", "linux/arm64": "pip-26-pg-config"}, "python:3.13-slim"
        ),
        "docker-classic": _classic("python:3.11-alpine3.19", "pip-23-rust"),
        "github-ubuntu": _github_job("ubuntu-22.04", "3.12", "pip-26-cmake"),
        "github-windows-download": _github_job("windows-2022", "3.12", "pip-24-no-match"),
        "github-two-jobs": "".join(github_run_view(lines_of(name), job).decode() for job, name in jobs),
        "gitlab-image": _gitlab_job("python:3.11-slim", "pip-23-libxml2"),
    }  # fmt: skip


if __name__ == "__main__":
    for fixture, text in wrapped_fixtures().items():
        (LOGS / f"{fixture}.log").write_bytes(text.encode())
