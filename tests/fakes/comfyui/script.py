"""What a fake server is to do, and the named scenarios of the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.comfyui.server import FakeComfyUI
    from tests.fakes.comfyui.worker import Job

Hook = Callable[["FakeComfyUI", "Job"], None]


@dataclass
class Script:
    """Settings of a fake server. Seconds, pixels."""

    previews: bool = True
    step_seconds: float = 0.005
    checkpoints: list[str] = field(
        default_factory=lambda: ["DreamShaper8_LCM.safetensors", "dreamshaper_8.safetensors"]
    )
    models: dict[str, list[str]] = field(default_factory=dict)  # other files, by input name
    version: str = "0.3.64"
    # faults and variants
    failures: dict[str, list[int]] = field(default_factory=dict)  # "GET /queue" → statuses to give
    cut_answers: dict[str, int] = field(default_factory=dict)  # "POST /prompt" → n answers cut off
    refuse_websocket: int = 0  # status instead of the upgrade
    basic: tuple[str, str] | None = None
    bearer: str | None = None
    prefix: str = ""  # the path a reverse proxy serves it under
    html: bool = False  # something else altogether: a page with status 200 on every route
    redirect: str = ""  # every route answers 302 to there
    stall: bool = False  # takes requests and never answers
    uuid_rule: bool = False  # newer servers: prompt_id must be a canonical lowercase UUID
    ignores_interrupt_id: bool = False  # older servers: stops whatever runs
    interrupt_seconds: float = 0.0  # how long a running node takes to notice an interrupt
    no_final_executing: bool = False  # executing{null} never comes
    history_delay: float = 0.0  # s from execution_success until history has the run
    half_pictures: int = 0  # the next n /view answers end too early, though complete as HTTP
    picture_format: str = "PNG"  # PNG, WEBP or JPEG
    errors: dict[str, tuple[str, str]] = field(default_factory=dict)  # class → (type, message)
    noise: bool = False  # odd and hostile frames in between
    pong: bool = True


def _hooked(script: Script, **hooks: Hook) -> tuple[Script, dict[str, Hook]]:
    return script, {name.replace("_", ":"): hook for name, hook in hooks.items()}


def _drop(fake: FakeComfyUI, _: Any) -> None:
    fake.drop_sockets()


def _mute(fake: FakeComfyUI, _: Any) -> None:
    fake.mute_sockets()


def _restart(fake: FakeComfyUI, _: Any) -> None:
    fake.restart_soon(1.0)


def _foreign(fake: FakeComfyUI, _: Any) -> None:
    fake.queue_foreign(steps=40)


SCENARIOS: dict[str, Callable[[], tuple[Script, dict[str, Hook]]]] = {
    "normal": lambda: (Script(), {}),
    "slow": lambda: (Script(step_seconds=0.5), {}),
    "no-previews": lambda: (Script(previews=False), {}),
    "drop": lambda: _hooked(Script(step_seconds=0.1), step_3=_drop),
    "flapping": lambda: _hooked(Script(step_seconds=0.3), step_2=_drop, step_4=_drop, step_6=_drop),
    "silent": lambda: _hooked(Script(step_seconds=0.3, pong=False), step_3=_mute),
    "restart": lambda: _hooked(Script(step_seconds=0.2), step_4=_restart),
    "busy": lambda: (Script(step_seconds=0.1), {"listening": _foreign}),
    "no-websocket": lambda: (Script(refuse_websocket=403), {}),
    "out-of-memory": lambda: (
        Script(
            errors={
                "KSampler": ("torch.OutOfMemoryError", "Allocation on device\nCUDA out of memory.")
            }
        ),
        {},
    ),
    "no-checkpoint": lambda: (
        Script(checkpoints=["dreamshaper_7.safetensors", "sdxl.safetensors"]),
        {},
    ),
    "not-comfyui": lambda: (Script(html=True), {}),
    "basic-auth": lambda: (Script(basic=("user", "secret")), {}),
    "bearer": lambda: (Script(bearer="secret"), {}),
    "half-picture": lambda: (Script(half_pictures=1), {}),
}
