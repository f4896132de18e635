"""The server as a program: ports, the second start, Ctrl-C."""

from __future__ import annotations

import gc
import http.client
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from s2i.errors import InputError, MissingError
from s2i.locks import FileLock
from s2i.settings import Settings
from s2i.settings_store import SettingsStore
from s2i.web import http_server, server
from s2i.web.app import create_app
from s2i.web.http_server import Server
from s2i.web.services import Services
from tests.fakes.recogniser import FakeRecognisers
from tests.web.client import Client
from tests.web.conftest import Running

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
import webbrowser
from pathlib import Path
from s2i.errors import S2IError
from s2i.settings import Settings
from s2i.settings_store import SettingsStore
from s2i.web import server
from tests.fakes.recogniser import FakeRecognisers
try:
    sys.exit(
        server.serve(
            SettingsStore.around(Settings(home=Path(sys.argv[1]), refine=False)),
            port=0,
            open_browser=False,
            recognisers=FakeRecognisers(),
        )
    )
except S2IError as error:
    print(error.code, error.message, file=sys.stderr)
    sys.exit(error.exit_code)
"""


class Program:
    """`serve` in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    def line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().strip()

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT))
        return self.process.wait(20)


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[type]:
    """Programs that are gone when the test ends."""
    begun: list[Program] = []

    class Begun(Program):
        def __init__(self) -> None:
            super().__init__(tmp_path)
            begun.append(self)

    yield Begun
    for program in begun:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()


def url_in(line: str) -> str:
    return next(word for word in line.split() if word.startswith("http://127.0.0.1:"))


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to one process there")
def test_start_second_start_and_ctrl_c(begin: type[Program], tmp_path: Path) -> None:
    first = begin()  # type: ignore[call-arg]  # the fixture knows the folder
    url = url_in(first.line())
    port = int(url.rstrip("/").rpartition(":")[2])
    client = Client(port)
    info = json.loads((tmp_path / "data" / server.INFO_NAME).read_text())
    assert info["pid"] == first.process.pid == client.get("/api/status").json["pid"]
    assert info["boot"] == client.get("/api/status").json["boot"]

    second = begin()  # type: ignore[call-arg]  # see above
    assert url_in(second.line()) == url
    assert second.process.wait(20) == 0

    with client.events() as stream:
        assert first.interrupt() == 0
        with pytest.raises(EOFError):
            stream.next()
    assert not (tmp_path / "data" / server.INFO_NAME).exists()

    third = begin()  # type: ignore[call-arg]  # see above
    assert "is at" in third.line()
    third.process.kill()
    third.process.wait(20)
    # word of a dead server is left behind, and misleads nobody
    assert (tmp_path / "data" / server.INFO_NAME).exists()
    fourth = begin()  # type: ignore[call-arg]  # see above
    assert "is at" in fourth.line()
    assert fourth.interrupt() == 0


