"""/object_info, fetched once per server and version, and again where something seems missing."""

from __future__ import annotations

import threading
from collections import OrderedDict

from s2i.engines.comfyui.api import Api
from s2i.engines.comfyui.catalogue import Catalogue

_KEPT = 4  # servers; one with many custom nodes takes some 50 MB as Python objects

_lock = threading.Lock()
_known: OrderedDict[tuple[str, str], Catalogue] = OrderedDict()


def catalogue(api: Api, *, fresh: bool = False) -> tuple[Catalogue, bool]:
    """(what the server has, whether that was asked just now); `fresh` always asks.

    Asks for the version each time, which also proves that the server is there. Nodes and model
    files can come without a new version: ask with `fresh` before saying that one is missing.
    Raises EngineUnavailable.
    """
    system = api.system_stats()["system"]
    key = (str(api.client.address), str(system.get("comfyui_version")))
    with _lock:
        found = None if fresh else _known.get(key)
        if found is not None:
            _known.move_to_end(key)
            return found, False
    found = Catalogue(api.object_info())
    with _lock:
        _known[key] = found
        _known.move_to_end(key)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found, True
