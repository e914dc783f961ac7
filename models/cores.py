"""What this machine offers: physical cores, instructions for 16-bit floats, memory."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")

# How often an OpenMP thread looks again before it sleeps while it waits for the others. By default
# it looks on while other programs need the cores: on a busy machine two threads then read a prompt
# five to ten times slower than with this. On a quiet one 2,000 was as quick as the default.
# The library reads it when it is loaded.
SHARED_CPU = {"GOMP_SPINCOUNT": "500"}


@cache
def physical_cores() -> int:
    """Physical cores this process may use; two threads of one core do not make a model faster."""
    allowed = _allowed_processors()
    cores = {
        (cpu.get("physical id"), cpu["core id"])
        for cpu in _processors()
        if "core id" in cpu and int(cpu["processor"]) in allowed
    }
    return len(cores) or len(allowed)


def usable_processors() -> int:
    """Processors this process may use, two for a core that runs two threads."""
    return len(_allowed_processors())


@cache
def has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 itself, which makes the embedder quicker."""
    flags = next((cpu.get("flags", "") for cpu in _processors()), "").split()
    return "avx512_bf16" in flags or "amx_bf16" in flags


@cache
def cpu_name() -> str:
    """What the CPU calls itself."""
    named = next((cpu.get("model name") for cpu in _processors()), None)
    return named or platform.processor() or platform.machine()


@cache
def memory_bytes() -> int:
    """The memory of this machine, whatever of it is taken now."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _allowed_processors() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _processors() -> list[dict[str, str]]:
    """One dictionary a processor from /proc/cpuinfo; none where the system has no such file."""
    try:
        blocks = CPU_INFO.read_text(encoding="utf-8").strip().split("\n\n")
    except OSError:
        return []
    return [
        {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in b.split("\n"))}
        for b in blocks
    ]
