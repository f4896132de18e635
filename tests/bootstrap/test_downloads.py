from __future__ import annotations

import hashlib
import socket
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bootstrap import downloads, hub, staging, verify
from bootstrap.catalogue import Catalogue
from s2i.errors import MissingError, ModelMissing, NetworkError
from tests.bootstrap.conftest import REVISION, Said, World, approve, made_up_gguf
from tests.fakes.hub import Drop, Fault, Hold, LoginPage, Status, Truncate, WrongBytes


def fetch(world: World, said: Said | None = None, catalogue: Catalogue | None = None) -> Path:
    entry = (catalogue or world.save()).refiner("alpha")
    return downloads.fetch_refiner(
        world.home, entry, said or Said(), prober=approve, pauses=(0.0, 0.0)
    )


def test_a_file_is_fetched_checked_placed_and_marked(world: World) -> None:
    said = Said()
    path = fetch(world, said)
    assert path == world.home / "models" / "refiners" / "alpha.gguf"
    assert path.read_bytes() == made_up_gguf()
    mark = verify.read_mark(path)
    assert mark is not None
    assert mark.sha256 == hashlib.sha256(made_up_gguf()).hexdigest()
    assert mark.probed_by == "llama-cpp-python tested gguf"
    assert world.left_behind() == []
    assert [name for name, _ in said.begun] == ["Asking for alpha.gguf", "Fetching alpha.gguf"]
    assert said.done["Fetching alpha.gguf"][-1] == len(made_up_gguf())
    assert all(f"/resolve/{REVISION}/" in seen.path for seen in world.hub.requests)


def test_what_is_there_is_not_fetched_again(world: World) -> None:
    fetch(world)
    world.hub.requests.clear()
    fetch(world)
    assert world.hub.requests == []


def test_a_dropped_connection_goes_on_where_it_stopped(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Drop(0.5))
    said = Said()
    assert fetch(world, said).read_bytes() == made_up_gguf()
    gets = world.hub.seen("GET", "alpha.gguf")
    assert [seen.range for seen in gets] == [None, "bytes=100000-"]
    assert gets[1].if_range == f'"{hashlib.sha256(made_up_gguf()).hexdigest()}"'
    assert world.hub.served == len(made_up_gguf())
    counted = said.done["Fetching alpha.gguf"]
    assert counted == sorted(counted)
    assert counted[-1] == len(made_up_gguf())
    assert "Trying again in 0 s" in said.text


@pytest.mark.parametrize("fault", [Status(503), Status(500)])
def test_trouble_on_the_way_is_retried(world: World, fault: Fault) -> None:
    world.hub.script("HEAD", "alpha.gguf", fault)
    world.hub.script("GET", "alpha.gguf", fault)
    said = Said()
    assert fetch(world, said).read_bytes() == made_up_gguf()
    assert len(world.hub.seen("GET", "alpha.gguf")) == 2
    assert "Trying again" in said.text  # 0.x of the hub library asks once more by itself


def test_too_many_requests_waits_as_told(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Status(429, retry_after=0))
    said = Said()
    assert fetch(world, said).read_bytes() == made_up_gguf()
    assert "asked for too much (429). Trying again in 0 s" in said.text


def test_truncated_once_is_retried(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Truncate(0.5))
    assert fetch(world).read_bytes() == made_up_gguf()


FAULTS: list[tuple[str, list[Fault], str, str]] = [
    ("GET", [Status(503)] * 3, "hub-in-trouble", r"in trouble \(503\)"),
    ("GET", [Truncate(0.5)] * 3, "cut-short", "cut short"),
    ("HEAD", [Status(404, "EntryNotFound")], "no-file", r"no file alpha\.gguf in version aaaa"),
    ("HEAD", [Status(404, "RepoNotFound")], "no-repository", "no repository me/models"),
    ("HEAD", [Status(404, "RevisionNotFound")], "no-revision", "no version aaaaaaaaaaaa"),
    ("HEAD", [Status(401, "GatedRepo")] * 2, "gated", "terms accepted"),
    ("HEAD", [Status(401)] * 2, "not-allowed", r"refuses me/models \(401\)"),
    ("HEAD", [Status(403)] * 2, "not-allowed", r"refuses me/models \(403\)"),
    ("GET", [Status(403)], "not-allowed", "403"),
    ("GET", [Status(404)], "no-file", "no alpha"),
    ("HEAD", [LoginPage()] * 4, "not-a-hub", "login page"),
    ("HEAD", [Status(503)] * 6, "hub-in-trouble", "in trouble"),
]


