"""What pip's lines say about how far it is, and how that is shown."""

from __future__ import annotations

import io

import pytest

from bootstrap.pip_progress import PipProgress, duration
from bootstrap.status_line import StatusLine


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def after(*lines: str) -> PipProgress:
    progress = PipProgress(Clock())
    for line in lines:
        progress.feed(line)
    return progress


@pytest.mark.parametrize(
    ("line", "activity"),
    [
        ("Collecting llama-cpp-python<0.4,>=0.3.9", "looking up llama-cpp-python"),
        (
            "  Downloading llama_cpp_python-0.3.36.tar.gz (76.6 MB)",
            "downloading llama_cpp_python-0.3.36.tar.gz (76.6 MB)",
        ),
        (
            "  Downloading https://user:****@host/simple/a-1-py3-none-any.whl (3 kB)",
            "downloading a 1 (3 kB)",
        ),
        (
            "  Using cached rich-14.0.0-py3-none-any.whl (243 kB)",
            "taking rich 14.0.0 (243 kB) from pip's cache",
        ),
        (
            "  Processing /opt/files/packaging-26.3-py3-none-any.whl (from scikit-build-core)",
            "reading packaging 26.3",
        ),
        (r"Processing c:\users\me\a-1.zip", "reading a-1.zip"),
        ("  Installing build dependencies: started", "fetching the tools that build it"),
        ("  Getting requirements to build wheel: started", "reading how it is built"),
        (
            "  Building wheel for llama-cpp-python (pyproject.toml): started",
            "preparing to build llama-cpp-python",
        ),
        ("Installing collected packages: a, b, c", "installing 3 packages"),
        ("Installing collected packages: tiny", "installing tiny"),
        (
            "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'x'",
            "the network doesn't answer",
        ),
    ],
)
def test_a_line_says_what_is_going_on(line, activity):
    assert after(line).activity.startswith(activity)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "  Downloading rich-14.0.0-py3-none-any.whl.metadata (18 kB)",
        "  Installing build dependencies: finished with status 'done'",
        "  -- The C compiler identification is GNU 12.2.0",
        "[0/0] nothing",
        "Progress 0 of 0",
        "Requirement already satisfied: tiny in ./site-packages",
    ],
)
def test_other_lines_change_nothing(line):
    assert after("Collecting tiny", line).describe() == "looking up tiny"


def test_steps_of_a_build_are_a_percentage_with_the_time_left():
    clock = Clock()
    progress = PipProgress(clock)
    progress.feed("  Building wheel for llama-cpp-python (pyproject.toml): started")
    progress.feed("  [1/140] Building C object ggml/src/ggml.c.o")
    assert progress.describe() == "compiling llama-cpp-python: 1%"
    clock.now = 60
    progress.feed("  [35/140] Building CXX object src/llama.cpp.o")
    assert progress.describe() == "compiling llama-cpp-python: 25%, about 3 min 0 s left"


def test_make_counts_in_percent_and_newer_pips_in_bytes():
    assert after("  [ 45%] Building CXX object a.o").fraction == 0.45
    progress = after("  Downloading a-1.tar.gz (8.0 MB)", "Progress 2000000 of 8000000")
    assert progress.describe() == "downloading a-1.tar.gz (8.0 MB): 25%"


def test_what_a_build_installs_for_itself_is_not_ours():
    assert not after("  Installing collected packages: cmake, ninja").installing
    assert after("Installing collected packages: tiny").installing


def test_times_are_for_people():
    assert [duration(s) for s in (0.4, 59.6, 130)] == ["0 s", "1 min 0 s", "2 min 10 s"]


def test_a_terminal_shows_one_changing_line():
    stream = Terminal()
    status = StatusLine(stream, Clock())
    status.update("one")
    status.update("two")
    status.line("done")
    assert stream.getvalue() == "one\r   \rtwo\r   \rdone\n"


def test_a_long_line_stays_on_one_row():
    stream = Terminal()
    StatusLine(stream, Clock()).update("x" * 500)
    assert len(stream.getvalue()) < 200
    assert stream.getvalue().endswith("...")


def test_a_pipe_gets_a_line_now_and_then():
    stream, clock = io.StringIO(), Clock()
    status = StatusLine(stream, clock)
    for second in range(0, 61):
        clock.now = second
        status.update(f"{second} s", second / 240, "compiling")
    shown = stream.getvalue().split("\n")[:-1]
    assert shown[0] == "2 s"  # a new topic, once it has lasted
    assert shown == ["2 s", "12 s", "22 s", "32 s", "42 s", "52 s"]


def test_leaps_are_shown_sooner():
    stream, clock = io.StringIO(), Clock()
    status = StatusLine(stream, clock)
    for second in range(0, 21):
        clock.now = second
        status.update(f"{second * 5}%", second / 20, "compiling")
    assert stream.getvalue().split() == [f"{percent}%" for percent in range(10, 101, 10)]


def test_no_stream_a_closed_one_and_a_narrow_alphabet_do_no_harm():
    StatusLine(None).line("x")
    closed = io.StringIO()
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        closed.write("x")
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    StatusLine(narrow).line("é")
    narrow.seek(0)
    assert narrow.read() == "\\xe9\n"


def test_a_reader_that_has_gone_is_no_error():
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    status = StatusLine(Gone())
    status.line("x")
    status.update("y")
