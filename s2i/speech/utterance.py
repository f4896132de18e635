"""One utterance: checked input, resampling, endpointing, events. Neutral as to the recogniser."""

from __future__ import annotations

import re
import threading
from typing import Any

from s2i.errors import Cancelled, InputError, S2IError, SpeechError
from s2i.events import EventType, StageEmit
from s2i.speech.base import Decoder, Heard, Recording, Result, Transcript, Word
from s2i.speech.decoders import DecoderPool
from s2i.speech.endpointing import Endpointer, Verdict
from s2i.speech.fillers import clean, is_mark
from s2i.speech.pcm import SAMPLE_BYTES, check_pcm, check_rate
from s2i.speech.resampler import Resampler

_STEP = 0.1  # s; what is decoded at once, so that words and the end of speech come steadily
_WORTH_SAYING = 1.0  # s of sound after the end of speech that a warning names
# Chinese and Japanese recognisers put spaces between words, their readers don't.
_CJK_SPACE = re.compile(r"(?<=[\u2e80-\u9fff]) (?=[\u2e80-\u9fff])")


class Utterance:
    """Speech from its first sample to its transcript. Feed it, then finish or cancel it.

    `emit` gets stt-start, stt-partial {text, settled, tail} on each change, and stt-end. Times are
    in seconds of audio: `silence` ends speech, `cap` is the longest utterance, `no_speech` how long
    to wait for a first word. With `endpoint` False only the cap ends it; `decoded` says that our
    own decoder made the samples out of a recording: nothing needs to be guessed, and nobody waits
    for partials. Any thread may call, one
    after the other gets its turn. Takes a decoder out of `pool` at once and gives it back at the
    end; raises what that raises, and InputError for a rate or times that can't be.
    """

    def __init__(
        self,
        pool: DecoderPool,
        sample_rate: int,
        *,
        emit: StageEmit | None = None,
        silence: float = 0.8,
        cap: float = 60.0,
        no_speech: float = 8.0,
        endpoint: bool = True,
        decoded: bool = False,
    ) -> None:
        self._rate = check_rate(sample_rate)
        self._model = pool.model
        self._endpointer = Endpointer(
            sample_rate,
            silence=silence,
            cap=cap,
            no_speech=no_speech,
            language=self._model.language,
        )
        self._resampler = Resampler(sample_rate, self._model.sample_rate)
        self._endpoint = endpoint
        self._decoded = decoded
        self._cap = cap
        self._no_speech = no_speech
        self._emit = emit
        self._lock = threading.RLock()
        self._pool = pool
        self._samples = 0
        self._left_out = 0  # samples after the end
        self._heard = Heard("", "")
        self._shown = ""
        self._started = False
        self._verdict = Verdict.GOING
        self._transcript: Transcript | None = None
        self._error: S2IError | None = None
        self._decoder: Decoder | None = pool.take()
        if decoded and isinstance(self._decoder, Recording):
            self._guarded(self._decoder.record)

    @property
    def verdict(self) -> Verdict:
        """What the latest `feed` said."""
        return self._verdict

    @property
    def recogniser(self) -> str:
        """The recogniser's name."""
        return self._model.recogniser

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def seconds(self) -> float:
        """How much audio was taken."""
        return self._samples / self._rate

    def feed(self, pcm: bytes) -> Verdict:
        """Take mono s16le at the utterance's rate. After a final verdict more is not listened to.

        Raises InputError for what can't be such audio (the utterance goes on without it),
        SpeechError where the recogniser fails (the utterance is over), Cancelled.
        """
        if not self._decoded:
            check_pcm(pcm, self._rate)
        with self._lock:
            self._refuse_closed()
            if self._transcript is not None:
                return self._verdict
            self._start()
            step = max(int(self._rate * _STEP), 1) * SAMPLE_BYTES
            at = 0
            while at < len(pcm) and self._verdict is Verdict.GOING:
                room = (int(self._cap * self._rate) - self._samples) * SAMPLE_BYTES
                piece = pcm[at : at + min(step, room)]
                at += len(piece)
                self._take(piece)
            self._left_out += (len(pcm) - at) // SAMPLE_BYTES
            return self._verdict

    def finish(self) -> Transcript:
        """The transcript; asked again, the same one. Gives the decoder back.

        Raises SpeechError (`no-speech` where no words were heard), InputError (`empty-audio` where
        nothing was fed), Cancelled.
        """
        with self._lock:
            if self._transcript is not None:
                return self._transcript
            self._refuse_closed()
            if not self._samples:
                self._fail(InputError("empty-audio", "No sound came.", hint=_MICROPHONE))
            self._start()
            result = self._decode_rest()
            text = self._text(" ".join(word.text for word in result.words))
            if not text:
                self._fail(self._nothing_said())
            self._give_back()
            self._transcript = self._made(text, result)
            self._tell(
                EventType.STT_END,
                text=text,
                words=[vars(word) for word in self._transcript.words],
            )
            return self._transcript

    def cancel(self) -> None:
        """Forget it and give the decoder back. Harmless at any time."""
        with self._lock:
            if self._decoder is not None:
                self._error = Cancelled()
                self._give_back()

    def _take(self, piece: bytes) -> None:
        sound = self._resampler.feed(piece)
        if sound:
            assert self._decoder is not None  # noqa: S101 - _refuse_closed has looked
            self._heard = self._guarded(self._decoder.accept, sound)
        self._samples += len(piece) // SAMPLE_BYTES
        self._show()
        if self._endpoint:
            self._verdict = self._endpointer.feed(piece, self._heard.text)
        if self._verdict is Verdict.GOING and self._samples >= int(self._cap * self._rate):
            self._verdict = Verdict.CAP

    def _decode_rest(self) -> Result:
        assert self._decoder is not None  # noqa: S101 - finish has looked
        if rest := self._resampler.flush():
            self._heard = self._guarded(self._decoder.accept, rest)
        result: Result = self._guarded(self._decoder.finish)
        return result

    def _guarded(self, deed: Any, *what: Any) -> Any:
        """Do it with the decoder; one that failed is not used again."""
        try:
            return deed(*what)
        except Exception as error:
            decoder, self._decoder = self._decoder, None
            if decoder is not None:
                self._pool.discard(decoder)
            self._error = (
                error
                if isinstance(error, S2IError)
                else SpeechError(
                    "recogniser-failed",
                    f"The recogniser {self._model.recogniser} failed ({error}).",
                    hint="Say it again; 'python run.py doctor' checks the installation.",
                    retryable=True,
                )
            )
            raise self._error from error

    def _fail(self, error: S2IError) -> None:
        self._error = error
        self._give_back()
        raise error

    def _give_back(self) -> None:
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            self._pool.give(decoder)

    def _refuse_closed(self) -> None:
        if self._error is not None:
            raise self._error

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._tell(
                EventType.STT_START,
                recogniser=self._model.recogniser,
                model=self._model.name,
                language=self._model.language,
            )

    def _show(self) -> None:
        text = self._text(self._heard.text)
        if text == self._shown:
            return
        self._shown = text
        settled = self._text(self._heard.settled)
        # A filler alone counts as nothing, yet is part of a longer text.
        begin = settled if text.startswith(settled) else ""
        self._tell(EventType.STT_PARTIAL, text=text, settled=begin, tail=text[len(begin) :].strip())

    def _text(self, text: str) -> str:
        return _CJK_SPACE.sub("", clean(text, self._model.language))

    def _nothing_said(self) -> SpeechError:
        waited = f" in {self.seconds:.0f} seconds" if self.seconds >= 1 else ""
        return SpeechError(
            "no-speech", f"No words were heard{waited}.", hint=_MICROPHONE, retryable=True
        )

    def _made(self, text: str, result: Result) -> Transcript:
        return Transcript(
            text=text,
            words=tuple(_plain(word) for word in result.words if not is_mark(word.text)),
            alternatives=tuple(
                other
                for given in result.alternatives
                if (other := self._text(given)) and other != text
            ),
            language=self._model.language,
            recogniser=self._model.recogniser,
            model=self._model.name,
            seconds=round(self.seconds, 3),
            ended=self._verdict.value if self._verdict in _ENDS else "finish",
            warnings=self._warnings(),
        )

    def _warnings(self) -> tuple[str, ...]:
        left = self._left_out / self._rate
        if self._verdict is Verdict.CAP:
            more = f"; {left:.1f} more seconds were left out" if left >= 0.05 else ""
            return (f"Listening ended after {self._cap:g} seconds, the longest utterance{more}.",)
        if left >= _WORTH_SAYING:
            return (f"What came after the pause, {left:.1f} seconds, was left out.",)
        return ()

    def _tell(self, kind: EventType, **data: Any) -> None:
        if self._emit is not None:
            self._emit(kind, **data)


_ENDS = {Verdict.SILENCE, Verdict.CAP}
_MICROPHONE = (
    "Speak a little louder or nearer; 'python run.py --mic --list' shows the microphones, and the "
    "system's settings say which is on."
)


def _plain(word: Word) -> Word:
    """Without the marks that a recogniser may have stuck to it."""
    text = clean(word.text, "")
    return Word(text, word.start, word.end, word.confidence) if text else word