@pytest.mark.parametrize(("method", "faults", "code", "text"), FAULTS)
def test_a_failure_is_one_sentence_and_leaves_nothing(
    world: World, method: str, faults: list[Fault], code: str, text: str
) -> None:
    world.hub.script(method, "alpha.gguf", *faults)
    with pytest.raises(NetworkError, match=text) as caught:
        fetch(world)
    assert caught.value.code == code
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert not (world.home / "models" / "refiners" / "alpha.gguf").exists()
    assert world.left_behind() == []


def test_a_login_page_instead_of_the_file(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", LoginPage())
    with pytest.raises(NetworkError, match="login page") as caught:
        fetch(world)
    assert caught.value.code == "not-a-hub"
    assert world.left_behind() == []


def test_a_login_page_of_the_files_own_size(world: World) -> None:
    page = b"<!DOCTYPE html><title>Welcome</title>"
    world.hub.add("me/models", "alpha.gguf", page, REVISION)
    entry = replace(
        world.save().refiner("alpha"), bytes=len(page), sha256=hashlib.sha256(page).hexdigest()
    )
    with pytest.raises(NetworkError, match="web page came instead"):
        downloads.fetch_refiner(world.home, entry, Said(), prober=approve)
    assert world.left_behind() == []


def test_another_hash_stops_before_the_download(world: World) -> None:
    catalogue = world.save()
    data = made_up_gguf(seed=2)
    world.hub.add("me/models", "alpha.gguf", data, REVISION)
    with pytest.raises(ModelMissing) as caught:
        fetch(world, catalogue=catalogue)
    assert caught.value.code == "hash-differs"
    assert hashlib.sha256(data).hexdigest() in caught.value.message
    assert hashlib.sha256(made_up_gguf()).hexdigest() in caught.value.message
    assert world.hub.seen("GET") == []


@pytest.mark.parametrize("faults", [[WrongBytes()], [Drop(0.5), WrongBytes()]])
def test_wrong_bytes_are_not_kept_and_not_asked_for_again(
    world: World, faults: list[Fault]
) -> None:
    world.hub.script("GET", "alpha.gguf", *faults)
    with pytest.raises(ModelMissing, match="expected") as caught:
        fetch(world)
    assert caught.value.code == "hash-differs"
    assert len(world.hub.seen("GET", "alpha.gguf")) == len(faults)
    assert list((world.home / "models" / "refiners").iterdir()) == []
    assert world.left_behind() == []


def test_another_size_stops_before_the_download(world: World) -> None:
    catalogue = world.save()
    world.hub.add("me/models", "alpha.gguf", made_up_gguf(300_000), REVISION)
    entry = replace(catalogue.refiner("alpha"), sha256=hashlib.sha256(b"").hexdigest())
    world.hub.etags["alpha.gguf"] = '"another kind of tag"'
    with pytest.raises(ModelMissing, match=r"has 300000 bytes .*, expected 200000") as caught:
        downloads.fetch_refiner(world.home, entry, Said(), prober=approve)
    assert caught.value.code == "size-differs"
    assert world.hub.seen("GET") == []


def test_a_full_disk_is_noticed_before(world: World) -> None:
    world.data["refiners"][0]["bytes"] = 10**17
    with pytest.raises(MissingError, match=r"100000000\.2 GB of disk space") as caught:
        fetch(world)
    assert caught.value.code == "disk-full"
    assert world.hub.requests == []


def test_a_model_that_fails_its_probe_is_not_put_in_place(world: World) -> None:
    entry = world.save().refiner("alpha")
    with pytest.raises(ModelMissing, match=r"alpha\.gguf can't be used") as caught:
        downloads.fetch_refiner(world.home, entry, Said())  # the real probe: it is no model
    assert caught.value.code == "model-broken"
    assert list((world.home / "models" / "refiners").iterdir()) == []
    assert world.left_behind() == []


def test_a_broken_file_in_place_is_replaced(world: World) -> None:
    path = world.home / "models" / "refiners" / "alpha.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half of it")
    assert fetch(world).read_bytes() == made_up_gguf()


