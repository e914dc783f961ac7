"""Nothing leaves the machine: a whole session watched from outside, and again with no network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from offline import is_cut_off, whole_session
from scripted import Visit

ROOT = Path(__file__).parents[2]
NO_STRACE = "strace is missing, which watches what a process connects to; Debian: install strace"
# Of a call that names where it goes to: connect, sendto, sendmsg and sendmmsg.
ADDRESS = re.compile(
    r"sa_family=AF_INET6?, sin6?_port=htons\((\d+)\).*?"
    r'(?:inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")'
)
SENDS = re.compile(r"\b(?:connect|sendto|sendmsg|sendmmsg)\(")
NAMES_ARE_ASKED = 53  # on the loopback too: who listens there asks on


def left_the_machine(log: str) -> list[str]:
    """The calls in a log of strace that go to another machine, or ask for a name."""
    found = []
    for line in log.splitlines():
        if not SENDS.search(line):
            continue
        for port, four, six in ADDRESS.findall(line):
            if not ip_address(four or six).is_loopback or int(port) == NAMES_ARE_ASKED:
                found.append(line)
    return found


def watched(log: Path, command: Sequence[str]) -> list[str]:
    """The command, run so that each of its calls to the network is written to a log.

    The process that is started is the command itself (`-D`), so that a signal reaches it.
    """
    if shutil.which("strace") is None:
        pytest.skip(NO_STRACE)
    return [
        "strace",
        "-D",
        "-f",
        "-qq",
        "-s",
        "64",
        "-e",
        "trace=%network",
        "-o",
        str(log),
        *command,
    ]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of `footnote serve` on the sample library, and the log of its calls."""
    log = tmp_path / "calls"
    code = (
        "import sys; from pathlib import Path; from rag.wiring import open_desk\n"
        "with open_desk(Path(sys.argv[1])) as desk: desk.bring_sample()\n"
        "from ui.cli import main\n"
        "main(['serve', '--no-browser', '--port', '0', '--library', sys.argv[1]])\n"
    )
    command = watched(log, [sys.executable, "-c", code, str(tmp_path / "library")])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        yield f"{found[0]}/", log
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_a_whole_session_speaks_to_this_machine_only(
    serving: tuple[str, Path], browser: object, tmp_path: Path
) -> None:
    """The real models on the sample library, from the command's start: no call leaves."""
    address, log = serving
    tab = Visit(browser, address)
    whole_session(tab, tmp_path)
    tab.context.close()
    calls = log.read_text()
    assert f"htons({address.rstrip('/').rsplit(':', 1)[1]})" in calls  # it was watched
    assert left_the_machine(calls) == []


def test_a_process_that_calls_out_is_seen(tmp_path: Path) -> None:
    """The planted fault: a connection, a datagram over each kind of address, and a look-up."""
    log = tmp_path / "calls"
    code = (
        "import socket\n"
        "def attempt(do):\n"
        "    try: do()\n"
        "    except OSError: pass\n"
        "tcp = socket.socket(); tcp.setblocking(False)\n"
        "attempt(lambda: tcp.connect(('192.0.2.1', 443)))\n"
        "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "attempt(lambda: udp.sendto(b'x', ('192.0.2.2', 9)))\n"
        "six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
        "attempt(lambda: six.sendto(b'x', ('2001:db8::1', 9)))\n"
        "attempt(lambda: udp.sendto(b'x', ('127.0.0.53', 53)))\n"
        "attempt(lambda: udp.sendto(b'x', ('127.0.0.1', 9)))\n"
    )
    subprocess.run(watched(log, [sys.executable, "-c", code]), check=True, timeout=60)
    seen = " ".join(left_the_machine(log.read_text()))
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.53"):
        assert address in seen
    assert 'inet_addr("127.0.0.1")' not in seen


def test_the_whole_page_works_without_a_network(tmp_path: Path) -> None:
    """In a network namespace with nothing but its own loopback, browser and all."""
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a network namespace (unshare --user --net)")
    command = [*alone, sys.executable, "-m", "tests.ui.offline", str(tmp_path)]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert ran.stdout.endswith("the whole session worked\n"), ran.stdout + ran.stderr[-3000:]


def test_a_machine_with_a_network_is_not_taken_for_one_without() -> None:
    """The planted fault: here an address outside can be reached in principle."""
    if not Path("/proc/net/route").read_text().count("\n") > 1:
        pytest.skip("this machine has no network, so there is none to see")
    assert not is_cut_off()
