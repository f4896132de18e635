"""ComfyUI's routes as functions: their answers checked, their failures as errors of ours."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from s2i.engines.comfyui.explain import plain, rejected
from s2i.engines.comfyui.graph import Graph
from s2i.engines.comfyui.http import MAX_IMAGE, HttpClient, Response, ServerUnreachable, Stop
from s2i.engines.comfyui.messages import ImageRef, Message, image_refs, parse_event
from s2i.errors import EngineUnavailable, S2IError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

_BUSY = {429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}


class ImageGone(Exception):
    """/view answered 404: the file was deleted, maybe behind a cached run."""


@dataclass(frozen=True)
class Queue:
    """The queue of all clients: prompt ids, in the order in which they will run."""

    running: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    def position(self, prompt_id: str) -> int | None:
        """Jobs before this one; 0 where it runs or is next; None where it isn't in the queue."""
        if prompt_id in self.running:
            return 0
        if prompt_id in self.pending:
            return len(self.running) + self.pending.index(prompt_id)
        return None


@dataclass(frozen=True)
class History:
    """A finished prompt. `outputs`: node id → its files. `messages`: how it went."""

    success: bool
    outputs: dict[str, tuple[ImageRef, ...]]
    messages: tuple[Message, ...] = field(repr=False, default=())


class Api:
    """The routes of one server. All raise ServerUnreachable (ask again) and EngineUnavailable."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client

    def system_stats(self, *, timeout: float = 3.0, stop: Stop | None = None) -> dict[str, Any]:
        """What /system_stats says; the proof that this is a ComfyUI."""
        stats = self._json("GET", "/system_stats", timeout=timeout, stop=stop)
        if not isinstance(stats, dict) or not isinstance(stats.get("system"), dict):
            raise not_comfyui(self.client)
        return stats

    def queue(self, *, timeout: float = 10.0, stop: Stop | None = None) -> Queue:
        answer = self._json("GET", "/queue", timeout=timeout, stop=stop)
        if not isinstance(answer, dict):
            raise not_comfyui(self.client)
        return Queue(_ids(answer.get("queue_running")), _ids(answer.get("queue_pending")))

    def history(self, prompt_id: str, *, stop: Stop | None = None) -> History | None:
        """The finished prompt; None where it is pending, running, deleted or unknown."""
        answer = self._json("GET", f"/history/{quote(prompt_id, safe='')}", stop=stop)
        entry = answer.get(prompt_id) if isinstance(answer, dict) else None
        return _history(entry) if isinstance(entry, dict) else None

    def node_info(self, class_type: str, *, stop: Stop | None = None) -> dict[str, Any] | None:
        """/object_info of one node class; None where the server hasn't got it."""
        answer = self._json("GET", f"/object_info/{quote(class_type, safe='')}", stop=stop)
        info = answer.get(class_type) if isinstance(answer, dict) else None
        return info if isinstance(info, dict) else None

    def object_info(self, *, stop: Stop | None = None) -> dict[str, Any]:
        """All node classes: 323 KB for a bare ComfyUI, megabytes and seconds with custom nodes."""
        answer = self._json("GET", "/object_info", timeout=60.0, stop=stop)
        if not isinstance(answer, dict):
            raise not_comfyui(self.client)
        return answer

    def upload_image(
        self, name: str, kind: str, data: bytes, *, stop: Stop | None = None
    ) -> ImageRef:
        """Put a file into the input folder; what the server calls it. `kind` is a MIME type.

        `name` is ours and plain ASCII. An older file of that name is replaced.
        """
        boundary = f"s2i-{secrets.token_hex(16)}"
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        more = (
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="{part}"\r\n\r\n{value}'
            for part, value in (("type", "input"), ("overwrite", "true"))
        )
        body = head.encode() + data + "".join(more).encode() + f"\r\n--{boundary}--\r\n".encode()
        response = self.client.request(
            "POST",
            "/upload/image",
            body=body,
            kind=f"multipart/form-data; boundary={boundary}",
            timeout=60.0,
            stop=stop,
        )
        if response.status == 413:
            raise EngineUnavailable(
                "comfyui-upload-too-large",
                f"ComfyUI at {self.client.address} doesn't take a picture of {len(data) >> 20} MB.",
                hint="Give a smaller one with --image.",
            )
        answer = self._checked(response)
        answer = answer if isinstance(answer, dict) else {}
        refs = image_refs({"images": [{**answer, "filename": answer.get("name")}]})
        if not refs:
            raise not_comfyui(self.client)
        return refs[0]

    def post_prompt(
        self, graph: Graph, client_id: str, prompt_id: str, *, stop: Stop | None = None
    ) -> dict[str, Any]:
        """Queue a graph under our id; returns node_errors of outputs that won't run.

        Raises what explain.rejected makes of a refusal.
        """
        body = {"prompt": graph, "client_id": client_id, "prompt_id": prompt_id}
        data = json.dumps(body).encode("utf-8")
        response = self.client.request("POST", "/prompt", body=data, timeout=60.0, stop=stop)
        if response.status in (400, 413) or (
            response.status == 500 and response.text().startswith("500 Internal Server Error")
        ):
            raise rejected(response.status, _quiet_json(response), graph)
        answer = self._checked(response)
        if not isinstance(answer, dict) or answer.get("prompt_id") != prompt_id:
            raise not_comfyui(self.client)
        errors = answer.get("node_errors")
        return errors if isinstance(errors, dict) else {}

    def delete_pending(self, prompt_id: str, *, timeout: float = 10.0) -> None:
        """Take a waiting prompt out of the queue; does nothing to a running one."""
        self._deed("/queue", {"delete": [prompt_id]}, timeout)

    def interrupt(self, prompt_id: str, *, timeout: float = 10.0) -> None:
        """Stop this prompt if it runs. An old server ignores the id, so ask /queue first."""
        self._deed("/interrupt", {"prompt_id": prompt_id}, timeout)

    def view(self, ref: ImageRef, *, stop: Stop | None = None) -> bytes:
        """The bytes of a picture. Raises ImageGone too."""
        query = urlencode({"filename": ref.filename, "subfolder": ref.subfolder, "type": ref.type})
        response = self.client.request(
            "GET", f"/view?{query}", timeout=30.0, limit=MAX_IMAGE, stop=stop
        )
        if response.status == 404:
            raise ImageGone(ref.filename)
        if response.status != 200:
            raise self._refusal(response)
        return response.body

    def _deed(self, route: str, body: dict[str, Any], timeout: float) -> None:
        response = self.client.request(
            "POST", route, body=json.dumps(body).encode("utf-8"), timeout=timeout
        )
        if response.status != 200:
            raise self._refusal(response)

    def _json(
        self, method: str, route: str, *, timeout: float = 10.0, stop: Stop | None = None
    ) -> Any:
        return self._checked(self.client.request(method, route, timeout=timeout, stop=stop))

    def _checked(self, response: Response) -> Any:
        if response.status != 200:
            raise self._refusal(response)
        try:
            return response.json()
        except ValueError:
            raise not_comfyui(self.client) from None

    def _refusal(self, response: Response) -> S2IError:
        """The error behind a status that isn't 200."""
        where, status = self.client.address, response.status
        if status in (401, 403, 407):
            return EngineUnavailable(
                "comfyui-auth",
                f"{where} wants a password or token (HTTP {status})."
                if where.authorization is None
                else f"{where} doesn't accept this password or token (HTTP {status}).",
                hint="Give it as http://user:password@host:port, or a bearer token in "
                "S2I_COMFYUI_TOKEN.",
            )
        if status in _REDIRECTS:
            target = plain(response.headers.get("location", "").split("?")[0], 120)
            return EngineUnavailable(
                "comfyui-redirect",
                f"{where} redirects to {target or 'another address'}; that isn't followed.",
                hint="Give the address where ComfyUI itself answers with --comfyui URL.",
            )
        if status in _BUSY:
            return ServerUnreachable(
                "comfyui-busy",
                f"ComfyUI at {where} can't answer now (HTTP {status}).",
                hint="Try again in a moment; its own console says what is wrong.",
            )
        return not_comfyui(self.client, status)


