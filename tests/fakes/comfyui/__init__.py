"""A scriptable, recording stand-in for a ComfyUI server: real HTTP and websocket on loopback.

    with FakeComfyUI(Script(step_seconds=0.01)) as fake:
        fake.on("step:2", lambda fake, job: fake.drop_sockets())
        engine = ComfyUIEngine(fake.url, None, workflows)
        …
        assert fake.posts("/prompt") == 1

It is held against the recorded traffic of ComfyUI 0.3.64 by tests/engines/comfyui/test_contract.py.
`python -m tests.fakes.comfyui --scenario NAME` runs it standalone and prints its URL.
"""

from tests.fakes.comfyui.script import SCENARIOS, Script
from tests.fakes.comfyui.server import FakeComfyUI, Recorded

__all__ = ["SCENARIOS", "FakeComfyUI", "Recorded", "Script"]
