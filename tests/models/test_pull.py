"""Pulling a model from a Hub of our own on loopback: whole, resumed, refused."""

from __future__ import annotations

import dataclasses
import fcntl
import re
import threading
import time
from pathlib import Path

import pytest

from models.catalog import Catalog
from models.download import RemoteFile, fetch
from models.errors import DownloadFailed, ModelInUse
from models.stopping import Stopper
from tests.models.hub import CONTENT, ENTRY, SHA256, Hub, hub

__all__ = ["hub"]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog((ENTRY,), tmp_path / "models")


def usable(catalog: Catalog) -> list[Path]:
    return list(catalog.folder.glob("*.gguf"))


def partial(catalog: Catalog) -> list[Path]:
    return list(catalog.folder.glob("*.part"))


def assert_one_sentence(error: DownloadFailed) -> None:
    assert error.model == ENTRY.name
    assert "\n" not in str(error)
    assert "Traceback" not in str(error)


def test_a_pull(hub: Hub, catalog: Catalog) -> None:
    """The file arrives whole, with progress; a second pull asks for nothing."""
    seen: list[tuple[int, int | None]] = []
    model = catalog.pull("tiny", lambda there, total: seen.append((there, total)))
    assert model.path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [there for there, _ in seen] == sorted(there for there, _ in seen)
    assert partial(catalog) == []
    assert catalog.find("tiny").path == model.path
    assert hub.ranges == [None]
    catalog.pull("tiny")
    assert hub.ranges == [None]


def test_a_connection_that_breaks_is_taken_up_again(hub: Hub, catalog: Catalog) -> None:
    """Within one pull, only the missing bytes are asked for after a break."""
    hub.cut_after = 1_000_000
    assert catalog.pull("tiny").path.read_bytes() == CONTENT
    first, second = hub.ranges
    assert first is None
    assert second is not None
    assert 0 < int(re.findall(r"\d+", second)[0]) <= 1_000_000


def test_an_interrupted_pull_is_resumed_by_the_next(hub: Hub, catalog: Catalog) -> None:
    """Ctrl-C keeps what arrived, under a name that cannot be used; the next pull goes on."""
    hub.cut_after, hub.always_cut = 1_200_000, True

    def press_ctrl_c(there: int, total: int | None) -> None:
        if there:
            raise KeyboardInterrupt

    with pytest.raises(DownloadFailed, match="goes on from there") as caught:
        catalog.pull("tiny", press_ctrl_c)
    assert_one_sentence(caught.value)
    assert usable(catalog) == []
    kept = partial(catalog)[0].stat().st_size
    assert 0 < kept < len(CONTENT)

    hub.cut_after, hub.always_cut = None, False
    hub.ranges.clear()
    assert catalog.pull("tiny").path.read_bytes() == CONTENT
    assert hub.ranges == [f"bytes={kept}-"]
    assert partial(catalog) == []


def test_a_wrong_hash_is_refused(hub: Hub, catalog: Catalog) -> None:
    """Content that is not the promised one is deleted and never becomes a model."""
    hub.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="sha256 is not") as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert usable(catalog) == partial(catalog) == []


def test_a_wrong_size_is_refused(hub: Hub, catalog: Catalog) -> None:
    """A file with more bytes than were promised is deleted."""
    hub.content = CONTENT + b"more"
    hub.size = len(CONTENT)
    with pytest.raises(DownloadFailed, match="more than the") as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert usable(catalog) == partial(catalog) == []


@pytest.mark.parametrize(
    ("changes", "says"), [({"etag": "0" * 64}, "sha256"), ({"size": 123}, "size 123")]
)
def test_a_file_other_than_the_catalogue_knows_is_not_fetched(
    hub: Hub, catalog: Catalog, changes: dict[str, object], says: str
) -> None:
    """When the Hub announces another file, not one byte of it is asked for."""
    for key, value in changes.items():
        setattr(hub, key, value)
    with pytest.raises(DownloadFailed, match=says) as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert hub.ranges == []


