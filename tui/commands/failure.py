"""The end of a command that went wrong: a result for programs, and a file with the traceback for those who mend it."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ...agent.headless import failure_result, json_line, result_json
from ...agent.settings.config import Settings, load_settings
from ...agent.settings.files import user_config_file
from ...agent.settings.keys import with_kept_keys
from ...tools.errors import Exit, PersonError

_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|COOKIE", re.IGNORECASE
)
_SECRET_TEXT = re.compile(
    r"(?P<scheme>\w+://)[^\s/@]+@"
    r"|(?P<bearer>[Bb]earer +)[\w.~+/=-]+"
    r"|\b(?:sk|ghp|gho|github_pat|glpat|xox[abp])[-_][\w-]{8,}"
)
_SHORTEST_SECRET = 6


def print_result(message: str, code: Exit) -> None:
    """The JSON result of a command that has no other."""
    line = json_line({"result": result_json(failure_result(message, code))})
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()


def gone_wrong(error: Exception, environ: Mapping[str, str], home: Path | None = None) -> str:
    """Keep the traceback and say so, for who goes on. What the error says is not told: it may hold anything."""
    saved = save_crash(error, environ, home)
    return f"Something went wrong inside Leadline ({type(error).__name__}). {saved}"


def save_crash(error: Exception, environ: Mapping[str, str], home: Path | None = None) -> str:
    """Keep the traceback in a file of its own. Returns a sentence that says where.

    `home` is the state folder, where it is known already.
    """
    home = home or _home(environ)
    kept = with_kept_keys({}, home).values()
    text = scrub("".join(traceback.format_exception(error)), environ, kept)
    name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{os.getpid()}.txt"
    for folder in (home / "crashes", Path(tempfile.gettempdir())):
        path = folder / (name if folder.name == "crashes" else f"leadline-{name}")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return f"What happened is in {path}; please report it with that file."
    kind = type(error).__name__
    return f"It was {kind}, and no file could be written that says more. Free some disk space and try again."


def scrub(text: str, environ: Mapping[str, str], known: Iterable[str] = ()) -> str:
    """`text` without the values of variables that sound secret, `known` secrets, and what looks like a key."""
    named = (value for name, value in environ.items() if _SECRET_NAME.search(name))
    secrets = {value for value in (*named, *known) if len(value) >= _SHORTEST_SECRET}
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, "***")
    return _SECRET_TEXT.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    if match["scheme"]:
        return f"{match['scheme']}***@"
    return f"{match['bearer'] or ''}***"


def _home(environ: Mapping[str, str]) -> Path:
    try:
        return load_settings({}, environ, user_config_file(environ), None).home
    except PersonError:
        return Settings().home
