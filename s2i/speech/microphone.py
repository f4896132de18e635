"""The machine's microphone, through sounddevice (PortAudio), at the device's own rate."""

from __future__ import annotations

import contextlib
import difflib
import os
import platform
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from s2i.errors import InputError, SpeechError
from s2i.speech import microphone_help as advice
from s2i.speech.pcm import MAX_RATE, MIN_RATE, SAMPLE_BYTES, level

BLOCK = 0.1  # s
_FIRST = 5.0  # s until the first block: PulseAudio takes 1.3, Bluetooth more
_GONE = 2.0  # s without a block after that: unplugged
_RATES = (48_000, 44_100, 16_000)  # Hz, where a device doesn't take its own
_MAX_CHANNELS = 32
_ZEROS = 2.0  # s of nothing but zeros that no real microphone sends


@dataclass(frozen=True)
class Device:
    """An input device. `rate` is its own, in Hz; `host` is the sound system that offers it."""

    index: int
    name: str
    host: str
    rate: int
    channels: int
    default: bool


def devices() -> list[Device]:
    """The input devices, in PortAudio's order. Raises MissingError: `no-portaudio`."""
    sd = _sounddevice()
    try:
        first = sd.default.device[0]
        if first < 0:
            first = sd.query_hostapis(sd.default.hostapi or 0)["default_input_device"]
        hosts = [host["name"] for host in sd.query_hostapis()]
        listed = sd.query_devices()
    except (sd.PortAudioError, IndexError):  # no sound system at all
        return []
    return [
        Device(
            index=index,
            name=str(one["name"]),
            host=str(hosts[one["hostapi"]]),
            rate=round(one["default_samplerate"]),
            channels=int(one["max_input_channels"]),
            default=index == first,
        )
        for index, one in enumerate(listed)
        if one["max_input_channels"] > 0
    ]


def choose(listed: Sequence[Device], wanted: str | int | None = None) -> Device:
    """The device of that index, name or part of a name; by default the default one. Pure.

    Where a name is offered by several sound systems (Windows), the default device's one is taken.
    Raises InputError: `no-such-device`. `listed` must not be empty.
    """
    default = next((one for one in listed if one.default), listed[0])
    if wanted is None or not str(wanted).strip():
        return default
    text = str(wanted).strip().casefold()
    if text.isascii() and text.isdigit():
        found = [one for one in listed if one.index == int(text)]
    else:
        found = [one for one in listed if one.name.casefold() == text] or [
            one for one in listed if text in one.name.casefold()
        ]
        found = [one for one in found if one.host == default.host] or found
    if len({one.name for one in found}) == 1:
        return found[0]
    show = "All are listed by: python run.py --mic --list"
    if found:
        names = " · ".join(f"{one.index} {one.name}" for one in found[:5])
        raise InputError(
            "no-such-device",
            f"Several microphones are called '{wanted}'.",
            hint=f"Give the number of one: {names}. {show}",
        )
    by_name = {one.name.casefold(): one for one in listed}
    near = difflib.get_close_matches(text, by_name, n=1, cutoff=0.4)
    one = by_name[near[0]] if near else default
    raise InputError(
        "no-such-device",
        f"There is no microphone '{str(wanted)[:80]}'.",
        hint=f"{'The nearest is' if near else 'There is'} {one.index} {one.name}. {show}",
    )


