"""Many channels made one, without clipping and without losing the one that somebody spoke into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Samples = np.ndarray[Any, np.dtype[np.float32]]

BLOCK = 0.1  # s
_IDLE = 1e-3  # of the loudest channel's power: 30 dB below it a channel is empty
_CANCELLED = 0.25  # of the power that unrelated channels keep when mixed
_MEMORY = 5.0  # s over which a channel's power is remembered
_WILD = 65536.0  # floats beyond this are broken; up to it, 16-bit numbers stored as floats


class Mixer:
    """Turns blocks of floats (channels × samples, full scale 1) into mono s16le bytes.

    The mean of the channels that aren't empty, so that a silent one takes nothing away and loud
    ones can't clip; where they cancel each other out (a microphone wired the wrong way round) the
    loudest alone. Weights change over a block, without a click. Floats above full scale turn the
    volume down from there on.
    """

    def __init__(self) -> None:
        self._power: Any = None
        self._weights: Any = None
        self._gain = 1.0

    def mix(self, block: Samples) -> bytes:
        """The block as one channel; every block has as many channels as the first."""
        import numpy as np

        sound = np.clip(np.nan_to_num(block, nan=0.0), -_WILD, _WILD).astype(np.float64)
        weights = self._weighed(sound)
        if self._weights is None:
            self._weights = weights
        mono = weights @ sound
        if not np.array_equal(weights, self._weights):
            way = np.linspace(0.0, 1.0, sound.shape[1])
            mono = mono * way + (self._weights @ sound) * (1.0 - way)
        self._weights = weights
        peak = float(np.abs(mono).max(initial=0.0))
        self._gain = min(self._gain, 1.0 / peak if peak > 1.0 else 1.0)
        whole = np.rint(mono * (self._gain * 32767.0)).astype("<i2")
        return bytes(whole.tobytes())

    def _weighed(self, sound: Any) -> Any:
        """One weight per channel, together 1."""
        import numpy as np

        channels = len(sound)
        power = np.mean(sound**2, axis=1) if sound.shape[1] else np.zeros(channels)
        keep = 1.0 - BLOCK / _MEMORY
        self._power = power if self._power is None else np.maximum(power, self._power * keep)
        loudest = float(self._power.max())
        if channels == 1 or loudest <= 0.0:
            return np.full(channels, 1.0 / channels)
        active = self._power >= loudest * _IDLE
        weights = active / active.sum()
        expected = float(power @ weights) / float(active.sum())
        if float(np.mean((weights @ sound) ** 2)) < _CANCELLED * expected:
            weights = np.zeros(channels)
            weights[int(self._power.argmax())] = 1.0
        return weights
