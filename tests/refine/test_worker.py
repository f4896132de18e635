"""The worker's thread and queue, with models that do as a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from s2i.errors import Cancelled, ModelMissing, RefineError
from s2i.refine.model import Completed, Stopped, TooLong
from s2i.refine.worker import State, Worker

WAIT = 20  # seconds; a hang guard


class ScriptedModel:
    """Stands in for s2i.refine.model.Model: says each word of the idea as one piece."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.runs: list[str] = []
        self.closed = False
        self.gate = threading.Event()
        self.gate.set()
        self.busy = threading.Event()

    def warm(self, stop):
        self.threads.add(threading.get_ident())

    def complete(self, idea, seed, *, enough, stop):
        self.threads.add(threading.get_ident())
        self.runs.append(idea)
        if idea == "too long":
            raise TooLong
        if idea == "crash":
            raise ZeroDivisionError("by zero")
        text = ""
        for word in idea.split():
            self.busy.set()
            while not self.gate.wait(0.005):
                if stop():
                    raise Stopped
            if stop():
                raise Stopped
            text += word
            yield word
            if enough(text):
                break
        yield Completed(text, True, len(text))

    def close(self):
        self.closed = True


@pytest.fixture
def model():
    return ScriptedModel()


@pytest.fixture
def worker(model):
    worker = Worker(lambda: model)
    yield worker
    model.gate.set()
    worker.close()


def run(
    worker: Worker,
    idea: str,
    *,
    on_piece: Callable[[str], None] = lambda piece: None,
    cancel: threading.Event | None = None,
    enough: Callable[[str], bool] = lambda text: False,
) -> Completed:
    return worker.complete(
        idea, 0, enough=enough, on_piece=on_piece, cancel=cancel or threading.Event()
    )


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_pieces_come_in_order_and_in_the_callers_thread(worker):
    pieces = []
    done = run(
        worker, "a b c", on_piece=lambda piece: pieces.append((piece, threading.get_ident()))
    )
    assert done.text == "abc"
    assert pieces == [(piece, threading.get_ident()) for piece in "abc"]


def test_one_thread_owns_the_model(worker, model):
    results = []
    callers = [
        threading.Thread(target=lambda at=at: results.append(run(worker, f"x {at}").text))
        for at in range(8)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(WAIT)
    assert sorted(results) == [f"x{at}" for at in range(8)]
    assert len(model.threads) == 1
    assert threading.get_ident() not in model.threads


def test_enough_ends_a_run(worker):
    assert run(worker, "a b c d", enough=lambda text: len(text) >= 2).text == "ab"


def test_warm_loads_once_in_the_background(model):
    loads = []

    def load():
        loads.append(1)
        return model

    worker = Worker(load)
    before = worker.status.state
    assert before is State.IDLE
    worker.start()
    worker.start()
    until(lambda: worker.status.state is State.READY)
    assert loads == [1]
    assert worker.status.load_seconds > 0
    worker.close()
    assert worker.status.state is State.CLOSED
    assert model.closed


def test_cancel_while_it_runs(worker, model):
    model.gate.clear()
    cancel = threading.Event()

    def when_busy():
        model.busy.wait(WAIT)
        cancel.set()

    threading.Thread(target=when_busy).start()
    with pytest.raises(Cancelled):
        run(worker, "a b c", cancel=cancel)
    model.gate.set()
    assert run(worker, "d e").text == "de"


def test_cancel_in_the_queue_does_not_wait_for_the_run_before(worker, model):
    model.gate.clear()
    first = threading.Thread(target=lambda: run(worker, "slow one"))
    first.start()
    assert model.busy.wait(WAIT)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run(worker, "queued", cancel=cancel)
    assert first.is_alive()
    model.gate.set()
    first.join(WAIT)
    assert run(worker, "after").text == "after"
    assert "queued" not in model.runs


def test_a_listener_that_raises_stops_its_run_only(worker, model):
    def fail(piece):
        raise KeyError(piece)

    with pytest.raises(KeyError):
        run(worker, "a b c", on_piece=fail)
    assert run(worker, "d e").text == "de"


def test_whatever_fails_the_worker_lives(worker):
    with pytest.raises(RefineError, match="by zero"):
        run(worker, "crash")
    with pytest.raises(TooLong):
        run(worker, "too long")
    assert run(worker, "d e").text == "de"


def test_a_failed_load_is_told_and_tried_again(model):
    failures = [ModelMissing("model-missing", "It is gone."), ModelMissing("x", "Still gone.")]

    def load():
        if failures:
            raise failures.pop(0)
        return model

    worker = Worker(load)
    worker.start()
    until(lambda: worker.status.state is State.FAILED)
    assert worker.status.error is not None
    with pytest.raises(ModelMissing, match="Still gone"):
        run(worker, "a")
    assert run(worker, "a b").text == "ab"
    assert worker.status.state is State.READY
    worker.close()


def test_close_while_busy_and_with_others_waiting(model):
    worker = Worker(lambda: model)
    model.gate.clear()
    outcomes: list[object] = []

    def caller(idea):
        try:
            outcomes.append(run(worker, idea))
        except RefineError as error:
            outcomes.append(error.code)

    callers = [threading.Thread(target=caller, args=(f"run {at}",)) for at in range(4)]
    for thread in callers:
        thread.start()
    assert model.busy.wait(WAIT)
    worker.close()
    for thread in callers:
        thread.join(WAIT)
    assert outcomes == ["refiner-closed"] * 4
    assert model.closed
    worker.close()
    with pytest.raises(RefineError, match="put away"):
        run(worker, "late")