class Microphone:
    """An open microphone: iterate for mono s16le blocks of 0.1 s at `rate` Hz. Context manager.

    `level` is the latest block's loudness in dBFS. `overruns` counts the blocks that were lost or
    had gaps, because the machine was too slow; `room` is how many seconds of sound may wait to be
    taken. Raises MissingError, InputError (`no-such-device`) at the start, and SpeechError
    (`microphone-gone`) from the iteration.
    """

    def __init__(self, wanted: str | int | None = None, *, room: float = 10.0) -> None:
        listed = devices()
        if not listed:
            raise advice.no_microphone(platform.system(), locked=_locked())
        self.device = choose(listed, wanted)
        self.level = float("-inf")
        self.overruns = 0
        self._blocks: queue.Queue[bytes | None] = queue.Queue(max(round(room / BLOCK), 2))
        self._patience = _FIRST
        self._zeros = 0.0
        self._closed = False
        self._mixer: Any = None
        self._stream, self.rate, self._channels = self._open()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next block; it waits for it. Ends after `close`."""
        if self._closed:
            raise StopIteration
        try:
            block = self._blocks.get(timeout=self._patience)
        except queue.Empty:
            block = None
        if self._closed:
            raise StopIteration
        if block is None:
            raise self._gone()
        self._patience = _GONE
        if self._channels > 1:
            block = self._mixed(block)
        self.level = level(block)
        if any(block):
            self._zeros = -float("inf")
        else:
            self._zeros += len(block) / SAMPLE_BYTES / self.rate
        return block

    def note(self) -> str | None:
        """A sentence for people where the microphone has sent nothing but zeros from its start."""
        return advice.only_zeros(platform.system()) if self._zeros >= _ZEROS else None

    def __enter__(self) -> Microphone:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the device go. Can be called twice, and from another thread."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(queue.Full):
            self._blocks.put_nowait(None)  # wakes who waits
        # Some drivers never answer for a device that was pulled out.
        closing = threading.Thread(target=self._let_go, name="microphone closing", daemon=True)
        closing.start()
        closing.join(_GONE)

    def _let_go(self) -> None:
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)

    def _open(self) -> tuple[Any, int, int]:
        """The running stream, its rate and its channels: whatever the device takes."""
        sd = _sounddevice()
        own = self.device.rate if MIN_RATE <= self.device.rate <= MAX_RATE else _RATES[0]
        channels = min(self.device.channels, _MAX_CHANNELS)
        tries = [(own, 1), (own, channels), *((rate, 1) for rate in _RATES)]
        tries += [(rate, channels) for rate in _RATES]
        last: Exception | None = None
        for rate, count in dict.fromkeys(tries):
            try:
                with _quiet():
                    stream = sd.RawInputStream(
                        samplerate=rate,
                        blocksize=int(rate * BLOCK),
                        device=self.device.index,
                        channels=count,
                        dtype="int16",
                        callback=self._take,
                        finished_callback=self._finished,
                    )
                    stream.start()
            except (sd.PortAudioError, ValueError) as error:
                last = error
                continue
            return stream, rate, count
        raise advice.refused(platform.system(), locked=_locked()) from last

    def _take(self, data: Any, frames: int, when: Any, status: Any) -> None:
        """PortAudio's thread: quick, and never raising."""
        if status.input_overflow:
            self.overruns += 1
        try:
            self._blocks.put_nowait(bytes(data))
        except queue.Full:
            self.overruns += 1

    def _finished(self) -> None:
        """PortAudio has ended the stream: we closed it, or the device went away."""
        with contextlib.suppress(queue.Full):
            self._blocks.put_nowait(None)

    def _mixed(self, block: bytes) -> bytes:
        import numpy as np

        from s2i.speech.mixing import Mixer

        self._mixer = self._mixer or Mixer()
        sound = np.frombuffer(block, "<i2").astype(np.float32) / 32768.0
        mixed: bytes = self._mixer.mix(sound.reshape(-1, self._channels).T)
        return mixed

    def _gone(self) -> SpeechError:
        never = self._patience == _FIRST
        return SpeechError(
            "microphone-gone",
            f"The microphone '{self.device.name}' "
            + ("sends no sound." if never else "stopped sending sound."),
            hint="Plug it in again, or choose another: python run.py --mic --list",
            retryable=True,
        )


def _sounddevice() -> Any:
    try:
        with _quiet():
            import sounddevice
    except OSError as error:
        raise advice.no_portaudio(platform.system(), _family(), sys.executable) from error
    except Exception as error:  # PortAudioError, of the module that couldn't be imported
        if type(error).__name__ != "PortAudioError":
            raise
        raise advice.no_microphone(platform.system(), locked=_locked()) from error
    return sounddevice


def _family() -> frozenset[str]:
    """A Linux distribution's name and those of its relatives."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return frozenset()
    return frozenset(f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".lower().split())


def _locked() -> bool:
    """Linux: there are sound devices, but this user may not read them."""
    nodes = list(Path("/dev/snd").glob("pcm*c")) if sys.platform == "linux" else []
    return bool(nodes) and not any(os.access(node, os.R_OK) for node in nodes)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """ALSA and PortAudio write their attempts to standard error, past Python."""
    if sys.platform != "linux":
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
