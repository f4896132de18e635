"""What the blueprints work with, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from flask import current_app

from s2i import settings_offers
from s2i.desk import Desk
from s2i.kept_refiner import KeptRefiner
from s2i.settings import Settings
from s2i.settings_store import SettingsStore
from s2i.web import entries
from s2i.web.hub import Hub
from s2i.web.listening import Listening
from s2i.web.live import Live
from s2i.web.security import Guard
from s2i.web.watching import Watcher


class Recognisers(entries.Recognisers, Protocol):
    """s2i.speech.pool.Recognisers, as far as the server needs it."""

    def use(self, settings: Settings) -> None: ...
    def warm(self) -> None: ...


class Services:
    """The living parts behind the API. `reports` adds parts to GET /api/status by name.

    Nothing is loaded before `begin`. Settings instead of a store: they are the defaults of one
    that the environment doesn't touch. A `hub` that is given should have `live` as its fold.
    Raises OutputError where the journal can't be used.
    """

    def __init__(
        self,
        settings: Settings | SettingsStore,
        recognisers: Recognisers,
        *,
        live: Live | None = None,
        hub: Hub | None = None,
        guard: Guard | None = None,
        listening: Listening | None = None,
    ) -> None:
        self.store = (
            settings if isinstance(settings, SettingsStore) else SettingsStore.around(settings)
        )
        self.store.check = settings_offers.check
        self.recognisers = recognisers
        self.live = live or Live()
        self.hub = hub or Hub(self.live)
        self.guard = guard or Guard()
        self.listening = listening or Listening(recognisers, self.hub)
        self.refiner = KeptRefiner(lambda: self.settings, self.tell_refiner)
        self.desk = Desk(
            lambda: self.settings,
            emit=self.hub,
            announce=self.hub.announce,
            refiner=self.refiner,
            live=self.live.of,
        )
        self.watcher = Watcher(
            lambda: self.settings,
            lambda: self.hub.streams > 0,
            lambda status: self.hub.announce("status", {"engine": status}),
        )
        self.reports: dict[str, Callable[[], Any]] = {}
        self.store.listen(self._apply)

    @property
    def settings(self) -> Settings:
        """As they are now; ask each time."""
        return self.store.current

    def begin(self) -> None:
        """Load the models in the background, and take up what an earlier run left behind."""
        self.recognisers.warm()
        self.refiner.start()
        self.desk.recover()

    def tell_refiner(self) -> None:
        """Pages learn how it is with the language model."""
        self.hub.announce("status", {"refiner": self.refiner.status()})

    def quiesce(self) -> None:
        """End streams and utterances, so that no request goes on."""
        self.hub.close()
        self.listening.close()
        self.watcher.close()

    def close(self) -> bool:
        """End everything; after the server has stopped. False where a model is still loading,
        which nothing can stop."""
        self.quiesce()
        self.desk.close()  # first: a job that refines lets go of the model
        clean = self.refiner.close()
        self.recognisers.close()
        return clean

    def _apply(self, settings: Settings) -> None:
        self.recognisers.use(settings)
        self.refiner.use()
        self.watcher.wake()
        self.hub.announce("settings", {})


def services() -> Services:
    """Those of the application that answers the present request."""
    found: Services = current_app.extensions["s2i"]
    return found
