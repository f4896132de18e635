"""run.py in a child process, against a fake ComfyUI: the whole way, and the pulled plug."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bootstrap.venv_state import REQUIREMENTS, Venv, fault
from s2i import provenance
from tests.conftest import ROOT
from tests.fakes.comfyui import FakeComfyUI, Script

FOX = "a red fox sleeping in the snow under the northern lights"
SECRETS = ("hunter2", "aHVudGVyMg")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        fault(Venv(ROOT), [REQUIREMENTS]) is not None,
        reason="run.py's own environment isn't made yet: start the tests with run.py test",
    ),
]


class Program:
    """run.py with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.home,
            env={**os.environ, "S2I_HOME": str(self.home), **environ},
        )

    def run(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        child = self.start(*arguments, **environ)
        return self.ended(child)

    @staticmethod
    def ended(child: subprocess.Popen[bytes]) -> tuple[int, str, str]:
        out, err = child.communicate(timeout=120)
        assert b"Traceback" not in err, err.decode()
        return child.returncode, out.decode(), err.decode()

    def files(self) -> list[Path]:
        return sorted(path for path in self.home.rglob("*") if path.is_file())

    def pictures(self) -> list[Path]:
        return [path for path in self.files() if path.suffix == ".png"]

    def jobs(self) -> list[dict[str, Any]]:
        db = sqlite3.connect(self.home / "data" / "journal.db")
        db.row_factory = sqlite3.Row
        try:
            rows = db.execute("SELECT * FROM jobs ORDER BY created").fetchall()
        finally:
            db.close()
        return [dict(row) for row in rows]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def fake(request: pytest.FixtureRequest) -> Iterator[FakeComfyUI]:
    script = getattr(request, "param", None) or Script()
    with FakeComfyUI(script) as made:
        yield made


@pytest.mark.model
def test_words_to_picture(program: Program, fake: FakeComfyUI, starter_gguf: Path):
    known_before_post: list[str] = []

    def look(_: FakeComfyUI, job: Any) -> None:
        (row,) = program.jobs()
        known_before_post.append(json.loads(row["remembered"])["prompt_id"])

    fake.on("queued", look)
    code, out, err = program.run(
        "--text", FOX, "--json", "--seed", str(2**64 - 1), "--size", "320x192", "--steps", "3",
        "--comfyui", fake.url, "--refiner", str(starter_gguf),
    )  # fmt: skip
    assert code == 0, err
    result = json.loads(out)
    (graph,) = [body["prompt"] for body in fake.prompts()]
    texts = [node["inputs"].get("text") for node in graph.values()]
    assert result["prompt"] in texts
    assert result["prompt"].startswith(FOX + ",")
    assert (result["engine"], result["placeholder"], result["seed"]) == (
        "comfyui",
        False,
        2**64 - 1,
    )
    sampler = next(n["inputs"] for n in graph.values() if n["class_type"] == "KSampler")
    assert (sampler["seed"], sampler["steps"]) == (2**64 - 1, 3)
    assert result["size"] == "320x192"
    png = Path(result["images"][0]).read_bytes()
    assert provenance.check_png(png) == (320, 192)
    texts_of_png = provenance.read_texts(png)
    assert json.loads(texts_of_png["prompt"]) == graph, "ComfyUI's own chunk is untouched"
    chunk = provenance.read(png)
    assert chunk is not None
    assert chunk["prompt"] == result["prompt"]
    assert len(chunk["refiner"]["sha256"]) == 64
    assert known_before_post == [body["prompt_id"] for body in fake.prompts()]


@pytest.mark.model
def test_the_same_seed_writes_the_same_prompt(program: Program, starter_gguf: Path):
    arguments = ("--text", FOX, "--json", "--seed", "9", "--engine", "storyboard")
    first = json.loads(program.run(*arguments, "--refiner", str(starter_gguf))[1])
    second = json.loads(program.run(*arguments, "--refiner", str(starter_gguf))[1])
    assert first["prompt"] == second["prompt"]


@pytest.mark.model
@pytest.mark.parametrize("damage", ["truncated", "html", "empty", "folder", "missing"])
def test_a_broken_model_is_one_sentence(
    program: Program, starter_gguf: Path, tmp_path: Path, damage: str
):
    broken = tmp_path / "broken.gguf"
    if damage == "truncated":
        with starter_gguf.open("rb") as whole:
            broken.write_bytes(whole.read(5_000_000))
    elif damage == "html":
        broken.write_text("<html>Log in</html>")
    elif damage == "empty":
        broken.touch()
    elif damage == "folder":
        broken.mkdir()
    code, out, err = program.run(
        "--text", "fox", "--engine", "storyboard", "--refiner", str(broken)
    )
    assert (code, out) == (3, "")
    assert "broken.gguf" in err
    assert "Error: " in err


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("fake", [Script(step_seconds=0.3)], indirect=True)
def test_ctrl_c_removes_our_job_and_only_ours(program: Program, fake: FakeComfyUI):
    fake.queue_foreign(steps=400)
    child = program.start("--text", FOX, "--no-refine", "--comfyui", fake.url)
    fake.wait_for(lambda: fake.posts("/prompt") == 1)
    time.sleep(0.3)  # let it listen; whatever it is doing then, the outcome must be the same
    child.send_signal(signal.SIGINT)
    code, out, _err = program.ended(child)
    assert (code, out) == (130, "")
    assert fake.posts("/interrupt") == 0, "somebody else's job runs: it must not be stopped"
    (deleted,) = [r.body for r in fake.requests if r.method == "POST" and r.path == "/queue"]
    assert deleted == {"delete": [fake.prompts()[0]["prompt_id"]]}
    assert program.pictures() == []
    assert not [path for path in program.files() if path.suffix == ".part"]
    assert program.jobs()[0]["state"] == "cancelled"


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("fake", [Script(step_seconds=0.3)], indirect=True)
def test_ctrl_c_while_it_paints_interrupts_our_own(program: Program, fake: FakeComfyUI):
    begun = threading.Event()
    fake.on("step:2", lambda *_: begun.set())
    child = program.start("--text", FOX, "--no-refine", "--comfyui", fake.url)
    assert begun.wait(60)
    child.send_signal(signal.SIGINT)
    code, out, err = program.ended(child)
    assert (code, out) == (130, ""), err
    (body,) = [r.body for r in fake.requests if r.path == "/interrupt"]
    assert body == {"prompt_id": fake.prompts()[0]["prompt_id"]}


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize("fake", [Script(step_seconds=0.05)], indirect=True)
def test_a_job_cut_off_by_a_kill_is_fetched_at_the_next_start(program: Program, fake: FakeComfyUI):
    begun = threading.Event()
    fake.on("step:2", lambda *_: begun.set())
    child = program.start("--text", FOX, "--no-refine", "--comfyui", fake.url, "--out", "fox.png")
    assert begun.wait(60)
    child.kill()
    child.communicate()
    fake.wait_for(lambda: fake.marks)
    assert program.pictures() == []
    code, out, err = program.run(
        "--text", "a boat", "--no-refine", "--comfyui", fake.url, "--out", "boat.png"
    )
    assert code == 0, err
    assert out == f"{program.home / 'boat.png'}\n", "standard output is this job's alone"
    assert "fox.png" in err
    chunk = provenance.read((program.home / "fox.png").read_bytes())
    assert chunk is not None
    assert chunk["idea"] == FOX
    assert [job["state"] for job in program.jobs()] == ["done", "done"]
    assert len(fake.prompts()) == 2, "nothing was painted twice"


@pytest.mark.parametrize("fake", [Script(step_seconds=0.02)], indirect=True)
def test_a_dropped_socket_loses_nothing(program: Program, fake: FakeComfyUI):
    fake.on("step:3", lambda server, _: server.drop_sockets())
    code, out, err = program.run("--text", FOX, "--no-refine", "--comfyui", fake.url)
    assert code == 0, err
    assert provenance.check_png(Path(out.strip()).read_bytes()) == (512, 512)


@pytest.mark.parametrize(
    ("fake", "url", "environ", "code"),
    [
        (Script(basic=("user", "hunter2")), "http://user:hunter2@{}", {}, 0),
        (Script(basic=("user", "hunter2")), "http://user:wrong@{}", {}, 3),
        (Script(bearer="hunter2"), "http://{}", {"S2I_COMFYUI_TOKEN": "hunter2"}, 0),
        (Script(bearer="hunter2"), "http://{}", {"S2I_COMFYUI_TOKEN": "wrong"}, 3),
        (Script(bearer="hunter2"), "http://{}", {}, 3),
    ],
    indirect=["fake"],
)
def test_behind_a_password(
    program: Program, fake: FakeComfyUI, url: str, environ: dict[str, str], code: int
):
    address = url.format(fake.url.removeprefix("http://"))
    ended, _out, err = program.run(
        "--text", FOX, "--no-refine", "--engine", "comfyui", "--comfyui", address, **environ
    )
    assert ended == code, err
    for path in program.files():
        content = path.read_bytes()
        assert not any(secret.encode() in content for secret in SECRETS), path
    assert not any(secret in err for secret in SECRETS)
    if code:
        assert "Error: " in err


@pytest.mark.parametrize("fake", [Script(html=True)], indirect=True)
def test_what_is_no_comfyui(program: Program, fake: FakeComfyUI):
    arguments = ("--text", FOX, "--no-refine", "--comfyui", fake.url)
    code, out, err = program.run(*arguments, "--engine", "comfyui")
    assert (code, out) == (3, "")
    assert fake.url in err
    code, out, err = program.run(*arguments)
    assert code == 0, "auto goes on without it"
    assert fake.url in err, "and says why"


@pytest.mark.parametrize("fake", [Script(checkpoints=["dreamshaper_7.safetensors"])], indirect=True)
def test_a_missing_checkpoint_names_the_nearest(program: Program, fake: FakeComfyUI):
    code, out, err = program.run("--text", FOX, "--no-refine", "--comfyui", fake.url)
    assert (code, out) == (3, "")
    assert "dreamshaper_8.safetensors" in err
    assert "dreamshaper_7.safetensors" in err
    assert fake.prompts() == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not json", "JSON"),
        ('{"nodes": [], "links": [], "version": 0.4}', "Export"),
        ('{"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox"}}}', "SaveImage"),
        (
            '{"1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64}},'
            ' "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}',
            "text",
        ),
        ("[]", ""),
        (None, "no-such"),
    ],
)
def test_a_workflow_that_cannot_be_used(
    program: Program, fake: FakeComfyUI, content: str | None, says: str
):
    path = program.home / ("no-such.json" if content is None else "mine.json")
    if content is not None:
        path.write_text(content)
    code, out, err = program.run(
        "--text", FOX, "--no-refine", "--comfyui", fake.url, "--workflow", str(path)
    )
    assert (code, out) == (2, ""), err
    assert path.stem in err
    assert says in err
    assert fake.prompts() == []


def test_a_folder_that_goes_away_loses_no_picture(
    program: Program, fake: FakeComfyUI, tmp_path: Path
):
    folder = tmp_path / "away"
    folder.mkdir()

    def away(*_: Any) -> None:
        folder.rmdir()
        folder.touch()

    fake.on("step:2", away)
    code, out, err = program.run(
        "--text", FOX, "--no-refine", "--comfyui", fake.url, "--out", str(folder / "fox.png")
    )
    assert code == 0, err
    assert Path(out.strip()).is_relative_to(program.home / "output")
    assert "couldn't be written" in err
