"""The image engines by name, best first, and the choice that `auto` makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from s2i.engines.base import Availability, Engine
from s2i.errors import EngineUnavailable
from s2i.settings import ROOT, Settings

WORKFLOWS = ROOT / "workflows"
"""ComfyUI workflows that ship with the program."""


def own_workflows(settings: Settings) -> Path:
    """The user's own, which win over those of the same name that ship."""
    return settings.data / "workflows"


def workflow_names(settings: Settings) -> list[str]:
    """All workflows that can be asked for by name, sorted."""
    from s2i.engines.comfyui.workflow import names

    return names([own_workflows(settings), WORKFLOWS])


@dataclass(frozen=True)
class Choice:
    """The engine that was taken, why, and (for `auto`) what would give a better picture."""

    engine: Engine
    reason: str
    better: str = ""


def _comfyui(settings: Settings) -> Engine:
    from s2i.engines.comfyui.engine import ComfyUIEngine

    return ComfyUIEngine(
        settings.comfyui_url,
        settings.comfyui_token or None,
        workflows=WORKFLOWS,
        user_workflows=own_workflows(settings),
    )


def _local(settings: Settings) -> Engine:
    raise EngineUnavailable(
        "no-local-engine",
        "The local image engine isn't part of this version yet.",
        hint="Start ComfyUI and leave --engine out, or use --engine storyboard.",
    )


def _storyboard(settings: Settings) -> Engine:
    from s2i.engines.storyboard.engine import StoryboardEngine

    return StoryboardEngine()


ENGINES: dict[str, Callable[[Settings], Engine]] = {
    "comfyui": _comfyui,
    "local": _local,
    "storyboard": _storyboard,
}
"""Every engine, in the order in which `auto` prefers them. Imported when made, not before."""


def make(name: str, settings: Settings) -> Engine:
    """The engine called `name`. Raises EngineUnavailable where it can't be had at all."""
    return ENGINES[name](settings)


def choose(settings: Settings) -> Choice:
    """The engine that the settings ask for; `auto` takes the first that can paint now.

    Raises EngineUnavailable where the one asked for can't paint.
    """
    if settings.engine != "auto":
        engine = make(settings.engine, settings)
        state = engine.available()
        if not state.ready:
            raise EngineUnavailable(
                str(state.details.get("code", "engine-unavailable")),
                state.reason,
                hint=f"{_way_out(state)} Without --engine, what is there is used.".strip(),
                retryable=True,
            )
        return Choice(engine, state.reason)
    missed: list[str] = []
    better = ""
    for name in ENGINES:
        try:
            engine = make(name, settings)
        except EngineUnavailable:
            continue
        state = engine.available()
        if state.ready:
            reason = " ".join([*missed, state.reason])
            return Choice(engine, reason, better if engine.placeholder else "")
        missed.append(state.reason)
        if not better and (hint := _way_out(state)):
            better = f"For a real picture: {hint[:1].lower()}{hint[1:]}"
    raise EngineUnavailable(
        "no-engine",
        "No image engine can paint: " + " ".join(missed),
        hint="Run 'python run.py doctor' to see what is missing.",
    )


def _way_out(state: Availability) -> str:
    return str(state.details.get("hint", ""))
