"""One language model in memory, with the template's fixed part evaluated. One thread's business.

Why the same idea and seed give the same prompt to the letter, whatever came before: how tokens
are grouped into evaluations decides which kernels llama.cpp takes, and with them the last bits of
a result. So the fixed part (everything before the idea) is always evaluated on its own, the rest
always in one go behind it, and the cache is cut back to the fixed part before each run; further
common tokens of two ideas are not reused. The sampler is new for each run.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i.errors import RefineError
from s2i.refine import chat, loading, native, prefix_cache
from s2i.refine.prefix_cache import PrefixCache
from s2i.refine.template import Template

Stop = Callable[[], bool]
"""Whether to give up now; called often, from the thread that evaluates."""


class Stopped(Exception):
    """`Stop` said so; the model is ready for the next run."""


class TooLong(Exception):
    """The idea doesn't fit into the model's context."""


@dataclass(frozen=True)
class Completed:
    """What the model said after the idea. `finished`: it stopped of its own accord."""

    text: str
    finished: bool
    tokens: int


class Model:
    """A loaded model. Not for more than one thread: llama.cpp aborts the process."""

    def __init__(
        self,
        path: Path,
        template: Template,
        *,
        threads: int,
        context: int,
        cache: PrefixCache | None = None,
    ) -> None:
        """Load `path`. `context` is in tokens. `llama` is llama-cpp-python's object.

        Raises ModelMissing where the file is missing or broken, RefineError where memory is short.
        """
        self._template = template
        self._path = path
        self._cache = cache
        self._llama_cpp, self.llama = loading.load(path, threads, context)
        try:
            self._prepare(path)
        except BaseException:
            self.llama.close()
            raise

    def _prepare(self, path: Path) -> None:
        scaffold = self._scaffold()
        self._space_before = scaffold.before.endswith(" ")
        self._space_between = scaffold.between.endswith(" ")
        self._between = self._tokens(scaffold.between.rstrip(" "), special=True)
        self._prefix = self._begin(self._tokens(scaffold.before.rstrip(" "), special=True))
        self._prefix_known = False
        # Models whose tokeniser puts a space before any text get none from us.
        first = self.llama.detokenize(self._tokens("a", special=False))
        self._adds_space = bool(first.startswith(b" "))
        # A state that is no list of tokens (Mamba and kin) can't be cut back.
        self._rewinds = not (
            self._llama_cpp.llama_model_is_recurrent(self.llama.model)
            or self._llama_cpp.llama_model_is_hybrid(self.llama.model)
        )
        if len(self._prefix) + 64 + self._template.sampling.max_tokens > self.llama.n_ctx():
            raise RefineError(
                "template-too-long",
                f"The refiner's template has {len(self._prefix)} tokens, "
                f"which leaves no room for an idea in {path.name}.",
                hint="Shorten the examples in the template of yours.",
            )

    def prompt_tokens(self, idea: str) -> list[int]:
        """All tokens that the model sees for `idea` before it begins."""
        return [*self._prefix, *self._suffix(idea)]

    def close(self) -> None:
        """Free its memory."""
        self.llama.close()

    def warm(self, stop: Stop) -> None:
        """Evaluate the fixed part, so that the first run has it. Raises Stopped."""
        with self._stoppable(stop):
            self._rewind()

    def complete(
        self, idea: str, seed: int, *, enough: Callable[[str], bool], stop: Stop
    ) -> Iterator[str | Completed]:
        """Pieces of text after "{idea},", and at last what they amount to.

        `seed` is any whole number; `enough(text so far)` ends the run early. Raises Stopped,
        TooLong, RefineError.
        """
        tokens = self._suffix(idea)
        sampling = self._template.sampling
        if len(self._prefix) + len(tokens) + sampling.max_tokens > self.llama.n_ctx():
            raise TooLong
        self.llama.set_seed(sampler_seed(seed))
        with self._stoppable(stop):
            self._rewind()
            drawn = self.llama.generate(
                tokens,
                reset=False,
                top_k=sampling.top_k,
                top_p=sampling.top_p,
                min_p=sampling.min_p,
                temp=sampling.temperature,
                repeat_penalty=sampling.repeat_penalty,
            )
            token = next(drawn)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text, count = "", 0
        vocabulary = self._llama_cpp.llama_model_get_vocab(self.llama.model)
        try:
            while True:
                count += 1
                if stop():
                    raise Stopped
                if self._llama_cpp.llama_vocab_is_eog(vocabulary, token):
                    yield Completed(text, True, count)
                    return
                piece = decoder.decode(self.llama.detokenize([token]))
                line, newline, _ = piece.partition("\n")
                text += line
                if line:
                    yield line
                if newline or count >= sampling.max_tokens or enough(text):
                    yield Completed(text, bool(newline), count)
                    return
                token = self._next(drawn)
        finally:
            drawn.close()

    def _next(self, drawn: Iterator[int]) -> int:
        try:
            return next(drawn)
        except RuntimeError as error:
            raise self._broken(error) from error

    def _rewind(self) -> None:
        """Make the fixed part, and nothing else, the model's state."""
        if self._prefix_known and self._rewinds:
            self.llama.n_tokens = len(self._prefix)
            return
        self._prefix_known = False
        self.llama.reset()
        if not self._restored():
            self.llama.eval(self._prefix)
            if self._cache is not None:
                self._cache.keep(self._cache_key(), self._llama_cpp, self.llama.ctx)
        self._prefix_known = True

    def _restored(self) -> bool:
        """Whether an earlier process's evaluation of the fixed part could be read back."""
        if self._cache is None or not self._rewinds:
            return False
        if not self._cache.restore(self._cache_key(), self._llama_cpp, self.llama.ctx):
            return False
        self.llama.input_ids[: len(self._prefix)] = self._prefix
        self.llama.n_tokens = len(self._prefix)
        return True

    def _cache_key(self) -> str:
        return prefix_cache.key_of(
            self._path, self._llama_cpp, self._prefix, self.llama.n_ctx(), loading.N_BATCH
        )

    @contextmanager
    def _stoppable(self, stop: Stop) -> Iterator[None]:
        """Let `stop` end evaluations too, which take seconds with a large model.

        Only for prompts: llama.cpp asks before each of a thousand operations, and a thread of
        ours that holds Python's lock would slow every token.
        """
        asked = self._llama_cpp.ggml_abort_callback(lambda _data: stop())
        self._llama_cpp.llama_set_abort_callback(self.llama.ctx, asked, None)
        try:
            yield
        except RuntimeError as error:
            if stop():
                raise Stopped from error
            raise self._broken(error) from error
        finally:
            self._llama_cpp.llama_set_abort_callback(
                self.llama.ctx, self._llama_cpp.ggml_abort_callback(0), None
            )

    def _broken(self, error: RuntimeError) -> RefineError:
        """llama.cpp failed in the middle: begin from nothing next time."""
        self._prefix_known = False
        reason = native.last_reason() or str(error)
        return RefineError(
            "refine-failed", f"The language model stopped with an error: {reason}.", retryable=True
        )

    def _scaffold(self) -> chat.Scaffold:
        source = self.llama.metadata.get("tokenizer.chat_template")
        if not source:
            return chat.plain_scaffold(self._template)
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        formatter = Jinja2ChatFormatter(
            template=source,
            eos_token=self._special_text(self.llama.token_eos()),
            bos_token=self._special_text(self.llama.token_bos()),
        )

        def render(messages: list[dict[str, str]]) -> str:
            turns: Any = messages  # its own type spells out every kind of content there is
            return formatter(messages=turns, enable_thinking=False).prompt

        scaffold = chat.chat_scaffold(
            self._template, render, no_think="enable_thinking" in source or "/no_think" in source
        )
        return scaffold or chat.plain_scaffold(self._template)

    def _special_text(self, token: int) -> str:
        if token < 0:
            return ""
        text: bytes = self.llama.detokenize([token], special=True)
        return text.decode("utf-8", "replace")

    def _begin(self, tokens: list[int]) -> list[int]:
        """`tokens` with the begin-of-text token exactly where the model wants one, once."""
        vocabulary = self._llama_cpp.llama_model_get_vocab(self.llama.model)
        bos = self.llama.token_bos()
        wanted = self._llama_cpp.llama_vocab_get_add_bos(vocabulary) and bos >= 0
        return [bos, *tokens] if wanted and tokens[:1] != [bos] else tokens

    def _suffix(self, idea: str) -> list[int]:
        """The idea, the turn's end, and the answer's beginning. The idea is never read as control
        tokens, whatever it holds."""
        return [
            *self._tokens(self._lead(self._space_before) + idea, special=False),
            *self._between,
            *self._tokens(f"{self._lead(self._space_between)}{idea},", special=False),
        ]

    def _lead(self, space: bool) -> str:
        return " " if space and not self._adds_space else ""

    def _tokens(self, text: str, *, special: bool) -> list[int]:
        tokens: list[int] = self.llama.tokenize(text.encode(), add_bos=False, special=special)
        return tokens


def sampler_seed(seed: int) -> int:
    """Any seed as llama.cpp's 32 bits, where 2^32-1 would mean a random one."""
    digest = hashlib.blake2b(str(seed).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 0xFFFFFFFF
