"""The downloader against a hub on loopback that misbehaves."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bootstrap import hub, partial
from s2i.errors import MissingError, NetworkError, S2IError
from tests.bootstrap.conftest import REVISION, Said, World, made_up_gguf
from tests.bootstrap.transfers import DATA, SHA256, SOURCE, at, fetch
from tests.fakes.hub import (
    Drop,
    FakeHub,
    Fault,
    Redirect,
    Status,
    TooMuch,
    Truncate,
    WholeAgain,
    WrongRange,
)


def test_without_a_hash_of_ours_the_hubs_counts(world: World, target: Path) -> None:
    assert fetch(target, sha256=None) == SHA256
    assert target.read_bytes() == DATA
    assert [item.name for item in target.parent.glob("alpha*")] == ["alpha.gguf"]


def test_a_small_files_git_hash_is_checked(world: World, target: Path) -> None:
    blob = hashlib.sha1(b"blob %d\0" % len(DATA) + DATA).hexdigest()
    world.hub.etags["alpha.gguf"] = f'"{blob}"'
    world.hub.script("GET", "alpha.gguf", Drop(0.5))
    assert fetch(target, sha256=None) == SHA256
    target.unlink()
    world.hub.etags["alpha.gguf"] = f'"{"0" * 40}"'
    with pytest.raises(S2IError, match="its git hash is") as caught:
        fetch(target, sha256=None)
    assert caught.value.code == "hash-differs"


class TestTokens:
    def test_the_hub_gets_it(
        self, world: World, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        fetch(target)
        assert {seen.authorization for seen in world.hub.requests} == {"Bearer hf_secret"}

    @pytest.mark.parametrize("method", ["HEAD", "GET"])
    def test_another_host_does_not(
        self,
        world: World,
        cdn: FakeHub,
        target: Path,
        monkeypatch: pytest.MonkeyPatch,
        method: str,
    ) -> None:
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        world.hub.script(method, "alpha.gguf", Redirect(at(cdn)))
        assert fetch(target) == SHA256
        assert cdn.served == len(DATA)
        assert [seen.authorization for seen in cdn.requests] == [None]
        assert "hf_secret" not in repr(world.hub.seen("HEAD")[0].path)

    def test_a_password_in_the_address(
        self, world: World, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_ENDPOINT", world.hub.url.replace("//", "//joe:s%20cret@"))
        world.hub.script("GET", "alpha.gguf", Drop(0.5), Status(403))
        with pytest.raises(NetworkError, match="403") as caught:
            fetch(target)
        sent = {seen.authorization for seen in world.hub.seen("GET", "alpha.gguf")}
        assert sent == {"Basic am9lOnMgY3JldA=="}
        assert "cret" not in str(caught.value.to_dict())
        assert "cret" not in partial.note_path(target).read_text(encoding="utf-8")

    def test_a_gated_repository_says_what_to_do(self, world: World, target: Path) -> None:
        world.hub.script("HEAD", "alpha.gguf", *[Status(401, "GatedRepo")] * 2)
        with pytest.raises(NetworkError, match="terms accepted") as caught:
            fetch(target)
        assert "HF_TOKEN" in caught.value.hint


def test_a_redirect_is_followed_anew_for_every_go(world: World, cdn: FakeHub, target: Path) -> None:
    world.hub.script("HEAD", "alpha.gguf", *[Redirect(at(cdn))] * 3)
    cdn.script("GET", "alpha.gguf", Drop(0.25), Drop(0.5))
    fetch(target)
    assert [seen.range for seen in cdn.requests] == [None, "bytes=50000-", "bytes=100000-"]
    assert len(world.hub.seen("HEAD", "alpha.gguf")) == 3


def test_a_redirect_in_a_circle(world: World, target: Path) -> None:
    world.hub.script("GET", "alpha.gguf", *[Redirect(at(world.hub))] * 8)
    with pytest.raises(NetworkError, match="without an end"):
        fetch(target)


class TestResuming:
    def part(self, world: World, target: Path) -> None:
        """Half of it, as another run left it."""
        world.hub.script("GET", "alpha.gguf", Drop(0.5))
        with pytest.raises(NetworkError):
            fetch(target, pauses=())
        assert partial.part_path(target).read_bytes() == DATA[:100_000]
        assert not target.exists()
        world.hub.requests.clear()
        world.hub.served = 0

    def test_only_the_rest_comes(self, world: World, target: Path) -> None:
        self.part(world, target)
        said = Said()
        assert fetch(target, said) == SHA256
        assert target.read_bytes() == DATA
        assert world.hub.served == 100_000
        assert world.hub.seen("GET", "alpha.gguf")[0].if_range == f'"{SHA256}"'
        assert ("Checking what is there of alpha.gguf", 100_000) in said.begun

    @pytest.mark.parametrize("fault", [WholeAgain(), WrongRange(), TooMuch(), Truncate(0.7)])
    def test_whatever_comes_instead_of_the_rest(
        self, world: World, target: Path, fault: Fault
    ) -> None:
        self.part(world, target)
        world.hub.script("GET", "alpha.gguf", fault)
        assert fetch(target) == SHA256
        assert target.read_bytes() == DATA

    def test_an_altered_part_is_found_out(self, world: World, target: Path) -> None:
        self.part(world, target)
        partial.part_path(target).write_bytes(bytes(100_000))
        said = Said()
        assert fetch(target, said) == SHA256
        assert target.read_bytes() == DATA
        assert "turned out to be damaged; it starts over" in said.text

    @pytest.mark.parametrize("size", [0, 300_000])
    def test_a_part_of_another_length(self, world: World, target: Path, size: int) -> None:
        self.part(world, target)
        partial.part_path(target).write_bytes(bytes(size))
        assert fetch(target) == SHA256
        assert world.hub.served == len(DATA)

    def test_all_of_it_is_there_already(self, world: World, target: Path) -> None:
        self.part(world, target)
        partial.part_path(target).write_bytes(DATA)
        assert fetch(target) == SHA256
        assert world.hub.served == 0

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x"}', "null"])
    def test_a_part_without_its_note_is_nothing(
        self, world: World, target: Path, text: str
    ) -> None:
        self.part(world, target)
        partial.note_path(target).write_text(text, encoding="utf-8")
        assert fetch(target) == SHA256
        assert world.hub.served == len(DATA)

    def test_another_file_under_the_same_name(self, world: World, target: Path) -> None:
        self.part(world, target)
        other = made_up_gguf(seed=3)
        wanted = world.hub.add("me/models", "alpha.gguf", other, REVISION)
        assert fetch(target, sha256=None) == wanted
        assert target.read_bytes() == other

    def test_bytes_that_changed_at_their_host(self, world: World, target: Path) -> None:
        """If-Range: the host sends all of it, as its tag is another."""
        self.part(world, target)
        note = partial.note_path(target)
        note.write_text(
            note.read_text(encoding="utf-8").replace(f'\\"{SHA256}\\"', '\\"old\\"'),
            encoding="utf-8",
        )
        said = Said()
        assert fetch(target, said) == SHA256
        assert world.hub.seen("GET", "alpha.gguf")[0].if_range == '"old"'
        assert "from its start again" in said.text
        assert world.hub.served == len(DATA)

    def test_a_host_that_knows_no_such_range(self, world: World, target: Path) -> None:
        self.part(world, target)
        world.hub.script("GET", "alpha.gguf", Status(416))
        assert fetch(target) == SHA256


class TestRetries:
    def test_goes_that_bring_much_are_not_counted(self, world: World, target: Path) -> None:
        data = made_up_gguf(9_000_000)
        world.hub.add("me/models", "alpha.gguf", data, REVISION)
        world.hub.script("GET", "alpha.gguf", *[Drop(part / 8) for part in range(1, 8)])
        hub.fetch(SOURCE, target, size=len(data), progress=Said(), pauses=(0.0,))
        assert target.read_bytes() == data

    def test_the_limit(self, world: World, target: Path) -> None:
        world.hub.script("GET", "alpha.gguf", *[Status(503)] * 9)
        with pytest.raises(NetworkError, match=r"in trouble \(503\)"):
            fetch(target)
        assert len(world.hub.seen("GET", "alpha.gguf")) == 4

    def test_a_server_that_asks_for_an_hour(self, world: World, target: Path) -> None:
        world.hub.script("GET", "alpha.gguf", Status(429, retry_after=3600))
        with pytest.raises(NetworkError, match="asked for too much") as caught:
            fetch(target)
        assert "Wait some minutes" in caught.value.hint
        assert len(world.hub.seen("GET", "alpha.gguf")) == 1

    @pytest.mark.parametrize("status", [401, 403, 404, 407, 410])
    def test_what_asking_again_cannot_mend(self, world: World, target: Path, status: int) -> None:
        world.hub.script("GET", "alpha.gguf", Status(status))
        with pytest.raises(NetworkError) as caught:
            fetch(target)
        assert caught.value.hint
        assert not caught.value.retryable
        assert len(world.hub.seen("GET", "alpha.gguf")) == 1

    def test_a_folder_that_is_gone(self, world: World, target: Path) -> None:
        with pytest.raises((OSError, MissingError)):
            fetch(target.parent / "nowhere" / "alpha.gguf")
