"""The fake's one worker: runs queued prompts and says on the websockets what 0.3.64 says."""

from __future__ import annotations

import json
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fakes.comfyui import paint

if TYPE_CHECKING:
    from tests.fakes.comfyui.server import FakeComfyUI


@dataclass(order=True)
class Job:
    """One queued prompt; ordered by its number, as in the server's heap."""

    number: float
    prompt_id: str = field(compare=False)
    graph: dict[str, Any] = field(compare=False)
    extra: dict[str, Any] = field(compare=False)
    outputs: list[str] = field(compare=False)
    client_id: str | None = field(compare=False, default=None)

    def listed(self) -> list[Any]:
        """As /queue and /history have it."""
        return [self.number, self.prompt_id, self.graph, self.extra, self.outputs]


class Gone(Exception):
    """The server was killed while it worked."""


class _Interrupt(Exception):
    pass


class Run:
    """The execution of one job. `life`: the server's generation; a restart ends the run."""

    def __init__(self, fake: FakeComfyUI, job: Job) -> None:
        self.fake, self.job = fake, job
        self.life = fake.life
        self.messages: list[list[Any]] = []
        self.ui: dict[str, Any] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.node: str | None = None

    def execute(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run it; (outputs, status) for history. Raises Gone."""
        job, fake = self.job, self.fake
        self.message("execution_start")
        fake.fire("start", job)
        order, signatures = self.plan()
        cached = [n for n in order if signatures[n] in fake.cache and not self.always(n)]
        done = {signatures[node]: fake.cache[signatures[node]] for node in cached}
        self.message("execution_cached", nodes=cached)
        for node in cached:
            if fake.cache[signatures[node]] is not None:
                self.finish_ui(node, fake.cache[signatures[node]], fresh=False)
        ran: list[str] = []
        try:
            for node in order:
                if node not in cached:
                    self.run_node(node)
                    ran.append(node)
                    done[signatures[node]] = self.ui.get(node)
        except _Interrupt:
            self.message("execution_interrupted", **self.where(ran))
            return {}, self.status("error")
        except NodeError as error:
            fake.fire("failed", job)
            self.message(
                "execution_error",
                **self.where(ran),
                exception_message=f"{error.text}\n",
                exception_type=error.kind,
                traceback=['  File "/srv/ComfyUI/execution.py", line 496, in execute\n'] * 8,
                current_inputs={"model": ["<ModelPatcher>"]},
                current_outputs=[],
            )
            return {}, self.status("error")
        finally:
            fake.cache = done  # 0.3.64 keeps the results of the last prompt only
        fake.fire("success", job)
        self.message("execution_success")
        return self.ui, self.status("success")

    def plan(self) -> tuple[list[str], dict[str, str]]:
        """Nodes in the order of execution, and what the cache knows each by."""
        graph = self.job.graph
        order: list[str] = []
        signatures: dict[str, str] = {}

        def visit(node: str) -> None:
            if node in signatures:
                return
            inputs: dict[str, Any] = {}
            for name, value in graph[node]["inputs"].items():
                if isinstance(value, list):
                    visit(value[0])
                    inputs[name] = [signatures[value[0]], value[1]]
                else:
                    inputs[name] = value
            signatures[node] = json.dumps([graph[node]["class_type"], inputs], sort_keys=True)
            order.append(node)

        for output in self.job.outputs:
            visit(output)
        return order, signatures

    def always(self, node: str) -> bool:
        return bool(self.job.graph[node]["class_type"] == "SaveImageWebsocket")

    def where(self, ran: list[str]) -> dict[str, Any]:
        kind = self.job.graph[self.node]["class_type"] if self.node else ""
        return {"node_id": self.node, "node_type": kind, "executed": list(ran)}

    def run_node(self, node: str) -> None:
        fake, job = self.fake, self.job
        kind = job.graph[node]["class_type"]
        self.node = node
        self.state(node, 0.0, 1.0, "running")
        if job.client_id is not None:
            fake.current = (job.client_id, node)
            self.send("executing", node=node, display_node=node, prompt_id=job.prompt_id)
        fake.fire(f"node:{kind}", job)
        self.check()
        if kind in fake.script.errors:
            raise NodeError(*fake.script.errors[kind])
        top = 1.0
        if kind == "KSampler":
            steps = job.graph[node]["inputs"]["steps"]
            top = steps if isinstance(steps, (int, float)) else 4  # linked: as good as any
            self.sample(node, int(top))
        elif kind == "SaveImageWebsocket":
            made = self.pictures(node)
            top = len(made)
            for value, data in enumerate(made, 1):
                self.step(node, value, top, data, "image/png")
        elif kind in ("SaveImage", "PreviewImage"):
            self.finish_ui(node, self.save(node, kind), fresh=True)
        self.state(node, top, top, "finished")

    def sample(self, node: str, steps: int) -> None:
        fake, job = self.fake, self.job
        seed = job.graph[node]["inputs"]["seed"]
        seed = seed if isinstance(seed, int) else 0
        for step in range(1, steps + 1):
            self.rest(fake.script.step_seconds)
            self.check()
            shown = paint.preview(seed, min(step, 4)) if fake.script.previews else None
            self.step(node, step, steps, shown, "image/jpeg")
            if fake.script.noise:
                fake.send_noise(job.client_id)
            fake.fire(f"step:{step}", job)
            self.check()

    def step(self, node: str, value: int, top: int, image: bytes | None, mime: str) -> None:
        """One step of a progress bar, with its picture; old and new clients get it in turn."""
        self.state(node, value, top, "running")
        flagged = self.fake.flagged(self.job.client_id)
        if image is not None and flagged:
            self.binary(node, image, mime)
        self.send("progress", value=value, max=top, prompt_id=self.job.prompt_id, node=node)
        if image is not None and not flagged:
            self.binary(node, image, mime)

    def rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            self.check()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.02))

    def check(self) -> None:
        """Between two steps: was the server killed, the prompt interrupted?"""
        if self.fake.life != self.life:
            raise Gone
        if self.fake.interrupt.is_set():
            self.fake.interrupt.clear()
            time.sleep(self.fake.script.interrupt_seconds)
            raise _Interrupt

    def save(self, node: str, kind: str) -> dict[str, Any]:
        temp = kind == "PreviewImage"
        prefix = self.job.graph[node]["inputs"].get("filename_prefix", "")
        prefix = f"ComfyUI_temp_{self.fake.letters}" if temp else prefix
        subfolder, _, name = prefix.rpartition("/")
        images = []
        for data in self.pictures(node):
            count = self.fake.next_file(prefix)
            ending = self.fake.script.picture_format.lower()
            filename = f"{name}_{count:05}_.{ending}"
            where = "temp" if temp else "output"
            self.fake.files[where, subfolder, filename] = data
            images.append({"filename": filename, "subfolder": subfolder, "type": where})
        return {"images": images}

    def pictures(self, node: str) -> list[bytes]:
        """As many as the latent's batch says, of its size; deterministic by seed."""
        seed, width, height, batch = 0, 64, 64, 1
        order, _ = self.plan()
        for inputs in (self.job.graph[name]["inputs"] for name in order):
            plain = {name: value for name, value in inputs.items() if isinstance(value, int)}
            seed = plain.get("seed", plain.get("noise_seed", seed))
            width, height = plain.get("width", width), plain.get("height", height)
            batch = plain.get("batch_size", batch)
        kind = "PNG" if self.always(node) else self.fake.script.picture_format
        graph, extra = self.job.graph, self.job.extra.get("extra_pnginfo")
        return [
            paint.picture(seed * 31 + i, width, height, graph, extra, kind) for i in range(batch)
        ]

    def finish_ui(self, node: str, output: dict[str, Any], *, fresh: bool) -> None:
        self.ui[node] = output
        if self.job.client_id is not None:
            self.send(
                "executed",
                node=node,
                display_node=node,
                output=output,
                prompt_id=self.job.prompt_id,
            )
        if not fresh:
            self.state(node, 1, 1, "finished")

    def state(self, node: str, value: float, top: float, name: str) -> None:
        self.states[node] = {
            "value": value,
            "max": top,
            "state": name,
            "node_id": node,
            "prompt_id": self.job.prompt_id,
            "display_node_id": node,
            "parent_node_id": None,
            "real_node_id": node,
        }
        self.send("progress_state", prompt_id=self.job.prompt_id, nodes=self.states)

    def binary(self, node: str, data: bytes, mime: str) -> None:
        """Type 4 for a client that sent its feature flags first, else type 1."""
        if self.fake.flagged(self.job.client_id):
            meta = json.dumps(
                {
                    "node_id": node,
                    "prompt_id": self.job.prompt_id,
                    "display_node_id": node,
                    "parent_node_id": None,
                    "real_node_id": node,
                    "image_type": mime,
                }
            ).encode()
            frame = struct.pack(">II", 4, len(meta)) + meta + data
        else:
            frame = struct.pack(">II", 1, 1 if mime == "image/jpeg" else 2) + data
        self.fake.send_binary(frame, self.job.client_id)

    def message(self, kind: str, **data: Any) -> None:
        """A message that history keeps too; not sent where the prompt has no client id."""
        data = {"prompt_id": self.job.prompt_id, **data, "timestamp": int(time.time() * 1000)}
        if kind == "execution_cached":
            data = {"nodes": data.pop("nodes"), **data}
        self.messages.append([kind, data])
        if self.job.client_id is not None:
            self.send(kind, **data)

    def send(self, kind: str, **data: Any) -> None:
        if self.fake.life != self.life:
            raise Gone
        self.fake.send(kind, data, self.job.client_id)

    def status(self, name: str) -> dict[str, Any]:
        return {"status_str": name, "completed": name == "success", "messages": self.messages}


class NodeError(Exception):
    """A node raised."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind, self.text = kind, text
