"""One prompt from POST to its outputs, through every interruption.

The websocket shows progress; `/queue` and `/history` decide. They are asked when the websocket
says that the prompt is over, after it was lost, and while it is silent. No time-out ends a prompt
that the server still has.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from s2i.engines.comfyui import explain, messages
from s2i.engines.comfyui.api import Api, History
from s2i.engines.comfyui.graph import Graph, outputs, title
from s2i.engines.comfyui.http import ServerUnreachable
from s2i.engines.comfyui.link import Link, Timing
from s2i.engines.comfyui.messages import ImageRef, Message
from s2i.engines.comfyui.progress import Tracker
from s2i.engines.comfyui.stream import StreamClosed
from s2i.errors import EngineUnavailable, GenerateError
from s2i.events import EventType, StageEmit

_log = logging.getLogger(__name__)

Item = ImageRef | bytes
"""A picture to fetch, or one that came over the websocket."""

STREAMED = "SaveImageWebsocket"  # its pictures are nowhere but in binary frames


class PromptLost(Exception):
    """The server has the prompt neither in its queue nor in its history."""

    def __init__(self, restarted: bool) -> None:
        super().__init__("prompt lost")
        self.restarted = restarted  # the connection was lost meanwhile, so the server began anew


class PicturesMissed(Exception):
    """The prompt is done, but its pictures went over a websocket that was down."""


class Watcher:
    """Watches one prompt that was just queued; `run` blocks until it is over."""

    def __init__(
        self,
        api: Api,
        link: Link,
        prompt_id: str,
        graph: Graph,
        *,
        tracker: Tracker,
        emit: StageEmit,
        stop: Callable[[], None],
        timing: Timing,
        batch: int = 1,
    ) -> None:
        self._api, self._link, self._id = api, link, prompt_id
        self._graph, self._tracker, self._timing = graph, tracker, timing
        self._emit, self._stop, self._batch = emit, stop, batch
        self._outputs = outputs(graph)
        self._posted = time.monotonic()
        self._drops = link.drops
        self._started: float | None = None
        self._position: int | None = None
        self._node: str | None = None
        self._seen: dict[str, tuple[ImageRef, ...]] = {}  # by node, as `executed` told
        self._streamed: dict[str, list[bytes]] = {}
        self._ask_at = self._posted + timing.poll
        self._asked = 0.0
        self._last_message = self._posted
        self._missing = 0
        self._unreachable: float | None = None
        self._away = False  # whether the server was ever out of reach
        self._takers: dict[type, Callable[[Any], bool | None]] = {
            messages.Picture: self._picture,
            messages.Started: lambda _: self._begun(),
            messages.Cached: lambda message: tracker.cached(message.nodes),
            messages.Executing: self._executing,
            messages.Progress: self._progress,
            messages.ProgressState: tracker.state,
            messages.Executed: self._executed,
            messages.Failed: self._failed,
            messages.Interrupted: self._stopped,
        }

    @property
    def queue_seconds(self) -> float:
        """How long the prompt waited before it began."""
        return (self._started or time.monotonic()) - self._posted

    def run(self) -> list[Item]:
        """Wait for the end; the pictures in order. Raises GenerateError, EngineUnavailable,
        PromptLost, PicturesMissed, and what `stop` raises."""
        while True:
            self._stop()
            message = self._receive()
            over = message is not None and self._handle(message)
            if over or time.monotonic() >= self._ask_at:
                found = self._ask(over)
                if found is not None:
                    return found

    def _receive(self) -> Message | None:
        """The next message; None after a while, or where the websocket was lost."""
        link, now = self._link, time.monotonic()
        if link.due() and link.open():
            self._last_message = now
            self._ask_at = 0.0  # nothing is replayed: ask what happened meanwhile
        if not link.alive:
            time.sleep(min(self._timing.tick, max(0.0, self._ask_at - now)))
            return None
        try:
            message = link.receive(min(self._timing.tick, max(0.001, self._ask_at - now)))
        except StreamClosed as error:
            _log.info("websocket lost, connecting again: %s", error)
            self._ask_at = 0.0
            return None
        if message is not None:
            self._last_message = time.monotonic()
            self._ask_at = self._last_message + self._timing.silent
        return message

    def _handle(self, message: Message) -> bool:
        """Take one message in; True where it says that the prompt is over."""
        if isinstance(message, messages.Status):
            if not message.greeting:
                self._status(message.remaining)
            return False
        if isinstance(message, messages.Unknown):
            _log.debug("unknown message from ComfyUI: %s", message.type)
            return False
        if message.prompt_id is not None and message.prompt_id != self._id:
            return False  # somebody else's, or an earlier one of ours
        take = self._takers.get(type(message))
        return take(message) is True if take is not None else False

    def _executing(self, message: messages.Executing) -> bool:
        # without prompt_id: the one that a reconnect brings; our client id has one prompt only
        if message.node is None:
            return message.prompt_id is not None
        self._begun()
        self._node = message.node
        self._tracker.begun(message.node)
        self._tell(0.0, 1.0)
        return False

    def _progress(self, message: messages.Progress) -> None:
        self._begun()
        if message.node is not None:
            self._node = message.node
            self._tracker.step(message.node, message.value, message.max)
        self._tell(message.value, message.max)

    def _executed(self, message: messages.Executed) -> None:
        if message.node is not None:
            self._seen[message.node] = message.images
            self._tracker.step(message.node, 1.0, 1.0)

    def _failed(self, message: messages.Failed) -> None:
        raise explain.failed(message, self._graph)

    def _stopped(self, _: messages.Interrupted) -> None:
        raise self._interrupted()

    def _status(self, remaining: int | None) -> None:
        """Queue lengths are of all clients; what matters is asked of /queue."""
        now = time.monotonic()
        if remaining == 0:
            # `executing{null}` comes right behind; where it doesn't, it was lost
            self._ask_at = now + min(0.25, self._timing.silent)
        elif self._started is None:
            if remaining == 1:
                self._queued(0)
            elif remaining is not None:
                self._ask_at = max(now, self._asked + 0.25)

    def _queued(self, position: int) -> None:
        if self._started is None and position != self._position:
            self._position = position
            self._emit(EventType.GENERATE_QUEUED, position=position)

    def _begun(self) -> None:
        if self._started is None:
            self._queued(0)
            self._started = time.monotonic()

    def _tell(self, value: float, top: float) -> None:
        eta = self._tracker.eta(time.monotonic())
        self._emit(
            EventType.GENERATE_PROGRESS,
            value=value,
            max=top,
            fraction=round(self._tracker.fraction(), 4),
            node=title(self._graph, self._node or ""),
            eta=None if eta is None else round(eta, 1),
        )

    def _picture(self, picture: messages.Picture) -> None:
        if picture.prompt_id is None and self._started is None:
            return  # of a prompt without client id, which goes to everybody
        node = picture.node or self._node
        if node in self._outputs and self._graph[node]["class_type"] == STREAMED:
            self._streamed.setdefault(node, []).append(picture.data)
        elif picture.mime != "application/octet-stream":
            self._emit(EventType.GENERATE_PREVIEW, mime=picture.mime, image=picture.data)

    def _ask(self, over: bool) -> list[Item] | None:
        """Ask the server what became of the prompt; None while it still has it."""
        now = time.monotonic()
        self._asked = now
        self._ask_at = now + (self._timing.silent if self._link.alive else self._timing.poll)
        self._look_for_life(now)
        try:
            # after executing{null} history has it, 30 of 30 times; else the queue is asked first,
            # so that a prompt that finishes in between is found in history
            position = None if over else self._api.queue(stop=self._stop).position(self._id)
            history = None
            if position is None:
                history = self._api.history(self._id, stop=self._stop)
        except ServerUnreachable as error:
            self._silence(now, error)
            return None
        self._unreachable = None
        if position is not None:
            self._missing = 0
            self._queued(position)
            return None
        if history is not None:
            return self._finished(history)
        self._missing += 1
        self._ask_at = now + min(0.3, self._timing.poll)
        if self._missing < 3:
            return None  # a proxy's cache or a race: look again before saying so
        if self._seen and self._drops == self._link.drops:
            return self._items(self._seen)  # history was cleared by somebody; the files are there
        raise PromptLost(restarted=self._away or self._drops != self._link.drops)

    def _look_for_life(self, now: float) -> None:
        """Ping a silent websocket; give one up that doesn't answer, or that only answers pings."""
        if not self._link.alive or now - self._last_message < self._timing.silent:
            return
        deaf = now - self._link.heard() > 2 * self._timing.silent
        if deaf or now - self._last_message > 5 * self._timing.silent:
            _log.info("the websocket is silent: connecting again")
            self._link.drop()
        else:
            self._link.ping()

    def _silence(self, now: float, error: ServerUnreachable) -> None:
        """The server didn't answer: it may be starting again. Raises after long enough."""
        self._away = True
        if self._unreachable is None:
            self._unreachable = now
        self._ask_at = now + self._timing.poll
        if now - self._unreachable > self._timing.patience:
            raise EngineUnavailable(
                "comfyui-gone",
                f"ComfyUI at {self._api.client.address} stopped answering during the job.",
                hint="Start it again; if it finished the picture, the next start here fetches it.",
                retryable=True,
            ) from error

    def _finished(self, history: History) -> list[Item]:
        for message in history.messages:
            if isinstance(message, messages.Failed):
                raise explain.failed(message, self._graph)
            if isinstance(message, messages.Interrupted):
                raise self._interrupted()
        if not history.success:
            raise GenerateError("comfyui-error", "ComfyUI failed and doesn't say why.")
        self._begun()
        return self._items({**self._seen, **history.outputs})

    def _items(self, found: dict[str, tuple[ImageRef, ...]]) -> list[Item]:
        """Saved pictures first, then temporary ones; each in the order of the file's nodes."""
        order = {node_id: index for index, node_id in enumerate(self._graph)}
        saved: list[Item] = []
        shown: list[Item] = []
        dropped = self._drops != self._link.drops
        for node in sorted({*found, *self._outputs}, key=lambda n: order.get(n, len(order))):
            for ref in found.get(node, ()):
                (saved if ref.type == "output" else shown).append(ref)
            if node in self._graph and self._graph[node]["class_type"] == STREAMED:
                frames = self._streamed.get(node, [])
                if not frames or (dropped and len(frames) < self._batch):
                    raise PicturesMissed
                saved.extend(frames)
        if not saved and not shown:
            raise GenerateError(
                "comfyui-no-picture",
                "ComfyUI finished the workflow, but no picture came out of it.",
                hint="The workflow should end in a SaveImage node.",
            )
        return saved + shown

    def _interrupted(self) -> GenerateError:
        self._stop()  # our own cancel, where it was one
        return GenerateError(
            "comfyui-interrupted",
            "Somebody stopped this picture in ComfyUI.",
            hint="Run it again.",
            retryable=True,
        )
