"""Dockerfiles: which stage counts, what its image is called, and what that tells."""

from __future__ import annotations

import pytest

from wheelcheck.errors import InputUnreadable
from wheelcheck.knowledge.systems import load_images
from wheelcheck.model.target import NamedTarget, NamedTargets
from wheelcheck.targets.dockerfile import parse_dockerfile
from wheelcheck.targets.sources import TargetQuery
from wheelcheck.targets.targets import parse_target


def read(text: str, *, stage: str | None = None, build_args: dict[str, str] | None = None) -> NamedTargets:
    return parse_dockerfile(
        text, "Dockerfile", TargetQuery(known=load_images(), pythons=(), stage=stage, build_args=build_args or {})
    )


def only(text: str, *, stage: str | None = None, build_args: dict[str, str] | None = None) -> NamedTarget:
    (target,) = read(text, stage=stage, build_args=build_args).targets
    return target


def refusal(text: str, *, stage: str | None = None) -> InputUnreadable:
    with pytest.raises(InputUnreadable) as refused:
        read(text, stage=stage)
    return refused.value


@pytest.mark.parametrize(
    ("image", "platform", "python"),
    [
        ("python:3.11", "manylinux_2_41_x86_64", "3.11"),
        ("python:3.11-slim", "manylinux_2_41_x86_64", "3.11"),
        ("python:3.11.9-slim-bookworm", "manylinux_2_36_x86_64", "3.11.9"),
        ("python:3.9-bullseye", "manylinux_2_31_x86_64", "3.9"),
        ("python:3.12-alpine3.19", "musllinux_1_2_x86_64", "3.12"),
        ("python:3.12-alpine", "musllinux_1_2_x86_64", "3.12"),
        ("python:3.13-windowsservercore-ltsc2022", "win_amd64", "3.13"),
        ("python:3.15-rc-slim", "manylinux_2_41_x86_64", "3.15"),
        ("python:slim", "manylinux_2_41_x86_64", None),
        ("python:3-slim", "manylinux_2_41_x86_64", None),
        ("python", "manylinux_2_41_x86_64", None),
        ("python:3.11@sha256:" + "0" * 64, "manylinux_2_41_x86_64", "3.11"),
        ("pypy:3.10", "manylinux_2_36_x86_64", "pp3.10"),
        ("pypy:3.10-7.3.12-slim-bullseye", "manylinux_2_31_x86_64", "pp3.10"),
        ("docker.io/library/python:3.11-bookworm", "manylinux_2_36_x86_64", "3.11"),
        ("public.ecr.aws/docker/library/python:3.11-bookworm", "manylinux_2_36_x86_64", "3.11"),
        ("registry.example.com:5000/python:3.11-bookworm", "manylinux_2_36_x86_64", "3.11"),
        ("arm64v8/python:3.11-bookworm", "manylinux_2_36_aarch64", "3.11"),
        ("ubuntu:22.04", "manylinux_2_35_x86_64", None),
        ("ubuntu:noble-20240801", "manylinux_2_39_x86_64", None),
        ("debian:12.5-slim", "manylinux_2_36_x86_64", None),
        ("debian:trixie", "manylinux_2_41_x86_64", None),
        ("alpine:3.20.1", "musllinux_1_2_x86_64", None),
        ("alpine:3.12", "musllinux_1_1_x86_64", None),
        ("amazonlinux:2023.5.20240708.0", "manylinux_2_34_x86_64", None),
        ("registry.access.redhat.com/ubi9/python-311:1-77", "manylinux_2_34_x86_64", "3.11"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "manylinux_2_36_x86_64", "3.12"),
        ("ghcr.io/astral-sh/uv:0.9.5-python3.13-alpine", "musllinux_1_2_x86_64", "3.13"),
        ("ghcr.io/astral-sh/uv:bookworm-slim", "manylinux_2_36_x86_64", None),
        ("mcr.microsoft.com/devcontainers/python:1-3.12-bookworm", "manylinux_2_36_x86_64", "3.12"),
        ("mcr.microsoft.com/windows/servercore:ltsc2022", "win_amd64", None),
        ("public.ecr.aws/lambda/python:3.12-arm64", "manylinux_2_34_aarch64", "3.12"),
        ("public.ecr.aws/lambda/python:3.11", "manylinux_2_26_x86_64", "3.11"),
        ("gcr.io/distroless/python3-debian12:nonroot", "manylinux_2_36_x86_64", "3.11"),
        ("nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", "manylinux_2_35_x86_64", None),
    ],
)
def test_an_image_tells_platform_and_python(image: str, platform: str, python: str | None) -> None:
    target = only(f"FROM {image}\n")
    assert (target.platform, target.python) == (platform, python)
    parse_target(target.platform, target.python or "3.11")


