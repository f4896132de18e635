"""A small HTTP client for tests: says exactly what it is told to, and reads event streams."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    """An answer whose body has been read."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error's code, of a well-formed error."""
        error = self.json["error"]
        assert set(error) - {"retryable", "field"} == {"code", "message", "hint"}
        assert error["message"]
        assert "Traceback" not in self.body.decode()
        return str(error["code"])


class Client:
    """Requests to the server on a port of loopback."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path: str, body: Any = None) -> Answer:
        data = json.dumps(body) if isinstance(body, dict) else body
        return self.ask("POST", path, data)

    def begin(self, rate: int = 16000, **more: Any) -> str:
        """A new utterance's id."""
        answer = self.post("/api/utterances", {"sample_rate": rate, **more})
        assert answer.status == 201, answer.body
        return str(answer.json["id"])

    def audio(self, name: str, seq: int, pcm: bytes) -> Answer:
        return self.post(f"/api/utterances/{name}/audio?seq={seq}", pcm)

    def raw(self, data: bytes, timeout: float = 10.0) -> bytes:
        """Bytes out, bytes in until the server closes (or `timeout` seconds of nothing)."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as peer:
            peer.sendall(data)
            received = b""
            try:
                while block := peer.recv(65536):
                    received += block
            except TimeoutError:
                pass
            return received

    def events(self, path: str = "/api/events", **headers: str) -> Events:
        """Open an event stream; the hello has been read when this returns."""
        return Events(self.port, path, {k.replace("_", "-"): v for k, v in headers.items()})


class Events:
    """An event stream: `next()` gives (id, event, data)."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request("GET", path, headers=headers)
        self.response = self._connection.getresponse()
        assert self.response.status == 200, self.response.read()
        self.hello = self.next()
        assert self.hello[1] == "hello"

    def next(self) -> tuple[str, str, Any]:
        """The next event; EOFError at the end of the stream."""
        fields: dict[str, str] = {}
        while True:
            line = self.line()
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif not line and "data" in fields:
                return fields["id"], fields["event"], json.loads(fields["data"])

    def line(self) -> str:
        """The next line without its end; comments (heartbeats) too."""
        line = self.response.readline()
        if not line:
            raise EOFError
        return line.decode().rstrip("\n")

    def close(self) -> None:
        self.response.close()
        self._connection.close()

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
