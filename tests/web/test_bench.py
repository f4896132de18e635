"""The page's bench: its arithmetic, its readers in a process of their own, its made-up home."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from s2i import bench as command
from s2i import provenance
from s2i.errors import MissingError, S2IError
from s2i.job import JobState
from s2i.journal import Journal
from s2i.settings import Settings
from s2i.web import bench, bench_home, bench_page, bench_start
from s2i.web.bench_readers import Board, Numbers, connect, delays_of, request
from tests.web.conftest import Running

STREAM = b"".join(
    b"id: x-%d\nevent: refine-delta\ndata: " % number
    + json.dumps({"type": "refine-delta", "data": {"text": f"word {number}"}}).encode()
    + b"\n\n"
    for number in (7, 8, 12)
)


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1000])
def test_numbers_are_found_once_however_the_bytes_are_cut(size: int):
    numbers = Numbers(bench.WORDS.encode())
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [found for piece in pieces for found in numbers.feed(piece)] == [7, 8, 12]


def test_a_number_is_found_after_much_else():
    numbers = Numbers(bench.WORDS.encode())
    assert numbers.feed(b"x" * 100_000 + b'"wor') == []
    assert numbers.feed(b"d 3") == []
    assert numbers.feed(b'4" ') == [34]


def test_the_last_of_all_counts():
    board = Board(2)
    board.saw(1, 5.0)
    assert not board.all_had(1)
    assert board.last() == {}, "one of them is still to come"
    board.saw(1, 4.0)
    board.saw(2, 6.0)
    assert board.all_had(1)
    assert not board.all_had(2)
    assert board.last() == {1: 5.0}


def test_a_delay_is_from_sent_to_had():
    assert delays_of({1: 10.0, 2: 20.0}, {2: 20.5, 1: 10.25, 3: 1.0}) == [0.25, 0.5]


def test_an_event_that_a_newer_one_replaced_was_had_with_that_one():
    assert delays_of({0: 1.0, 1: 2.0, 2: 3.0}, {0: 1.5, 2: 3.25}) == [0.5, 1.25, 0.25]


def test_where_the_last_never_came_there_is_no_figure():
    with pytest.raises(S2IError, match="never came"):
        delays_of({1: 1.0, 2: 2.0, 3: 3.0}, {1: 1.5, 2: 2.0})


def test_median_and_worst_are_told_in_milliseconds():
    assert bench.spread([0.002, 0.009, 0.001]) == "2.0 ms (worst 9.0)"


def test_each_reader_is_a_page_of_its_own():
    assert request(5000, 1) != request(5000, 2)
    assert b"\r\nHost: 127.0.0.1:5000\r\n" in request(5000, 1)


def test_readers_tell_when_each_event_came(web: Running):
    found = bench.streams(web.port, web.hub, pages=3, rounds=1, events=4)
    assert [one.name for one in found] == ["3 pages listening, per event"]
    assert found[0].note.startswith("4 events each, ")
    assert web.hub.streams == 0, "those that have gone were waited for"


def test_words_come_from_what_was_posted(web: Running):
    found = bench.speech(web.port, web.hub, pieces=4)
    assert found[0].value > 0
    assert len(web.fake.made[0].fed) == 4
    assert web.fake.made[0].state == "cancelled", "nothing is left open"


def test_a_stream_that_is_refused_is_said_in_a_sentence(web: Running):
    with (
        pytest.raises(MissingError, match=r"can't be read \(no stream: HTTP/1.1 503"),
        bench.readers(web.port, web.hub.max_streams + 1, 1, bench.WORDS),
    ):
        pytest.fail("more streams than there are")


def test_nobody_to_listen_to_is_an_error():
    with pytest.raises(OSError, match="refused"):
        connect(9, 0)


def test_a_made_up_home_is_a_gallery(tmp_path: Path):
    bench_home.fill(tmp_path, 5)
    with closing(Journal(tmp_path / "data")) as journal:
        assert journal.total() == 5
        records = journal.newest()
    assert {record.state for record in records} == {JobState.DONE}
    assert [record.request.idea for record in records] == list(bench_home.IDEAS[4::-1])
    for record in records:
        picture = record.pictures[0]
        size = provenance.check_png(Path(picture["path"]).read_bytes())
        assert size == (picture["width"], picture["height"])


def test_the_server_of_the_bench_serves_that_gallery(tmp_path: Path):
    bench_home.fill(tmp_path, 2)
    with bench.serving(tmp_path) as (_, services):
        assert services.desk.newest()["total"] == 2
        assert services.settings.comfyui_url == bench_start.NOBODY


def test_a_start_sees_nothing_of_the_callers_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("S2I_COMFYUI_TOKEN", "secret")
    monkeypatch.setenv("S2I_HOME", "elsewhere")
    given = bench_start.environment(Settings(language="fr"), tmp_path, tmp_path / "a.gguf")
    ours = {name for name in given if name.startswith("S2I_")}
    assert ours == {
        "S2I_HOME", "S2I_LANGUAGE", "S2I_RECOGNISER", "S2I_REFINER", "S2I_COMFYUI_URL",
    }  # fmt: skip
    assert given["S2I_HOME"] == str(tmp_path)
    assert given["S2I_LANGUAGE"] == "fr"


def test_without_a_browser_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingError, match="need Chromium") as caught, bench_page.chromium(""):
        pytest.fail("there is no browser")
    assert caught.value.hint


def test_it_can_be_chosen():
    assert "page" in command.BENCHES
