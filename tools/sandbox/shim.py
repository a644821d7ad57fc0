"""Watches over one command, after confining it: run as `python -I -S shim.py DESCRIPTOR COMMAND...`.

The parent forks the command and stays. It is the reaper of every orphan below it, so that a daemon that left its
session is still its child: when the command ends it kills what is left, then ends with the command's exit code (128 +
number for a signal). On SIGTERM, and when the process that started it is gone, it kills all of them at once.

The child confines itself for good before it becomes the command: no new privileges, fewer capabilities, Landlock, a
seccomp filter. The parent stays outside, where the command can neither signal nor trace it.

This file is started by its path and imports only the standard library, and little of it: its start is part of every
command. The plan is what `plan_bytes` in landlock.py writes: fields that end in NUL. With `--probe` instead of a
descriptor it confines itself and prints the Landlock version of this kernel, or fails.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import struct
import sys
import time
from contextlib import suppress

_libc = ctypes.CDLL(None, use_errno=True)

# include/uapi/linux/prctl.h, seccomp.h and capability.h
_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522

# include/uapi/linux/landlock.h; the same numbers on every architecture
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

_KILL_SECONDS = 2.0
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Plan:
    """What the shim is asked to do. `landlock` is (fs, net, scoped, bytes of the attribute, rights that files have)."""

    def __init__(self, data: bytes) -> None:
        parent, capabilities, seccomp, landlock, *rules = data.split(b"\0")[:-1]
        self.parent = int(parent)
        self.capabilities = None if capabilities == b"-" else [int(n) for n in capabilities.split()]
        self.seccomp = bytes.fromhex(seccomp.decode())
        self.landlock = [int(number) for number in landlock.split()]
        self.rules = list(zip(rules[::2], map(int, rules[1::2]), strict=True))


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    wide = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    return _libc.syscall(ctypes.c_long(number), *wide)


def _call(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, argument: int) -> None:
    _call(_libc.prctl(option, ctypes.c_ulong(argument), 0, 0, 0), f"prctl {option}")


def landlock_version() -> int:
    return _call(_syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG), "Landlock")


def apply_landlock(landlock: list[int], rules: list[tuple[bytes, int]]) -> None:
    fs, net, scoped, size, file_rights = landlock
    attribute = struct.pack("QQQ", fs, net, scoped)[:size]
    ruleset = _call(_syscall(_CREATE_RULESET, attribute, size, 0), "landlock_create_ruleset")
    for path, rights in rules:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # gone since the plan was made, or out of reach: nothing is allowed there
        mode = os.fstat(descriptor).st_mode
        allowed = rights if stat.S_ISDIR(mode) else rights & file_rights
        if allowed and not stat.S_ISLNK(mode):
            rule = struct.pack("=Qi", allowed, descriptor)
            added = _syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
            _call(added, "landlock_add_rule")
        os.close(descriptor)
    _call(_syscall(_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def drop_capabilities(keep: list[int]) -> None:
    for number in range(64):
        if number not in keep:
            # Refused without CAP_SETPCAP and past the last one; the set below holds then.
            _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    sets = ctypes.create_string_buffer(24)
    _call(_libc.capget(header, sets), "capget")
    _, low, _, _, high, _ = struct.unpack("6I", sets.raw)
    low &= sum(1 << number for number in keep)
    high &= sum(1 << number for number in keep) >> 32
    _call(_libc.capset(header, struct.pack("6I", low, low, 0, high, high, 0)), "capset")


def apply_seccomp(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: the number of instructions, and where they are
    loaded = struct.pack("HP", len(program) // 8, ctypes.addressof(code))
    _call(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, loaded, 0, 0), "seccomp")


def confine(plan: Plan) -> None:
    if plan.capabilities is None and not plan.landlock and not plan.seccomp:
        return
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if plan.landlock:
        apply_landlock(plan.landlock, plan.rules)
    if plan.capabilities is not None:
        drop_capabilities(plan.capabilities)
    if plan.seccomp:
        apply_seccomp(plan.seccomp)


def become(plan: Plan, command: list[str], watcher: int, mask: set[int]) -> int:
    """Turns the child into the command; returns an exit code only if that fails."""
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != watcher:
            return 125
        # A group of its own, so that `kill 0` in a script does not hit the watcher.
        os.setpgid(0, 0)
        confine(plan)
        for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored_by_python, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    except OSError as error:
        print(f"sandbox: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201
        return 125
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201
        return 127 if isinstance(error, FileNotFoundError) else 126


def watch(child: int) -> int:
    """Waits until the command ends, or until this process is told to end."""
    while True:
        try:
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == child:
                    code = os.waitstatus_to_exitcode(found[1])
                    return 128 - code if code < 0 else code
        except ChildProcessError:
            return 125
        if signal.sigwait({signal.SIGCHLD, *_ENDING}) in _ENDING:
            return 128 + signal.SIGTERM


def kill_all() -> None:
    """Kills children until there are none: the children of a killed one become ours and are next."""
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in _children():
            with suppress(OSError):  # ended meanwhile, or of another user
                os.kill(pid, signal.SIGKILL)
        signal.sigtimedwait({signal.SIGCHLD}, 0.02)


def _children() -> list[int]:
    own = os.getpid()
    found: list[int] = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError), open(f"/proc/{entry.name}/stat", "rb") as file:  # noqa: PTH123
                if int(file.read().rpartition(b")")[2].split()[1]) == own:
                    found.append(int(entry.name))
    return found


def main(arguments: list[str]) -> int:
    if arguments == ["--probe"]:
        version = landlock_version()
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        apply_landlock([1, 0, 0, 8, 1], [])
        apply_seccomp(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
        print(version)  # noqa: T201
        return 0
    descriptor = int(arguments[0])
    with os.fdopen(descriptor, "rb") as file:
        plan = Plan(file.read())
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *_ENDING})
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != plan.parent:
        return 125
    watcher = os.getpid()
    child = os.fork()
    if child == 0:
        os._exit(become(plan, arguments[1:], watcher, {int(n) for n in mask}))
    code = watch(child)
    kill_all()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
