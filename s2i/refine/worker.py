"""The one thread that owns the language model, and the queue before it."""

from __future__ import annotations

import atexit
import queue
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from s2i.errors import Cancelled, RefineError, S2IError
from s2i.refine.model import Completed, Model, Stopped, TooLong

CANCEL_POLL = 0.02  # seconds between looks at a caller's cancel flag
CLOSE_WAIT = 15.0  # seconds; only loading a large file can't be interrupted


class State(str, Enum):
    """Where the model is."""

    IDLE = "idle"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True)
class Status:
    """What a status line needs; `load_seconds` with the fixed part's evaluation, 0 before."""

    state: State
    load_seconds: float = 0.0
    error: S2IError | None = None


@dataclass
class _Run:
    idea: str
    seed: int
    enough: Callable[[str], bool]
    outbox: queue.SimpleQueue[str | Completed | BaseException] = field(
        default_factory=queue.SimpleQueue
    )
    started: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Loads the model in its own thread and serves one run after another.

    A load that failed is tried again with the next run: the file may have been mended.
    """

    def __init__(self, load: Callable[[], Model]) -> None:
        """`load` makes the model; it is called in the worker's thread."""
        self._load = load
        self._runs: queue.SimpleQueue[_Run | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.status = Status(State.IDLE)

    def start(self) -> None:
        """Begin to load; returns at once. Does nothing from the second call on."""
        with self._lock:
            if self._thread is not None or self._closing.is_set():
                return
            self.status = Status(State.LOADING)
            # A daemon, since Python waits for others before it lets `atexit` close this one.
            self._thread = threading.Thread(target=self._serve, name="refiner", daemon=True)
            self._thread.start()
        _close_at_exit(self)

    def complete(
        self,
        idea: str,
        seed: int,
        *,
        enough: Callable[[str], bool],
        on_piece: Callable[[str], None],
        cancel: threading.Event,
    ) -> Completed:
        """One run; blocks. `on_piece` is called in this thread. See Model.complete.

        Raises Cancelled, TooLong, ModelMissing, RefineError.
        """
        self.start()
        run = _Run(idea, seed, enough)
        self._runs.put(run)
        try:
            return self._collect(run, on_piece, cancel)
        finally:
            run.stopped.set()  # also when on_piece raised: the model stops for nobody

    def _collect(
        self, run: _Run, on_piece: Callable[[str], None], cancel: threading.Event
    ) -> Completed:
        while True:
            if cancel.is_set():
                run.stopped.set()
                if not run.started.is_set():
                    raise Cancelled  # still in the queue; the worker will pass over it
            try:
                answer = run.outbox.get(timeout=CANCEL_POLL)
            except queue.Empty:
                if self._thread is None or not self._thread.is_alive():
                    raise _closed() from None
                continue
            if isinstance(answer, BaseException):
                raise answer
            if isinstance(answer, Completed):
                return answer
            if not cancel.is_set():
                on_piece(answer)

    def close(self) -> None:
        """Stop what runs, free the model, end the thread. Runs that wait get RefineError."""
        self._closing.set()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            self._runs.put(None)
            thread.join(CLOSE_WAIT)
        self.status = Status(State.CLOSED)

    def _serve(self) -> None:
        model = self._ready(None)
        while (run := self._runs.get()) is not None and not self._closing.is_set():
            run.started.set()
            if run.stopped.is_set():
                run.outbox.put(Cancelled())
                continue
            model = model or self._ready(run)
            if model is not None:
                self._answer(model, run)
        while run is not None:  # those that wait are told, up to the mark that close() put
            run.outbox.put(_closed())
            run = self._runs.get()
        if model is not None:
            model.close()

    def _ready(self, run: _Run | None) -> Model | None:
        """The model, loaded and warm; None after a failure, which `run` is told of."""

        def stop() -> bool:
            return self._closing.is_set() or (run is not None and run.stopped.is_set())

        began = time.perf_counter()
        self.status = Status(State.LOADING)
        try:
            model = self._load()
            try:
                model.warm(stop)
            except Stopped:
                pass  # the fixed part is evaluated with the next run
            except BaseException:
                model.close()
                raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, the thread must live and the caller be told
            failure = _as_ours(error)
            self.status = Status(State.FAILED, time.perf_counter() - began, failure)
            if run is not None:
                run.outbox.put(failure)
            return None
        self.status = Status(State.READY, time.perf_counter() - began)
        return model

    def _answer(self, model: Model, run: _Run) -> None:
        def stop() -> bool:
            return self._closing.is_set() or run.stopped.is_set()

        try:
            for answer in model.complete(run.idea, run.seed, enough=run.enough, stop=stop):
                run.outbox.put(answer)
        except Stopped:
            run.outbox.put(_closed() if self._closing.is_set() else Cancelled())
        except TooLong as error:
            run.outbox.put(error)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the thread must live and the caller be told
            run.outbox.put(_as_ours(error))


def _as_ours(error: BaseException) -> S2IError:
    if isinstance(error, S2IError):
        return error
    ours = RefineError(
        "refine-failed",
        f"The language model failed: {error or type(error).__name__}.",
        hint="Run `python run.py doctor`, or use --no-refine to paint your words as they are.",
    )
    ours.__cause__ = error
    return ours


def _closed() -> RefineError:
    return RefineError(
        "refiner-closed",
        "The language model was put away before the prompt was ready.",
        hint="Try again.",
        retryable=True,
    )


def _close_at_exit(worker: Worker) -> None:
    """A thread inside llama.cpp must not outlive Python: it would abort the process."""
    reference = weakref.ref(worker)

    def close() -> None:
        if (alive := reference()) is not None:
            alive.close()

    atexit.register(close)
    weakref.finalize(worker, atexit.unregister, close)
