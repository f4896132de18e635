"""How good the refiner's prompts are, counted: `python -m tests.eval_refiner [--show]`.

A prompt is ok where it has 15 to 60 words, no preamble, refusal, loop, copied example,
contradicted colour or number, is complete, keeps every content word of the idea, and has at least
6 new words. The checks are written apart from the refiner's own, so that a mistake there shows.
They say nothing about sense: read the prompts (--show).
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s2i.refine.refiner import Refined, Refiner
from s2i.refine.template import Template, load_template

IDEAS = Path(__file__).parent / "data" / "ideas.txt"

_SMALL_TEXT = """
a an the and or but of in on at by to for from with without no not is are was it its his her
my your their our i you he she they we me as into over under that this which who while be am
um uh can very
"""
_SMALL = frozenset(_SMALL_TEXT.split())
_SHADES_TEXT = "red orange yellow green blue purple pink brown black white grey silver"
_COUNTS_TEXT = "one two three four five six seven eight nine ten twelve"
_SHADES, _COUNTS = _SHADES_TEXT.split(), _COUNTS_TEXT.split()


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9à-ÿ]+(?:['’][a-zà-ÿ]+)?", text.lower())


def _content(text: str) -> list[str]:
    return [word for word in _words(text) if word not in _SMALL]


def _keeps(idea: str, prompt: str) -> bool:
    have = set(_words(prompt))
    return all(word in have for word in _content(idea)) and all(
        char in prompt for char in idea if ord(char) > 0x2190
    )


def _no_preamble(_idea: str, prompt: str) -> bool:
    return not re.search(
        r"here (?:is|are)|here's|\bsure[,!]|certainly|prompt:|description:|<think|[*`#\"“”]|\n",
        prompt,
        re.IGNORECASE,
    )


def _no_refusal(_idea: str, prompt: str) -> bool:
    return not re.search(r"\b(?:sorry|cannot|can't|as an ai|unable to)\b", prompt, re.IGNORECASE)


def _no_loop(idea: str, prompt: str) -> bool:
    allowed = Counter(_content(idea))
    found = _words(prompt)
    triples = Counter(zip(found, found[1:], found[2:], strict=False))
    return all(
        count <= 3 or count <= allowed[word] for word, count in Counter(_content(prompt)).items()
    ) and all(count < 2 for count in triples.values())


def _not_copied(template: Template) -> Callable[[str, str], bool]:
    def check(idea: str, prompt: str) -> bool:
        mine = " ".join(_words(prompt)[len(_words(idea)) :])
        for example in template.examples:
            theirs = _words(example.prompt)
            runs = [" ".join(theirs[at : at + 6]) for at in range(len(theirs) - 5)]
            if any(run in mine for run in runs):
                return False
        return True

    return check


def _no_wrong_colour(idea: str, prompt: str) -> bool:
    """No "blue fox" where the idea has a red one."""
    added = prompt[len(idea) :].lower()
    for shade, noun in re.findall(rf"\b({'|'.join(_SHADES)}) (\w+)", idea.lower()):
        for other in _SHADES:
            if other != shade and re.search(rf"\b{other} {noun}\b", added):
                return f"{other} {noun}" in idea.lower()
    return True


def _no_wrong_number(idea: str, prompt: str) -> bool:
    added = prompt[len(idea) :].lower()
    for count, noun in re.findall(rf"\b({'|'.join(_COUNTS)}) (?:\w+ )?(\w+)", idea.lower()):
        root = noun.rstrip("s")
        for other in [*_COUNTS, "a", "an", "several", "many"]:
            if other != count and re.search(rf"\b{other} (?:\w+ )?{root}s?\b", added):
                return bool(re.search(rf"\b{other} (?:\w+ )?{root}s?\b", idea.lower()))
    return True


def _complete(_idea: str, prompt: str) -> bool:
    last = (_words(prompt) or [""])[-1]
    return last not in _SMALL and not re.search(r",\s*,|[,;:]\s*$", prompt)


def _negation_kept(idea: str, prompt: str) -> bool:
    added = set(_words(prompt[len(idea) :]))
    out = re.findall(r"\b(?:without|no|not)\b (?:a |an |the |in the )?(\w+)", idea.lower())
    return not any(word in added for word in out)


def checks(template: Template) -> dict[str, Callable[[str, str], bool]]:
    """Name → check(idea, prompt)."""
    return {
        "15-60 words": lambda _idea, prompt: 15 <= len(_words(prompt)) <= 60,
        "idea's words kept": _keeps,
        "no preamble": _no_preamble,
        "no refusal": _no_refusal,
        "no loop": _no_loop,
        "no example copied": _not_copied(template),
        "colours agree": _no_wrong_colour,
        "numbers agree": _no_wrong_number,
        "negations kept": _negation_kept,
        "complete": _complete,
        "6 new words": lambda idea, prompt: len(set(_words(prompt)) - set(_words(idea))) >= 6,
    }


def read_ideas() -> list[str]:
    """The ideas of the data file, without its comments."""
    lines = IDEAS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def main() -> int:
    """Run it; exit code 1 where fewer than 95 % are ok."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, help="a GGUF file (default: the starter)")
    parser.add_argument("--seeds", type=int, default=1, help="tries per idea (default: 1)")
    parser.add_argument("--show", action="store_true", help="print every prompt")
    options = parser.parse_args()
    template = load_template()
    model = options.model or _starter()
    refiner = Refiner(model, name=model.stem, template=template)
    refiner.warm()
    tests = checks(template)
    results: list[tuple[str, Refined, list[str]]] = []
    try:
        for idea in read_ideas():
            for seed in range(options.seeds):
                refined = refiner.refine(idea, seed=seed, emit=_ignore, cancel=threading.Event())
                failed = [name for name, check in tests.items() if not check(idea, refined.prompt)]
                results.append((idea, refined, failed))
                if options.show or failed:
                    _show(idea, refined, failed)
    finally:
        refiner.close()
    return _table(results, tests, model)


