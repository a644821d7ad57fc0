"""Facts that live in TOML files: the package's own with the person's merged over them, checked to the last key."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ...tools.errors import PersonError
from .values import Tree, is_tree


def nearest(word: str, words: list[str]) -> str:
    """A hint for a misspelt word: the likeliest one meant, else all there are."""
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there are: {', '.join(sorted(words))}"


class Table(BaseModel):
    """A TOML table. A key it does not have is an error that names the nearest one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: object) -> object:
        if is_tree(data):
            for key in data:
                if key not in cls.model_fields:
                    hint = nearest(str(key), list(cls.model_fields))
                    raise ValueError(f"unknown key '{key}'; {hint}")
        return data


T = TypeVar("T", bound=Table)


def packaged(name: str) -> Tree:
    """A TOML file that ships in this package."""
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))


def from_file(path: Path) -> Tree:
    """The person's TOML file, or PersonError with the place of the mistake."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PersonError(f"{path} can't be read: {error.strerror}. Correct the path.") from error
    except UnicodeDecodeError as error:
        raise PersonError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise PersonError(f"{path} is not valid TOML: {error}. Correct that line.") from error


def merged(base: Tree, over: Tree) -> Tree:
    """`over` laid over `base`: tables are merged key by key, everything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if is_tree(below) and is_tree(value) else value
    return result


def checked(kind: type[T], tree: Tree, source: str) -> T:
    """`tree` as values, or PersonError that names the key and says what is wrong with it."""
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the top level"
        message = first["msg"].removeprefix("Value error, ")
        raise PersonError(f"{source}: {place}: {message}. Correct the file.") from None
