"""`run.py --mic --list`: the microphones there are."""

from __future__ import annotations

import sys
from dataclasses import asdict

from s2i import terminal
from s2i.errors import EXIT_MADE
from s2i.speech.microphone import devices


def show(*, as_json: bool) -> int:
    """List them on standard output, the default one marked. Raises MissingError."""
    found = devices()
    if as_json:
        terminal.print_json({"microphones": [asdict(device) for device in found]})
        return EXIT_MADE
    for device in found:
        mark = "*" if device.default else " "
        terminal.write(
            sys.stdout,
            f"{mark} {device.index:2}  {device.name}  ({device.host}, {device.rate} Hz, "
            f"{device.channels} ch)\n",
        )
    if not found:
        terminal.say("No microphone is connected, or this program may not use it.")
    return EXIT_MADE
