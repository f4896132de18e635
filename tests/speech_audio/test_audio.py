"""audio.decode: whatever a user has, as mono s16le; whatever can't be, in one sentence."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2i.errors import InputError
from s2i.speech import audio
from tests.speech_audio import sounds

RATE = 16_000


def whole(source: Path | bytes, rate: int = RATE) -> bytes:
    """All the sound of a file, or of a file's bytes through a stream."""
    given = source if isinstance(source, Path) else io.BytesIO(source)
    with audio.decode(given, rate) as reader:
        return b"".join(reader)


def written(folder: Path, data: bytes, name: str = "idea.wav") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", sounds.FORMATS)
def test_every_format_from_a_file_and_from_a_stream(tmp_path, name):
    data = sounds.file(sounds.sine(440, 1.0, 48_000), 48_000, name)
    heard = sounds.floats(whole(written(tmp_path, data, f"idea.{name}")))
    assert abs(len(heard) / RATE - 1.0) < 0.15  # encoders pad
    amplitude, below = sounds.tone(heard[RATE // 4 : 3 * RATE // 4], 440, RATE)
    assert amplitude == pytest.approx(0.5, rel=0.1)
    assert below > 20
    streamed = sounds.floats(whole(data))
    assert abs(len(streamed) - len(heard)) < 0.15 * RATE  # MP3's end is only trimmed in a stream
    assert np.array_equal(streamed[: RATE * 9 // 10], heard[: RATE * 9 // 10])


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_rates_from_8_to_192_khz(rate):
    heard = sounds.floats(whole(sounds.file(sounds.sine(440, 1.0, rate), rate)))
    assert abs(len(heard) - RATE) <= 2
    amplitude, below = sounds.tone(heard[1600:-1600], 440, RATE)
    assert amplitude == pytest.approx(0.5, rel=0.01)
    assert below > 60


def test_chunks_are_a_tenth_of_a_second():
    box = io.BytesIO(sounds.file(sounds.sine(440, 1.05, RATE), RATE))
    with audio.decode(box, RATE) as reader:
        lengths = [len(chunk) for chunk in reader]
    assert lengths == [3200] * 10 + [1600]


def test_a_files_length_is_told_and_a_whole_file_has_no_warnings(tmp_path):
    path = written(tmp_path, sounds.file(sounds.sine(440, 2.0, RATE), RATE, "flac"))
    with audio.decode(path, RATE) as reader:
        assert reader.length == pytest.approx(2.0)
        assert sum(len(chunk) for chunk in reader) == 2 * 2 * RATE
        assert reader.warnings == []


class TestChannels:
    def mixed(self, *channels: Any) -> Any:
        return sounds.floats(whole(sounds.file(np.stack(channels), RATE)))

    def amplitude(self, heard: Any, hertz: float = 440.0) -> float:
        return sounds.tone(heard[RATE // 4 :], hertz, RATE)[0]

    def test_equal_channels_keep_their_level(self):
        one = sounds.sine(440, 1.0, RATE, 0.9)
        assert self.amplitude(self.mixed(one, one)) == pytest.approx(0.9, rel=0.01)

    def test_a_silent_channel_does_not_halve_the_other(self):
        one = sounds.sine(440, 1.0, RATE)
        assert self.amplitude(self.mixed(one, 0 * one)) == pytest.approx(0.5, rel=0.01)
        assert self.amplitude(self.mixed(0 * one, one)) == pytest.approx(0.5, rel=0.01)

    def test_opposite_channels_do_not_cancel(self):
        one = sounds.sine(440, 1.0, RATE)
        assert self.amplitude(self.mixed(one, -one)) == pytest.approx(0.5, rel=0.01)

    def test_two_speakers_are_both_heard(self):
        heard = self.mixed(sounds.sine(440, 1.0, RATE), sounds.sine(700, 1.0, RATE))
        assert self.amplitude(heard, 440) == pytest.approx(0.25, rel=0.05)
        assert self.amplitude(heard, 700) == pytest.approx(0.25, rel=0.05)

    def test_loud_channels_do_not_clip(self):
        loud = [sounds.sine(hertz, 1.0, RATE, 0.99) for hertz in (300, 440, 500, 600, 700, 800)]
        heard = self.mixed(*loud)
        assert np.abs(heard).max() < 1.0
        assert self.amplitude(heard) == pytest.approx(0.99 / 6, rel=0.05)

    def test_floats_above_full_scale_are_turned_down(self):
        data = sounds.file(sounds.sine(440, 1.0, RATE, 4.0), RATE, "wav-float")
        _, below = sounds.tone(sounds.floats(whole(data))[1600:], 440, RATE)
        assert below > 60  # clipped it would be 10

    def test_floats_that_are_no_numbers_are_survived(self):
        sound = sounds.sine(440, 1.0, RATE)
        sound[4000], sound[4001], sound[4002] = np.nan, np.inf, -np.inf
        assert len(whole(sounds.file(sound, RATE, "wav-float"))) == 2 * RATE


def test_a_video_with_sound_is_a_sound_file():
    data = sounds.file(sounds.sine(440, 1.0, 48_000), 48_000, "m4a", picture=True)
    heard = sounds.floats(whole(data))
    assert sounds.tone(heard[RATE // 4 : RATE // 2], 440, RATE)[0] == pytest.approx(0.5, rel=0.1)


def refused(source: Path | bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        whole(source)
    error = caught.value
    assert error.hint
    assert "\n" not in error.message
    assert error.message.endswith(".")
    return error


class TestRefusals:
    def test_a_video_without_sound(self, tmp_path):
        error = refused(written(tmp_path, sounds.silent_video(), "holiday.mp4"))
        assert (error.code, error.message) == (
            "no-sound",
            "holiday.mp4 has a picture but no sound.",
        )

    def test_text_that_is_named_wav(self, tmp_path):
        error = refused(written(tmp_path, "a füchs in the snow\n".encode()))
        assert error.code == "text-file"
        assert "idea.wav" in error.message

    def test_what_it_is_called_can_be_said(self, tmp_path):
        with pytest.raises(InputError, match=r"^Your upload holds text"):
            audio.decode(written(tmp_path, b"hello"), RATE, name="Your upload")

    @pytest.mark.parametrize("size", [20, 43, 100_000])
    def test_noise(self, size):
        assert refused(np.random.default_rng(size).bytes(size)).code == "bad-audio"

    def test_nothing(self, tmp_path):
        assert refused(written(tmp_path, b"")).code == "empty-audio"
        assert refused(b"").code == "empty-audio"

    def test_a_header_alone(self):
        whole_file = sounds.file(sounds.sine(440, 1.0, RATE), RATE)
        assert refused(whole_file[: whole_file.index(b"data") + 8]).code == "empty-audio"

    def test_an_mp4_without_its_table_of_contents(self):
        data = sounds.file(sounds.sine(440, 2.0, 48_000), 48_000, "m4a")
        assert refused(data[: len(data) // 2]).code == "bad-audio"

    def test_a_sparse_file_of_2_gb(self, tmp_path):
        path = tmp_path / "idea.wav"
        with path.open("wb") as file:
            file.truncate(2 * 2**30)
        assert refused(path).code == "bad-audio"

    def test_a_folder(self, tmp_path):
        assert refused(tmp_path).code == "not-a-file"

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
    def test_a_device(self):
        assert refused(Path("/dev/zero")).code == "not-a-file"

    @pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
    def test_a_socket(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)  # the path of a socket must be short
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("s.wav")
            assert refused(Path("s.wav")).code == "not-a-file"

    def test_no_file(self, tmp_path):
        assert refused(tmp_path / "none.wav").code == "no-file"
        assert refused(Path("a\0b.wav")).code == "no-file"

    def test_too_many_channels(self):
        sound = np.zeros(100 * 1000, "<i2")
        assert refused(_wav(sound.tobytes(), channels=100)).code in ("many-channels", "bad-audio")

    @pytest.mark.parametrize("rate", [1, 10_000_000])
    def test_a_rate_that_cannot_be(self, rate):
        sound = np.ones(8000, "<i2").tobytes()
        assert refused(_wav(sound, rate=rate)).code in ("odd-rate", "bad-audio")

    def test_a_playlist_opens_nothing_else(self, tmp_path):
        secret = written(tmp_path, sounds.file(sounds.sine(440, 1.0, RATE), RATE), "secret.wav")
        listed = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n"
        assert refused(written(tmp_path, listed.encode(), "a.m3u8")).code == "text-file"
        joined = f"ffconcat version 1.0\nfile '{secret}'\n"
        assert refused(written(tmp_path, joined.encode(), "b.wav")).code == "text-file"


class TestDamage:
    @pytest.mark.parametrize("name", ["wav", "mp3", "ogg-opus", "flac", "aac", "webm"])
    def test_what_is_there_of_a_file_that_is_cut_short_is_heard(self, tmp_path, name):
        data = sounds.file(sounds.sine(440, 8.0, 48_000), 48_000, name)
        path = written(tmp_path, data[: len(data) // 2], f"idea.{name}")
        with audio.decode(path, RATE) as reader:
            seconds = sum(len(chunk) for chunk in reader) / 2 / RATE
        assert 3 < seconds < 5

    def test_and_where_the_file_says_its_length_it_is_said(self, tmp_path):
        data = sounds.file(sounds.sine(440, 8.0, 48_000), 48_000, "flac")
        with audio.decode(written(tmp_path, data[: len(data) // 2], "idea.flac"), RATE) as reader:
            list(reader)
        assert any("cut short" in warning for warning in reader.warnings)

    @pytest.mark.parametrize("name", ["mp3", "ogg-opus", "flac", "m4a", "webm", "wav"])
    def test_flipped_bits_never_end_the_process(self, name):
        data = bytearray(sounds.file(sounds.sine(440, 3.0, 48_000), 48_000, name))
        dice = np.random.default_rng(len(name))
        for place in dice.integers(0, len(data), max(len(data) // 300, 5)):
            data[place] ^= 1 << int(dice.integers(0, 8))
        heard = b""
        with contextlib.suppress(InputError), audio.decode(io.BytesIO(bytes(data)), RATE) as reader:
            for chunk in reader:
                heard += chunk
        assert len(heard) % 2 == 0
        assert len(whole(sounds.file(sounds.sine(440, 1.0, RATE), RATE))) == 2 * RATE

    def test_a_decoder_that_crashes_is_a_sentence(self, tmp_path):
        reader = audio.decode(io.BytesIO(sounds.file(sounds.sine(440, 60.0, RATE), RATE)), RATE)
        next(reader)
        reader._child.kill()
        with pytest.raises(InputError) as caught:
            list(reader)
        assert caught.value.code == "broken-audio"


class TestStreams:
    def test_a_wav_of_unknown_length_as_recorders_write_it_into_a_pipe(self):
        sound = sounds.s16(sounds.sine(440, 2.0, RATE))
        for size in (0, 0xFFFFFFFF, 0x7FFFF000):
            heard = whole(_wav(sound, size=size))
            assert abs(len(heard) - len(sound)) < 400

    def test_a_recording_that_is_still_going_on_is_heard_at_once(self):
        data = _wav(sounds.s16(sounds.sine(440, 30.0, RATE)), size=0xFFFFFFFF)
        out, into = os.pipe()
        first = threading.Event()

        def record() -> None:
            with os.fdopen(into, "wb") as pipe:
                pipe.write(data[:-320_000])
                pipe.flush()
                first.wait(60)
                pipe.write(data[-320_000:])

        recorder = threading.Thread(target=record)
        recorder.start()
        with os.fdopen(out, "rb") as pipe, audio.decode(pipe, RATE) as reader:
            got = len(next(reader))
            first.set()
            got += sum(len(chunk) for chunk in reader)
        recorder.join()
        assert abs(got - 30 * 2 * RATE) < 400

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    def test_a_named_pipe(self, tmp_path):
        path = tmp_path / "pipe"
        os.mkfifo(path)
        data = sounds.file(sounds.sine(440, 1.0, RATE), RATE, "flac")
        writer = threading.Thread(target=path.write_bytes, args=(data,))
        writer.start()
        assert len(whole(path)) == 2 * RATE
        writer.join()

    def test_a_reader_that_is_closed_early_ends_its_child(self):
        with audio.decode(io.BytesIO(_wav(bytes(60 * 2 * RATE))), RATE) as reader:
            next(reader)
        assert reader._child.returncode is not None
        assert list(reader) == []
        reader.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_long_file_takes_no_more_memory_than_a_minute(tmp_path):
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        size = 600 * 2 * RATE
        file.write(_wav(b"", size=size))
        file.truncate(44 + size)
    with audio.decode(path, RATE) as reader:
        seconds, most = 0.0, []
        for chunk in reader:
            seconds += len(chunk) / 2 / RATE
            if int(seconds * 10) % 300 == 0:
                most.append(_resident(reader._child))
    assert round(seconds) == 600
    assert max(most) - most[0] < 8 * 2**20


def _resident(child: subprocess.Popen[bytes]) -> int:
    pages = Path(f"/proc/{child.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def _wav(pcm: bytes, *, rate: int = RATE, channels: int = 1, size: int | None = None) -> bytes:
    size = len(pcm) if size is None else size
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2 % 2**32, channels * 2, 16)
    riff = b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + b"WAVE"
    return riff + b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size) + pcm
