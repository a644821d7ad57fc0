"""Where an exported session goes, and in what form."""

from __future__ import annotations

from pathlib import Path

from ...agent.history.journal import read_events
from ...tools.errors import PersonError
from .markdown import as_markdown
from .page import as_page


def export(session: Path, folder: Path, typed: str) -> Path:
    """Write the session that is kept in the folder `session` to what a person who stands in `folder` has `typed`: HTML
    or Markdown by its ending, a file named by the session in a folder. Returns the file.

    Never overwrites anything. Raises PersonError, and JournalError for a session that can't be read.
    """
    try:
        target = folder / Path(typed or ".").expanduser()
    except RuntimeError as error:
        raise PersonError(f"{typed} is below a home folder that nobody here has.") from error
    if target.is_dir():
        target = target / f"leadline-{session.name}.md"
    if target.suffix not in (".md", ".markdown", ".html", ".htm"):
        raise PersonError(f"{target} says not in what form: let it end in .md or .html.")
    events = read_events(session)
    text = as_page(events) if target.suffix.startswith(".htm") else as_markdown(events)
    try:
        with target.open("x", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except FileExistsError:
        raise PersonError(f"{target} exists already. Name another file.") from None
    except OSError as error:
        raise PersonError(f"{target} can't be written: {error.strerror}.") from error
    return target
