"""`python -m tests.fakes.comfyui --port 0 --scenario NAME`: run the fake until interrupted."""

from __future__ import annotations

import argparse
import contextlib
import threading

from tests.fakes.comfyui import SCENARIOS, FakeComfyUI


def main() -> None:
    """Start it, print its URL alone on one line, wait for Ctrl-C."""
    parser = argparse.ArgumentParser(description="A fake ComfyUI on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="normal")
    parser.add_argument("--step-seconds", type=float, help="how long one sampler step takes")
    options = parser.parse_args()
    script, hooks = SCENARIOS[options.scenario]()
    if options.step_seconds is not None:
        script.step_seconds = options.step_seconds
    fake = FakeComfyUI(script, options.port)
    for moment, hook in hooks.items():
        fake.on(moment, hook)
    with fake:
        print(fake.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
