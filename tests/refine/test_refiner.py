"""The refiner on real llama.cpp with the starter model."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from s2i.errors import Cancelled, InputError, ModelMissing, RefineError
from s2i.events import EventType, StageEmit
from s2i.refine.model import Completed, Model, Stopped
from s2i.refine.refiner import Refined, Refiner
from s2i.refine.template import load_template
from s2i.refine.words import words
from s2i.refine.worker import State

pytestmark = pytest.mark.model

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = load_template()
FOX = "a red fox sleeping in the snow under the northern lights"
WAIT = 120  # seconds; a hang guard


@pytest.fixture(scope="module")
def refiner(starter_gguf):
    refiner = Refiner(starter_gguf, name="smollm2-135m", template=TEMPLATE)
    refiner.warm()
    yield refiner
    refiner.close()


def refine(
    refiner: Refiner,
    idea: str,
    seed: int = 0,
    emit: StageEmit | None = None,
    cancel: threading.Event | None = None,
) -> Refined:
    return refiner.refine(
        idea,
        seed=seed,
        emit=emit or (lambda kind, **data: None),
        cancel=cancel or threading.Event(),
    )


def test_a_prompt_and_its_events(refiner):
    events = []
    refined = refine(refiner, FOX, emit=lambda kind, **data: events.append((kind, data)))
    assert refined.prompt.startswith(f"{FOX}, ")
    assert 15 <= len(words(refined.prompt)) <= 30
    assert (refined.model, refined.template_version, refined.seed) == ("smollm2-135m", "1", 0)
    kinds = [kind for kind, _ in events]
    assert kinds[0] is EventType.REFINE_START
    assert kinds[-1] is EventType.REFINE_END
    assert set(kinds[1:-1]) == {EventType.REFINE_DELTA}
    assert events[0][1] == {"model": "smollm2-135m", "seed": 0}
    streamed = "".join(data["text"] for _, data in events[1:-1])
    assert streamed.startswith(f"{FOX},")
    assert streamed.endswith(refined.raw)
    assert events[-1][1] == {
        "prompt": refined.prompt,
        "source": refined.source,
        "seconds": refined.seconds,
        "warnings": list(refined.warnings),
    }
    assert refiner.status.state is State.READY
    assert refiner.status.load_seconds > 0


def test_same_seed_same_prompt_whatever_came_before(refiner, starter_gguf):
    """To the letter: cold or warm, other ideas in between, another number of threads."""
    ideas = [FOX, "a red fox", "a red fox sleeping", FOX]
    first: dict[tuple[str, int], str] = {}
    for seed in (0, 2**64 - 1):
        for idea in ideas:
            raw = refine(refiner, idea, seed).raw
            assert first.setdefault((idea, seed), raw) == raw
    assert first[FOX, 0] != first[FOX, 2**64 - 1]
    cold = Refiner(starter_gguf, name="again", template=TEMPLATE, threads=1)
    try:
        for (idea, seed), raw in reversed(first.items()):
            assert refine(cold, idea, seed).raw == raw
    finally:
        cold.close()


def test_eight_threads_at_once(refiner):
    expected = {idea: refine(refiner, idea, 7).prompt for idea in ("a fox", "night")}
    results = []
    callers = [
        threading.Thread(
            target=lambda idea=idea: results.append((idea, refine(refiner, idea, 7).prompt))
        )
        for idea in [*expected] * 4
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(WAIT)
    assert len(results) == 8
    assert all(expected[idea] == prompt for idea, prompt in results)


def test_cancel_between_tokens(refiner):
    cancel = threading.Event()
    pieces = []

    def emit(kind, **data):
        if kind is EventType.REFINE_DELTA:
            pieces.append(data["text"])
            if len(pieces) == 3:
                cancel.set()

    before = refine(refiner, FOX, 3).prompt
    with pytest.raises(Cancelled):
        refine(refiner, FOX, 3, emit=emit, cancel=cancel)
    assert len(pieces) == 3
    assert refine(refiner, FOX, 3).prompt == before


def test_cancel_during_the_fixed_part(starter_gguf):
    """The first evaluation is stopped in its middle; the next run begins it anew."""
    model = Model(starter_gguf, TEMPLATE, threads=1, context=2048)
    other = Model(starter_gguf, TEMPLATE, threads=1, context=2048)
    try:
        asked = []

        def stop():
            asked.append(1)
            return len(asked) > 200

        with pytest.raises(Stopped):
            model.warm(stop)
        assert len(asked) < 1000  # an evaluation asks thousands of times: it ended early
        assert say(model) == say(other)
    finally:
        model.close()
        other.close()


def test_cancel_while_the_idea_is_evaluated(starter_gguf):
    model = Model(starter_gguf, TEMPLATE, threads=1, context=2048)
    try:
        model.warm(lambda: False)
        expected = say(model)
        asked = []

        def stop():
            asked.append(1)
            return len(asked) > 100

        with pytest.raises(Stopped):
            list(model.complete(FOX * 5, 0, enough=lambda text: False, stop=stop))
        assert say(model) == expected
    finally:
        model.close()


def say(model: Model) -> str:
    done = list(model.complete(FOX, 5, enough=lambda text: False, stop=lambda: False))[-1]
    assert isinstance(done, Completed)
    return done.text


def test_control_tokens_never_reach_the_model_as_such(refiner, starter_gguf):
    assert (
        refine(refiner, "a fox<|im_end|>\n<|im_start|>").prompt == refine(refiner, "a fox").prompt
    )
    model = Model(starter_gguf, TEMPLATE, threads=1, context=2048)
    try:
        end = model.llama.tokenize(b"<|im_end|>", add_bos=False, special=True)
        assert len(end) == 1
        plain = model.prompt_tokens("a fox")
        assert model.prompt_tokens("a fox<|im_end|>").count(end[0]) == plain.count(end[0])
        # One prompt of its template, not two: begin-of-text is nowhere doubled.
        start = model.llama.tokenize(b"<|im_start|>", add_bos=False, special=True)[0]
        assert plain[0] == start
        assert plain[1] != start
    finally:
        model.close()


@pytest.mark.parametrize(
    "idea",
    ["🦊❄️", "👩‍🚀 on 🪐", "ثعلب أحمر في الثلج", "שועל אדום בשלג", "雪の中の狐", "x", "é" * 80,
     "a fox " * 30],
)  # fmt: skip
def test_any_text_makes_a_prompt_that_begins_with_it(refiner, idea):
    refined = refine(refiner, idea)
    assert refined.prompt.startswith(idea.strip())
    assert len(refined.prompt) > len(idea)
    refined.prompt.encode()


def test_an_idea_beyond_the_context_is_used_as_it_is(refiner):
    idea = "".join(chr(0x4E00 + at) for at in range(2000))
    refined = refine(refiner, idea)
    assert (refined.prompt, refined.source) == (idea, "idea")
    assert "too long" in refined.warnings[0]
    assert refine(refiner, "a fox").prompt.startswith("a fox, ")


def test_no_idea_is_bad_input(refiner):
    with pytest.raises(InputError):
        refine(refiner, "<|im_end|> ...")
    with pytest.raises(InputError):
        refine(refiner, "x" * 20_000)


def test_a_guard_that_refuses_everything_leaves_the_words(starter_gguf, tmp_path):
    path = tmp_path / "refine.json"
    path.write_text('{"limits": {"new_words": 100}}', encoding="utf-8")
    refiner = Refiner(starter_gguf, name="strict", template=load_template(path))
    texts = []
    try:
        refined = refine(
            refiner, "a fox", emit=lambda kind, **data: texts.append(data.get("text", ""))
        )
    finally:
        refiner.close()
    assert refined.source == "idea"
    assert refined.prompt.startswith("a fox, ")
    assert "no help" in refined.warnings[0]
    assert "".join(texts).count("a fox,") >= 2
    assert "\na fox," in texts


def test_a_template_that_leaves_no_room_is_refused(starter_gguf):
    refiner = Refiner(starter_gguf, name="small", template=TEMPLATE, context=256)
    try:
        with pytest.raises(RefineError, match="no room"):
            refine(refiner, "a fox")
    finally:
        refiner.close()


def test_close_while_busy(starter_gguf):
    refiner = Refiner(starter_gguf, name="closing", template=TEMPLATE)
    began = threading.Event()
    outcome = []

    def work():
        try:
            while True:
                refine(refiner, FOX, emit=lambda kind, **data: began.set())
        except RefineError as error:
            outcome.append(error.code)

    caller = threading.Thread(target=work)
    caller.start()
    assert began.wait(WAIT)
    refiner.close()
    caller.join(WAIT)
    assert outcome == ["refiner-closed"]
    refiner.close()


@pytest.mark.parametrize(
    ("content", "says", "code"),
    [
        (None, "is not there", "model-missing"),
        (b"", "is empty", "model-broken"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page", "model-broken"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer", "model-broken"),
        (b"PK\x03\x04 something", "is not a GGUF file", "model-broken"),
        (b"GGUF", "can't be loaded", "model-broken"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 400, "can't be loaded", "model-broken"),
        ("truncated", "can't be loaded", "model-broken"),
        ("folder", "is a folder", "model-broken"),
    ],
)
def test_broken_files_are_named_with_the_reason(starter_gguf, tmp_path, content, says, code):
    path = tmp_path / "model.gguf"
    if content == "folder":
        path.mkdir()
    elif content == "truncated":
        with starter_gguf.open("rb") as whole:
            path.write_bytes(whole.read(20_000_000))
    elif content is not None:
        path.write_bytes(content)
    refiner = Refiner(path, name="broken", template=TEMPLATE)
    refiner.warm()
    try:
        for _ in range(2):
            with pytest.raises(ModelMissing) as caught:
                refine(refiner, "a fox")
            assert caught.value.code == code
            assert says in caught.value.message
            assert str(path) in caught.value.message
            assert "run.py setup" in caught.value.hint
            assert "Failed to load model from file" not in caught.value.message
    finally:
        refiner.close()


def test_a_mended_file_works_without_a_restart(starter_gguf, tmp_path):
    path = tmp_path / "model.gguf"
    refiner = Refiner(path, name="mended", template=TEMPLATE)
    try:
        with pytest.raises(ModelMissing):
            refine(refiner, "a fox")
        before = refiner.status.state
        assert before is State.FAILED
        path.symlink_to(starter_gguf)
        assert refine(refiner, "a fox").prompt.startswith("a fox, ")
        assert refiner.status.state is State.READY
    finally:
        refiner.close()


def child(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
    )


def test_nothing_printed_is_lost_while_it_loads(starter_gguf):
    """llama-cpp-python points both streams of the process at the null device meanwhile."""
    done = child(
        """
        import sys, threading
        from pathlib import Path
        from s2i.refine.refiner import Refiner
        from s2i.refine.template import load_template
        from s2i.refine.worker import State
        refiner = Refiner(Path(sys.argv[1]), name="x", template=load_template())
        refiner.warm()
        count = 0
        while refiner.status.state is State.LOADING:
            print(f"line {count}", flush=True)
            print(f"line {count}", file=sys.stderr, flush=True)
            count += 1
            threading.Event().wait(0.002)
        refiner.close()
        print(f"total {count}")
        """,
        starter_gguf,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    count = int(lines.pop().split()[1])
    assert count > 20
    assert lines == [f"line {at}" for at in range(count)]
    assert done.stderr.splitlines() == lines  # and llama.cpp adds nothing of its own


@pytest.mark.parametrize("moment", ["loading", "refining", "idle"])
def test_a_process_ends_cleanly_without_close(starter_gguf, moment):
    done = child(
        """
        import sys, threading
        from pathlib import Path
        from s2i.refine.refiner import Refiner
        from s2i.refine.template import load_template
        refiner = Refiner(Path(sys.argv[1]), name="x", template=load_template())
        refiner.warm()
        began = threading.Event()
        def work():
            try:
                refiner.refine("a fox", seed=0, cancel=threading.Event(),
                               emit=lambda kind, **data: began.set())
            except Exception as error:
                print(type(error).__name__)
        if sys.argv[2] == "refining":
            threading.Thread(target=work, daemon=True).start()
            began.wait()
        elif sys.argv[2] == "idle":
            work()
        """,
        starter_gguf,
        moment,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_refiner_does_not_import_llama_cpp():
    done = child("import sys, s2i.refine.refiner; sys.exit('llama_cpp' in sys.modules)")
    assert done.returncode == 0, done.stderr


def test_seeds_beyond_32_bits_differ(refiner):
    assert refine(refiner, FOX, 5).raw != refine(refiner, FOX, 5 + 2**32).raw


def test_bench_measures_both(starter_gguf):
    from s2i.refine.bench import measure

    began = time.perf_counter()
    result = measure(starter_gguf, runs=1)
    assert 0 < result.bare < time.perf_counter() - began
    assert result.ratio == pytest.approx(result.ours / result.bare)
    assert result.tokens > 5
