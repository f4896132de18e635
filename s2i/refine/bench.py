"""What the refiner costs beside llama-cpp-python itself, on the same tokens."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i.refine.model import Model, sampler_seed
from s2i.refine.refiner import Refined, Refiner
from s2i.refine.template import Template, load_template
from s2i.refine.threads import default_threads

CONTEXT = 2048
IDEAS = (
    "a red fox sleeping in the snow under the northern lights",
    "an old lighthouse in a storm",
    "three robots playing chess in a garden",
    "a library inside a whale",
    "monday morning",
    "a market street in the rain",
)


@dataclass(frozen=True)
class RefineBench:
    """Medians in seconds for one warm refinement and for bare llama-cpp-python on its tokens;
    `ratio` is the median of the pairs' ratios, since the machine's load changes under them."""

    ours: float
    bare: float
    ratio: float
    tokens: float


def measure(model_path: Path, *, runs: int = 9) -> RefineBench:
    """Refine and, in turn, draw as many tokens after the same prompt with Llama.generate, both
    warm, in two copies of the model with the same settings.

    Raises ModelMissing, RefineError.
    """
    template = load_template()
    threads = default_threads()
    refiner = Refiner(model_path, name=model_path.stem, template=template, threads=threads)
    bare_model = Model(model_path, template, threads=threads, context=CONTEXT)
    ours: list[float] = []
    bare: list[float] = []
    tokens: list[int] = []
    try:
        _pair(refiner, bare_model, template, IDEAS[-1], 0)  # warms both
        for seed in range(runs):
            refined, beside = _pair(refiner, bare_model, template, IDEAS[seed % len(IDEAS)], seed)
            ours.append(refined.seconds)
            bare.append(beside)
            tokens.append(refined.tokens)
    finally:
        refiner.close()
        bare_model.close()
    return RefineBench(
        ours=statistics.median(ours),
        bare=statistics.median(bare),
        ratio=statistics.median(mine / other for mine, other in zip(ours, bare, strict=True)),
        tokens=statistics.median(tokens),
    )


def _pair(
    refiner: Refiner, bare_model: Model, template: Template, idea: str, seed: int
) -> tuple[Refined, float]:
    refined = refiner.refine(idea, seed=seed, emit=_ignore, cancel=threading.Event())
    prompt = bare_model.prompt_tokens(idea)
    began = time.perf_counter()
    left = refined.tokens
    while left > 0:  # where there was a retry, the idea was evaluated twice
        count = min(left, template.sampling.max_tokens)
        _draw(bare_model, prompt, template, seed, count)
        left -= count
    return refined, time.perf_counter() - began


def _draw(model: Model, prompt: list[int], template: Template, seed: int, count: int) -> None:
    """`count` tokens after `prompt`, whatever they are, as the shortest loop there is."""
    sampling = template.sampling
    model.llama.set_seed(sampler_seed(seed))
    drawn = model.llama.generate(
        prompt,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
        min_p=sampling.min_p,
        temp=sampling.temperature,
        repeat_penalty=sampling.repeat_penalty,
    )
    for token in itertools.islice(drawn, count):
        model.llama.detokenize([token])
    drawn.close()


def _ignore(_kind: Any, **_data: object) -> None:
    pass