STUBBORN = PROGRAM.replace(
    "recognisers=FakeRecognisers()",
    "recognisers=type('Slow', (FakeRecognisers,), dict(close=stay))()",
).replace("try:\n", "def stay(self): __import__('time').sleep(120)\ntry:\n", 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to one process there")
def test_the_end_does_not_wait_for_what_can_not_be_stopped(
    begin: type[Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PROGRAM", STUBBORN)
    program = begin()  # type: ignore[call-arg]  # the fixture knows the folder
    client = Client(int(url_in(program.line()).rstrip("/").rpartition(":")[2]))
    with client.events():
        assert program.interrupt() == 0  # in 20 s, where closing takes 120
    assert not (tmp_path / "data" / server.INFO_NAME).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C can't be sent to one process there")
def test_the_command_line_serves_with_its_options_and_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.json").write_text("{")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "s2i", "--no-open", "--no-refine", "--port", str(port)]
    environ = {**os.environ, "S2I_HOME": str(tmp_path), "S2I_LANGUAGE": "fr"}
    with subprocess.Popen(
        [*command, "--engine", "storyboard"],
        cwd=ROOT,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            assert "settings.json" in process.stderr.readline()
            assert f":{port}/" in process.stderr.readline()
            client = Client(port)
            told = client.get("/api/settings").json
            assert "settings.json" in told["problems"][0]
            fixed = {item["name"]: item["fixed"] for item in told["settings"] if item["fixed"]}
            assert fixed == {
                "language": "environment",
                "comfyui_url": "environment",
                "refine": "command line",
                "engine": "command line",
            }
            assert client.get("/api/status").json["refiner"]["state"] == "off"
            again = subprocess.run(  # finds the first
                command, cwd=ROOT, env=environ, capture_output=True, timeout=60, check=False
            )
            assert again.returncode == 0
            assert f"running already, at http://127.0.0.1:{port}/".encode() in again.stderr
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=30)[1]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def test_a_first_one_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: Running
) -> None:
    monkeypatch.setattr(server, "FIRST_SECONDS", 0.3)
    (tmp_path / "data").mkdir(exist_ok=True)
    info = tmp_path / "data" / server.INFO_NAME
    settings = SettingsStore.around(Settings(home=tmp_path))
    with FileLock(tmp_path / "data" / server.LOCK_NAME):
        for text in (
            None,
            "nonsense",
            "[]",
            '{"port": "x"}',
            # another server, at the port that the first one had
            json.dumps({"port": web.port, "boot": "of another time", "pid": 4711}),
            json.dumps({"port": 9, "boot": web.hub.boot}),
        ):
            if text is not None:
                info.write_text(text)
            with pytest.raises(MissingError) as caught:
                server.serve(settings, open_browser=False, recognisers=FakeRecognisers())
            assert caught.value.code == "server-silent"
        info.write_text(json.dumps({"port": web.port, "boot": web.hub.boot}))
        assert server.serve(settings, open_browser=False, recognisers=FakeRecognisers()) == 0


def made(tmp_path: Path) -> Server:
    services = Services(Settings(home=tmp_path), FakeRecognisers())
    services.hub.max_streams = 1
    return Server(create_app(services), services, clients=1)


def test_the_next_free_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        taken = stack.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(http_server, "PORT", port)
        chosen = made(tmp_path)
        chosen.start()
        stack.callback(chosen.stop)
        assert port < chosen.port < port + http_server.PORTS
        assert Client(chosen.port).get("/").status == 200
        with pytest.raises(InputError) as caught:
            made(tmp_path).start(port)
        assert caught.value.code == "port-taken"
        monkeypatch.setattr(http_server, "PORTS", 1)
        with pytest.raises(MissingError) as none:
            made(tmp_path).start()
        assert none.value.code == "no-port"


def test_a_port_that_another_takes_on_the_other_loopback(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
        taken.listen()
        with pytest.raises(InputError):
            made(tmp_path).start(taken.getsockname()[1])


def test_a_port_that_is_bound_but_silent(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(InputError) as caught:
            made(tmp_path).start(taken.getsockname()[1])
    assert caught.value.code == "port-taken"
    gc.collect()  # a socket left open would be a warning, and so an error


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_no_such_port(tmp_path: Path, port: int) -> None:
    with pytest.raises(InputError) as caught:
        made(tmp_path).start(port)
    assert caught.value.code == "bad-port"


def test_loopback_only(web: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert web.server.url == f"http://127.0.0.1:{web.port}/"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells our own address
            own = probe.getsockname()[0]
        except OSError:
            pytest.skip("no network interface but loopback")
    with pytest.raises(OSError), socket.create_connection((own, web.port), timeout=2):  # noqa: PT011 - refused, or no route
        pass


def test_systemd_can_not_hand_it_another_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    server_ = made(tmp_path)
    server_.start(0)
    assert Client(server_.port).get("/").status == 200
    server_.stop()


def test_stop_twice_and_unstarted(tmp_path: Path) -> None:
    server_ = made(tmp_path)
    server_.stop()
    server_ = made(tmp_path)
    server_.start(0)
    server_.stop()
    server_.stop()
    assert server_.stopped.is_set()


def test_more_idle_connections_than_cheroot_keeps_by_itself(web: Running) -> None:
    with ExitStack() as stack:
        connections = [http.client.HTTPConnection("127.0.0.1", web.port) for _ in range(15)]
        sockets = []
        for connection in connections:
            stack.callback(connection.close)
            connection.request("GET", "/")
            connection.getresponse().read()
            sockets.append(connection.sock)
        for connection, before in zip(connections, sockets, strict=True):
            connection.request("GET", "/")
            connection.getresponse().read()
            assert connection.sock is before is not None


@pytest.mark.parametrize(("works", "said"), [("true", False), ("false", True)])
@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="BROWSER is not asked there")
def test_the_browser(
    works: str,
    said: bool,
    tmp_path: Path,
    web: Running,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = f"import webbrowser; raise SystemExit(0 if {works.title()} else 1)"
    monkeypatch.setenv("BROWSER", f'{sys.executable} -c "{code}" %s')
    monkeypatch.setattr(server, "webbrowser", importlib.reload(webbrowser))
    (tmp_path / "data").mkdir(exist_ok=True)
    info = {"port": web.port, "boot": web.hub.boot}
    (tmp_path / "data" / server.INFO_NAME).write_text(json.dumps(info))
    with FileLock(tmp_path / "data" / server.LOCK_NAME):
        assert server.serve(SettingsStore.around(Settings(home=tmp_path))) == 0
    assert ("open it yourself" in capsys.readouterr().err) is said
