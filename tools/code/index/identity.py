"""Which index a folder's code belongs in: one for all clones and work trees of a repository."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...errors import PersonError
from ...git.repository import Repository
from ...git.run import Place, run_git

_MOST_HOPS = 5
_SCP = re.compile(r"\A(?:[^@/:]+@)?(\[[^\]]+\]|[^/:\[\]]+):(?!//)(.+)\Z", re.DOTALL)
_PORTS = frozenset((22, 80, 443, 9418))


async def index_folder(home: Path, at: Repository | Path) -> Path:
    """Where below Leadline's state folder `home` the index of a repository, or of a plain folder, is kept."""
    if isinstance(at, Path):
        name = f"folder {os.path.realpath(at)}"
    else:
        name = await _identity(at.place, at.common_dir)
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()
    return home / "index" / digest[:20]


def normal_url(url: str) -> str | None:
    """What names the repository at a URL, however it is spelled and reached; None for a place on this machine.

    Scheme, credentials, usual ports and a `.git` at the end say nothing about which repository it is.
    """
    url = url.strip()
    if "://" not in url:
        scp = _SCP.match(url)
        return _joined(scp[1], scp[2]) if scp else None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if parts.scheme.lower() == "file" or not host:
        return None
    return _joined(host if port is None or port in _PORTS else f"{host}:{port}", parts.path)


def _joined(host: str, path: str) -> str:
    path = path.strip("/").removeprefix("~/").removesuffix("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path}"


def _local(url: str, top: Path) -> Path:
    """The folder that a URL without a host, or a path, leads to."""
    text = url.strip()
    if text.lower().startswith("file://"):
        text = unquote(text[len("file://") :])
    return Path(os.path.normpath(top / text))


async def _identity(place: Place, common: Path) -> str:
    """By the origin; where that is a folder here, by that repository's own, and so on."""
    for _ in range(_MOST_HOPS):
        asked = ("config", "--local", "--get", "remote.origin.url")
        url = (await run_git(place, *asked, ok=(0, 1))).line
        name = normal_url(url) if url else None
        if name is not None:
            return f"origin {name}"
        if not url:
            break
        folder = _local(url, place.work_tree or place.cwd)
        found = await _common_dir(folder)
        if found is None:
            return f"repository {os.path.realpath(folder)}"
        place, common = Place(cwd=folder), found
    return f"repository {os.path.realpath(common)}"


async def _common_dir(folder: Path) -> Path | None:
    if not os.path.isdir(folder):  # noqa: PTH112
        return None
    try:
        asked = ("rev-parse", "--path-format=absolute", "--git-common-dir")
        found = await run_git(Place(cwd=folder), *asked)
    except PersonError:
        return None
    return Path(found.line)
