"""What a person has allowed for good in a repository, kept in Leadline's state folder and never in the repository."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..tools.errors import PersonError

FILE = "allowed.json"


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """Allows exactly what a person was asked, and only as well confined as it was then.

    `question` is what was asked, to the byte: nothing is made of it, so no command that only looks alike is allowed.
    """

    question: str
    confinement: str


_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(tuple[Rule, ...])


def read_rules(folder: Path) -> frozenset[Rule]:
    """The rules of the project that this folder is about; none where none were kept.

    Raises PersonError for a file that can't be read: what somebody allowed is not to be guessed.
    """
    try:
        return frozenset(_RULES.validate_json((folder / FILE).read_bytes()))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValidationError) as error:
        raise PersonError(
            f"What you have allowed in this repository can't be read from {folder / FILE}. "
            "Mend the file or remove it; you are asked again then."
        ) from error


def keep_rule(folder: Path, rule: Rule) -> None:
    """Add the rule to the file; sessions that do so at the same time don't lose each other's.

    Raises OSError, and PersonError for a file that can't be read.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        rules = sorted(read_rules(folder) | {rule})
        fresh = folder / f"{FILE}.new"
        fresh.write_text(json.dumps([asdict(each) for each in rules], indent=1), encoding="utf-8")
        fresh.replace(folder / FILE)


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    descriptor = os.open(folder / f"{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