def test_a_file_where_a_folder_should_be(world: World) -> None:
    (world.home / "models").write_text("not a folder", encoding="utf-8")
    with pytest.raises(MissingError) as caught:
        fetch(world)
    assert caught.value.code == "file-error"


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permissions there")
def test_no_permission(world: World) -> None:
    models = world.home / "models"
    models.mkdir()
    models.chmod(0o500)
    try:
        if _may_write(models):
            pytest.skip("this user may write anywhere")
        with pytest.raises(MissingError, match="can't be written") as caught:
            fetch(world)
    finally:
        models.chmod(0o700)
    assert caught.value.code == "no-permission"


def _may_write(folder: Path) -> bool:
    try:
        (folder / "x").touch()
    except PermissionError:
        return False
    (folder / "x").unlink()
    return True


def test_leftovers_are_found_and_swept(world: World) -> None:
    folder = world.home / "models" / ".staging" / "alpha"
    folder.mkdir(parents=True)
    (folder / "x.incomplete").write_bytes(bytes(3_000_000))
    assert staging.leftovers(world.home) == [("alpha", 3_000_000)]
    assert staging.sweep(world.home) == 1
    assert world.left_behind() == []


def test_a_part_is_gone_on_with_and_not_swept(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Drop(0.75), Status(403))
    with pytest.raises(NetworkError, match="403"):
        fetch(world)
    assert world.parts == {"alpha.gguf.part": 150_000}
    assert staging.leftovers(world.home) == [("alpha", 150_000)]
    assert staging.sweep(world.home) == 0
    said = Said()
    fetch(world, said)
    assert "150 kB of alpha.gguf are there already" in said.text
    assert world.hub.served == len(made_up_gguf())
    assert world.left_behind() == []


def test_a_part_can_be_thrown_away(world: World) -> None:
    world.hub.script("GET", "alpha.gguf", Drop(0.75), Status(403))
    with pytest.raises(NetworkError):
        fetch(world)
    assert staging.kept_bytes(world.home, "alpha") == 150_000
    assert staging.discard(world.home, "alpha") == 150_000
    assert staging.discard(world.home, "alpha") == 0
    assert world.left_behind() == []


class TestReachability:
    def test_a_hub_that_answers(self, world: World) -> None:
        assert hub.unreachable() == ""
        assert world.hub.requests[0].method == "HEAD"

    def test_even_with_an_error(self, world: World) -> None:
        world.hub.script("HEAD", "/", Status(500))
        assert hub.unreachable() == ""

    def test_nobody_listens(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        monkeypatch.setenv("HF_ENDPOINT", f"http://joe:secret@127.0.0.1:{port}")
        said = hub.unreachable()
        assert f"127.0.0.1:{port} can't be reached" in said
        assert "secret" not in said

    def test_somebody_who_never_answers(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
            assert hub.unreachable(timeout=0.3) != ""

    def test_told_to_stay_off(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert "HF_HUB_OFFLINE" in hub.unreachable()
        assert world.hub.requests == []

    @pytest.mark.parametrize("address", ["ftp://example.org", "no address", "http://"])
    def test_no_address(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.setenv("HF_ENDPOINT", address)
        assert hub.unreachable() != ""


def test_a_fetch_from_nowhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # What was in reach a moment ago may be gone: the download itself must say so too. A revision
    # that isn't cached makes the hub library ask.
    world.hub.script("HEAD", "alpha.gguf", Hold(0))
    monkeypatch.setenv("HF_ENDPOINT", urlsplit(world.hub.url)._replace(scheme="foo").geturl())
    with pytest.raises(NetworkError):
        fetch(world)
    assert world.left_behind() == []
