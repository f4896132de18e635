"""The parts of the server, put together."""

from __future__ import annotations

from s2i.settings_store import SettingsStore
from s2i.web.hub import Hub
from s2i.web.live import Live
from s2i.web.services import Recognisers, Services


def wired(store: SettingsStore, recognisers: Recognisers | None = None) -> Services:
    """All services, none of them begun. `recognisers` stand in for the real ones."""
    live = Live()
    hub = Hub(live)
    return Services(store, recognisers or _recognisers(store, hub), live=live, hub=hub)


def _recognisers(store: SettingsStore, hub: Hub) -> Recognisers:
    from s2i.speech.pool import Recognisers as Pool

    def tell() -> None:  # only once the pool is there: nothing is loaded before
        hub.announce("status", {"recogniser": pool.status()})

    pool = Pool(store.current.home, store.current, on_change=tell)
    return pool
