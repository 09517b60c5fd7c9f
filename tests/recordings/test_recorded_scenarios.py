"""The recordings hold what the acceptance cases need: resolved offline, they give the facts that were checked by hand."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace

from fixtures.record import SCENARIOS, Asked, answer_of, iter_questions
from tests.recordings import ReplayProjects, load_recording
from tests.server import MIRROR, PLAIN_HTML, IndexServer, Mode
from tests.server.replayed import recorded_catalog, sdist_of
from wheelcheck.archives.reader import ArchiveReader
from wheelcheck.index.config import IndexConfig
from wheelcheck.index.store import IndexStore
from wheelcheck.knowledge.loading import load_native
from wheelcheck.model.distribution import Sdist


def answer_on_windows(scenario: str, *, overrides: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What wheels and pure sdists give on Windows with Python 3.11."""
    asked = Asked(platform="win_amd64", python="3.11", overrides=overrides)
    (_, wheels_and_pure, _) = iter_questions(scenario, asked)
    return answer_of(wheels_and_pure, ReplayProjects(load_recording(scenario)))


def test_av_alone_blocks_creatorcrafter_and_five_sdists_are_pure() -> None:
    answer = answer_on_windows("creatorcrafter")
    assert answer[0] == "blocked"
    assert "WC102 av" in answer
    assert sum(each.startswith("WC102") for each in answer) == 1
    pure = {each.removeprefix("WC101 ") for each in answer if each.startswith("WC101")}
    assert pure == {"antlr4-python3-runtime", "audiocraft", "docopt", "encodec", "flashy"}


def test_an_override_of_av_leaves_129_packages() -> None:
    answer = answer_on_windows("creatorcrafter", overrides=("av==12.0.0",))
    assert "av==12.0.0" in answer
    assert sum("==" in each for each in answer) == 129


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_every_recording_keeps_to_its_cut_and_names_no_host(scenario: str) -> None:
    recording = load_recording(scenario)
    for file in recording.iter_files():
        assert file.at.url.startswith("https://index.example/files/")
        assert not file.at.yanked
        assert file.at.upload_time is None or file.at.upload_time < "2026-11-02"


def test_served_sdists_are_judged_as_the_recorded_ones_were() -> None:

    reader = ArchiveReader(knowledge=load_native)
    recording = load_recording("creatorcrafter")
    files = [file for file in recording.iter_files() if file.filename in recording.sources]
    assert files
    for file in files:
        assert isinstance(file, Sdist)
        recorded = recording.sources[file.filename]
        served = reader.judge_sdist(io.BytesIO(sdist_of(file, recorded)), file.filename)
        assert (file.filename, served.purity) == (file.filename, recorded.purity)
        if recorded.metadata is not None:
            assert served.metadata is not None
            assert set(served.metadata.requires) == set(recorded.metadata.requires)


@pytest.mark.parametrize("mode", [Mode(), MIRROR, PLAIN_HTML, Mode(ranges="suffix-416", sidecars="patchy")])
def test_every_kind_of_index_gives_the_answer_of_the_replay(mode: Mode) -> None:
    recording = load_recording("samai")
    (_, question, _) = iter_questions("samai", Asked(platform="manylinux_2_28_x86_64", python="3.11"))
    if mode.upload_times == "hidden":
        question = replace(question, policy=replace(question.policy, exclude_newer=None))
    reader = ArchiveReader(knowledge=load_native)
    with IndexServer(recorded_catalog(recording), mode=mode) as server:
        config = IndexConfig(index_urls=(server.simple_url,), retries=0)
        with IndexStore(config, reader) as store:
            assert answer_of(question, store) == answer_of(question, ReplayProjects(recording))
        assert server.count_pages() == len({r.path for r in server.requests if r.path.startswith("/simple/")})