@pytest.mark.parametrize(
    ("tag", "glibc"),
    [
        ("3.11.3", "31"),
        ("3.11.4", "36"),
        ("3.11.12", "36"),
        ("3.11.13", "41"),
        ("3.8", "36"),
        ("3.6", "31"),
        ("3.7.4", "28"),
    ],
)
def test_a_patch_release_stays_on_the_debian_of_its_days(tag: str, glibc: str) -> None:
    assert only(f"FROM python:{tag}-slim\n").platform == f"manylinux_2_{glibc}_x86_64"


@pytest.mark.parametrize(
    ("platform", "tag"),
    [
        ("linux/arm64", "manylinux_2_36_aarch64"),
        ("linux/arm64/v8", "manylinux_2_36_aarch64"),
        ("linux/arm/v7", "manylinux_2_36_armv7l"),
        ("linux/386", "manylinux_2_36_i686"),
        ("linux/amd64", "manylinux_2_36_x86_64"),
        ("arm64", "manylinux_2_36_aarch64"),
        ("linux", "manylinux_2_36_x86_64"),
        ("windows/amd64", "win_amd64"),
        ("$BUILDPLATFORM", "manylinux_2_36_x86_64"),
        ("${TARGETPLATFORM}", "manylinux_2_36_x86_64"),
    ],
)
def test_the_platform_flag_tells_the_machine(platform: str, tag: str) -> None:
    assert only(f"FROM --platform={platform} python:3.11-bookworm\n").platform == tag


def test_a_default_for_the_builders_platform_counts() -> None:
    text = "ARG TARGETPLATFORM={}\nFROM --platform=$TARGETPLATFORM python:3.11-bookworm\n"
    assert only(text.format("linux/arm64")).platform == "manylinux_2_36_aarch64"
    assert only(text.format("")).platform == "manylinux_2_36_x86_64"


def test_what_was_assumed_is_said_with_the_line() -> None:
    target = only("# syntax=docker/dockerfile:1\n\nFROM python:3-slim\n")
    assert str(target.origin) == "Dockerfile:3"
    assert target.assumed == "names no minor version of Python; no machine is given, x86_64 is taken"
    assert only("FROM --platform=linux/amd64 python:3.11-bookworm\n").assumed == ""


STAGES = """\
# syntax=docker/dockerfile:1
ARG PYTHON_VERSION=3.12
ARG VARIANT=slim-${DEBIAN:-bookworm}

FROM node:20-alpine AS frontend
RUN npm ci

FROM python:${PYTHON_VERSION}-$VARIANT AS base
ENV PYTHONUNBUFFERED=1

FROM base as builder
RUN <<EOF
FROM python:2.7
EOF
RUN pip wheel \\
    # a comment within
    --wheel-dir /wheels \\

    -r requirements.txt

FROM --platform=linux/arm64 base AS runtime
COPY --from=builder /wheels /wheels
"""


def test_arguments_and_stage_names_are_followed() -> None:
    target, builder = read(STAGES).targets
    assert (target.platform, target.python) == ("manylinux_2_36_aarch64", "3.12")
    assert str(target.origin) == "Dockerfile:8"
    # What runs takes the wheels that pip chose in another stage.
    assert (builder.platform, builder.python) == ("manylinux_2_36_x86_64", "3.12")


def test_a_stage_and_build_arguments_can_be_given() -> None:
    target = only(STAGES, stage="Builder", build_args={"PYTHON_VERSION": "3.9", "VARIANT": "alpine3.18"})
    assert (target.platform, target.python) == ("musllinux_1_2_x86_64", "3.9")
    assert only(STAGES, stage="0").platform == "musllinux_1_2_x86_64"
    assert "frontend, base, builder, runtime" in refusal(STAGES, stage="test").hint


