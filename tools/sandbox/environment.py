"""The environment of a command: what builds need, nothing secret, nothing that asks questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from . import tables

_SECRET_ENDINGS = ("PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "SECRET", "CREDENTIALS")
"""Words that are run together with others, as in PGPASSWORD."""

_SECRET_VALUES = re.compile(
    # Each begins where a word does and is parted at its first colon: else a long word takes the square of its length.
    r"(?<![a-z0-9+.-])[a-z0-9+.-]+://[^/\s:@]*:[^/\s@]+@"  # user and password in a URL
    r"|(?<![a-z0-9+.-])[a-z0-9+.-]+://[^/\s:@]{20,}@"  # a token as user
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}"
    r"|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|npm_|pypi-|hf_|dop_v1_|shpat_|sq0csp-)[A-Za-z0-9_-]{12,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"  # a JSON web token
    r"|\b(?:Bearer|Basic) [A-Za-z0-9+/=_.-]{12,}",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{32,}")


def scrubbed_environment(
    environ: Mapping[str, str], *, temp: Path, cache: Path | None = None
) -> dict[str, str]:
    """What of `environ` a command gets, with `temp` as its temporary folder.

    A variable goes if its name or its value looks like a secret (a name with KEY or TOKEN in it, a service's prefix, a
    URL with a password, a long random word), if it is a way to an agent or a desktop, or if it steers git. Caches
    move to `cache`, or into `temp` without one, since the home folder is read-only: else pip, npm and go would fail.

    PYTHONDONTWRITEBYTECODE is left as it is: Python caches by time and size, an edit changes the time, and test runs
    in large projects are much slower without the cache.
    """
    kept = {name: value for name, value in environ.items() if not _is_dropped(name, value)}
    if not kept.keys() & {"LC_ALL", "LC_CTYPE", "LANG"}:
        kept["LANG"] = "C.UTF-8"
    caches = temp / "cache" if cache is None else cache
    return (
        kept
        | {
            "TMPDIR": str(temp),
            "TERM": "dumb",
            "NO_COLOR": "1",
            "PAGER": "cat",
            "GIT_PAGER": "cat",
            "MANPAGER": "cat",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",  # `git status` would write the index, and .git is read-only
            "DEBIAN_FRONTEND": "noninteractive",
            "PYTHONUNBUFFERED": "1",  # what was printed before the time limit must not sit in a buffer
            "PIP_NO_INPUT": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CACHE_DIR": str(caches / "pip"),
            "XDG_CACHE_HOME": str(caches),
            "MYPY_CACHE_DIR": str(caches / "mypy"),
            "RUFF_CACHE_DIR": str(caches / "ruff"),
            "GOCACHE": str(caches / "go-build"),
            "npm_config_cache": str(caches / "npm"),
            "npm_config_userconfig": "/dev/null",  # ~/.npmrc is hidden, and npm stops if it cannot read it
            "npm_config_update_notifier": "false",
            "npm_config_fund": "false",
            "YARN_CACHE_FOLDER": str(caches / "yarn"),
            "CCACHE_DIR": str(caches / "ccache"),
        }
    )


_ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)\s*=\s*['\"]?[^\s'\"]{6,}")


def holds_secret(text: str) -> bool:
    """Whether something in `text` has the form of a key or a password, or is set to a name that says so."""
    return _SECRET_VALUES.search(text) is not None or any(
        word in tables.SECRET_WORDS or word.endswith(_SECRET_ENDINGS)
        for name in _ASSIGNED.findall(text)
        for word in _words(name)
    )


def _is_dropped(name: str, value: str) -> bool:
    upper = name.upper()
    if upper in tables.NEVER_SECRET or upper.startswith("LC_"):
        return _SECRET_VALUES.search(value) is not None
    return (
        upper in tables.UNWANTED
        or upper.startswith(tables.SECRET_PREFIXES)
        or any(
            word in tables.SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in _words(name)
        )
        or _SECRET_VALUES.search(value) is not None
        or _looks_random(value)
    )


def _words(name: str) -> list[str]:
    """`MY_API-key` and `myApiKey` both have the word KEY."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.upper() for word in re.split(r"[^A-Za-z]+", parted)]


def _looks_random(value: str) -> bool:
    """A single long word of mixed letters and digits, as keys are and paths, lists and sentences are not."""
    return (
        _LONG_WORD.fullmatch(value) is not None
        and not value.startswith("/")
        and any(c.isdigit() for c in value)
        and any(c.isalpha() for c in value)
    )
