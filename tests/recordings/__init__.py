"""What a real index once said, kept so that tests ask it offline: written by ``fixtures/record.py``."""

from tests.recordings.model import FIXTURES, Recording, load_recording, parse_recording, render_recording
from tests.recordings.projects import RecordingProjects, ReplayProjects

__all__ = [
    "FIXTURES",
    "Recording",
    "RecordingProjects",
    "ReplayProjects",
    "load_recording",
    "parse_recording",
    "render_recording",
]
