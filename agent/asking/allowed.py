"""What a person has allowed for good in a repository, kept in Leadline's state folder and never in the repository."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ...tools.errors import PersonError
from ..events import ApprovalAnswered, ApprovalAsked, Event

FILE = "allowed.json"


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """Allows exactly what a person was asked, and only as well confined as it was then.

    `question` is what was asked, to the byte: nothing is made of it, so no command that only looks alike is allowed. A
    question about a file names the file alone, so a rule of it allows every change of that file. `confinement` is ""
    for what no sandbox is about, as Leadline itself writes the file.
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


def rule_of(asked: ApprovalAsked) -> Rule | None:
    """What a yes to this question can become; None for a question that asks for no permission."""
    return Rule(asked.question, asked.confinement) if asked.rule else None


def session_rules(events: Iterable[Event]) -> frozenset[Rule]:
    """What the person has allowed for the whole of this session so far."""
    asked: dict[tuple[str, str], ApprovalAsked] = {}
    rules: set[Rule] = set()
    for event in events:
        match event.body:
            case ApprovalAsked(call_id):
                asked[event.agent, call_id] = event.body
            case ApprovalAnswered(call_id, allowed=True, by="person", scope="session"):
                question = asked.get((event.agent, call_id))
                rule = None if question is None else rule_of(question)
                rules |= {rule} if rule else set()
            case _:
                pass
    return frozenset(rules)


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
