"""What a probe does inside its child process: load something native and try it out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from bootstrap.probe import ProbeResult

_SENTENCE = "The sun rises in the east and sets in the west."
_BEGINNING = "The sun rises in the east and"


def reason_of(error: BaseException) -> str:
    """The first line of an error, for people."""
    text = str(error).strip()
    return (text.splitlines()[0] if text else type(error).__name__)[:300]


def load_llama() -> ProbeResult:
    """llama.cpp's library loads."""
    import llama_cpp

    llama_cpp.llama_backend_init()
    features = llama_cpp.llama_print_system_info().decode("utf-8", "replace").strip()
    return ProbeResult(True, version=str(llama_cpp.__version__), details={"features": features})


def load_gguf(path: str) -> ProbeResult:
    """A GGUF loads, knows a plain sentence and writes more than one token over and over.

    A file of the right size with random tensors loads without complaint and answers
    "............". Such a model also finds any sentence as surprising as noise.
    """
    from s2i.refine import native  # as the refiner will load it, not as it comes

    llama_cpp = native.library()
    native.forget_log()
    try:
        model = llama_cpp.Llama(
            model_path=path,
            n_ctx=128,
            n_batch=128,
            # Half the cores: with all of them a busy machine makes llama.cpp wait for itself.
            n_threads=max(1, (os.cpu_count() or 2) // 2),
            n_threads_batch=max(1, (os.cpu_count() or 2) // 2),
            logits_all=True,
            verbose=False,
        )
    except ValueError as error:
        return ProbeResult(False, native.last_reason() or reason_of(error))
    surprise, noise = _surprise(model)
    answer: Any = model.create_completion(_BEGINNING, max_tokens=12, temperature=0.0)
    text = answer["choices"][0]["text"]
    reason = judge(surprise, noise, text)
    details = {"surprise": None if math.isnan(surprise) else surprise, "text": text}
    return ProbeResult(not reason, reason, str(llama_cpp.__version__), details)


def _surprise(model: Any) -> tuple[float, float]:
    """Mean surprise at a plain sentence and that of pure noise, in nats per token."""
    import numpy as np

    tokens = model.tokenize(_SENTENCE.encode())
    model.reset()
    model.eval(tokens)
    scores = np.asarray(model.scores[: len(tokens)], dtype=np.float64)
    peak = scores.max(axis=1, keepdims=True)
    chances = scores - peak - np.log(np.exp(scores - peak).sum(axis=1, keepdims=True))
    picked = [chances[index, token] for index, token in enumerate(tokens[1:])]
    return float(-np.mean(picked)), math.log(model.n_vocab())


def judge(surprise: float, noise: float, text: str) -> str:
    """Why a model that loads is no good; empty where it is. Surprise in nats per token.

    Working models, from 135M on, stand at 2 to 4; noise is ln(vocabulary), 10 to 12.
    """
    if math.isnan(surprise):
        return "it computes no numbers (its contents are damaged)"
    if surprise > 0.75 * noise:
        return "it answers noise (its contents are damaged)"
    letters = [sign for sign in text if not sign.isspace()]
    if len(set(letters)) <= 2:
        return f"it only repeats itself ('{text.strip()[:20]}'; its contents are damaged)"
    return ""


def load_vosk(path: str) -> ProbeResult:
    """A Vosk model loads and decodes a second of noise without crashing."""
    import random

    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(path)
    recogniser = vosk.KaldiRecognizer(model, 16000)
    noise = random.Random(1)  # faint noise reaches more of the network than silence does
    samples = b"".join(
        noise.randint(-400, 400).to_bytes(2, "little", signed=True) for _ in range(16000)
    )
    recogniser.AcceptWaveform(samples)
    recogniser.FinalResult()
    return ProbeResult(True, version=metadata.version("vosk"))


def load_vosk_library() -> ProbeResult:
    """Vosk's library loads."""
    import vosk

    vosk.SetLogLevel(-1)
    return ProbeResult(True, version=metadata.version("vosk"))


def load_pocketsphinx() -> ProbeResult:
    """PocketSphinx loads, with the English model that its wheel carries."""
    import pocketsphinx

    folder = Path(pocketsphinx.get_model_path("en-us"))
    if not folder.exists():
        return ProbeResult(False, "its English model is missing")
    pocketsphinx.Decoder(samprate=16000, loglevel="FATAL")
    return ProbeResult(True, version=metadata.version("pocketsphinx"))


def find_microphone() -> ProbeResult:
    """PortAudio loads and knows at least one input."""
    import sounddevice

    version = metadata.version("sounddevice")
    inputs = [
        str(device["name"])
        for device in sounddevice.query_devices()
        if int(device["max_input_channels"]) > 0
    ]
    if not inputs:
        return ProbeResult(False, "no microphone is connected", version)
    return ProbeResult(True, version=version, details={"inputs": inputs[:8]})


PROBES: dict[str, Callable[..., ProbeResult]] = {
    "gguf": load_gguf,
    "vosk": load_vosk,
    "llama": load_llama,
    "vosk-library": load_vosk_library,
    "pocketsphinx": load_pocketsphinx,
    "microphone": find_microphone,
}
"""Every probe by the name it has on the command line."""