def test_without_figures_of_our_own_the_hub_is_held_to_its_word(hub: Hub, tmp_path: Path) -> None:
    """Where the catalogue knows no hash, the Hub's sha256 counts; without one nothing is taken."""
    remote = RemoteFile("Tiny-1B", "someone/Tiny-1B-GGUF", "tiny-q4.gguf")
    assert fetch(remote, tmp_path, lambda there, total: None).read_bytes() == CONTENT
    hub.content = CONTENT[:-1] + b"?"
    with pytest.raises(DownloadFailed, match="sha256 is not"):
        fetch(remote, tmp_path / "second", lambda there, total: None)
    hub.etag = "a-git-hash"
    with pytest.raises(DownloadFailed, match="gives no sha256"):
        fetch(remote, tmp_path / "third", lambda there, total: None)


@pytest.mark.parametrize(("status", "says"), [(404, "HTTP 404"), (403, "licence")])
def test_what_the_hub_refuses(hub: Hub, catalog: Catalog, status: int, says: str) -> None:
    """A file that is not there, or not given out, is told as such."""
    hub.status = status
    with pytest.raises(DownloadFailed, match=says) as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)


def test_offline(hub: Hub, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection the sentence says what else can be done."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed, match="cannot be reached") as caught:
        catalog.pull("tiny")
    assert_one_sentence(caught.value)
    assert "path" in str(caught.value)


def test_no_room_on_the_disk(hub: Hub, catalog: Catalog) -> None:
    """A model larger than the free space is not begun."""
    hub.size = 10**15
    huge = dataclasses.replace(ENTRY, size_bytes=None)
    with pytest.raises(DownloadFailed, match="no room") as caught:
        Catalog((huge,), catalog.folder).pull("tiny")
    assert_one_sentence(caught.value)
    assert hub.ranges == []


def test_two_pulls_at_once(hub: Hub, catalog: Catalog) -> None:
    """While one process pulls, another is told to wait."""
    catalog.folder.mkdir()
    part = catalog.folder / f"{ENTRY.file}.{SHA256[:12]}.part"
    with part.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DownloadFailed, match="already"):
            catalog.pull("tiny")
    assert catalog.pull("tiny").path.read_bytes() == CONTENT


def test_removing(hub: Hub, catalog: Catalog) -> None:
    """A removed model and its partial files are gone, and it can be pulled again."""
    path = catalog.pull("tiny").path
    (catalog.folder / f"{ENTRY.file}.abc.part").write_bytes(b"half")
    assert catalog.remove("Tiny-1B") == path
    assert usable(catalog) == partial(catalog) == []
    assert catalog.pull("tiny").path.exists()


def test_a_pull_is_stopped_from_elsewhere(hub: Hub, catalog: Catalog) -> None:
    """Also while no byte comes; what arrived is kept, and the next pull goes on from there."""
    hub.stall_after = 1_000_000
    stopper = Stopper()
    pressed: list[float] = []

    def press_stop(there: int, total: int | None) -> None:
        if not pressed:
            pressed.append(time.monotonic())
            threading.Timer(0.5, stopper.stop).start()  # by then nothing comes any more

    with pytest.raises(DownloadFailed, match="was stopped") as caught:
        catalog.pull("tiny", press_stop, stopper)
    assert time.monotonic() - pressed[0] < 5
    assert_one_sentence(caught.value)
    assert usable(catalog) == []
    kept = partial(catalog)[0].stat().st_size
    assert 0 < kept < len(CONTENT)
    assert catalog.list()[0].arrived_bytes == kept

    hub.stall_after = None
    hub.ranges.clear()
    assert catalog.pull("tiny", stopper=Stopper()).path.read_bytes() == CONTENT
    assert hub.ranges == [f"bytes={kept}-"]


def test_the_model_in_use_is_not_removed(hub: Hub, catalog: Catalog) -> None:
    """By its name or by the path of its file; another one is."""
    path = catalog.pull("tiny").path
    for in_use in ("tiny-1b", str(path)):
        with pytest.raises(ModelInUse, match="Choose another model first"):
            catalog.remove("Tiny-1B", in_use)
        assert path.exists()
    assert catalog.remove("Tiny-1B", "another") == path
