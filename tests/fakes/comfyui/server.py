"""The fake server: routes, sockets, queue, history; everything it got, with the time."""

from __future__ import annotations

import contextlib
import heapq
import json
import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from tests.fakes.comfyui import frames
from tests.fakes.comfyui.script import Hook, Script
from tests.fakes.comfyui.worker import Gone, Job, Run


@dataclass
class Recorded:
    """One request. `time` is time.perf_counter(), in s; `status` what it was answered with."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    time: float
    status: int = 0


@dataclass
class Client:
    """One websocket."""

    sid: str
    sock: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)
    first: bool = True
    flagged: bool = False
    muted: bool = False
    sent: list[Any] = field(default_factory=list)
    got: list[tuple[int, bytes]] = field(default_factory=list)

    def send(self, opcode: int, payload: bytes) -> None:
        if self.muted:
            return
        with self.lock, contextlib.suppress(OSError):
            self.sock.sendall(frames.frame(opcode, payload))


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32
    fake: FakeComfyUI

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that hangs up is no news here


class FakeComfyUI:
    """See the package. A context manager; `url` is where it listens."""

    def __init__(self, script: Script | None = None, port: int = 0) -> None:
        self.script = script or Script()
        self.port = port
        self.requests: list[Recorded] = []
        self.clients: list[Client] = []  # every websocket there was
        self.order: list[str] = []  # prompt ids as they began
        self.files: dict[tuple[str, str, str], bytes] = {}
        self.marks: dict[str, float] = {}  # prompt id → perf_counter() at executing{null}
        self.life = 0
        self.lock = threading.RLock()
        self.telling = threading.Lock()  # the order in which statuses of the queue are sent
        self.letters = "".join(random.choices("abcdefghijklmnop", k=5))
        self._hooks: dict[str, list[Hook]] = {}
        self._timers: list[threading.Timer] = []
        self._counters: Counter[str] = Counter()
        self._reset()

    # life

    def __enter__(self) -> FakeComfyUI:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for timer in self._timers:
            timer.cancel()
        for timer in self._timers:
            if timer.ident is not None:
                timer.join()
        self.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.script.prefix}"

    def _reset(self) -> None:
        """As a new process begins: queue, history and cache are empty, numbers start at 0."""
        self.pending: list[Job] = []
        self.running: Job | None = None
        self.history: dict[str, Any] = {}
        self.cache: dict[str, Any] = {}
        self.sockets: dict[str, Client] = {}
        self.current: tuple[str, str] | None = None
        self.number = 0
        self.interrupt = threading.Event()
        self.wake = threading.Condition(self.lock)

    def start(self) -> None:
        """Listen and work."""
        from tests.fakes.comfyui.routes import Handler

        self._listener = _Listener(("127.0.0.1", self.port), Handler)
        self._listener.fake = self
        self.port = self._listener.server_address[1]
        self._open: set[socket.socket] = set()
        self._threads = [
            threading.Thread(
                target=self._listener.serve_forever, args=(0.02,), name="fake-listen", daemon=True
            ),
            threading.Thread(target=self._work, args=(self.life,), name="fake-work", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self.fire("listening", Job(0, "", {}, {}, []))

    def kill(self) -> None:
        """Die as by SIGKILL: every socket reset, nothing said. Files of type output survive."""
        with self.lock:
            self.life += 1
            self.wake.notify_all()
            sockets, self._open = list(self._open), set()
        self._listener.shutdown()
        self._listener.server_close()
        for sock in sockets:
            frames.reset(sock)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)

    def restart(self) -> None:
        """Die and come back on the same port, knowing nothing."""
        self.kill()
        with self.lock:
            self.files = {key: data for key, data in self.files.items() if key[0] != "temp"}
            self._reset()
        self.start()

    def restart_soon(self, seconds: float = 0.0) -> None:
        """From a hook: restart in another thread. Down for `seconds`."""

        def again() -> None:
            self.kill()
            time.sleep(seconds)
            self.restart_after_kill()

        self.later(0.0, again)

    def restart_after_kill(self) -> None:
        with self.lock:
            self.files = {key: data for key, data in self.files.items() if key[0] != "temp"}
            self._reset()
        self.start()

    def later(self, seconds: float, action: Any) -> None:
        """Do something soon in another thread, which is waited for at the end."""
        timer = threading.Timer(seconds, action)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    # scripting

    def on(self, moment: str, hook: Hook) -> None:
        """Call a hook once: listening, queued, start, node:CLASS, step:N, success, failed, done."""
        self._hooks.setdefault(moment, []).append(hook)

    def fire(self, moment: str, job: Job) -> None:
        hooks = self._hooks.get(moment)
        if hooks:
            hooks.pop(0)(self, job)

    def drop_sockets(self) -> None:
        """Cut every websocket; HTTP goes on."""
        with self.lock:
            clients = list(self.sockets.values())
        for client in clients:
            frames.reset(client.sock)

    def mute_sockets(self) -> None:
        """Websockets stay open and say nothing any more."""
        with self.lock:
            for client in self.sockets.values():
                client.muted = True

    def queue_foreign(self, steps: int = 3, client_id: str | None = "somebody-else") -> Job:
        """A job of another client, as if posted."""
        graph = {
            "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "x"}},
            "2": {
                "class_type": "EmptyLatentImage",
                "inputs": {"width": 64, "height": 64, "batch_size": 1},
            },
            "3": {
                "class_type": "KSampler",
                "inputs": {"seed": 9, "steps": steps, "model": ["1", 0], "latent_image": ["2", 0]},
            },
            "4": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["1", 2]}},
            "5": {
                "class_type": "SaveImage",
                "inputs": {"images": ["4", 0], "filename_prefix": "foreign"},
            },
        }
        extra = {} if client_id is None else {"client_id": client_id}
        with self.lock:
            job = Job(self.number, f"foreign-{self.number}", graph, extra, ["5"], client_id)
            self.number += 1
        self.put(job)
        return job

    def delete_files(self) -> None:
        """Somebody tidies up the output folder."""
        self.files.clear()

    # what tests ask

    def posts(self, path: str) -> int:
        """How many POSTs this route got."""
        return sum(r.method == "POST" and r.path == path for r in self.requests)

    def prompts(self) -> list[dict[str, Any]]:
        """The bodies of POST /prompt."""
        return [r.body for r in self.requests if r.method == "POST" and r.path == "/prompt"]

    def wait_for(self, condition: Any, seconds: float = 10.0) -> None:
        """Wait until `condition()`; a guard against hanging, not a measure."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the fake never got there"
            time.sleep(0.005)

    # the server's inside

    def put(self, job: Job) -> None:
        with self.telling:
            with self.lock:
                heapq.heappush(self.pending, job)
                self.wake.notify_all()
            self.status()

    def remaining(self) -> int:
        return len(self.pending) + (self.running is not None)

    def status(self, client: Client | None = None) -> None:
        with self.lock:
            data: dict[str, Any] = {"status": {"exec_info": {"queue_remaining": self.remaining()}}}
        if client is not None:
            data["sid"] = client.sid
            client.send(frames.TEXT, json.dumps({"type": "status", "data": data}).encode())
        else:
            self.send("status", data, None)

    def send(self, kind: str, data: dict[str, Any], sid: str | None) -> None:
        """To one client where it is connected, else (sid None) to all."""
        payload = json.dumps({"type": kind, "data": data}).encode()
        for client in self._to(sid):
            client.send(frames.TEXT, payload)

    def send_binary(self, payload: bytes, sid: str | None) -> None:
        for client in self._to(sid):
            client.send(frames.BINARY, payload)

    def send_noise(self, sid: str | None) -> None:
        """What no server should send."""
        for text in (b"{", b"[]", b'"x"', b'{"type":"executing","data":7}', b'{"type":["a"]}',
                     b'{"type":"new_thing","data":{"prompt_id":"x"}}', b'{"type":"progress","data":'
                     b'{"value":1e999,"max":0,"node":[]}}', b"[" * 5000, b"\xff\xfe"):  # fmt: skip
            for client in self._to(sid):
                client.send(frames.TEXT, text)
        for data in (b"", b"\0\0\0\4", b"\0\0\0\4\xff\xff\xff\xffx", b"\0\0\0\x09\0\0\0\0abc"):
            self.send_binary(data, sid)

    def flagged(self, sid: str | None) -> bool:
        client = self.sockets.get(sid) if sid is not None else None
        return client is not None and client.flagged

    def next_file(self, prefix: str) -> int:
        self._counters[prefix] += 1
        return self._counters[prefix]

    def _to(self, sid: str | None) -> list[Client]:
        with self.lock:
            if sid is None:
                return list(self.sockets.values())
            return [self.sockets[sid]] if sid in self.sockets else []

    def _work(self, life: int) -> None:
        while True:
            with self.lock:
                while not self.pending and self.life == life:
                    self.wake.wait()
                if self.life != life:
                    return
                self.running = job = heapq.heappop(self.pending)
                self.interrupt.clear()
                self.order.append(job.prompt_id)
            with self.telling:  # a job is told to be waiting before it is told to run
                self.status()
            try:
                outputs, status = Run(self, job).execute()
            except Gone:
                return
            self._finish(life, job, outputs, status)

    def _finish(self, life: int, job: Job, outputs: dict[str, Any], status: dict[str, Any]) -> None:
        time.sleep(self.script.history_delay)
        meta = {
            node: {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}
            for node in outputs
        }
        entry = {"prompt": job.listed(), "outputs": outputs, "status": status, "meta": meta}
        with self.lock:
            if self.life != life:
                return
            self.running = None
            self.current = None
            self.history[job.prompt_id] = entry
        self.status()
        self.fire("done", job)
        if job.client_id is not None and not self.script.no_final_executing:
            self.marks[job.prompt_id] = time.perf_counter()
            self.send("executing", {"node": None, "prompt_id": job.prompt_id}, job.client_id)
