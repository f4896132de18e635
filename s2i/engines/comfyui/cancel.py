"""Taking back our own prompt, and only ours: never a global interrupt."""

from __future__ import annotations

import logging
import time

from s2i.engines.comfyui.api import Api
from s2i.errors import S2IError

_log = logging.getLogger(__name__)


def take_back(api: Api, prompt_id: str, seconds: float, *, queued: bool) -> bool:
    """Remove a waiting prompt, interrupt a running one; True once it is gone. Never raises.

    `queued`: the server confirmed the POST; else it may still turn up, so we look for a while.
    A sampler notices an interrupt at its next step, which may be after `seconds`: False then.
    """
    deadline = time.monotonic() + seconds
    interrupted = False
    try:
        while True:
            left = max(0.2, deadline - time.monotonic())
            queue = api.queue(timeout=left)
            if prompt_id in queue.pending:
                api.delete_pending(prompt_id, timeout=left)
                queued = True
            elif prompt_id in queue.running:
                if not interrupted:
                    api.interrupt(prompt_id, timeout=left)
                    interrupted = queued = True
            elif queued:
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
    except S2IError as error:
        _log.info("the prompt couldn't be taken back: %s", error)
        return False
