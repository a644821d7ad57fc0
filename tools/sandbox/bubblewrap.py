"""bubblewrap: namespaces of its own for files, processes, network, users.

The whole file system is bound read-only, then each place of the policy on top, outer ones first, so that the deepest
decides. /tmp is a private folder, /dev and /proc are new: other processes, and the sockets that lie in /tmp and /run,
are not there at all. The command cannot tell that a protected path could be otherwise: it is a mount.

A clone is mounted at the path of another tree, and folders of that tree again on top of it. Between the two bwrap walks
through folders that commands can write, and a command that runs beside (a server in the background, say) can put a link
in the way: bwrap would make a folder, or mount one, where the link leads, and it can still reach the outside then. So
the outside is made read-only before that, for bwrap too, and nothing is started before a look at the mounts has shown
each of them in its place and read-only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ToolError
from ..paths import exists, is_folder, leads_into
from ..process import Launch
from .base import owner_of, require_in_place
from .carried import is_there, make_point, make_points
from .places import SHARED_TEMPORARY
from .policy import Access, Policy
from .seccomp import AF_UNIX, INTERNET, filter_program
from .sockets import are_there_abstract, reachable_sockets

_ROOT_ABILITIES = ("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER")
"""What root needs to work in a tree that is somebody else's, as in containers with a folder of the host."""


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """`program` is the path of bwrap, `machine` the architecture for the seccomp filter, None where there is none.

    `can_mount` is true where `seal_probe` has ended well.
    """

    program: str
    machine: str | None
    name: str = "bubblewrap"
    confined: bool = True
    can_mount: bool = False

    def describe(self, network: bool = False) -> str:
        opened = (
            "the network is open, but for Unix sockets while any program listens on an abstract one"
        )
        return (
            "bubblewrap: files are read-only but for the work tree (without .git) and a private /tmp; "
            f"{opened if network else 'no network'}; secrets and other processes are hidden; "
            "memory and CPU time are not limited"
        )

    def command(self, argv: Sequence[str], policy: Policy) -> Launch:
        if not self.can_mount:
            require_in_place(self.name, policy)
        descriptors: list[int] = []
        options = [*_namespaces(policy), "--die-with-parent", "--new-session"]
        options += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        if policy.shown_at is not None:
            _require_way(policy)
            options += ["--chdir", str(policy.shown_at)]
        mounts, inside = _mounts(policy, descriptors)
        options += mounts
        if self.machine is not None:
            # With the network comes what listens in it under no path: then no socket of that kind can be opened.
            shared = policy.network and are_there_abstract()
            families = INTERNET if shared else (AF_UNIX, *INTERNET)
            program = filter_program(self.machine, families)
            descriptors.append(_in_memory(program))
            options += ["--seccomp", str(descriptors[-1])]
        temporary = "/tmp" if _has_private_tmp(policy) else str(policy.temp)
        return Launch(
            (self.program, *options, "--", *_looked_at(policy, inside), *argv),
            {"TMPDIR": temporary},
            tuple(descriptors),
            supervised=True,
        )


_SEAL = ("--ro-bind", "/", "/../oldroot")
"""Mounts the outside over itself, read-only: bwrap has it at this place until the command starts."""


def seal_probe(program: str, policy: Policy) -> Launch:
    """Ends well if this bwrap can be kept from writing outside while it mounts: what is bound then is read-only."""
    bound = ("--ro-bind", "/", "/", *_SEAL, "--bind", str(SHARED_TEMPORARY), str(SHARED_TEMPORARY))
    test = ("/bin/sh", "-c", f"! test -w {SHARED_TEMPORARY}")
    return Launch((program, *_namespaces(policy), *bound, "--", *test))


def _namespaces(policy: Policy) -> list[str]:
    options = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    options += [] if policy.network else ["--unshare-net"]
    owners = {owner_of(place) for place in (policy.root, policy.tree)}
    if os.geteuid() == 0 and owners != {0}:
        # In a user namespace root would be a stranger to the owner of the files.
        kept = [word for ability in _ROOT_ABILITIES for word in ("--cap-add", ability)]
        return [*options, "--cap-drop", "ALL", *kept]
    return ["--unshare-user-try", *options, "--cap-drop", "ALL"]


def _has_private_tmp(policy: Policy) -> bool:
    return all(place != SHARED_TEMPORARY for place, _ in policy.places())


