"""The filter, run by a small interpreter: so that both architectures are tested on either."""

from __future__ import annotations

import struct
from errno import EACCES, ENOSYS, EPERM

import pytest
from leadline.tools.sandbox.seccomp import AF_INET, AF_INET6, AF_UNIX, INTERNET, filter_program

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {
    "x86_64": {
        "read": 0, "write": 1, "clone": 56, "unshare": 272, "ioctl": 16, "socket": 41,
        "socketpair": 53, "mount": 165, "setns": 308, "keyctl": 250, "bpf": 321, "ptrace": 101,
    },
    "aarch64": {
        "read": 63, "write": 64, "clone": 220, "unshare": 97, "ioctl": 29, "socket": 198,
        "socketpair": 199, "mount": 40, "setns": 268, "keyctl": 219, "bpf": 280, "ptrace": 117,
    },
}  # fmt: skip
ALLOW = 0x7FFF0000
KILL = 0x80000000
MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def decide(program: bytes, audit: int, number: int, *arguments: int) -> int:
    """What the kernel would do with a system call; fails on a program that it would not load."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, audit, 0, *padded)
    code = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    assert 0 < len(code) < 4096
    accumulator = at = 0
    while True:
        operation, yes, no, value = code[at]
        at += 1
        match operation:
            case 0x20:
                assert value % 4 == 0
                (accumulator,) = struct.unpack_from("<I", data, value)
            case 0x54:
                accumulator &= value
            case 0x15:
                at += yes if accumulator == value else no
            case 0x35:
                at += yes if accumulator >= value else no
            case 0x45:
                at += yes if accumulator & value else no
            case 0x06:
                return value
            case _:
                raise AssertionError(f"operation {operation:#x} is not one that is used")


def refused(error: int) -> int:
    return 0x00050000 | error


@MACHINES
def test_what_every_program_does_is_allowed(machine: str) -> None:
    program = filter_program(machine, (AF_UNIX,))
    for name in ("read", "write", "ptrace"):
        assert decide(program, AUDIT[machine], NUMBERS[machine][name]) == ALLOW
    thread = 0x003D0F00
    assert decide(program, AUDIT[machine], NUMBERS[machine]["clone"], thread) == ALLOW
    assert decide(program, AUDIT[machine], NUMBERS[machine]["clone"], 17) == ALLOW
    assert decide(program, AUDIT[machine], NUMBERS[machine]["unshare"], 0x400) == ALLOW
    assert decide(program, AUDIT[machine], NUMBERS[machine]["ioctl"], 1, 0x5401) == ALLOW


@MACHINES
@pytest.mark.parametrize("flag", [1 << bit for bit in (17, 25, 26, 27, 28, 29, 30)])
def test_every_kind_of_namespace_is_refused(machine: str, flag: int) -> None:
    program = filter_program(machine, INTERNET)
    for name in ("clone", "unshare"):
        call = NUMBERS[machine][name]
        assert decide(program, AUDIT[machine], call, flag | 17) == refused(EPERM)
    assert decide(program, AUDIT[machine], 435) == refused(ENOSYS)


@MACHINES
def test_upper_halves_of_arguments_make_no_difference(machine: str) -> None:
    program = filter_program(machine, (AF_UNIX,))
    high = 1 << 32
    call = NUMBERS[machine]
    assert decide(program, AUDIT[machine], call["socket"], high | AF_INET) == refused(EACCES)
    assert decide(program, AUDIT[machine], call["ioctl"], 0, high | 0x5412) == refused(EPERM)


@MACHINES
@pytest.mark.parametrize("name", ["mount", "setns", "keyctl", "bpf"])
def test_calls_that_are_always_refused(machine: str, name: str) -> None:
    program = filter_program(machine, (AF_UNIX, *INTERNET))
    assert decide(program, AUDIT[machine], NUMBERS[machine][name]) == refused(EPERM)


@MACHINES
def test_socket_families(machine: str) -> None:
    call = NUMBERS[machine]["socket"]
    for families in ((), (AF_UNIX,), INTERNET, (AF_UNIX, *INTERNET)):
        program = filter_program(machine, families)
        for family in (AF_UNIX, AF_INET, AF_INET6):
            expected = ALLOW if family in families else refused(EACCES)
            assert decide(program, AUDIT[machine], call, family, 1, 0) == expected
        assert decide(program, AUDIT[machine], call, 16, 3, 0) == ALLOW
        for family, protocol in ((16, 9), (17, 0), (38, 0), (40, 0), (31, 0)):
            assert decide(program, AUDIT[machine], call, family, 3, protocol) == refused(EACCES)


@MACHINES
def test_datagram_pairs_go_with_the_unix_family(machine: str) -> None:
    call = NUMBERS[machine]["socketpair"]
    closed, opened = filter_program(machine, ()), filter_program(machine, (AF_UNIX,))
    nonblocking = 0o4000
    assert decide(closed, AUDIT[machine], call, 1, 2 | nonblocking) == refused(EACCES)
    assert decide(closed, AUDIT[machine], call, 1, 1 | nonblocking) == ALLOW
    assert decide(opened, AUDIT[machine], call, 1, 2) == ALLOW


def test_foreign_system_calls() -> None:
    for machine, other in (("x86_64", "aarch64"), ("aarch64", "x86_64")):
        assert decide(filter_program(machine, ()), AUDIT[other], 1) == KILL
        assert decide(filter_program(machine, ()), 0x40000003, 1) == KILL
    x32 = 0x40000000 | NUMBERS["x86_64"]["socket"]
    assert decide(filter_program("x86_64", ()), AUDIT["x86_64"], x32, AF_INET) == refused(ENOSYS)


def test_an_unknown_machine_has_no_filter() -> None:
    with pytest.raises(KeyError):
        filter_program("pdp11", ())
