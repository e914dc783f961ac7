"""The papers that are chosen in each browser tab, so that a link need not name them all."""

from __future__ import annotations

import threading
from collections import OrderedDict

_TABS = 64  # remembered; the one that was used longest ago is forgotten first


class Chosen:
    """Ids of papers under the name of the list that they were chosen in; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: OrderedDict[str, frozenset[str]] = OrderedDict()

    def keep(self, name: str, ids: frozenset[str]) -> None:
        """What is chosen there by now."""
        with self._lock:
            self._ids[name] = ids
            self._ids.move_to_end(name)
            while len(self._ids) > _TABS:
                self._ids.popitem(last=False)

    def of(self, name: str) -> frozenset[str]:
        """What is chosen there; nothing where the name is not known any more."""
        with self._lock:
            return self._ids.get(name, frozenset())
