"""Ways to a file: proxies, certificates, addresses."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bootstrap.http_get import Address, origin, proxy_for
from s2i.errors import NetworkError
from tests.bootstrap.conftest import REVISION, Said, World
from tests.bootstrap.transfers import DATA, SHA256, at, fetch
from tests.fakes.hub import (
    FakeHub,
    Redirect,
)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_that_nobody_vouches_for(
    world: World, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    with FakeHub() as server:
        server.add("me/models", "alpha.gguf", DATA, REVISION)
        server.encrypt(certificate, key)
        for _ in range(3):
            world.hub.script("HEAD", "alpha.gguf", Redirect(at(server)))
        with pytest.raises(NetworkError, match="certificate") as caught:
            fetch(target)
        assert caught.value.code == "certificate"
        assert "SSL_CERT_FILE" in caught.value.hint
        assert len(world.hub.seen("HEAD", "alpha.gguf")) == 1
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert fetch(target) == SHA256


class TestProxies:
    def test_the_environments_proxy_is_used(
        self, world: World, cdn: FakeHub, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plain proxy gets the whole address; this one answers as the host would."""
        world.hub.script(
            "HEAD", "alpha.gguf", Redirect(f"http://cdn.invalid{urlsplit(at(cdn)).path}")
        )
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, cdn.url.replace("//", "//joe:pass@"))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1")
        assert fetch(target) == SHA256
        assert cdn.served == len(DATA)

    def test_which_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("https_proxy", "proxy.example:3128")
        monkeypatch.setenv("no_proxy", "inside.example,127.0.0.1")
        assert proxy_for("https://hub.example/x") == "http://proxy.example:3128"
        assert proxy_for("https://inside.example/x") is None
        assert proxy_for("http://127.0.0.1:80/x") is None

    def test_one_that_cannot_be_used(
        self, world: World, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.hub.script("HEAD", "alpha.gguf", Redirect("https://cdn.invalid/alpha.gguf"))
        monkeypatch.setenv("https_proxy", "socks9://joe:secret@127.0.0.1:1")
        with pytest.raises(NetworkError) as caught:
            fetch(target)
        assert caught.value.code == "proxy"
        assert "secret" not in str(caught.value.to_dict())

    def test_nobody_there(
        self, world: World, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        world.hub.script(
            "HEAD", "alpha.gguf", *[Redirect(f"http://127.0.0.1:{port}/alpha.gguf")] * 4
        )
        said = Said()
        with pytest.raises(NetworkError, match="can't be reached") as caught:
            fetch(target, said)
        assert caught.value.retryable
        assert said.text.count("Trying again") == 3


def test_addresses() -> None:
    assert Address.of("https://u:p%40@h:1/x?y") == Address("https://h:1/x?y", "Basic dTpwQA==")
    assert Address.of("https://h/x") == Address("https://h/x", None)
    assert origin("https://H/x") == origin("https://h:443/y")
    assert origin("https://h/x") != origin("http://h/x")
    assert origin("https://h/x") != origin("https://h:8443/x")
