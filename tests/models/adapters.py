"""Adapters and a small base, made for the tests of merging."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import save_file

BASE = "SmolLM2-135M-Instruct"  # the catalogue's name of the base
RANK = 4
SCALE = 2.0

# (out, in) of the linear layers of a block of the packaged model, and of the small one
PACKAGED_SHAPES = {
    "self_attn.q_proj": (576, 576),
    "self_attn.k_proj": (192, 576),
    "self_attn.v_proj": (192, 576),
    "self_attn.o_proj": (576, 576),
    "mlp.gate_proj": (1536, 576),
    "mlp.up_proj": (1536, 576),
    "mlp.down_proj": (576, 1536),
}
SMALL_SHAPES = {
    "self_attn.q_proj": (64, 64),
    "self_attn.k_proj": (32, 64),
    "self_attn.v_proj": (32, 64),
    "self_attn.o_proj": (64, 64),
    "mlp.gate_proj": (96, 64),
    "mlp.up_proj": (96, 64),
    "mlp.down_proj": (64, 96),
}
NAMES = dict(zip(SMALL_SHAPES, ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up",
                                "ffn_down"), strict=True))  # fmt: skip
SMALL_HEADS, SMALL_KV_HEADS, SMALL_BLOCKS, SMALL_WORDS = 4, 2, 2, 40


def small_base(path: Path, *, seed: int = 1) -> Path:
    """A llama of two blocks with an output head of its own, quantised as the packaged one is."""
    draw = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Small")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_1)
    writer.add_block_count(SMALL_BLOCKS)
    writer.add_context_length(128)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(96)
    writer.add_head_count(SMALL_HEADS)
    writer.add_head_count_kv(SMALL_KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_add_bos_token(False)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"wörd{n}" for n in range(SMALL_WORDS)])
    writer.add_token_types([1] * SMALL_WORDS)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")

    def matrix(name: str, shape: tuple[int, int], kind: gguf.GGMLQuantizationType) -> None:
        values = draw.normal(size=shape).astype(np.float32)
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(values, kind), raw_dtype=kind)

    matrix("token_embd", (SMALL_WORDS, 64), gguf.GGMLQuantizationType.Q8_0)
    matrix("output", (SMALL_WORDS, 64), gguf.GGMLQuantizationType.F16)
    for block in range(SMALL_BLOCKS):
        for module, shape in SMALL_SHAPES.items():
            matrix(f"blk.{block}.{NAMES[module]}", shape, gguf.GGMLQuantizationType.Q4_1)
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{block}.{norm}.weight", draw.normal(size=64).astype(np.float32))
    writer.add_tensor("output_norm.weight", draw.normal(size=64).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def random_adapter(
    path: Path,
    shapes: Mapping[str, tuple[int, int]],
    *,
    blocks: int = SMALL_BLOCKS,
    size: float = 0.5,
    seed: int = 2,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """An adapter for these layers of each block; a size of 0 changes nothing."""
    draw = np.random.default_rng(seed)
    tensors = {}
    for block in range(blocks):
        for module, (rows, columns) in shapes.items():
            name = f"model.layers.{block}.{module}"
            down = draw.normal(size=(RANK, columns)) / np.sqrt(columns)
            tensors[f"{name}.down"] = down.astype(np.float16)
            tensors[f"{name}.up"] = (size * draw.normal(size=(rows, RANK))).astype(np.float16)
    known = {"scale": str(SCALE), "base": BASE} if metadata is None else dict(metadata)
    save_file(tensors, path, known)
    return path
