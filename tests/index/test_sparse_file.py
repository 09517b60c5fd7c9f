"""A file in memory of which parts arrive in any order is, where they are, the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelcheck.index.downloads import BytesMissing, SparseFile

WHOLE = bytes(range(40))
parts = st.tuples(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE))).map(sorted)


@given(st.lists(parts, max_size=8))
def test_what_was_added_in_any_order_is_held_and_nothing_else(added: list[list[int]]) -> None:
    file = SparseFile(len(WHOLE))
    there: set[int] = set()
    for start, stop in added:
        file.add(start, WHOLE[start:stop])
        there.update(range(start, stop))
    assert file.bytes_held == sum(stop - start for start, stop in added)
    for start in range(len(WHOLE)):
        for stop in range(start + 1, len(WHOLE) + 1):
            whole = there.issuperset(range(start, stop))
            assert file.holds(start, stop) is whole
            file.seek(start)
            if whole:
                assert file.read(stop - start) == WHOLE[start:stop]
            else:
                with pytest.raises(BytesMissing):
                    file.read(stop - start)


def test_reading_goes_on_where_it_ended_and_stops_at_the_end() -> None:
    file = SparseFile(len(WHOLE))
    file.add(0, WHOLE)
    assert (file.read(3), file.read(4)) == (WHOLE[:3], WHOLE[3:7])
    assert file.read() == WHOLE[7:]
    assert file.read(1) == b""
    file.seek(-2, 2)
    assert file.tell() == len(WHOLE) - 2
    assert file.read(None) == WHOLE[-2:]


def test_part_is_joined_with_every_segment_that_it_touches_and_with_no_other() -> None:
    segments = [(4, 8), (12, 16), (20, 24), (28, 32)]
    for start in range(len(WHOLE)):
        for stop in range(start + 1, len(WHOLE) + 1):
            file = SparseFile(len(WHOLE))
            for first, last in (*segments, (start, stop)):
                file.add(first, WHOLE[first:last])
            there = {place for first, last in (*segments, (start, stop)) for place in range(first, last)}
            assert [file.holds(place, place + 1) for place in range(len(WHOLE))] == [
                place in there for place in range(len(WHOLE))
            ]
            place = 0
            while place < len(WHOLE):
                end = place
                while end in there:
                    end += 1
                file.seek(place)
                assert file.read(end - place) == WHOLE[place:end]
                assert file.holds(place, end) or place == end
                assert not file.holds(place, end + 1)
                place = end + 1
