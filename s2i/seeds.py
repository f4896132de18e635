"""Which seed a picture gets where its request names none."""

from __future__ import annotations

from dataclasses import replace

from s2i.job import Request
from s2i.journal import Journal
from s2i.settings import Settings


def seeded(request: Request, settings: Settings, journal: Journal) -> Request:
    """`request` with the seed that the settings ask for; without one where that is a random one.

    `last` is the newest finished job's; before there is any, it is a random one too.
    """
    seed = request.seed
    if seed is None and settings.seed_policy == "fixed" and settings.seed.strip():
        seed = int(settings.seed)
    elif seed is None and settings.seed_policy == "last":
        seed = journal.last_seed()
    return replace(request, seed=seed)
