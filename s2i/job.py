"""A job: its request, which is everything that affects the picture, and its outcome."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from s2i.errors import InputError

MAX_SEED = 2**64 - 1  # ComfyUI's own limit; beyond signed 64 bit, so the journal keeps JSON text
MIN_SIDE, MAX_SIDE, SIDE_STEP = 64, 4096, 8  # px; latents are an eighth of the picture
MAX_STEPS = 200
MAX_COUNT = 16


class JobState(str, Enum):
    """Where a job is; the value is what JSON carries."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Request:
    """What the user asked for. None means: the engine's or the workflow's own default.

    Sizes are in pixels; seeds 0..2^64-1, where 0 is a seed like any other and None a random one.
    `image` is the path of a picture for workflows that begin with one.
    `prompt` is one that was written by hand: it is painted as it is, and the refiner has no part.
    Holds no address and no secret, so it can go into the journal and the picture as it is.
    """

    idea: str
    transcript: str | None = None
    language: str = "en"
    refine: bool = True
    refine_seed: int | None = None
    engine: str = "auto"
    workflow: str = "sd15"
    negative: str | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    count: int = 1
    prompt: str | None = None
    image: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_seed(self.refine_seed)
        if (self.width is None) != (self.height is None):
            raise InputError("bad-size", "A size needs both a width and a height.", hint=SIZE_HINT)
        for side in (self.width, self.height):
            if side is not None:
                check_side(side)
        if self.steps is not None and not 1 <= self.steps <= MAX_STEPS:
            raise InputError(
                "bad-steps",
                f"{self.steps} steps can't be made.",
                hint=f"Choose 1 to {MAX_STEPS}; 20 is usual, 4 to 8 with an LCM model.",
            )
        if not 1 <= self.count <= MAX_COUNT:
            raise InputError(
                "bad-count",
                f"{self.count} pictures can't be made at once.",
                hint=f"Choose 1 to {MAX_COUNT}.",
            )

    def to_dict(self) -> dict[str, Any]:
        """The request as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Request:
        """A request back out of the journal or a picture; unknown keys are ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


@dataclass
class Outcome:
    """A finished job: the object of DESIGN.md's command line and HTTP contracts."""

    id: str
    idea: str
    transcript: str | None
    prompt: str
    negative: str
    seed: int
    size: str
    steps: int | None
    engine: str
    workflow: str | None
    refiner: str | None
    recogniser: str | None
    images: list[str]
    placeholder: bool
    timings: dict[str, float]
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return dict(self.__dict__)


SIZE_HINT = (
    f"Write WIDTHxHEIGHT, such as 512x768: multiples of {SIDE_STEP} from {MIN_SIDE} to {MAX_SIDE}."
)


def check_side(side: int) -> None:
    """Raise InputError unless `side` (px) can be painted."""
    if not MIN_SIDE <= side <= MAX_SIDE or side % SIDE_STEP:
        raise InputError("bad-size", f"{side} pixels can't be a side of a picture.", hint=SIZE_HINT)


def check_seed(seed: int | None) -> None:
    """Raise InputError unless `seed` is None or 0..2^64-1."""
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise InputError(
            "bad-seed",
            f"The seed {seed} is out of range.",
            hint=f"Choose 0 to {MAX_SEED}, or leave it out for a random one.",
        )


def parse_size(text: str) -> tuple[int, int]:
    """'512x768' → (512, 768), in pixels. Raises InputError."""
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 2 or not all(
        part.strip().isascii() and part.strip().isdigit() for part in parts
    ):
        raise InputError("bad-size", f"'{text[:40]}' is not a size.", hint=SIZE_HINT)
    if any(len(part.strip()) > 9 for part in parts):
        raise InputError("bad-size", f"'{text[:40]}' is not a size.", hint=SIZE_HINT)
    width, height = int(parts[0]), int(parts[1])
    check_side(width)
    check_side(height)
    return width, height


def new_job_id() -> str:
    """A lowercase uuid4: safe in file names and URLs."""
    return str(uuid.uuid4())


def random_seed() -> int:
    """A random image seed that JavaScript can also hold exactly (below 2^53)."""
    return secrets.randbelow(2**53)
