"""What is taken away from git so that a repository cannot make it run anything. Pure.

git reads a repository's configuration whenever it opens it, and about thirty keys name programs. The
configuration given by the environment (`GIT_CONFIG_COUNT`) outranks every file, so each such key is set there:
keys of fixed name always (`FIXED`), keys that hold a name of the repository's choice (`filter.<name>.clean`)
after they were read with `git config --list`, which runs nothing (`driver_overrides`).

Ownership checks (`safe.directory`) exist to keep a stranger's configuration from running; as nothing of it can
run here, they are answered with `*`, so that root can work in somebody's folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

Override = tuple[str, str]
"""A configuration key and its value."""

NO_PROGRAM = "false"
"""Stands in for a program where an empty value would not switch it off: it fails, and does nothing else."""

FIXED: tuple[Override, ...] = (
    ("safe.directory", "*"),
    ("core.hooksPath", "/dev/null"),
    # Empty, not "false": before 2.36 the value was a program's name whatever it said.
    ("core.fsmonitor", ""),
    ("core.pager", "cat"),
    ("core.editor", NO_PROGRAM),
    ("sequence.editor", NO_PROGRAM),
    ("core.askPass", ""),
    ("core.sshCommand", NO_PROGRAM),
    ("core.gitProxy", "none"),
    ("core.alternateRefsCommand", NO_PROGRAM),
    ("credential.helper", ""),
    ("diff.external", NO_PROGRAM),
    ("interactive.diffFilter", NO_PROGRAM),
    ("gpg.program", NO_PROGRAM),
    ("gpg.openpgp.program", NO_PROGRAM),
    ("gpg.x509.program", NO_PROGRAM),
    ("gpg.ssh.program", NO_PROGRAM),
    ("gpg.ssh.defaultKeyCommand", NO_PROGRAM),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("log.showSignature", "false"),
    ("merge.verifySignatures", "false"),
    ("protocol.allow", "never"),
    ("submodule.recurse", "false"),
    ("status.submoduleSummary", "false"),
    ("diff.ignoreSubmodules", "all"),
    ("fetch.recurseSubmodules", "false"),
    ("gc.auto", "0"),
    ("gc.autoDetach", "false"),
    ("maintenance.auto", "false"),
    ("color.ui", "false"),
    ("i18n.commitEncoding", "UTF-8"),
    ("i18n.logOutputEncoding", "UTF-8"),
)

_DRIVERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), value)
    for pattern, value in (
        (r"filter\..*\.(clean|smudge|process)", ""),
        (r"filter\..*\.required", "false"),
        (r"diff\..*\.(command|textconv)", NO_PROGRAM),
        (r"merge\..*\.driver", NO_PROGRAM),
        (r"credential\..*\.helper", ""),
        (r"gpg\..*\.(program|defaultkeycommand)", NO_PROGRAM),
        (r"trailer\..*\.(command|cmd)", NO_PROGRAM),
        (r"submodule\..*\.update", "none"),
        (r"remote\..*\.(uploadpack|receivepack)", NO_PROGRAM),
        (r"hook\..*\.command", NO_PROGRAM),
        (r"hook\..*\.enabled", "false"),
        (r"pager\..*", "false"),
        # git asks for its own commands before aliases; this only makes it plain.
        (r"alias\..*", NO_PROGRAM),
    )
)

_NOWHERE = "/nonexistent"
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"

_KEPT = ("HOME", "XDG_CONFIG_HOME", "TMPDIR", "USER", "LOGNAME", "TZ", "SYSTEMROOT")
"""All that a child gets of the caller's environment beside PATH: no GIT_*, no keys, no loader settings."""

_QUIET: Mapping[str, str] = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GCM_INTERACTIVE": "never",
    "GIT_SSH_COMMAND": NO_PROGRAM,
    "GIT_PAGER": "cat",
    "GIT_EDITOR": NO_PROGRAM,
    "GIT_SEQUENCE_EDITOR": NO_PROGRAM,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
}

_NO_OUTSIDE_CONFIG: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def parse_config(listing: bytes) -> Iterator[Override]:
    """Keys and values of `git config --null --list`, in git's order: the last of a key counts.

    Section and name are lower case, the middle part is as written. A key without a value reads as "true".
    """
    for item in listing.decode("utf-8", "surrogateescape").split("\0"):
        if item:
            key, separator, value = item.partition("\n")
            yield key, value if separator else "true"


def driver_overrides(listing: bytes) -> tuple[Override, ...]:
    """What switches off every program under a name of the repository's choice in this `config --list`."""
    found: dict[str, str] = {}
    for key, _ in parse_config(listing):
        for pattern, value in _DRIVERS:
            if pattern.fullmatch(key):
                found[key] = value
                if key.startswith("hook."):
                    found[key.rpartition(".")[0] + ".enabled"] = "false"
                if key.startswith("filter."):
                    # A required filter that does nothing would be an error.
                    found[key.rpartition(".")[0] + ".required"] = "false"
    return tuple(found.items())


def environment(
    caller: Mapping[str, str],
    overrides: tuple[Override, ...] = (),
    *,
    outside_config: bool = False,
    protocols: str = "",
    search: str | None = None,
) -> dict[str, str]:
    """The whole environment of a git child.

    `outside_config` lets git read the person's and the system's configuration files; only `git config` may be
    run so. `protocols` are the transports allowed, by colons; none as a rule. It outranks all configuration.
    `search` are the folders where programs are looked for, by colons; without it the caller's PATH.
    """
    result = {name: caller[name] for name in _KEPT if name in caller}
    result["PATH"] = _absolute_only(caller.get("PATH", USUAL_PATH) if search is None else search)
    result |= _QUIET
    result["GIT_ALLOW_PROTOCOL"] = protocols or "none"
    if not outside_config:
        result |= _NO_OUTSIDE_CONFIG
    keys = FIXED + overrides
    result["GIT_CONFIG_COUNT"] = str(len(keys))
    for number, (key, value) in enumerate(keys):
        result[f"GIT_CONFIG_KEY_{number}"] = key
        result[f"GIT_CONFIG_VALUE_{number}"] = value
    return result


def _absolute_only(search: str) -> str:
    """PATH without its relative parts, which would find a `git` inside the repository. Never empty: that means here."""
    return ":".join(part for part in search.split(":") if Path(part).is_absolute()) or _NOWHERE
