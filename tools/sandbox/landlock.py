"""Landlock and seccomp: for machines without user namespaces, such as most containers.

A shim confines itself and becomes the command (shim.py). Landlock rules only ever allow, and what is allowed for a
folder is allowed for all below it. Two things follow, and both are bounds of this sandbox that a person should know:

- Next to a protected entry nothing can be made. With `.git` in the tree, commands change what exists and make what
  they like in its folders, but cannot make, rename or delete entries of the top folder itself. A tree without `.git`,
  whose git folder lies elsewhere, has no such bound.
- A hidden folder's files cannot be read, but their names can be listed.

Also not covered: modes, owners and times of files outside the tree can be changed as far as the user may; /tmp is not
private, only TMPDIR is, and /dev/shm is shared (locks of Python's multiprocessing lie there); programs that need a
terminal device get none. Tracing processes outside, and reading their memory or environment, is refused by Landlock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..process import Launch
from .base import owner_of, require_in_place
from .policy import Access, Policy
from .seccomp import AF_UNIX, INTERNET, filter_program
from .sockets import reachable_sockets

SHIM = Path(__file__).with_name("shim.py")

LEAST_VERSION = 3
"""Linux 6.2. Before it, files outside could be cut to nothing, since truncation was not covered."""

_SIGNALS_VERSION = 6
"""Linux 6.12: signals and abstract sockets are covered."""

# include/uapi/linux/landlock.h
_EXECUTE = 1 << 0
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
_MAKE_DEVICES = 1 << 6 | 1 << 11
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_IOCTL_DEV = 1 << 15
_NET_BIND_AND_CONNECT = 0b11
_SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _TRUNCATE | _REFER | _REMOVE_AND_MAKE & ~_MAKE_DEVICES
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_SHARED_MEMORY = "/dev/shm"

_ROOT_ABILITIES = "0 1 3"
"""CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER: what root needs to work in a tree that is somebody else's."""

Rule = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Landlock:
    """`version` is the kernel's, at least `LEAST_VERSION`; `machine` the architecture for the seccomp filter."""

    version: int
    machine: str
    python: str = sys.executable
    name: str = "landlock"
    confined: bool = True
    can_mount: bool = False

    def describe(self, network: bool = False) -> str:
        signals = (
            ""
            if self.version >= _SIGNALS_VERSION
            else "; signals to your other processes are not blocked"
        )
        return (
            "Landlock: files are read-only but for the work tree and a temporary folder, and next to .git nothing "
            f"can be made; {'the network is open' if network else 'no network, not even on this machine'}; secrets "
            "cannot be read; modes and owners of files outside can be changed; memory and CPU time are not "
            f"limited{signals}"
        )

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:
        require_in_place(self.name, policy)
        families = INTERNET if policy.network else ()
        # A socket with a path is not covered: where one of another program can be reached, none can be opened.
        if self.version >= _SIGNALS_VERSION and not reachable_sockets(policy):
            families = (AF_UNIX, *families)
        foreign = os.geteuid() == 0 and owner_of(policy.root) != 0
        plan = plan_bytes(
            capabilities=_ROOT_ABILITIES if foreign else "",
            seccomp=filter_program(self.machine, families),
            landlock=self._attribute(policy),
            rules=rules(policy),
        )
        return _shim(plan, argv, {"TMPDIR": str(policy.temp)}, self.python)

    def _attribute(self, policy: Policy) -> tuple[int, int, int, int, int]:
        """`struct landlock_ruleset_attr` as far as the kernel knows it, its size, and the rights files can have."""
        fs = _READ | _WRITE | _MAKE_DEVICES | (_IOCTL_DEV if self.version >= 5 else 0)
        if self.version < 4:
            return fs, 0, 0, 8, _ON_FILES & fs
        net = 0 if policy.network else _NET_BIND_AND_CONNECT
        if self.version < _SIGNALS_VERSION:
            return fs, net, 0, 16, _ON_FILES & fs
        return fs, net, _SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS, 24, _ON_FILES & fs


def watched(argv: Sequence[str]) -> Launch:
    """`argv` below the shim without any confinement: nothing it starts outlives it."""
    return _shim(plan_bytes("-", b"", (), ()), argv, {}, sys.executable)


def plan_bytes(
    capabilities: str, seccomp: bytes, landlock: Sequence[int], rules: Sequence[Rule]
) -> bytes:
    """What the shim reads: fields that end in NUL. `capabilities` are numbers to keep, or "-" for no change."""
    fields = [str(os.getpid()), capabilities, seccomp.hex(), " ".join(map(str, landlock))]
    for path, rights in rules:
        fields += [path, str(rights)]
    return b"".join(os.fsencode(field) + b"\0" for field in fields)


def rules(policy: Policy) -> list[Rule]:
    """What the policy allows, as paths and the rights below them. Names can be listed everywhere."""
    places = [(Path("/"), Access.READ), (Path("/dev"), Access.HIDDEN), *policy.places()]
    found: list[Rule] = [("/", _READ_DIR), (_SHARED_MEMORY, _WRITE)]
    found += [(device, _READ_FILE | _WRITE_FILE) for device in _DEVICES]
    for place, access in places:
        if access >= Access.READ:
            holes = [str(other) for other, theirs in places if theirs == Access.HIDDEN]
            found += [(path, _READ) for path in carve(str(place), holes)]
        if access == Access.WRITE:
            holes = [str(other) for other, theirs in places if theirs != Access.WRITE]
            found += [(path, _WRITE) for path in carve(str(place), holes)]
    return found


def carve(place: str, holes: Sequence[str]) -> list[str]:
    """The fewest existing paths that together hold all below `place` but the holes. Links are left out."""
    if place in holes:
        return []
    start = place.rstrip("/") + "/"
    inside = [hole for hole in holes if hole.startswith(start)]
    if not inside:
        return [place]
    found: list[str] = []
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if not entry.is_symlink():
                found += carve(entry.path, inside)
    return found


def _shim(plan: bytes, argv: Sequence[str], env: dict[str, str], python: str) -> Launch:
    descriptor = os.memfd_create("leadline", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(plan)
    os.lseek(descriptor, 0, os.SEEK_SET)
    command = (python, "-I", "-S", str(SHIM), str(descriptor), *argv)
    return Launch(command, env, (descriptor,), supervised=True)