def _ignore(_kind: Any, **_data: object) -> None:
    pass


def _starter() -> Path:
    from bootstrap import models

    root = Path(__file__).resolve().parent.parent
    return models.ensure_refiner(
        root, "smollm2-135m", lambda text: print(text, file=sys.stderr)
    ).path


def _show(idea: str, refined: Refined, failed: list[str]) -> None:
    marks = "".join(f" [{name}]" for name in failed)
    print(f"{refined.source:<5} {refined.seed} {refined.prompt}{marks}")
    print(f"        {idea!r} + {refined.raw!r} {' '.join(refined.warnings)}\n", flush=True)


def _table(
    results: list[tuple[str, Refined, list[str]]],
    tests: dict[str, Callable[[str, str], bool]],
    model: Path,
) -> int:
    total = len(results)
    lengths = [len(_words(refined.prompt)) for _, refined, _ in results]

    def share(count: int) -> str:
        return f"{100 * count / total:5.1f} %"

    good = sum(not failed for _, _, failed in results)
    print(f"{model.name}: {total} prompts")
    print(f"  {'ok':<20}{share(good)}")
    for name in tests:
        print(f"    {name:<18}{share(sum(name not in failed for _, _, failed in results))}")
    print(f"  {'at most 30 words':<20}{share(sum(length <= 30 for length in lengths))}")
    print(f"  {'at most 50 words':<20}{share(sum(length <= 50 for length in lengths))}")
    sources = Counter(refined.source for _, refined, _ in results)
    for source in ("model", "retry", "idea"):
        print(f"  {'from ' + source:<20}{share(sources[source])}")
    print(f"  {'median seconds':<20}{statistics.median(r.seconds for _, r, _ in results):7.2f}")
    return 0 if good >= 0.95 * total else 1


if __name__ == "__main__":
    sys.exit(main())
