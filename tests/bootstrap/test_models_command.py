"""`models` as a user runs it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bootstrap import catalogue as catalogues
from bootstrap import downloads, models, own_models, staging, verify
from s2i.errors import InputError, ModelMissing, NetworkError
from s2i.locks import FileLock
from tests.bootstrap.conftest import Said, World, approve, made_up_gguf
from tests.bootstrap.test_setup import put_refiner, put_voice
from tests.bootstrap.test_verify import vosk_model
from tests.fakes.hub import Drop, Status

ROOT = Path(__file__).resolve().parents[2]
RUN = (
    "import sys; from bootstrap import models_command; from s2i import settings; "
    "sys.exit(models_command.main(sys.argv[1:], settings.load()))"
)


def command(world: World, *argv: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *argv],
        cwd=ROOT,
        env={**world.environment, "S2I_HOME": str(world.home), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def listed(world: World) -> dict[str, dict[str, Any]]:
    done = command(world, "--json")
    assert done.returncode == 0, done.stderr
    return {row["id"]: row for row in json.loads(done.stdout)["models"]}


def test_the_list(world: World) -> None:
    put_voice(world)
    put_refiner(world)
    world.refiner("big", made_up_gguf(9000))
    rows = listed(world)
    assert rows["alpha"]["state"] == "there"
    assert rows["alpha"]["in_use"]
    assert rows["alpha"]["sha256"] == "e" * 64
    assert rows["big"]["state"] == "available"
    assert rows["voice"]["state"] == "there"
    assert rows["voice"]["in_use"]
    assert rows["voice"]["language"] == "en"
    text = command(world)
    assert text.returncode == 0
    assert "*  alpha" in text.stdout
    assert "Apache-2.0" in text.stdout
    assert "Free: " in text.stdout
    assert world.hub.requests == []


def test_an_unfinished_one_is_listed_and_thrown_away(world: World) -> None:
    entry = world.save().refiner("alpha")
    world.hub.script("GET", "alpha.gguf", Drop(0.5), Status(403))
    with pytest.raises(NetworkError):
        downloads.fetch_refiner(world.home, entry, Said(), prober=approve, pauses=(0.0,))
    row = listed(world)["alpha"]
    assert (row["state"], row["bytes_there"]) == ("unfinished", 100_000)
    done = command(world, "remove", "alpha", "--yes")
    assert (done.returncode, world.left_behind()) == (0, [])
    assert "100 kB are free again" in done.stderr


def test_get_is_checked_by_the_real_probe(world: World) -> None:
    done = command(world, "get", "alpha")
    assert done.returncode == 3
    assert "alpha (writes the prompt), 200 kB, from hub, me/models, licence" in done.stdout
    assert "alpha.gguf can't be used" in done.stderr
    assert listed(world)["alpha"]["state"] == "available"
    assert world.left_behind() == []


def test_over_100_mb_wants_a_yes(world: World) -> None:
    world.data["refiners"][0]["bytes"] = 100_000_001
    world.save()
    done = command(world, "get", "alpha")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert world.hub.seen("GET") == []


@pytest.mark.parametrize(
    ("argv", "code", "text"),
    [
        (["get", "moon"], 2, "no model 'moon'"),
        (["get", "me/models:../x.gguf"], 2, "no file of a repository"),
        (["get", "me/models:x.safetensors"], 2, "neither a .gguf file nor a Vosk"),
        (["get", "me/models:nothing.gguf"], 3, "no file nothing.gguf"),
        (["get", "you/none:x.gguf"], 3, "no repository you/none"),
        (["remove", "moon"], 2, "No model 'moon' is there"),
        (["remove", "alpha"], 2, "No model 'alpha' is there"),
        (["verify", "moon"], 2, "No model 'moon' is there"),
        (["frobnicate"], 2, "invalid choice"),
    ],
)
def test_bad_usage(world: World, argv: list[str], code: int, text: str) -> None:
    done = command(world, *argv)
    assert done.returncode == code
    assert text in done.stderr


def test_an_error_for_programs(world: World) -> None:
    done = command(world, "get", "moon", "--json")
    assert json.loads(done.stdout)["error"]["code"] == "unknown-model"


def test_remove(world: World) -> None:
    path = put_refiner(world)
    in_use = command(world, "remove", "alpha")
    assert in_use.returncode == 2
    assert "is the model in use" in in_use.stderr
    assert path.exists()
    done = command(world, "remove", "alpha", "--yes")
    assert done.returncode == 0
    assert list(path.parent.iterdir()) == []
    put_voice(world)
    assert command(world, "remove", "voice", "--yes").returncode == 0
    assert list((world.home / "models" / "speech").iterdir()) == []
    assert world.left_behind() == []


def test_one_that_is_not_in_use_is_asked_for(world: World) -> None:
    path = put_refiner(world)
    path.with_name("mine.gguf").write_bytes(made_up_gguf())  # before the starter, so in use
    assert not listed(world)["alpha"]["in_use"]
    done = command(world, "remove", "alpha")
    assert done.returncode == 2
    assert "no terminal" in done.stderr
    assert path.exists()


def test_others_models_and_those_under_way_stay(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "shelf" / "alpha.gguf"
    other.parent.mkdir()
    other.write_bytes(made_up_gguf())
    monkeypatch.setenv("S2I_MODEL_FOLDERS", str(other.parent))
    assert listed(world)["alpha"]["state"] == "elsewhere"
    done = command(world, "remove", "alpha", "--yes")
    assert done.returncode == 2
    assert "is left alone" in done.stderr
    assert other.exists()
    monkeypatch.delenv("S2I_MODEL_FOLDERS")
    put_refiner(world)
    (world.home / "models" / ".staging").mkdir()
    with FileLock(world.home / "models" / ".staging" / "alpha.lock"):
        assert "by another process" in command(world, "remove", "alpha", "--yes").stderr


def test_verify_finds_what_changed_and_takes_the_mark_away(world: World) -> None:
    path = put_refiner(world)
    put_voice(world)
    done = command(world, "verify", "--json")
    assert done.returncode == 3
    results = {one["id"]: one for one in json.loads(done.stdout)["models"]}
    assert "can't be used" in results["alpha"]["reason"]  # the real probe: no model
    assert not results["voice"]["ok"]
    assert verify.read_mark(path) is None
    path.write_bytes(made_up_gguf(seed=4))
    done = command(world, "verify", "alpha")
    assert done.returncode == 3
    assert "SHA-256" in done.stdout


@pytest.mark.model
def test_a_model_of_ones_own_by_path_and_by_repository(
    world: World, starter_gguf: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "my models" / "Fox é.gguf"
    mine.parent.mkdir()
    shutil.copyfile(starter_gguf, mine)
    done = command(world, "get", str(mine), "--json")
    assert done.returncode == 0, done.stderr
    path = Path(json.loads(done.stdout)["path"])
    assert path == world.home / "models" / "refiners" / "Fox.gguf"
    assert mine.exists()
    again = command(world, "get", str(mine))
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert command(world, "verify", "Fox").stdout == "Fox: good\n"
    assert command(world, "remove", "Fox", "--yes").returncode == 0
    assert mine.exists()
    world.hub.add("you/models", "deep/fox.gguf", starter_gguf.read_bytes())
    done = command(world, "get", "you/models:deep/fox.gguf")
    assert done.returncode == 0, done.stderr
    row = listed(world)["fox"]
    assert (row["state"], row["source"]) == ("there", "you/models:deep/fox.gguf")
    assert row["sha256"] == hashlib.sha256(starter_gguf.read_bytes()).hexdigest()


class TestBringing:
    def test_a_zip_and_a_folder(self, world: World, tmp_path: Path) -> None:
        folder = vosk_model(tmp_path / "source" / "vosk-model-small-fr-9")
        archive = shutil.make_archive(str(tmp_path / "vosk-model-small-fr-9"), "zip", folder.parent)
        for path in (archive, str(folder)):
            brought = own_models.recognise(path)
            assert brought is not None
            place = own_models.bring(world.home, brought, "", Said(), prober=approve)
            assert place == world.home / "models" / "speech" / "vosk-model-small-fr-9"
            assert (place / "am" / "final.mdl").is_file()
            entry = models.installed_speech(world.home, "fr-CA")
            assert entry is not None
            assert (entry.name, entry.language) == ("vosk-model-small-fr-9", "fr")
            assert downloads.speech_path(world.home, entry) == place
            assert models.installed_speech(world.home, "en") is None
            assert world.left_behind() == []
            shutil.rmtree(place)
        assert folder.is_dir()
        assert models.installed_speech(world.home, "fr") is None

    def test_a_language_that_must_be_said(self, world: World, tmp_path: Path) -> None:
        brought = own_models.recognise(str(vosk_model(tmp_path / "voice")))
        assert brought is not None
        with pytest.raises(InputError, match="can't be told") as caught:
            own_models.bring(world.home, brought, "", Said(), prober=approve)
        assert "--language" in caught.value.hint
        own_models.bring(world.home, brought, "eo", Said(), prober=approve)
        assert models.installed_speech(world.home, "eo") is not None

    def test_one_that_the_probe_refuses(self, world: World, tmp_path: Path) -> None:
        path = tmp_path / "mine.gguf"
        path.write_bytes(made_up_gguf())
        brought = own_models.recognise(str(path))
        assert brought is not None
        with pytest.raises(ModelMissing, match="can't be used"):
            own_models.bring(world.home, brought, "", Said())
        assert world.left_behind() == []
        assert models.installed_refiners(world.home) == []
        assert path.read_bytes() == made_up_gguf()

    @pytest.mark.parametrize("data", [b"", b"<html>log in", b"PK nothing"])
    def test_what_is_no_model_at_all(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "mine.gguf"
        path.write_bytes(data)
        with pytest.raises(ModelMissing):
            own_models.recognise(str(path))
        with pytest.raises(ModelMissing, match="no whole Vosk model"):
            own_models.recognise(str(tmp_path))

    def test_one_named_like_the_catalogues_must_be_it(self, world: World, tmp_path: Path) -> None:
        path = tmp_path / "alpha.gguf"
        path.write_bytes(made_up_gguf(seed=8))
        brought = own_models.recognise(str(path))
        assert brought is not None
        with pytest.raises(ModelMissing, match="expected"):
            own_models.bring(world.home, brought, "", Said(), prober=approve)

    def test_a_hubs_file_is_gone_on_with(self, world: World) -> None:
        world.hub.add("you/models", "fox.gguf", made_up_gguf(seed=5))
        world.hub.script("GET", "fox.gguf", Drop(0.5), Status(403))
        brought = own_models.recognise("you/models:fox.gguf")
        assert brought is not None
        assert brought.size == 200_000
        with pytest.raises(NetworkError):
            own_models.bring(world.home, brought, "", Said(), prober=approve)
        assert staging.kept_bytes(world.home, "fox.gguf") == 100_000
        place = own_models.bring(world.home, brought, "", Said(), prober=approve)
        assert place.read_bytes() == made_up_gguf(seed=5)
        assert world.hub.served == 200_000


def test_a_catalogue_model_by_its_language(world: World) -> None:
    world.speech("voice", b"PK no zip")
    done = command(world, "get", "en")
    assert done.returncode == 3
    assert "voice (hears English)" in done.stdout
    assert "no whole zip" in done.stderr
    assert catalogues.load().speech
