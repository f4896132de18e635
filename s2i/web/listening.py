"""Utterances that come in pieces over HTTP: in order, each piece once, none held for ever.

Knows nothing of Flask: the blueprints beside it do.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from s2i.errors import InputError, NotFound, S2IError, SpeechError
from s2i.events import Emit, Event, EventType, StageEmit
from s2i.speech.base import Transcript
from s2i.speech.endpointing import Verdict
from s2i.web.entries import Entry, Pieces, Recognisers

ABANDONED = 30.0  # s without a word from the sender
KEPT = 200  # finished ones that can still be asked for
PATIENCE = 10.0  # s that a request waits for the one before it on the same utterance


class Listening:
    """All utterances that senders have open. May be used from many threads.

    `abandoned` is in seconds. Events carry the utterance's id as their job. How many may speak at
    once is for the recognisers to say.
    """

    def __init__(
        self,
        recognisers: Recognisers,
        emit: Emit,
        *,
        abandoned: float = ABANDONED,
    ) -> None:
        self.abandoned = abandoned
        self._recognisers = recognisers
        self._emit = emit
        self._changed = threading.Condition()
        self._entries: dict[str, Entry] = {}
        self._busy = 0
        self._closed = False
        self._reaper: threading.Thread | None = None

    def open(self, language: str, sample_rate: int, *, endpoint: bool = True) -> dict[str, Any]:
        """Begin one; its state as JSON types. Raises S2IError: `busy`, or whatever opening does.

        With `endpoint` False neither silence nor waiting for speech ends it, only its length.
        """
        entry = Entry(str(uuid.uuid4()))
        self._count_in()
        try:
            entry.hearing = self._recognisers.open(
                language, sample_rate, emit=self._voice(entry.id, entry), endpoint=endpoint
            )
        except BaseException:
            self._count_out()
            raise
        entry.touched = time.monotonic()
        with self._changed:
            closed = self._closed
            if not closed:
                self._keep(entry)
                self._watch()
        if closed:
            self._release(entry)
            raise _stopping()
        return entry.to_dict()

    def show(self, name: str) -> dict[str, Any]:
        """Its state. Raises NotFound."""
        with self._use(name) as entry:
            return entry.to_dict()

    def feed(self, name: str, seq: int, pcm: bytes) -> dict[str, Any]:
        """Take piece number `seq`; its state. A repeated piece is ignored.

        Raises NotFound, Gone, Conflict where a piece is missing, InputError where this one can't
        be used (it may be sent again, mended), SpeechError where recognising failed.
        """
        with self._use(name) as entry:
            entry.refuse_closed(self.abandoned)
            if entry.hearing is None or seq < entry.next_seq:
                return entry.to_dict()  # the end was found already, or a repetition
            entry.check_gap(seq)
            try:
                verdict = entry.hearing.feed(pcm)
            except InputError:
                raise
            except Exception as error:
                self._fail(entry, error)
                raise
            entry.next_seq += 1
            if verdict is not Verdict.GOING:
                self._finish(entry)
            return entry.to_dict()

    def finish(self, name: str, count: int | None = None) -> dict[str, Any]:
        """End it; the transcript and its state. Asked again, the answer is the same.

        `count`: how many pieces the sender has sent. Raises NotFound, Gone, Conflict where some of
        them haven't come, and what recognising failed with.
        """
        with self._use(name) as entry:
            entry.refuse_closed(self.abandoned)
            if entry.hearing is not None:
                if count is not None:
                    entry.check_gap(count)
                self._finish(entry)
            if entry.error is not None:
                raise entry.error
            return entry.answer()

    def cancel(self, name: str) -> dict[str, Any]:
        """Forget what was said; its state. Harmless once it is over. Raises NotFound."""
        with self._use(name) as entry:
            if entry.hearing is not None:
                entry.state = "cancelled"
                self._release(entry)
            return entry.to_dict()

    def transcribe(self, language: str, sample_rate: int, pieces: Pieces) -> dict[str, Any]:
        """A whole recording at once: transcript and id. Counts as one of the utterances.

        Raises S2IError: `busy`, what `pieces` raises, what recognising fails with.
        """
        entry = Entry(str(uuid.uuid4()))
        self._count_in()
        try:
            # The recording ends where it ends: a pause in it is no end.
            hearing = self._recognisers.open(
                language, sample_rate, emit=self._voice(entry.id), endpoint=False, decoded=True
            )
            try:
                for pcm in pieces:
                    if self._closed:
                        raise _stopping()
                    hearing.feed(pcm)
                said = hearing.finish()
            except BaseException:
                hearing.cancel()
                raise
        except S2IError as error:
            self._tell(entry.id, error)
            raise
        finally:
            self._count_out()
        entry.transcript = replace(said, warnings=(*said.warnings, *pieces.warnings))
        entry.state = "finished"
        with self._changed:
            self._keep(entry)
        return entry.answer()

    def transcript(self, name: str) -> Transcript | None:
        """That of a finished utterance or recording; None where there is none (any more)."""
        with self._changed:
            entry = self._entries.get(name)
        return entry.transcript if entry is not None else None

    def status(self) -> dict[str, Any]:
        """What is going on, as JSON types."""
        with self._changed:
            return {"open": self._busy, "abandoned_after": self.abandoned}

    def close(self) -> None:
        """Cancel what is open and take nothing new."""
        with self._changed:
            self._closed = True
            entries = list(self._entries.values())
            self._changed.notify_all()
        for entry in entries:
            if entry.lock.acquire(timeout=1.0):  # a longer deed ends without our help
                try:
                    if entry.hearing is not None:
                        entry.state = "cancelled"
                        self._release(entry)
                finally:
                    entry.lock.release()
        if self._reaper is not None:
            self._reaper.join(2.0)

    def _voice(self, name: str, entry: Entry | None = None) -> StageEmit:
        def emit(kind: EventType, **data: Any) -> None:
            if entry is not None and kind is EventType.STT_PARTIAL:
                entry.text = str(data.get("text", ""))
            self._emit(Event(kind, data, name))

        return emit

    @contextmanager
    def _use(self, name: str) -> Iterator[Entry]:
        with self._changed:
            entry = self._entries.get(name)
        if entry is None:
            raise NotFound(
                "no-such-utterance",
                "There is no such utterance.",
                hint="Begin one with POST /api/utterances; ended ones are kept for a while.",
            )
        if not entry.lock.acquire(timeout=PATIENCE):
            raise S2IError(
                "busy",
                "What was sent before is still being recognised.",
                hint="Send it again in a moment.",
                retryable=True,
            )
        try:
            entry.touched = time.monotonic()
            yield entry
            entry.touched = time.monotonic()
        finally:
            entry.lock.release()

    def _finish(self, entry: Entry) -> None:
        assert entry.hearing is not None  # noqa: S101 - the callers have looked
        try:
            entry.transcript = entry.hearing.finish()
        except S2IError as error:
            self._fail(entry, error)
        except Exception as error:
            self._fail(entry, error)
            raise
        else:
            entry.state = "finished"
            self._release(entry, cancel=False)

    def _fail(self, entry: Entry, error: Exception) -> None:
        if not isinstance(error, S2IError):
            error = SpeechError(
                "speech-failed", "Recognising what was said failed.", hint="Say it again."
            )
        entry.state = "failed"
        entry.error = error
        self._release(entry)
        self._tell(entry.id, error)

    def _tell(self, name: str, error: S2IError) -> None:
        self._emit(Event(EventType.ERROR, {"stage": "stt", **error.to_dict()}, name))

    def _release(self, entry: Entry, *, cancel: bool = True) -> None:
        hearing, entry.hearing = entry.hearing, None
        try:
            if cancel and hearing is not None:
                hearing.cancel()
        finally:
            self._count_out()

    def _count_in(self) -> None:
        with self._changed:
            if self._closed:
                raise _stopping()
            self._busy += 1

    def _count_out(self) -> None:
        with self._changed:
            self._busy -= 1

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        over = [one.id for one in self._entries.values() if one.hearing is None]
        for name in over[: max(len(over) - KEPT, 0)]:
            del self._entries[name]

    def _watch(self) -> None:
        if self._reaper is None:
            self._reaper = threading.Thread(target=self._reap, name="abandoned", daemon=True)
            self._reaper.start()
        else:
            self._changed.notify_all()

    def _reap(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                open_ones = [item for item in self._entries.values() if item.hearing is not None]
                if not open_ones:
                    self._changed.wait()  # nobody speaks: no wake-ups either
                    continue
                first = min(item.touched for item in open_ones) + self.abandoned
                now = time.monotonic()
                if first > now:
                    self._changed.wait(first - now)
                    continue
            for entry in open_ones:
                self._give_up(entry)

    def _give_up(self, entry: Entry) -> None:
        if not entry.lock.acquire(blocking=False):
            entry.touched = time.monotonic()  # a request is at work on it
            return
        try:
            if entry.hearing is not None and time.monotonic() - entry.touched >= self.abandoned:
                entry.state = "abandoned"
                self._release(entry)
                self._tell(
                    entry.id,
                    SpeechError(
                        "abandoned",
                        f"Nothing came for {self.abandoned:g} seconds, so listening was ended.",
                        hint="Speak again.",
                        retryable=True,
                    ),
                )
        finally:
            entry.lock.release()


def _stopping() -> S2IError:
    return S2IError("busy", "The program is ending.", hint="Start it again.", retryable=True)
