from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bootstrap import catalogue as catalogues
from bootstrap.catalogue import SHIPPED, HubSource, WheelSource
from s2i.errors import InputError


def test_every_shipped_refiner_is_pinned_and_hashed() -> None:
    found = catalogues.load(SHIPPED)
    assert len({entry.id for entry in found.refiners}) == len(found.refiners)
    assert len({entry.file for entry in found.refiners}) == len(found.refiners)
    for entry in found.refiners:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
        assert entry.licence == "Apache-2.0"
        assert entry.file.endswith(".gguf")
        assert entry.memory_bytes > entry.bytes
        if isinstance(entry.source, HubSource):
            assert re.fullmatch(r"[0-9a-f]{40}", entry.source.revision)


def test_shipped_roles() -> None:
    found = catalogues.load(SHIPPED)
    assert found.default.id == "qwen2.5-1.5b"
    assert found.best.memory_bytes > found.default.memory_bytes
    assert found.small.memory_bytes < found.default.memory_bytes
    assert isinstance(found.starter.source, WheelSource)
    assert found.refiners[0] == found.default
    assert found.refiners[-1] == found.starter
    assert found.starter.download_bytes < 100_000_000


def test_every_shipped_speech_model_can_be_checked() -> None:
    found = catalogues.load(SHIPPED)
    assert len({entry.name for entry in found.speech}) == len(found.speech)
    for entry in found.speech:
        assert entry.licence == "Apache-2.0"
        assert isinstance(entry.source, HubSource)
        assert Path(entry.source.path).name == f"{entry.name}.zip"
        # An unpinned file is only taken by hash; without one, contents and probe decide.
        assert (entry.bytes is None) == (entry.sha256 is None)


def test_languages() -> None:
    found = catalogues.load(SHIPPED)
    assert found.languages == ("en", "fr", "de", "es", "it", "pt", "zh", "ko")
    assert found.speech_for("en-GB")[0].name == "vosk-model-small-en-us-0.15"
    assert found.speech_for("EN_us") == found.speech_for("en")
    assert found.speech_for("tlh") == ()


def test_unknown_refiner_names_those_there_are() -> None:
    with pytest.raises(InputError, match="no language model 'gpt-9'") as caught:
        catalogues.load(SHIPPED).refiner("gpt-9")
    assert "qwen2.5-1.5b" in caught.value.hint


def _change(tmp_path: Path, *keys: Any, value: Any) -> Path:
    data: Any = json.loads(SHIPPED.read_text(encoding="utf-8"))
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("refiners", 0, "sha256"), "abc"),
        (("refiners", 0, "sha256"), None),
        (("refiners", 0, "bytes"), -1),
        (("refiners", 0, "bytes"), True),
        (("refiners", 0, "licence"), " "),
        (("refiners", 0, "file"), "../../etc/passwd"),
        (("refiners", 0, "hub", "revision"), "v1"),
        (("refiners", 0, "hub", "path"), "../up.gguf"),
        (("refiners", 0, "hub", "repo"), "https://example.org"),
        (("refiners", 0, "wheel"), {"requirement": "a==1", "member": "a", "bytes": 1}),
        (("refiners", -1, "wheel", "requirement"), "--index-url=http://example.org x"),
        (("refiners", -1, "wheel", "member"), "/etc/passwd"),
        (("speech", 0, "name"), "../x"),
        (("speech", 0, "hub", "path"), "C:\\x.zip"),
        (("default_refiner",), "nobody"),
        (("speech",), 5),
    ],
)
def test_a_bad_entry_is_refused(tmp_path: Path, keys: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(InputError, match=r"changed\.json can't be used"):
        catalogues.load(_change(tmp_path, *keys, value=value))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"refiners": []}'])
def test_a_file_that_is_no_catalogue(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        catalogues.load(path)


def test_the_environment_names_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2I_CATALOGUE", str(_change(tmp_path, "refiners", 0, "name", value="Me")))
    assert catalogues.load().refiners[0].name == "Me"