@pytest.mark.parametrize(
    ("builder", "runs", "is_told"),
    [
        ("RUN python -m venv /venv && /venv/bin/pip install -r r.txt", "COPY --from=builder /venv /venv", True),
        ("RUN uv sync --locked", "COPY --chown=a --from=Builder /app /app", True),
        ('RUN ["pip", "install", "a"]', 'COPY --from=builder ["/usr/lib/python3.12/site-packages", "/x/"]', True),
        ("RUN <<EOF\npip install a\nEOF", "COPY --from=0 /install /usr/local", True),
        ("RUN pip wheel -w /wheels .\nFROM builder AS more", "COPY --from=more /wheels/*.whl /w/", True),
        ("RUN pip install a\nFROM scratch AS kept\nCOPY --from=builder /venv /v/", "COPY --from=kept /v /v", True),
        ("RUN poetry install", "COPY --from=builder /opt/venv /venv\nFROM runs", True),
        # Nothing is copied, nothing is installed, or what is copied is no environment.
        ("RUN pip install a", "RUN pip install a", False),
        ("RUN make", "COPY --from=builder /venv /venv", False),
        ("RUN pip install build && python -m build", "COPY --from=builder /src/dist/*.whl /tmp/", False),
        ("RUN pip install a", "COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/", False),
        ("RUN pip install a\nFROM node:20 AS web\nRUN npm install", "COPY --from=web /app /app", False),
    ],
)
def test_a_stage_whose_environment_is_copied_counts_too(builder: str, runs: str, *, is_told: bool) -> None:
    text = f"FROM python:3.12-{{}} AS builder\n{builder}\nFROM python:3.12-slim-bookworm AS runs\n{runs}\n"
    found = read(text.format("trixie"))
    floors = [36, 41] if is_told else [36]
    assert [target.platform for target in found.targets] == [f"manylinux_2_{floor}_x86_64" for floor in floors]
    assert all("COPY --from takes what is installed there" in target.assumed for target in found.targets[1:])
    assert not found.notes
    assert only(text.format("bookworm")).platform == "manylinux_2_36_x86_64"


def test_the_last_stage_with_a_python_counts() -> None:
    found = read(
        "FROM python:3.10-bullseye AS one\nFROM python:3.11-bookworm AS two\nFROM scratch\nCOPY --from=two /venv /venv\n"
    )
    (target,) = found.targets
    assert (target.platform, target.python) == ("manylinux_2_36_x86_64", "3.11")
    assert "the last stage with a Python; the last one is FROM scratch" in target.assumed
    assert found.notes == ()


def test_an_unknown_last_stage_is_noted_where_an_earlier_one_has_a_python() -> None:
    found = read("FROM python:3.11-bookworm AS build\nFROM registry.example.com/team/runtime:7\n")
    assert [target.python for target in found.targets] == ["3.11"]
    assert [str(note) for note in found.notes] == [
        "Dockerfile:2: FROM registry.example.com/team/runtime:7 is no image that wheelcheck knows"
    ]


def test_a_stage_called_like_an_image_does_not_refer_to_itself() -> None:
    assert only("FROM python:3.11-bookworm AS python\nFROM python AS python\n").python == "3.11"


def test_another_escape_character_and_windows_line_ends_are_understood() -> None:
    text = "# escape=`\r\nFROM python:3.11-windowsservercore `\r\n  AS app\r\nRUN dir C:\\\r\n"
    assert only(text).platform == "win_amd64"


@pytest.mark.parametrize(
    ("text", "address", "says"),
    [
        (
            "FROM continuumio/miniconda3\n",
            "Dockerfile:1",
            "FROM continuumio/miniconda3 is no image that wheelcheck knows",
        ),
        ("RUN ls\nFROM scratch\n", "Dockerfile:2", "FROM scratch is no image"),
        ("FROM debian:sid\n", "Dockerfile:1", "is a release of debian that wheelcheck does not know"),
        ("FROM python:2.7\n", "Dockerfile:1", "has a Python that wheelcheck does not know: 2.7"),
        ("FROM python:3.11-alpine2.7\n", "Dockerfile:1", "a release of alpine that wheelcheck does not know: 2.7"),
        ("FROM python@sha256:ab\n", "Dockerfile:1", "is given by its digest alone"),
        ("FROM ghcr.io/astral-sh/uv:latest\n", "Dockerfile:1", "does not say which system it is built on"),
        ("FROM cgr.dev/chainguard/python:latest\n", "Dockerfile:1", "is no image that wheelcheck knows"),
        ("ARG TAG\nFROM python:$TAG\n", "Dockerfile:2", "FROM uses $TAG, which has no default"),
        ("FROM python:3.11\nARG TAG=3.9\nFROM python:${TAG}\n", "Dockerfile:3", "FROM uses $TAG"),
        ("FROM python:${TAG%x}\n", "Dockerfile:1", "is not understood"),
        ("FROM python:3.11 IS base\n", "Dockerfile:1", "no FROM line"),
    ],
)
def test_what_tells_no_target_is_refused_with_line_and_way_out(text: str, address: str, says: str) -> None:
    refused = refusal(text)
    assert refused.address == address
    assert says in refused.message
    assert refused.hint


@pytest.mark.parametrize("text", ["", "# FROM python:3.11\n", "not a Dockerfile"])
def test_a_file_without_from_is_refused(text: str) -> None:
    assert refusal(text).message == "has no FROM line"
