"""A seccomp filter as classic BPF, built by hand: system calls that a file and network sandbox does not cover.

Denied: new namespaces and mounts (a fresh set of capabilities to attack the kernel with), the kernel's key rings (they
are not per sandbox), BPF, perf, userfaultfd, handles that open files past path checks, pushing input into a terminal,
socket families other than the allowed ones. io_uring and clone3 answer "not implemented", because their arguments lie
in memory where a filter cannot look; callers fall back to the older calls. Tracing is not denied: Landlock and PID
namespaces keep it inside the sandbox, and debuggers and leak checkers need it there.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Collection
from dataclasses import dataclass
from errno import EACCES, ENOSYS, EPERM

# include/uapi/linux/socket.h
AF_UNIX = 1
AF_INET = 2
AF_INET6 = 10
_AF_NETLINK = 16

INTERNET = (AF_INET, AF_INET6)

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

_NEW_NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
_CLONE_NEWTIME = 0x80
"""In `clone` these bits are the exit signal; only `unshare` can ask for a time namespace."""

_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX."""

_SOCK_DGRAM = 2
_SOCK_TYPE_MASK = 0xF

_X32_BIT = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of one architecture, from its unistd.h; the calls in `denied` are refused whatever they ask."""

    audit: int
    clone: int
    unshare: int
    ioctl: int
    socket: int
    socketpair: int
    denied: tuple[int, ...]
    x32: bool = False


_UNIFORM = (428, 429, 430, 431, 432, 433, 442)
"""open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr: the same everywhere."""
_UNIFORM_ABSENT = (425, 426, 427, 435)
"""io_uring_setup, io_uring_enter, io_uring_register, clone3."""

_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        clone=56,
        unshare=272,
        ioctl=16,
        socket=41,
        socketpair=53,
        # mount umount2 pivot_root setns add_key request_key keyctl perf_event_open open_by_handle_at bpf userfaultfd
        denied=(165, 166, 155, 308, 248, 249, 250, 298, 304, 321, 323, *_UNIFORM),
        x32=True,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        clone=220,
        unshare=97,
        ioctl=29,
        socket=198,
        socketpair=199,
        denied=(40, 39, 41, 268, 217, 218, 219, 241, 265, 280, 282, *_UNIFORM),
    ),
}


def supported_machine() -> str | None:
    """The name of this machine's architecture, if there is a filter for it."""
    machine = platform.machine()
    return machine if machine in _MACHINES else None


def filter_program(machine: str, families: Collection[int]) -> bytes:
    """The filter for `machine` (a key of the table above; KeyError for others) as an array of `struct sock_filter`.

    `families` are the socket families that may be opened; route lookups over netlink are always allowed. A program
    for a foreign architecture (32 bit) is killed, since its numbers mean other calls.
    """
    numbers = _MACHINES[machine]
    code = [_load(_ARCHITECTURE), _equal(numbers.audit, 1, 0), _return(_KILL_PROCESS)]
    code.append(_load(_NUMBER))
    if numbers.x32:
        code += [_at_least(_X32_BIT, 0, 1), _return(_ERRNO | ENOSYS)]
    for number in _UNIFORM_ABSENT:
        code += [_equal(number, 0, 1), _return(_ERRNO | ENOSYS)]
    for number in numbers.denied:
        code += [_equal(number, 0, 1), _return(_ERRNO | EPERM)]
    code += _when(numbers.clone, _deny_flags(_NEW_NAMESPACES))
    code += _when(numbers.unshare, _deny_flags(_NEW_NAMESPACES | _CLONE_NEWTIME))
    code += _when(numbers.ioctl, _deny_terminal_input())
    code += _when(numbers.socket, _allow_families(families))
    if AF_UNIX not in families:
        # A datagram pair could still be pointed at a socket in the file system; a stream pair cannot.
        code += _when(numbers.socketpair, _deny_datagrams())
    code.append(_return(_ALLOW))
    return b"".join(code)


_NUMBER = 0
_ARCHITECTURE = 4


def _argument(index: int) -> int:
    """Offset of the low half of a 64-bit argument in `struct seccomp_data`, on a little-endian machine."""
    return 16 + 8 * index


def _instruction(code: int, yes: int, no: int, value: int) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _load(offset: int) -> bytes:
    return _instruction(0x20, 0, 0, offset)


def _equal(value: int, yes: int, no: int) -> bytes:
    return _instruction(0x15, yes, no, value)


def _at_least(value: int, yes: int, no: int) -> bytes:
    return _instruction(0x35, yes, no, value)


def _any_bit(bits: int, yes: int, no: int) -> bytes:
    return _instruction(0x45, yes, no, bits)


def _mask(bits: int) -> bytes:
    return _instruction(0x54, 0, 0, bits)


def _return(action: int) -> bytes:
    return _instruction(0x06, 0, 0, action)


def _when(number: int, body: list[bytes]) -> list[bytes]:
    """`body` for one system call. It ends in a return, so the number stays loaded for what comes next."""
    return [_equal(number, 0, len(body)), *body]


def _deny_flags(flags: int) -> list[bytes]:
    return [_load(_argument(0)), _any_bit(flags, 0, 1), _return(_ERRNO | EPERM), _return(_ALLOW)]


def _deny_terminal_input() -> list[bytes]:
    body = [_load(_argument(1))]
    for request in _TERMINAL_INPUT:
        body += [_equal(request, 0, 1), _return(_ERRNO | EPERM)]
    return [*body, _return(_ALLOW)]


def _allow_families(families: Collection[int]) -> list[bytes]:
    body = [_load(_argument(0))]
    for family in sorted(families):
        body += [_equal(family, 0, 1), _return(_ALLOW)]
    route_only = [_load(_argument(2)), _equal(0, 0, 1), _return(_ALLOW)]
    return [*body, _equal(_AF_NETLINK, 0, len(route_only)), *route_only, _return(_ERRNO | EACCES)]


def _deny_datagrams() -> list[bytes]:
    kind = [_load(_argument(1)), _mask(_SOCK_TYPE_MASK), _equal(_SOCK_DGRAM, 0, 1)]
    return [*kind, _return(_ERRNO | EACCES), _return(_ALLOW)]
