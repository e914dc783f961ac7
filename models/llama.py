"""A GGUF in this process: tokens, a stream that can be cancelled; the only import of llama_cpp.

A damaged file can abort the whole process, so only the child process of `models.worker` imports
this module.
"""

from __future__ import annotations

import codecs
import ctypes
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import llama_cpp
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from models.cores import physical_cores, usable_processors
from models.errors import BadModelFile, PromptTooLong
from models.gguf import inspect_chat_model
from models.loops import is_looping
from models.markers import MarkerRule, MarkerTokens

SLICE = 64  # prompt tokens evaluated before the cancel flag is looked at again
LOG_LEVEL_ERROR = 4  # GGML_LOG_LEVEL_ERROR
MOST_COMPLAINTS = 20
PIECE_BYTES = 512  # the longest text of one token

Chat = Sequence[Mapping[str, str]]  # {"role": ..., "content": ...}


class LlamaModel:
    """One model and its one context; not thread-safe, except for `count_tokens`."""

    def __init__(self, path: Path, llama: Any, temperature: float, repeat_penalty: float) -> None:
        self.path = path
        self._llama = llama
        self._vocab = llama._model.vocab
        self._temperature = temperature
        self._repeat_penalty = repeat_penalty
        self._formatter = Jinja2ChatFormatter(
            template=llama.metadata["tokenizer.chat_template"],
            eos_token=self._token_text(llama.token_eos()),
            bos_token=self._token_text(llama.token_bos()),
        )
        self._control_texts = self._find_control_texts()
        self._marker_tokens = MarkerTokens(self._find_marker_texts())
        self._prompt: list[int] = []  # what the context holds of the last prompt
        self.tokens_per_second = self._measure_reading()

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        context_tokens: int,
        threads: int,
        temperature: float,
        repeat_penalty: float,
    ) -> LlamaModel:
        """Load a GGUF; `threads` 0 takes the physical cores.

        Raises BadModelFile for a file that cannot be run as a chat model.
        """
        header = inspect_chat_model(path)
        threads = threads or physical_cores()
        _complaints.clear()
        llama_cpp.llama_log_set(_keep_complaint, ctypes.c_void_p(0))
        try:
            llama = llama_cpp.Llama(
                str(path),
                n_ctx=min(context_tokens, header.context_tokens or context_tokens),
                n_batch=SLICE,
                n_threads=threads,
                n_threads_batch=threads,
                flash_attn=True,
                no_perf=True,
                verbose=False,
            )
            return cls(path, llama, temperature, repeat_penalty)
        except Exception as error:
            raise BadModelFile(
                path,
                f"{path} cannot be run by llama.cpp ({_reason(error)}). "
                "It is damaged or of a kind this version does not know; fetch it again or "
                "choose another model.",
            ) from None

    @property
    def context_tokens(self) -> int:
        """Tokens the model sees at once, prompt and answer together."""
        return min(int(self._llama.n_ctx()), len(self._llama.input_ids))

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without special ones; may be called from any thread."""
        return len(self._tokenize(text, special=False))

    def prompt_tokens(self, messages: Chat, max_tokens: int) -> list[int]:
        """The messages in the model's own chat template, as tokens.

        Raises PromptTooLong rather than let the prompt or the answer be cut.
        """
        tokens = self._tokenize(self._render(messages), special=True)
        if len(tokens) + max_tokens > self.context_tokens:
            raise PromptTooLong(
                self.path,
                f"The prompt has {len(tokens)} tokens and its answer may have {max_tokens}, but "
                f"the model sees {self.context_tokens} at once. Ask with less evidence, or raise "
                "models.context_tokens in config.yaml.",
            )
        return tokens

    def stream(
        self,
        tokens: Sequence[int],
        max_tokens: int,
        cancelled: Callable[[], bool],
        citable: Sequence[int] = (),
    ) -> Iterator[tuple[str, int]]:
        """Pieces of the answer, each with the number of tokens written so far.

        A piece may be empty while a character is incomplete. The flag is looked at between
        slices of the prompt and between tokens. With `citable` numbers, what stands in brackets
        is one of them.
        """
        try:
            if self._read_prompt(tokens, cancelled):
                yield from self._write(max_tokens, cancelled, citable)
        except RuntimeError:
            # Reusing a prefix after a failed decode could mix two prompts.
            self._forget()
            raise

    def _measure_reading(self) -> float:
        """Prompt tokens read per second when the cores have nothing else to do.

        By CPU time: while it loads, the embedder often does too, and the wall clock would count
        that. Read in slices, as a prompt is, the first of which also brings the weights into
        memory. Nothing is kept of what was read.
        """
        size = min(SLICE, self.context_tokens)
        some = [(97 * n) % self._llama.n_vocab() for n in range(size)]  # of all experts
        costs = []
        for _ in range(2):
            self._forget()
            before = time.process_time()
            self._llama.eval(some)
            costs.append(time.process_time() - before)
        self._forget()
        cores = min(int(self._llama.n_threads_batch), usable_processors())
        return size * cores / max(min(costs), 1e-6)  # some clocks are coarse

    def _read_prompt(self, tokens: Sequence[int], cancelled: Callable[[], bool]) -> bool:
        """Evaluate the prompt in slices; False when cancelled on the way."""
        done = self._reuse_prefix(tokens)
        while done < len(tokens):
            if cancelled():
                return False
            self._llama.eval(tokens[done : done + SLICE])
            done = min(done + SLICE, len(tokens))
            self._prompt = list(tokens[:done])
        return not cancelled()

    def _reuse_prefix(self, tokens: Sequence[int]) -> int:
        """Keep what the context shares with the last prompt; the number of tokens kept.

        Whole slices only, so that a prompt is always cut in the same places: rounding depends on
        the cut, and the same question must get the same answer whatever was asked before it. The
        last token is always evaluated again, because its logits choose the first word.
        """
        shared = 0
        for known, wanted in zip(self._prompt, tokens[:-1], strict=False):
            if known != wanted:
                break
            shared += 1
        kept = shared // SLICE * SLICE
        if kept and self._llama._ctx.kv_cache_seq_rm(-1, kept, -1):
            self._llama.n_tokens = kept
        else:
            self._forget()
            kept = 0
        self._prompt = list(tokens[:kept])
        return kept

    def _write(
        self, max_tokens: int, cancelled: Callable[[], bool], citable: Sequence[int]
    ) -> Iterator[tuple[str, int]]:
        # What is left in the decoder at the end is a cut character: better none than half of one.
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        rule = MarkerRule(self._marker_tokens, citable)
        sampler = self._llama._init_sampler(
            temp=self._temperature, repeat_penalty=self._repeat_penalty
        )
        written: list[int] = []
        try:
            while len(written) < max_tokens:
                if written:
                    self._llama.eval(written[-1:])
                token = self._choose(sampler, rule)
                if llama_cpp.llama_vocab_is_eog(self._vocab, token):
                    break
                text = self._token_bytes(token)
                rule.write(text)
                written.append(token)
                yield decoder.decode(text), len(written)
                if cancelled() or is_looping(written):
                    break
        finally:
            sampler.close()  # a table of the whole vocabulary, which is in a cycle

    def _choose(self, sampler: Any, rule: MarkerRule) -> int:
        """The next token: sampled from all of them, or inside a bracket the likeliest allowed."""
        if (choices := rule.choices) is not None:
            # Without the repeat penalty: the same source may well be cited again.
            logits = self._llama._ctx.get_logits_ith(-1)
            token = max(choices, key=lambda choice: float(logits[choice]))
        else:
            sampled = int(sampler.sample(self._llama._ctx, -1))
            instead = rule.opener_instead(self._token_bytes(sampled))
            if instead is None:
                return sampled
            token = instead
        sampler.accept(token)
        return token

    def _forget(self) -> None:
        self._prompt = []
        self._llama.reset()
        memory = llama_cpp.llama_get_memory(self._llama.ctx)
        if memory is not None:
            llama_cpp.llama_memory_clear(memory, True)

    def _render(self, messages: Chat) -> str:
        chat = [{"role": m["role"], "content": self._defused(m["content"])} for m in messages]
        try:
            return self._apply_template(chat)
        except (jinja2.TemplateError, ValueError):
            # Some templates refuse a system message: it then goes before the question.
            system = "\n\n".join(m["content"] for m in chat if m["role"] == "system")
            rest = [m for m in chat if m["role"] != "system"]
            if not system or not rest:
                raise
            rest[0] = {**rest[0], "content": f"{system}\n\n{rest[0]['content']}"}
            return self._apply_template(rest)

    def _apply_template(self, chat: list[dict[str, str]]) -> str:
        # Models that can think aloud are asked not to: the reader waits for every token.
        formatted = self._formatter(messages=chat, enable_thinking=False)
        return str(formatted.prompt)

    def _defused(self, content: str) -> str:
        """The content with markers of the chat template broken, so that no text can pose as one."""
        for text in self._control_texts:
            if text in content:
                content = content.replace(text, f"{text[0]} {text[1:]}")
        return content

    def _find_control_texts(self) -> list[str]:
        control = (
            token
            for token in range(self._llama.n_vocab())
            if llama_cpp.llama_vocab_is_control(self._vocab, token)
        )
        texts = (self._token_text(token) for token in control)
        return [text for text in texts if len(text) > 1]

    def _find_marker_texts(self) -> Iterator[tuple[int, bytes]]:
        for token in range(self._llama.n_vocab()):
            # The entry of the vocabulary may write a space in a way of its own, but not these.
            entry = llama_cpp.llama_vocab_get_text(self._vocab, token) or b""
            if b"[" in entry or b"]" in entry or entry.isdigit():
                yield token, self._token_bytes(token)

    def _tokenize(self, text: str, special: bool) -> list[int]:
        content = text.encode("utf-8", errors="replace")
        return list(self._llama.tokenize(content, add_bos=False, special=special))

    def _token_text(self, token: int) -> str:
        return str(self._llama._model.token_get_text(token)) if token >= 0 else ""

    def _token_bytes(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(PIECE_BYTES)
        length = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, PIECE_BYTES, 0, False)
        return buffer.raw[: max(length, 0)]


_complaints: list[str] = []  # what llama.cpp logged as errors since the last load began


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_complaint(level: int, text: bytes, user_data: ctypes.c_void_p) -> None:
    """Replaces the log of llama.cpp on standard error, which is long and says little to a user."""
    if level == LOG_LEVEL_ERROR and len(_complaints) < MOST_COMPLAINTS:
        _complaints.append(" ".join(text.decode("utf-8", errors="replace").split()))


def _reason(error: Exception) -> str:
    """The first complaint of llama.cpp, which is nearest to the cause, or else the exception."""
    complaint = _complaints[0] if _complaints else f"{type(error).__name__}: {error}"
    return " ".join(complaint.split())[:200]