def _require_way(policy: Policy) -> None:
    """Makes the way to a tree in /tmp: bwrap would make it too, and follow links that commands have put there."""
    tree = policy.tree
    if not _has_private_tmp(policy) or not tree.is_relative_to(SHARED_TEMPORARY):
        return
    if not make_points(policy.temp, tree.relative_to(SHARED_TEMPORARY)):
        raise ToolError(
            f"Commands cannot be run: the tree has to be shown at {tree}, and a command has put something else in the "
            f"way in the temporary folder. Ask for that task to be started anew ({policy.temp} can be emptied)."
        )


def _mounts(policy: Policy, descriptors: list[int]) -> tuple[list[str], list[Path]]:
    """Options for bwrap, and those mounts that lie in the tree that is shown elsewhere."""
    options: list[str] = []
    last: list[str] = []
    sealed: list[str] = []
    inside: list[Path] = []
    private = _has_private_tmp(policy)
    if private:
        options += ["--bind", str(policy.temp), str(SHARED_TEMPORARY)]
    for place, access in policy.places():
        source = policy.source(place)
        if not exists(source) or not _has_point(policy, place):
            continue
        group = options
        if policy.shown_at in place.parents:
            inside.append(place)
            group = last
        targets = [place]
        if private and policy.temp in place.parents:
            # The temporary folder has two names inside; what is protected is so under both.
            targets.append(SHARED_TEMPORARY / place.relative_to(policy.temp))
        for target in targets:
            group += _mount(source, access, target, descriptors)
            if access == Access.HIDDEN and is_folder(source):
                sealed += ["--remount-ro", str(target)]
    # One that is removed between here and the mount fails the start of the command; services' sockets stay.
    for socket in reachable_sockets(policy):
        gone = private and socket.is_relative_to(SHARED_TEMPORARY)
        if not gone and policy.source(socket) == socket and policy.access(socket) != Access.HIDDEN:
            last += _mount(socket, Access.HIDDEN, socket, descriptors)
    return [*options, *(_SEAL if inside else ()), *last, *sealed], inside


def _has_point(policy: Policy, place: Path) -> bool:
    """Whether there is something to mount on; in the tree that is shown elsewhere, where commands could have put links.

    A folder of the other tree gets its point made. What is to be hidden or kept from being written is there or not.
    """
    if policy.shown_at is None or policy.shown_at not in place.parents:
        return True
    relative = place.relative_to(policy.shown_at)
    if place in policy.carried:
        return make_point(policy.root, relative)
    # In a carried folder nothing can be put.
    return policy.source(place) == place or is_there(policy.root, relative)


_LOOK = r"""
left=$1
while read -r _ _ _ _ point flags _; do
  case $flags in
    ro|ro,*) ;;
    *) [ "$point" = "$2" ] || continue ;;
  esac
  case $left in
    *" $point "*) left="${left%%" $point "*} ${left#*" $point "}" ;;
  esac
done < /proc/self/mountinfo
case $left in
  *[!" "]*) echo "sandbox: not mounted in its place:$left" >&2; exit 125 ;;
esac
shift 2
exec "$@"
"""
"""Takes each place off a list that the kernel names as a mount: read-only, or the tree itself."""


def _looked_at(policy: Policy, inside: Sequence[Path]) -> tuple[str, ...]:
    """What looks at the mounts before it becomes the command; nothing where all is shown in its own place."""
    if policy.shown_at is None:
        return ()
    points = " ".join(_as_listed(place) for place in (policy.shown_at, *inside))
    return "/bin/sh", "-c", _LOOK, "sh", f" {points} ", _as_listed(policy.shown_at)


def _as_listed(path: Path) -> str:
    """As the kernel writes a path in /proc/self/mountinfo; none of its characters parts words there."""
    escaped = str(path).replace("\\", "\\134")
    for character in " \t\n":
        escaped = escaped.replace(character, f"\\{ord(character):03o}")
    return escaped


def _mount(source: Path, access: Access, target: Path, descriptors: list[int]) -> list[str]:
    if access != Access.HIDDEN:
        return ["--bind" if access == Access.WRITE else "--ro-bind", str(source), str(target)]
    if is_folder(source):
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
    for folder in path.split(os.pathsep):
        program = Path(folder, "bwrap")
        named = folder.startswith("/") and os.access(program, os.X_OK)
        if named and not leads_into(program, away_from):
            return str(program)
    return None