def not_comfyui(client: HttpClient, status: int | None = None) -> EngineUnavailable:
    """What answers there is something else."""
    said = f" (HTTP {status})" if status is not None else ""
    return EngineUnavailable(
        "not-comfyui",
        f"What answers at {client.address} is not ComfyUI{said}.",
        hint="Check host, port and path of --comfyui URL; ComfyUI's own default is http://127.0.0.1:8188.",
    )


def patiently(
    ask: Callable[[], _T],
    pause: Callable[[float], None],
    waits: tuple[float, ...] = (0.3, 0.7, 1.5),
) -> _T:
    """Ask, and ask again after each wait (s) where the server was unreachable or busy.

    `pause(seconds)` sleeps and raises where the user cancels.
    """
    for wait in waits:
        try:
            return ask()
        except ServerUnreachable as error:
            _log.debug("asking again in %.1f s: %s", wait, error)
            pause(wait)
    return ask()


def _quiet_json(response: Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _ids(items: Any) -> tuple[str, ...]:
    """Prompt ids in the order of their numbers: the server lists pending ones in heap order."""
    if not isinstance(items, list):
        return ()
    found = []
    for item in items:
        if isinstance(item, list) and len(item) >= 2 and isinstance(item[1], str):
            number = item[0] if isinstance(item[0], (int, float)) else 0
            found.append((number, item[1]))
    return tuple(prompt_id for _, prompt_id in sorted(found, key=lambda pair: pair[0]))


def _history(entry: dict[str, Any]) -> History:
    outputs = entry.get("outputs")
    status = entry.get("status")
    status = status if isinstance(status, dict) else {}
    messages = status.get("messages")
    events = [
        parse_event(pair[0], pair[1])
        for pair in (messages if isinstance(messages, list) else [])
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], dict)
    ]
    return History(
        success=status.get("status_str") != "error",
        outputs={
            node: image_refs(output)
            for node, output in (outputs.items() if isinstance(outputs, dict) else ())
        },
        messages=tuple(events),
    )
