"""Use the microphone in a process of its own, whose sound system is the test's: JSON lines out.

python -m tests.speech_audio.listen list
python -m tests.speech_audio.listen record SECONDS [FILE [WAIT [DEVICE]]]
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from s2i.errors import S2IError
from s2i.speech import microphone


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


def record(seconds: float, file: str = "", wait: str = "0", wanted: str = "") -> None:
    sound = bytearray()
    with microphone.Microphone(wanted, room=1.0 if float(wait) else 10.0) as mic:
        for block in mic:
            if not sound:
                say(first=len(block), rate=mic.rate, device=mic.device.name)
                time.sleep(float(wait))
            sound += block
            if len(sound) >= seconds * mic.rate * 2:
                break
        say(overruns=mic.overruns, level=mic.level, note=mic.note())
    say(after_close=len(list(mic)))
    if file:
        Path(file).write_bytes(sound)


def main(command: str, *arguments: str) -> None:
    try:
        if command == "list":
            say(devices=[asdict(one) for one in microphone.devices()])
        else:
            record(float(arguments[0]), *arguments[1:])
    except S2IError as error:
        say(error=error.to_dict(), kind=type(error).__name__)


if __name__ == "__main__":
    main(*sys.argv[1:])
