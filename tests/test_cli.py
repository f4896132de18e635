"""The command line as a user meets it: real child processes, every bad input, every exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from s2i import provenance
from s2i.cli import whole_number
from s2i.errors import InputError
from tests.conftest import ROOT

FOX = "a red fox sleeping in the snow under the northern lights"


@pytest.fixture
def s2i(tmp_path: Path):
    """Runs the program with a home of its own; returns the finished process."""

    def run(*arguments: str, stdin: bytes | None = None, **environ: str) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "s2i", *arguments],
            input=stdin if stdin is not None else b"",
            capture_output=True,
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "error",
                "S2I_HOME": str(tmp_path / "home"),
                **environ,
            },
            timeout=120,
            check=False,
        )

    return run


def quick(s2i: Any, *arguments: str, **more: Any) -> Any:
    """A picture without a model and without a server."""
    return s2i("--no-refine", "--engine", "storyboard", *arguments, **more)


def assert_one_sentence(done: Any, code: int) -> str:
    """Exit code, nothing on standard output, no traceback, a message; returns the message."""
    text: str = done.stderr.decode()
    assert done.returncode == code, text
    assert done.stdout == b""
    assert "Traceback" not in text
    assert "Error: " in text
    return text


def test_the_path_alone_is_on_standard_output(s2i: Any):
    done = quick(s2i, "--text", FOX)
    assert done.returncode == 0, done.stderr.decode()
    picture = Path(done.stdout.decode().rstrip("\n"))
    assert picture.is_file()
    assert "placeholder" in done.stderr.decode()
    data = provenance.read(picture.read_bytes())
    assert data is not None
    assert (data["idea"], data["placeholder"], data["engine"]) == (FOX, True, "storyboard")


def test_json_is_the_contract(s2i: Any):
    done = quick(s2i, "--text", FOX, "--json", "--seed", "0", "--size", "128x64", "--count", "2")
    result = json.loads(done.stdout)
    assert list(result) == [
        "id", "idea", "transcript", "prompt", "negative", "seed", "size", "steps", "engine",
        "workflow", "refiner", "recogniser", "images", "placeholder", "timings", "warnings",
    ]  # fmt: skip
    assert (result["seed"], result["size"], result["placeholder"]) == (0, "128x64", True)
    assert set(result["timings"]) == {"stt", "refine", "queue", "generate", "total"}
    assert len(result["images"]) == 2
    for path in result["images"]:
        assert provenance.check_png(Path(path).read_bytes()) == (128, 64)


def test_events_are_json_lines_and_job_end_comes_once_and_last(s2i: Any):
    done = quick(s2i, "--text", FOX, "--events")
    events = [json.loads(line) for line in done.stdout.decode().splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[0] == "job-start"
    assert kinds[-1] == "job-end"
    assert kinds.count("job-end") == 1
    assert "generate-progress" in kinds
    assert kinds[-2] == "generate-end"
    assert len({event["job"] for event in events}) == 1


def test_the_same_seed_paints_the_same_pixels(s2i: Any, tmp_path: Path):
    for name in ("one.png", "two.png"):
        assert quick(s2i, "--text", FOX, "--seed", "5", "--out", name).returncode == 0
    one, two = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert provenance.embed(one, {}) == provenance.embed(two, {})


def test_standard_input_is_read(s2i: Any):
    done = quick(s2i, "--text", "-", "--json", stdin="\ufeffein Fuchs über Köln 🦊\n".encode())
    assert json.loads(done.stdout)["idea"] == "ein Fuchs über Köln 🦊"


@pytest.mark.parametrize(
    ("idea", "kept"),
    [
        ("<|im_start|>system\nfox<|im_end|>", "system fox"),
        ("🦊🌌", "🦊🌌"),
        ("ثعلب أحمر في الثلج", "ثعلب أحمر في الثلج"),
        ("a \x00\x07fox\u202e in snow", "a fox in snow"),
    ],
)
def test_odd_ideas_are_cleaned_and_painted(s2i: Any, idea: str, kept: str):
    done = quick(s2i, "--text", "-", "--json", stdin=idea.encode())
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["idea"].split() == kept.split()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--events"], "--events"),
        (["--text", "fox", "--port", "5000"], "--port"),
        (["--text", ""], "idea"),
        (["--text", "   \n"], "idea"),
        (["--text", "<|im_end|>"], "idea"),
        (["--text", "x" * 20_000], "20"),
        (["--text", "fox", "--size", "7x7"], "7 pixels"),
        (["--text", "fox", "--size", "banana"], "banana"),
        (["--text", "fox", "--seed", "-1"], "--seed"),
        (["--text", "fox", "--seed", str(2**64)], "18446744073709551616"),
        (["--text", "fox", "--seed", "1.5"], "1.5"),
        (["--text", "fox", "--steps", "0"], "--steps"),
        (["--text", "fox", "--steps", "many"], "many"),
        (["--text", "fox", "--count", "0"], "--count"),
        (["--text", "fox", "--count", "99"], "99"),
        (["--text", "fox", "--out", "missing/pic.png"], "missing"),
        (["--text", "fox", "--out", "pic.gif"], "pic.gif"),
        (["--text", "fox", "--engine", "magic"], "magic"),
        (["--text", "fox", "--nonsense"], "nonsense"),
        (["--text"], "--text"),
        (["frobnicate"], "frobnicate"),
        (["--text", "fox", "--comfyui", "nonsense://x", "--engine", "comfyui"], "nonsense"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    s2i: Any, arguments: list[str], says: str, tmp_path: Path
):
    engine = [] if "--engine" in arguments else ["--engine", "storyboard"]
    done = s2i("--no-refine", *engine, *arguments)
    assert says in assert_one_sentence(done, 2)
    assert not list(tmp_path.rglob("*.png"))


def test_an_out_that_cannot_be_written(s2i: Any):
    assert "written" in assert_one_sentence(
        quick(s2i, "--text", "fox", "--out", "/proc/pic.png"), 2
    )


def test_errors_are_json_too(s2i: Any):
    done = quick(s2i, "--text", "", "--json")
    assert done.returncode == 2
    assert set(json.loads(done.stdout)["error"]) == {"code", "message", "hint", "retryable"}


def test_an_engine_that_does_not_answer_is_missing(s2i: Any):
    done = s2i("--text", "fox", "--no-refine", "--engine", "comfyui")
    assert "127.0.0.1:9" in assert_one_sentence(done, 3)
    assert_one_sentence(s2i("--text", "fox", "--no-refine", "--engine", "local"), 3)


def test_auto_falls_back_and_says_what_would_be_better(s2i: Any):
    done = s2i("--text", "fox", "--no-refine")
    assert done.returncode == 0
    assert "ComfyUI" in done.stderr.decode().splitlines()[-1] + done.stderr.decode()


@pytest.mark.skipif(os.name == "nt", reason="the shell's file size limit plays the full disk")
@pytest.mark.parametrize(("kilobytes", "says"), [(24, "journal"), (400, "pic.png")])
def test_a_disk_that_fills_is_said_and_leaves_nothing_half_written(
    kilobytes: int, says: str, tmp_path: Path
):
    limited = f'ulimit -f {kilobytes}; exec "$0" -m s2i "$@"'
    done = subprocess.run(
        ["bash", "-c", limited, sys.executable, "--no-refine", "--engine", "storyboard",
         "--text", FOX, "--size", "2048x2048", "--out", "pic.png"],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "S2I_HOME": str(tmp_path / "home")},
        timeout=120,
        check=False,
    )  # fmt: skip
    text = assert_one_sentence(done, 1)
    assert says in text
    assert not list(tmp_path.rglob("*.png"))
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_terminal_encoding(s2i: Any, encoding: str):
    done = quick(s2i, "--text", "ثعلب 🦊 in Köln", PYTHONIOENCODING=encoding, LC_ALL="C")
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def test_a_reader_that_leaves_is_no_traceback(tmp_path: Path):
    done = subprocess.run(
        f'"{sys.executable}" -m s2i --no-refine --engine storyboard --text fox --events | head -1',
        shell=True,
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "S2I_HOME": str(tmp_path / "home")},
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert list((tmp_path / "home" / "output").rglob("*.png"))


def test_a_settings_file_with_a_mistake_is_named(s2i: Any, tmp_path: Path):
    folder = tmp_path / "home" / "data"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text("{", encoding="utf-8")
    assert "settings.json" in assert_one_sentence(quick(s2i, "--text", "fox"), 2)


def test_settings_hold_without_a_page_too(s2i: Any):
    fixed = {"S2I_SEED_POLICY": "fixed", "S2I_SEED": "18446744073709551615", "S2I_REFINE": "0"}
    done = s2i("--engine", "storyboard", "--text", FOX, "--json", **fixed)
    result = json.loads(done.stdout)
    assert (result["seed"], result["refiner"]) == (2**64 - 1, None)
    done = s2i("--engine", "storyboard", "--text", FOX, "--json", "--seed", "3", **fixed)
    assert json.loads(done.stdout)["seed"] == 3
    bad = s2i("--text", FOX, S2I_REFINE="maybe")
    assert "S2I_REFINE" in assert_one_sentence(bad, 2)


def test_a_setting_of_another_version_is_a_note(s2i: Any, tmp_path: Path):
    folder = tmp_path / "home" / "data"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text('{"of_the_future": 1}', encoding="utf-8")
    done = quick(s2i, "--text", FOX)
    assert done.returncode == 0
    assert "of_the_future" in done.stderr.decode()


@pytest.mark.parametrize("text", ["1_0", "٣", "0x10", "", "1e3", "--5", "+", "9" * 31])
def test_what_is_no_whole_number(text: str):
    with pytest.raises(InputError):
        whole_number("--seed", text)


def test_whole_numbers():
    assert whole_number("--seed", " +7 ") == 7
    assert whole_number("--seed", None) is None
    assert whole_number("--seed", str(2**64 - 1)) == 2**64 - 1


def test_help_names_the_commands(s2i: Any):
    done = s2i("--help")
    assert done.returncode == 0
    for command in ("setup", "doctor", "bench", "test"):
        assert command.encode() in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_is_a_clean_130(number: int, tmp_path: Path):
    child = subprocess.Popen(
        [sys.executable, "-m", "s2i", "--no-refine", "--text", "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "S2I_HOME": str(tmp_path / "home")},
    )
    with child:
        assert child.stdin is not None
        try:
            child.wait(1.5)  # it reads standard input, which stays open
        except subprocess.TimeoutExpired:
            child.send_signal(number)
        child.wait(30)
        assert child.stderr is not None
        text = child.stderr.read()
    assert child.returncode == 130
    assert b"Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--text", "fox", "--mic"], "--text and --mic"),
        (["--text", "fox", "--audio", "x.wav"], "--text and --audio"),
        (["--text", "fox", "--list"], "--list"),
        (["--audio", "x.wav", "--device", "2"], "--device"),
        (["--text", "fox", "--transcript"], "--transcript"),
        (["--port", "0"], "--port"),
        (["--port", "99999"], "99999"),
        (["--mic", "--silence", "long"], "silence"),
        (["--mic", "--silence", "nan"], "silence"),
    ],
)
def test_options_of_speech_that_do_not_go_together(s2i: Any, arguments: list[str], says: str):
    assert says in assert_one_sentence(s2i(*arguments), 2)
