"""A model and a small adapter -> one GGUF that holds both; the only import of `gguf`.

The adapter is a low-rank change (LoRA, arXiv 2106.09685): `scale * up @ down` is added to a weight.
llama.cpp can add it while it runs, but then every token costs more and the weights are no longer
mapped from their file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from models.errors import BadModelFile, UnknownModel
from models.gguf import inspect_gguf

Progress = Callable[[int, int], None]  # tensors that are done, tensors there are
Quantisation = Literal["Q8_0", "Q4_0", "Q4_1", "F16"]

VERSION = 1  # of what is done here; another one makes every file that was merged outdated
ARCHITECTURE = "llama"  # other architectures do not permute, or not in this way


@dataclass(frozen=True, slots=True)
class Change:
    """What is added to one weight: `up @ down`, float32, with the adapter's scale in `up`."""

    up: np.ndarray  # (out, rank)
    down: np.ndarray  # (rank, in)


def merge(
    base: Path,
    adapter: Path,
    target: Path,
    *,
    name: str,
    base_name: str,
    quantisation: Quantisation = "Q8_0",
    on_progress: Progress = lambda done, total: None,
) -> None:
    """Write the base with the changes of the adapter in it as a GGUF.

    Matrices are written in the quantisation, all else as it is in the base. Raises UnknownModel
    where a file is not there, BadModelFile where one is damaged or does not fit the other, OSError
    where the target cannot be written.
    """
    import gguf

    if inspect_gguf(base).architecture != ARCHITECTURE:
        raise BadModelFile(base, f"{base} is no {ARCHITECTURE}; no adapter can be merged into it.")
    by_module = read_adapter(adapter, base_name)
    try:
        reader = gguf.GGUFReader(base)
    except Exception as error:
        raise BadModelFile(base, f"{base} cannot be read ({_told(error)}).") from None
    changes = _by_tensor(by_module, reader, adapter)

    writer = gguf.GGUFWriter(target, ARCHITECTURE)
    writer.data_alignment = reader.alignment
    _describe(writer, reader, name, quantisation)
    kinds = {
        tensor.name: gguf.GGMLQuantizationType[quantisation]
        if len(tensor.shape) == 2
        else tensor.tensor_type
        for tensor in reader.tensors
    }
    for tensor in reader.tensors:
        block, block_bytes = gguf.GGML_QUANT_SIZES[kinds[tensor.name]]
        writer.add_tensor_info(
            tensor.name,
            _shape(tensor),
            np.dtype(np.float32),
            tensor.n_elements // block * block_bytes,
            raw_dtype=kinds[tensor.name],
        )
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        on_progress(0, len(reader.tensors))
        for done, tensor in enumerate(reader.tensors, start=1):
            data = _merged(tensor, changes.get(tensor.name), kinds[tensor.name])
            writer.write_tensor_data(data)
            on_progress(done, len(reader.tensors))
    finally:
        writer.close()


def read_adapter(path: Path, base_name: str) -> dict[str, Change]:
    """The changes of an adapter by the module, as transformers names it, whose weight they change.

    Raises UnknownModel where there is no file, BadModelFile where it is damaged or made for
    another model than `base_name`.
    """
    from safetensors import safe_open

    if not path.is_file():
        raise UnknownModel(path, f"There is no adapter {path}. Install Footnote again.")
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {n: file.get_tensor(n).astype(np.float32) for n in file.keys()}  # noqa: SIM118
        if metadata["base"] != base_name:
            raise ValueError(f"it was made for {metadata['base']}, not for {base_name}")
        scale = np.float32(metadata["scale"])
        modules = sorted({n.removesuffix(".down").removesuffix(".up") for n in tensors})
        changes = {
            m: Change(scale * tensors.pop(f"{m}.up"), tensors.pop(f"{m}.down")) for m in modules
        }
        if not changes or tensors:
            raise ValueError(f"it holds {', '.join(tensors) or 'nothing'}")
        for module, change in changes.items():
            if change.up.ndim != 2 or change.up.shape[1:] != change.down.shape[:1]:
                raise ValueError(f"the two parts of {module} are of different ranks")
            if not (np.isfinite(change.up).all() and np.isfinite(change.down).all()):
                raise ValueError(f"{module} holds a value that is no number")
    except Exception as error:
        raise _bad_adapter(path, error) from None
    return changes


def _by_tensor(changes: Mapping[str, Change], reader: Any, adapter: Path) -> dict[str, Change]:
    """The changes by the tensor of the GGUF, with rows as they are there."""
    import gguf

    def number(key: str) -> int:
        return int(reader.fields[f"{ARCHITECTURE}.{key}"].contents())

    heads = {"attn_q": "attention.head_count", "attn_k": "attention.head_count_kv"}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, number("block_count"))
    shapes = {tensor.name: _shape(tensor) for tensor in reader.tensors}
    found = {}
    try:
        for module, change in changes.items():
            name = f"{names.get_name(module)}.weight"
            if (len(change.up), change.down.shape[1]) != shapes.get(name):
                raise ValueError(f"the base has no {module} of its shape")
            up = change.up
            if (part := name.split(".")[-2]) in heads:
                up = permuted(up, number(heads[part]))
            found[name] = Change(up, change.down)
    except Exception as error:
        raise _bad_adapter(adapter, error) from None
    return found


def permuted(rows: np.ndarray, heads: int) -> np.ndarray:
    """Rows of q or k, (out, n), in the order of llama.cpp.

    Rotary positions turn pairs of rows. In a head, transformers keeps the first of all pairs, then
    the second ones; llama.cpp keeps each pair together.
    """
    return rows.reshape(heads, 2, -1, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def _describe(writer: Any, reader: Any, name: str, quantisation: Quantisation) -> None:
    """Give the new file the metadata of the base, tokenizer and chat template among it."""
    import gguf

    others = {
        "general.name": name,
        "general.file_type": int(gguf.LlamaFileType[f"MOSTLY_{quantisation}"]),
    }
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":  # the writer's own
            continue
        value = others.get(key, field.contents())
        writer.add_key_value(
            key, value, field.types[0], field.types[-1] if len(field.types) > 1 else None
        )


def _merged(tensor: Any, change: Change | None, kind: Any) -> np.ndarray:
    """The data of one tensor as it is written."""
    from gguf.quants import dequantize, quantize

    if change is None and tensor.tensor_type == kind:
        return np.asarray(tensor.data)
    weight = dequantize(tensor.data, tensor.tensor_type)
    if change is not None:
        weight = weight + change.up @ change.down
    return np.asarray(quantize(weight, kind))


def _shape(tensor: Any) -> tuple[int, ...]:
    """Rows first, as in numpy; a GGUF names them last."""
    return tuple(int(n) for n in reversed(tensor.shape))


def _bad_adapter(path: Path, error: Exception) -> BadModelFile:
    return BadModelFile(
        path, f"The adapter {path} cannot be used ({_told(error)}). Install Footnote again."
    )


def _told(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return " ".join(f"{error}".split())[:200] or type(error).__name__
