"""What the blueprints work with, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from s2i.settings import Settings
from s2i.web.entries import Recognisers
from s2i.web.hub import Hub
from s2i.web.listening import Listening
from s2i.web.security import Guard


@dataclass
class Services:
    """The living parts behind the API. `reports` adds parts to GET /api/status by name."""

    settings: Settings
    recognisers: Recognisers
    hub: Hub = field(default_factory=Hub)
    guard: Guard = field(default_factory=Guard)
    listening: Listening = None  # type: ignore[assignment]  # made from the others where not given
    reports: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.listening is None:
            self.listening = Listening(self.recognisers, self.hub)

    def quiesce(self) -> None:
        """End streams and utterances, so that no request goes on."""
        self.hub.close()
        self.listening.close()

    def close(self) -> None:
        """End everything; after the server has stopped."""
        self.quiesce()
        self.recognisers.close()


def services() -> Services:
    """Those of the application that answers the present request."""
    found: Services = current_app.extensions["s2i"]
    return found
