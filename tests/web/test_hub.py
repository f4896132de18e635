"""The hub without a server: order, resuming, what leaves the history, who is dropped."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from s2i.events import Event, EventType
from s2i.web.hub import Hub, Stream, TooManyStreams


def fields(block: bytes) -> list[dict[str, str]]:
    """The events of a piece of stream."""
    return [
        dict(line.split(": ", 1) for line in part.split("\n"))
        for part in block.decode().split("\n\n")
        if part
    ]


def data(stream: Stream) -> list[Any]:
    """What the next piece of stream says."""
    return [json.loads(item["data"])["data"] for item in fields(next(stream))]


def say(hub: Hub, *texts: str, job: str = "a", kind: EventType = EventType.REFINE_DELTA) -> None:
    for text in texts:
        hub(Event(kind, {"text": text}, job))


def begin(hub: Hub, last_id: str = "", job: str | None = None) -> tuple[Stream, dict[str, str]]:
    stream = hub.listen(last_id=last_id, job=job)
    return stream, fields(next(stream))[0]


def test_what_happens_after_the_start_arrives_in_order() -> None:
    hub = Hub()
    say(hub, "before")
    stream, hello = begin(hub)
    assert hello["event"] == "hello"
    assert json.loads(hello["data"]) == {"boot": hub.boot, "resumed": False}
    say(hub, "1", "2", "3")
    assert [item["text"] for item in data(stream)] == ["1", "2", "3"]


def test_nothing_is_lost_between_listening_and_the_first_read() -> None:
    hub = Hub()
    stream = hub.listen()
    say(hub, "1")
    next(stream)
    assert data(stream) == [{"text": "1"}]


def test_ids_carry_the_boot_and_resume() -> None:
    hub = Hub()
    stream, _ = begin(hub)
    say(hub, "1", "2", "3")
    first = fields(next(stream))[0]
    assert first["id"] == f"{hub.boot}-1"
    again, hello = begin(hub, last_id=first["id"])
    assert json.loads(hello["data"])["resumed"] is True
    assert hello["id"] == first["id"]  # cut off right now, it would resume at the same place
    assert data(again) == [{"text": "2"}, {"text": "3"}]


@pytest.mark.parametrize(
    "last",
    ["", "1", "-1", "other-1", "{boot}-", "{boot}-x", "{boot}-99", "{boot}--1", "{boot}-²",
     "{boot}-" + "9" * 50, "{boot}-1-1"],
)  # fmt: skip
def test_an_unknown_id_starts_now_and_says_so(last: str) -> None:
    hub = Hub()
    say(hub, "old")
    stream, hello = begin(hub, last_id=last.replace("{boot}", hub.boot))
    assert json.loads(hello["data"])["resumed"] is False
    say(hub, "new")
    assert data(stream) == [{"text": "new"}]


def test_one_job_only() -> None:
    hub = Hub()
    stream, _ = begin(hub, job="b")
    say(hub, "1", job="a")
    say(hub, "2", job="b")
    assert data(stream) == [{"text": "2"}]


def test_only_the_newest_preview_is_kept_and_none_after_the_end() -> None:
    hub = Hub()
    say(hub, "x")
    for number in range(50):
        hub(Event(EventType.GENERATE_PREVIEW, {"image": bytes([number])}, "a"))
        hub(Event(EventType.STT_PARTIAL, {"text": str(number)}, "b"))
    kept, _ = begin(hub, last_id=f"{hub.boot}-1")
    assert data(kept) == [{"image": "MQ=="}, {"text": "49"}]
    hub(Event(EventType.GENERATE_END, {"images": []}, "a"))
    hub(Event(EventType.STT_END, {"text": "all"}, "b"))
    after, _ = begin(hub, last_id=f"{hub.boot}-1")
    assert data(after) == [{"images": []}, {"text": "all"}]


def test_history_is_bounded_and_a_stream_that_falls_out_ends() -> None:
    hub = Hub(max_history=10)
    slow, hello = begin(hub)
    say(hub, *map(str, range(11)))
    with pytest.raises(StopIteration):
        next(slow)
    back, told = begin(hub, last_id=hello["id"])
    assert json.loads(told["data"])["resumed"] is False
    say(hub, "new")
    assert data(back) == [{"text": "new"}]


def test_history_is_bounded_in_bytes() -> None:
    hub = Hub(max_history_bytes=10_000)
    for _ in range(100):
        say(hub, "x" * 1000)
    stream, told = begin(hub, last_id=f"{hub.boot}-95")
    assert json.loads(told["data"])["resumed"] is True
    assert len(data(stream)) == 5
    _, told = begin(hub, last_id=f"{hub.boot}-80")
    assert json.loads(told["data"])["resumed"] is False


def test_heartbeat() -> None:
    hub = Hub(heartbeat=0.01)
    stream, _ = begin(hub, job="a")
    assert next(stream).startswith(b":")
    say(hub, "other", job="b")
    assert next(stream).startswith(b":")
    say(hub, "1")
    assert data(stream) == [{"text": "1"}]


def test_streams_are_capped_and_their_places_come_back() -> None:
    hub = Hub(max_streams=2)
    streams = [hub.listen(), hub.listen()]
    with pytest.raises(TooManyStreams):
        hub.listen()
    streams[0].close()
    streams[0].close()
    hub.listen()
    with pytest.raises(TooManyStreams):
        hub.listen()
    assert hub.streams == 2


def test_closing_ends_streams_that_wait() -> None:
    hub = Hub()
    stream, _ = begin(hub)
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.extend(stream))
    waiting.start()
    hub.close()
    waiting.join(10)
    assert not waiting.is_alive()
    say(hub, "too late")
    assert got == []


def test_line_breaks_stay_inside_an_event() -> None:
    hub = Hub()
    stream, _ = begin(hub)
    say(hub, "a\n\nevent: evil\r\n\u2028")
    assert data(stream) == [{"text": "a\n\nevent: evil\r\n\u2028"}]


def test_many_publishers_and_listeners_lose_nothing() -> None:
    hub = Hub(max_history=10_000)
    got: list[list[str]] = [[] for _ in range(8)]

    def listen(into: list[str], stream: Stream) -> None:
        next(stream)
        while len(into) < 800:
            into.extend(item["text"] for item in data(stream))

    threads = [threading.Thread(target=listen, args=(into, hub.listen())) for into in got]
    threads += [
        threading.Thread(target=say, args=(hub, *(f"{name}{i}" for i in range(200))))
        for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(into == got[0] for into in got)
    assert len(set(got[0])) == 800


def test_the_page_own_events_look_like_the_others() -> None:
    hub = Hub()
    stream, _ = begin(hub)
    hub.announce("job-queued", {"idea": "a fox\n"}, job="a")
    (told,) = fields(next(stream))
    assert (told["id"], told["event"]) == (f"{hub.boot}-1", "job-queued")
    body = json.loads(told["data"])
    assert (body["type"], body["job"], body["data"]) == ("job-queued", "a", {"idea": "a fox\n"})
    assert body["time"] > 1.6e9
    only = hub.listen(job="b")
    next(only)
    hub.announce("job-deleted", {}, job="a")
    hub.announce("job-deleted", {}, job="b")
    assert [json.loads(item["data"])["job"] for item in fields(next(only))] == ["b"]


def test_only_the_newest_status_and_settings_are_kept() -> None:
    hub = Hub()
    say(hub, "x")
    for number in range(20):
        hub.announce("settings", {})
        hub.announce("status", {"engine": number})
        hub.announce("job-deleted", {"n": number}, job="a")
    hub.announce("status", {"recogniser": "ready"})
    kept, _ = begin(hub, last_id=f"{hub.boot}-1")
    told = fields(next(kept))
    assert sum(item["event"] == "settings" for item in told) == 1
    assert sum(item["event"] == "job-deleted" for item in told) == 20
    # other parts of the status are other news
    parts = [json.loads(item["data"])["data"] for item in told if item["event"] == "status"]
    assert parts == [{"engine": 19}, {"recogniser": "ready"}]


def test_a_snapshot_and_the_stream_from_it_lose_and_double_nothing() -> None:
    seen: list[str] = []

    def fold(event: Event) -> None:
        if event.type is EventType.REFINE_DELTA:
            seen.append(event.data["text"])

    hub = Hub(fold, max_history=100_000)
    done = threading.Event()

    def publish(name: str) -> None:
        for number in range(2000):
            say(hub, f"{name}{number}")
            hub.announce("job-deleted", {"text": None})
        done.set()

    writers = [threading.Thread(target=publish, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    taken: list[tuple[str, list[str]]] = []
    while not done.is_set():
        taken.append(hub.snapshot(lambda: list(seen)))
    for writer in writers:
        writer.join(30)
    whole = list(seen)
    assert len(whole) == 4000
    for last, had in taken[:: max(len(taken) // 10, 1)]:
        stream, hello = begin(hub, last_id=last)
        assert json.loads(hello["data"])["resumed"]
        rest = [item["text"] for item in data(stream) if item["text"] is not None]
        assert had + rest == whole


def test_what_fails_to_take_an_event_in_holds_none_up() -> None:
    def fold(_event: Event) -> None:
        raise ZeroDivisionError

    hub = Hub(fold)
    stream, _ = begin(hub)
    say(hub, "1")
    assert data(stream) == [{"text": "1"}]


def test_a_session_has_three_streams_and_the_oldest_goes() -> None:
    hub = Hub(max_streams=5)
    mine = [hub.listen(session="me") for _ in range(3)]
    other = hub.listen(session="you")
    for stream in [*mine, other]:
        next(stream)
    newest = hub.listen(session="me")
    assert hub.streams == 4
    # it is told to come back late, so that tabs don't put each other out all the time
    assert list(mine[0]) == [b"retry: 30000\n\n"]
    mine[0].close()
    assert hub.streams == 4
    say(hub, "1")
    next(newest)
    for stream in (mine[1], mine[2], other, newest):
        assert data(stream) == [{"text": "1"}]
    mine[1].close()
    hub.listen(session="me")
    say(hub, "2")
    assert data(mine[2]) == [{"text": "2"}]


def test_a_session_gets_a_place_of_its_own_where_all_are_taken() -> None:
    hub = Hub(max_streams=3)
    for _ in range(5):
        hub.listen(session="me")
    assert hub.streams == 3
    with pytest.raises(TooManyStreams):
        hub.listen(session="you")
    with pytest.raises(TooManyStreams):
        hub.listen()


def test_without_a_session_only_the_total_counts() -> None:
    hub = Hub(max_streams=6)
    streams = [hub.listen() for _ in range(6)]
    say(hub, "1")
    for stream in streams:
        next(stream)
        assert data(stream) == [{"text": "1"}]
