"""bubblewrap: namespaces of its own for files, processes, network, users.

The whole file system is bound read-only, then each place of the policy on top, outer ones first, so that the deepest
decides. /tmp is a private folder, /dev and /proc are new: other processes, and the sockets that lie in /tmp and /run,
are not there at all. The command cannot tell that a protected path could be otherwise: it is a mount.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..process import Launch
from .places import SHARED_TEMPORARY
from .policy import Access, Policy
from .seccomp import AF_UNIX, INTERNET, filter_program
from .sockets import reachable_sockets

_ROOT_ABILITIES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
"""What root needs to work in a tree that is somebody else's, as in containers with a folder of the host."""


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """`program` is the path of bwrap, `machine` the architecture for the seccomp filter, None where there is none."""

    program: str
    machine: str | None
    name: str = "bubblewrap"
    confined: bool = True

    def describe(self, network: bool = False) -> str:
        return (
            "bubblewrap: files are read-only but for the work tree (without .git) and a private /tmp; "
            f"{'the network is open' if network else 'no network'}; secrets and other processes are hidden; "
            "memory and CPU time are not limited"
        )

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:
        descriptors: list[int] = []
        options = [*_namespaces(policy), "--die-with-parent", "--new-session"]
        options += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        options += _mounts(policy, descriptors)
        if self.machine is not None:
            program = filter_program(self.machine, (AF_UNIX, *INTERNET))
            descriptors.append(_in_memory(program))
            options += ["--seccomp", str(descriptors[-1])]
        temporary = "/tmp" if _has_private_tmp(policy) else str(policy.temp)
        return Launch(
            (self.program, *options, "--", *argv),
            {"TMPDIR": temporary},
            tuple(descriptors),
            supervised=True,
        )


def _namespaces(policy: Policy) -> list[str]:
    options = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    options += [] if policy.network else ["--unshare-net"]
    if os.geteuid() == 0 and policy.root.stat().st_uid != 0:
        # In a user namespace root would be a stranger to the owner of the files.
        kept = [word for ability in _ROOT_ABILITIES for word in ("--cap-add", ability)]
        return [*options, "--cap-drop", "ALL", *kept]
    return ["--unshare-user-try", *options, "--cap-drop", "ALL"]


def _has_private_tmp(policy: Policy) -> bool:
    return all(place != SHARED_TEMPORARY for place, _ in policy.places())


def _mounts(policy: Policy, descriptors: list[int]) -> list[str]:
    options: list[str] = []
    sealed: list[str] = []
    private = _has_private_tmp(policy)
    if private:
        options += ["--bind", str(policy.temp), str(SHARED_TEMPORARY)]
    for place, access in policy.places():
        if not place.exists():
            continue
        targets = [place]
        if private and policy.temp in place.parents:
            # The temporary folder has two names inside; what is protected is so under both.
            targets.append(SHARED_TEMPORARY / place.relative_to(policy.temp))
        for target in targets:
            options += _mount(place, access, target, descriptors)
            if access == Access.HIDDEN and place.is_dir():
                sealed += ["--remount-ro", str(target)]
    # One that is removed between here and the mount fails the start of the command; services' sockets stay.
    for socket in reachable_sockets(policy):
        gone = private and socket.is_relative_to(SHARED_TEMPORARY)
        if not gone and policy.access(socket) != Access.HIDDEN:
            options += _mount(socket, Access.HIDDEN, socket, descriptors)
    return options + sealed


def _mount(place: Path, access: Access, target: Path, descriptors: list[int]) -> list[str]:
    if access != Access.HIDDEN:
        return ["--bind" if access == Access.WRITE else "--ro-bind", str(place), str(target)]
    if place.is_dir():
        return ["--tmpfs", str(target)]
    # Empty instead of missing or unreadable: programs that look for settings there just find none.
    descriptors.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    return ["--ro-bind-data", str(descriptors[-1]), str(target)]


def _in_memory(content: bytes) -> int:
    descriptor = os.memfd_create("leadline", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def find_bubblewrap(path: str, away_from: Path) -> str | None:
    """bwrap in an absolute folder of `path` (as in the PATH variable) that is not below `away_from`.

    A repository must not bring its own: a folder of the tree on PATH, or a relative one, is not looked into.
    """
    tree = os.path.realpath(away_from)
    for folder in path.split(os.pathsep):
        program = Path(folder, "bwrap")
        real = os.path.realpath(program)
        if (
            folder.startswith("/")
            and os.access(program, os.X_OK)
            and not real.startswith(tree + "/")
        ):
            return str(program)
    return None
