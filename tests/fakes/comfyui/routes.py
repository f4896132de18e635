"""The fake's HTTP side: one handler for every route, with and without /api before it."""

from __future__ import annotations

import base64
import email
import email.message
import heapq
import json
import time
import uuid
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.comfyui import frames, nodes
from tests.fakes.comfyui.server import Client, FakeComfyUI, Recorded, _Listener
from tests.fakes.comfyui.worker import Job

MAX_BODY = 100 * 2**20
FEATURES = {"supports_preview_metadata": True, "max_upload_size": MAX_BODY}
TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener
    timeout = 120

    @property
    def fake(self) -> FakeComfyUI:
        return self.server.fake

    def setup(self) -> None:
        super().setup()
        with self.fake.lock:
            self.fake._open.add(self.connection)

    def finish(self) -> None:
        super().finish()
        with self.fake.lock:
            self.fake._open.discard(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        life = self.fake.life
        body = self._read_body()
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(self.fake.script.prefix)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.seen = Recorded(self.command, path, query, headers, body, time.perf_counter())
        self.fake.requests.append(self.seen)
        if not parts.path.startswith(self.fake.script.prefix + "/"):
            return self._text(404, "404: Not Found")
        if self.fake.script.stall:
            while self.fake.life == life:
                time.sleep(0.02)
            self.close_connection = True
            return None
        refused = self._gate(f"{self.command} {path}")
        if refused:
            return None
        route = path.removeprefix("/api") if path.startswith("/api/") else path
        if self.command == "POST":
            return self._post(route, body)
        if self.command == "GET":
            return self._get(route, query)
        return self._text(405, "405: Method Not Allowed")

    def _read_body(self) -> Any:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            left = length
            while left > 0:
                left -= len(self.rfile.read(min(left, 2**20)) or b"x" * left)
            return None
        data = self.rfile.read(length)
        try:
            return json.loads(data) if data else None
        except ValueError:
            return data

    def _gate(self, name: str) -> bool:
        """Faults, doors and pages that aren't ComfyUI; True where that was the answer."""
        script = self.fake.script
        if script.cut_answers.get(name, 0) > 0:
            script.cut_answers[name] -= 1
            if name == "POST /prompt":
                self._answer_nothing = True
                self._post("/prompt", self.seen.body)
            self.close_connection = True
            frames.reset(self.connection)
            return True
        if script.failures.get(name):
            status = script.failures[name].pop(0)
            self._text(status, f"{status}: scripted")
        elif script.redirect:
            self._send(302, b"", "text/html", {"Location": script.redirect})
        elif not self._let_in():
            self._send(401, b"", "text/html", {"WWW-Authenticate": "Basic"})
        elif "origin" in self.seen.headers and not self._same_origin():
            self._send(403, b"", None)
        elif script.html:
            self._send(200, b"<!doctype html><title>A printer</title>", "text/html")
        else:
            return False
        return True

    def _let_in(self) -> bool:
        script, given = self.fake.script, self.seen.headers.get("authorization")
        if script.basic is not None:
            pair = base64.b64encode(":".join(script.basic).encode()).decode()
            return given == f"Basic {pair}"
        return script.bearer is None or given == f"Bearer {script.bearer}"

    def _same_origin(self) -> bool:
        """Checked only where the Host is loopback, as 0.3.64 does."""
        origin = urlsplit(self.seen.headers["origin"])
        host = urlsplit("//" + self.seen.headers.get("host", ""))
        if origin.hostname is None or host.hostname not in ("127.0.0.1", "localhost", "::1"):
            return True
        return origin.hostname == host.hostname and origin.port in (None, host.port)

    # answers

    _answer_nothing = False

    def _send(
        self, status: int, body: bytes, kind: str | None, more: dict[str, str] | None = None
    ) -> None:
        self.seen.status = status
        if self._answer_nothing:
            return
        self.send_response_only(status)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        if kind is not None:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Server", "fake")
        # one packet, as aiohttp sends it
        buffer: list[bytes] = self._headers_buffer  # type: ignore[attr-defined]  # private
        buffer.extend((b"\r\n", body))
        self.flush_headers()

    def _json(self, data: Any, status: int = 200) -> None:
        self._send(status, json.dumps(data).encode(), "application/json; charset=utf-8")

    def _text(self, status: int, text: str) -> None:
        self._send(status, text.encode(), "text/plain; charset=utf-8")

    def _empty(self, status: int = 200) -> None:
        self._send(status, b"", None)

    def _refuse(self, error: dict[str, Any], node_errors: dict[str, Any] | None = None) -> None:
        self._json({"error": error, "node_errors": node_errors or {}}, 400)

    # GET

    def _get(self, route: str, query: dict[str, str]) -> None:
        fake = self.fake
        if route == "/ws":
            self._websocket(query.get("clientId") or uuid.uuid4().hex)
        elif route == "/system_stats":
            self._json(self._stats())
        elif route == "/queue":
            with fake.lock:
                running = [fake.running.listed()] if fake.running else []
                pending = [job.listed() for job in fake.pending]
            self._json({"queue_running": running, "queue_pending": pending})
        elif route == "/prompt":
            self._json({"exec_info": {"queue_remaining": fake.remaining()}})
        elif route == "/history" or route.startswith("/history/"):
            key = route.removeprefix("/history").strip("/")
            with fake.lock:
                found = {key: fake.history[key]} if key in fake.history else {}
                self._json(found if key else fake.history)
        elif route == "/features":
            self._json(FEATURES)
        elif route == "/models/checkpoints":
            self._json(fake.script.checkpoints)
        elif route == "/object_info" or route.startswith("/object_info/"):
            key = route.removeprefix("/object_info").strip("/")
            names = [key] if key else nodes.names()
            files = self._files()
            infos = {
                name: nodes.object_info(name, fake.script.checkpoints, files) for name in names
            }
            self._json({name: info for name, info in infos.items() if info is not None})
        elif route == "/view":
            self._view(query)
        elif route == "/":
            self._send(200, b"<!doctype html><title>ComfyUI</title>", "text/html")
        else:
            self._send(404, b"", "application/octet-stream")

    def _stats(self) -> dict[str, Any]:
        script = self.fake.script
        method = ["--preview-method", "latent2rgb"] if script.previews else []
        memory = {"ram_total": 2**34, "ram_free": 2**33}
        system = {
            "os": "posix",
            **memory,
            "comfyui_version": script.version,
            "required_frontend_version": "1.27.10",
            "installed_templates_version": None,
            "required_templates_version": "0.1.95",
            "python_version": "3.11.7",
            "pytorch_version": "2.13.0+cpu",
            "embedded_python": False,
            "argv": ["main.py", *method],
        }
        device = {
            "name": "cpu",
            "type": "cpu",
            "index": None,
            "vram_total": 2**34,
            "vram_free": 2**33,
            "torch_vram_total": 2**34,
            "torch_vram_free": 2**33,
        }
        return {"system": system, "devices": [device]}

    def _view(self, query: dict[str, str]) -> None:
        name, folder = query.get("filename", ""), query.get("subfolder", "")
        kind = query.get("type", "output")
        if not name:
            return self._empty(404)
        if name.startswith("/") or ".." in name or kind not in ("output", "temp", "input"):
            return self._empty(400)
        if ".." in folder:
            return self._empty(403)
        data = self.fake.files.get((kind, folder, name))
        if data is None:
            return self._empty(404)
        if self.fake.script.half_pictures > 0:
            self.fake.script.half_pictures -= 1
            data = data[: len(data) // 2]
        mime = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
        disposition = {"Content-Disposition": f'filename="{name}"', "Accept-Ranges": "bytes"}
        return self._send(200, data, mime[name.rpartition(".")[2]], disposition)

    # POST

    def _post(self, route: str, body: Any) -> None:
        fake = self.fake
        if int(self.headers.get("Content-Length") or 0) > MAX_BODY:
            self._text(413, f"Maximum request body size {MAX_BODY} exceeded.")
        elif route == "/prompt":
            self._post_prompt(body)
        elif route == "/upload/image":
            self._upload(body)
        elif route == "/queue":
            with fake.lock:
                gone = set(body.get("delete", []))
                everything = bool(body.get("clear"))
                kept = [j for j in fake.pending if not everything and j.prompt_id not in gone]
                changed = len(kept) != len(fake.pending)
                fake.pending[:] = kept
                heapq.heapify(fake.pending)
            self._empty()
            if changed:
                fake.status()
        elif route == "/interrupt":
            wanted = body.get("prompt_id") if isinstance(body, dict) else None
            with fake.lock:
                runs = fake.running.prompt_id if fake.running else None
                if runs and (fake.script.ignores_interrupt_id or wanted in (None, runs)):
                    fake.interrupt.set()
            self._empty()
        elif route == "/history":
            with fake.lock:
                for key in body.get("delete", list(fake.history) if body.get("clear") else []):
                    fake.history.pop(key, None)
            self._empty()
        else:
            self._send(404, b"", "application/octet-stream")

    def _files(self) -> dict[str, list[str]]:
        """Files by input name: those of the script, and pictures that were uploaded."""
        uploads = [name for kind, _, name in self.fake.files if kind == "input"]
        return {**self.fake.script.models, **({"image": uploads} if uploads else {})}

    def _upload(self, body: Any) -> None:
        """A multipart form; 0.3.64 stores by name and numbers a name that is taken."""
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data") or not isinstance(body, bytes):
            return self._empty(400)
        form = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {
            str(part.get_param("name", header="content-disposition")): part
            for part in form.get_payload()
            if isinstance(part, email.message.Message)
        }
        image = parts.get("image")
        name = image.get_filename() if image is not None else None
        if image is None or not name or "/" in name:
            return self._empty(400)
        data = image.get_payload(decode=True)
        self.fake.files["input", "", name] = data if isinstance(data, bytes) else b""
        return self._json({"name": name, "subfolder": "", "type": "input"})

    def _post_prompt(self, body: Any) -> None:
        if body is None or isinstance(body, bytes):
            return self._text(500, TROUBLE)
        if not isinstance(body, dict) or "prompt" not in body:
            text = "No prompt provided"
            return self._refuse(nodes.refusal("no_prompt", text, text))
        number, extra = body.get("number"), body.get("extra_data", {})
        if body["prompt"] is None or isinstance(number, str) or not isinstance(extra, dict):
            return self._text(500, TROUBLE)
        prompt_id = str(body.get("prompt_id") or uuid.uuid4())
        if self.fake.script.uuid_rule and not _canonical(prompt_id):
            return self._refuse(nodes.refusal("invalid_prompt_id", "prompt_id must be a UUID"))
        graph = json.loads(json.dumps(body["prompt"]))
        error, node_errors, good = nodes.check_prompt(
            graph, self.fake.script.checkpoints, self._files()
        )
        with self.fake.lock:
            if number is None:
                number = -self.fake.number if body.get("front") else self.fake.number
                self.fake.number += 1
        if error is not None:
            return self._refuse(error, node_errors)
        client = body.get("client_id")
        extra = {**extra, **({"client_id": client} if client is not None else {})}
        job = Job(number, prompt_id, graph, extra, good, client)
        self.fake.put(job)
        self._json({"prompt_id": prompt_id, "number": number, "node_errors": node_errors})
        return self.fake.fire("queued", job)

    # websocket

    def _websocket(self, sid: str) -> None:
        fake = self.fake
        if fake.script.refuse_websocket:
            return self._empty(fake.script.refuse_websocket)
        self.seen.status = 101
        self.send_response_only(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        key = self.headers.get("Sec-WebSocket-Key", "")
        self.send_header("Sec-WebSocket-Accept", frames.accept_key(key))
        self.end_headers()
        self.close_connection = True
        client = Client(sid, self.connection)
        with fake.lock:
            fake.clients.append(client)
            fake.sockets[sid] = client  # an older one of the same id is forgotten
        fake.status(client)
        if fake.current is not None and fake.current[0] == sid:
            again = {"type": "executing", "data": {"node": fake.current[1]}}
            client.send(frames.TEXT, json.dumps(again).encode())
        try:
            while True:
                opcode, payload = frames.read_frame(self.rfile)
                client.got.append((opcode, payload))
                if opcode == frames.CLOSE:
                    client.send(frames.CLOSE, payload)
                    break
                if opcode == frames.PING and fake.script.pong:
                    client.send(frames.PONG, payload)
                if opcode == frames.TEXT:
                    self._said(client, payload)
        except (EOFError, OSError, ValueError):
            pass  # the client hung up, or we cut it off
        with fake.lock:
            # upstream's bug: whichever closes takes the id with it, a newer one falls silent
            fake.sockets.pop(sid, None)
        return None

    def _said(self, client: Client, payload: bytes) -> None:
        try:
            message = json.loads(payload)
        except ValueError:
            return  # 0.3.64 doesn't count a frame that isn't JSON as the first
        if client.first and message.get("type") == "feature_flags":
            client.flagged = bool(message["data"].get("supports_preview_metadata"))
            answer = {"type": "feature_flags", "data": FEATURES}
            client.send(frames.TEXT, json.dumps(answer).encode())
        client.first = False


def _canonical(prompt_id: str) -> bool:
    try:
        return str(uuid.UUID(prompt_id)) == prompt_id
    except ValueError:
        return False
