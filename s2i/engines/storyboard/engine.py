"""StoryboardEngine: paints at once, everywhere, and says that it is only a placeholder."""

from __future__ import annotations

import io
import threading
import time
from typing import TYPE_CHECKING, Any

from s2i.engines.base import Availability, Painted, PaintRequest, PaintResult, Plan, Remember
from s2i.errors import Cancelled
from s2i.events import EventType, StageEmit
from s2i.job import MAX_SEED

if TYPE_CHECKING:
    from PIL import Image

SIDE = 512  # px, where the request names no size
PREVIEW_SIDE = 256  # px
VERSION = 1  # of the painters: the same prompt and seed give the same picture within a version


class StoryboardEngine:
    """Paints a small scene from the prompt's own words with Pillow: no model, no network.

    Deterministic by prompt, negative, seed and size. Never fails on any text.
    """

    name = "storyboard"
    placeholder = True

    def available(self) -> Availability:
        """Always ready; the reason says what to expect of it."""
        return Availability(
            ready=True,
            reason="The storyboard paints a simple placeholder scene from the prompt's words.",
            details={"version": VERSION},
        )

    def plan(self, request: PaintRequest) -> Plan:
        """512x512 where no size is named; steps mean nothing here, which a warning says."""
        warnings: tuple[str, ...] = ()
        if request.steps is not None:
            warnings = (
                "The storyboard paints without steps, so the number of steps has no effect.",
            )
        return Plan(
            width=request.width or SIDE,
            height=request.height or SIDE,
            steps=None,
            negative=request.negative or "",
            details={"painter": "storyboard", "version": VERSION},
            warnings=warnings,
        )

    def paint(
        self,
        request: PaintRequest,
        plan: Plan,
        emit: StageEmit,
        cancel: threading.Event,
        remember: Remember,
    ) -> PaintResult:
        """Paint `count` pictures with the seeds seed, seed + 1, …; raises Cancelled only.

        Emits generate-progress before each layer and at the end, and one generate-preview.
        """
        # Pillow's drawing modules load when there is something to paint, not at start-up.
        from s2i.engines.storyboard.picture import LAYERS, paint
        from s2i.engines.storyboard.reading import read_scene

        begun = time.monotonic()
        total = len(LAYERS) * request.count
        done = 0

        def progress(value: int, node: str) -> None:
            spent = time.monotonic() - begun
            eta = round(spent / value * (total - value), 2) if value else None
            emit(
                EventType.GENERATE_PROGRESS,
                value=value, max=total, fraction=value / total, node=node, eta=eta,
            )  # fmt: skip

        def announce(layer: str, canvas: Image.Image | None) -> None:
            nonlocal done
            if cancel.is_set():
                raise Cancelled
            progress(done, layer)
            if layer == "weather" and done < len(LAYERS) and canvas is not None:
                emit(EventType.GENERATE_PREVIEW, mime="image/jpeg", image=_preview(canvas))
            done += 1

        scene = read_scene(request.prompt, plan.negative)
        images: list[Painted] = []
        for number in range(request.count):
            seed = (request.seed + number) % (MAX_SEED + 1)
            images.append(Painted(paint(scene, seed, plan.width, plan.height, announce), seed))
        if cancel.is_set():
            raise Cancelled
        progress(total, "")
        return PaintResult(tuple(images), details={"scene": _summary(scene)})

    def recover(self, remembered: dict[str, Any], cancel: threading.Event) -> PaintResult | None:
        """None: what an earlier process was painting is painted again in no time."""
        return None


def _preview(canvas: Image.Image) -> bytes:
    small = canvas.reduce(max(1, max(canvas.size) // PREVIEW_SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()


def _summary(scene: Any) -> dict[str, Any]:
    """What was understood of the prompt, for the provenance."""
    return {
        "time": scene.time,
        "ground": scene.ground,
        "sky": sorted(scene.sky),
        "weather": sorted(scene.weather),
        "subjects": [{"key": s.key, "count": s.count} for s in scene.subjects],
    }
