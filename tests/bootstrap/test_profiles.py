from __future__ import annotations

from bootstrap import catalogue as catalogues
from bootstrap import profiles
from bootstrap.catalogue import SHIPPED
from bootstrap.machine import Memory
from bootstrap.shared_progress import Report, SharedProgress
from bootstrap.tally import Rate, Tally

CATALOGUE = catalogues.load(SHIPPED)
GB = 10**9


def names(language: str) -> list[tuple[str, str, str]]:
    return [
        (one.name, one.refiner.id, one.speech.name if one.speech else "-")
        for one in profiles.offered(CATALOGUE, language)
    ]


def test_what_is_offered() -> None:
    assert names("en-GB") == [
        ("smallest", "qwen2.5-0.5b", "vosk-model-small-en-us-0.15"),
        ("balanced", "qwen2.5-1.5b", "vosk-model-small-en-us-0.15"),
        ("best", "qwen3-4b-2507", "vosk-model-en-us-0.22-lgraph"),
    ]
    assert names("tlh")[1] == ("balanced", "qwen2.5-1.5b", "-")


def test_the_one_chosen_beforehand() -> None:
    offered = profiles.offered(CATALOGUE, "en")

    def chosen(memory: Memory | None, free: int | None) -> str:
        return profiles.fitting(offered, memory, free).name

    assert chosen(Memory(8 * GB, GB), 100 * GB) == "balanced"
    assert chosen(Memory(64 * GB, 60 * GB), 1000 * GB) == "balanced"
    assert chosen(None, None) == "balanced"
    assert chosen(Memory(3 * GB, 3 * GB), 100 * GB) == "smallest"
    assert chosen(Memory(8 * GB, 8 * GB), GB) == "smallest"
    assert chosen(Memory(10**6, 0), 0) == "smallest"


def test_the_choice_in_words() -> None:
    offered = profiles.offered(CATALOGUE, "en")
    lines = profiles.lines(offered, offered[1])
    assert [line.strip().startswith("*") for line in lines] == [False, False, True, False, True]
    assert "1.2 GB" in lines[2]
    assert "about 1.3 s" in lines[2]
    assert "estimate" in lines[-1]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_speed_is_that_of_the_last_seconds() -> None:
    clock = Clock()
    rate = Rate(clock)
    assert rate.per_second == 0.0
    rate.start(1_000_000)  # there before: not this run's speed
    assert rate.left(10) is None
    for step in range(1, 41):
        clock.now += 0.5
        rate.add(1_000_000 + step * 500)
    assert rate.per_second == 1000
    assert rate.left(5000) == 5
    clock.now += 92  # a stall shows
    assert rate.per_second < 100


def test_the_sum_over_files() -> None:
    clock = Clock()
    tally = Tally(Rate(clock))
    tally.plan(300)
    tally.begin(50)
    clock.now += 1
    tally.update(100)
    assert (tally.done, tally.seconds_left) == (100, 4)
    tally.end()
    tally.begin(0)
    clock.now += 1
    tally.update(20)
    assert tally.done == 120
    tally.begin(20)  # a further go at the same file
    assert tally.done == 120


def test_reports() -> None:
    clock = Clock()
    shared = SharedProgress(clock=clock)
    seen: list[Report] = []
    shared.listen(seen.append)
    shared.plan(400)
    shared.fetching("Fetching x", 200, 100)
    clock.now += 2
    shared.update(150)
    last = seen[-1]
    assert (last.state, last.done, last.total, last.speed, last.seconds_left) == (
        *("fetching", 150, 200),
        *(25, 2.0),
    )
    assert (last.all_done, last.all_total, last.all_seconds_left) == (150, 400, 10.0)
    count = len(seen)
    shared.update(151)  # too soon to tell
    assert len(seen) == count
    shared.steered("paused")
    assert seen[-1].state == "paused"
    assert seen[-1].done == 151
    shared.steered("running")
    shared.begin("Checking x", 10)
    assert seen[-1].state == "working"
    shared.end()
    assert seen[-1].to_dict()["state"] == "idle"
