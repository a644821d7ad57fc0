"""The linters and type checkers that can be named as a check: what configures each, and how it is run.

All judge by their exit code, so each is run in a way in which that tells: `gopls check` ends well whatever it finds,
clippy does when it only warns, and `tsc` without a build flag looks at nothing where a project is made of references.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .folders import Read

Home = Literal["python", "node", "path"]
"""Where a checker is looked for before PATH: the environment in the tree, `node_modules`, or nowhere."""


@dataclass(frozen=True, slots=True)
class Checker:
    """One checker. It is configured by a file of `files` or by a `marks` pattern found in the file beside it.

    `command` makes the command from the program as it can be called and the configuration's text.
    """

    name: str
    also: tuple[str, ...]
    program: str
    home: Home
    files: tuple[str, ...]
    marks: tuple[tuple[str, re.Pattern[str]], ...]
    command: Callable[[str, str], str]

    @property
    def words(self) -> tuple[str, ...]:
        """What a person may call it."""
        return (self.name, *self.also)


def configuration(checker: Checker, names: frozenset[str], read: Read) -> str | None:
    """The file among `names` that configures the checker, if one does."""
    for file in checker.files:
        if file in names:
            return file
    for file, mark in checker.marks:
        if file in names and mark.search(read(file) or ""):
            return file
    return None


def _checker(
    name: str,
    home: Home,
    arguments: str | Callable[[str, str], str],
    *,
    files: str = "",
    also: tuple[str, ...] = (),
    program: str = "",
    **tables: str,
) -> Checker:
    """`tables` names the table of `pyproject.toml` (`toml`) or the section of `setup.cfg` and `tox.ini` (`ini`)."""
    marks: list[tuple[str, re.Pattern[str]]] = []
    if "toml" in tables:
        table = re.escape(tables["toml"])
        marks.append(("pyproject.toml", re.compile(rf"^\[+{table}[\].]", re.MULTILINE)))
    if "ini" in tables:
        section = re.compile(rf"^\[{re.escape(tables['ini'])}\]", re.MULTILINE)
        marks += [("setup.cfg", section), ("tox.ini", section)]
    if "package" in tables:
        key = re.compile(rf'^\s*"{tables["package"]}"\s*:', re.MULTILINE)
        marks.append(("package.json", key))
    command = _plain(arguments) if isinstance(arguments, str) else arguments
    return Checker(name, also, program or name, home, tuple(files.split()), tuple(marks), command)


def _plain(arguments: str) -> Callable[[str, str], str]:
    return lambda program, _text: f"{program} {arguments}".strip()


def _listed(glob: str, arguments: str = "") -> Callable[[str, str], str]:
    """For what would walk into environments and libraries by itself: it gets the project's own files."""
    return lambda program, _text: (
        f"git ls-files -coz --exclude-standard '{glob}' | xargs -0r {_plain(arguments)(program, '')}"
    )


def _mypy(program: str, text: str) -> str:
    names_files = re.search(r"^\s*(?:files|packages|modules)\s*=", text, re.MULTILINE)
    return program if names_files else f"{program} ."


def _tsc(program: str, text: str) -> str:
    built = re.search(r'"references"\s*:\s*\[\s*\{', text)
    return f"{program} -b --noEmit" if built else f"{program} --noEmit"


def _gopls(program: str, _text: str) -> str:
    files = "git ls-files -coz --exclude-standard '*.go'"
    return f"! {files} | xargs -0r {program} check 2>&1 | grep ."


CHECKERS = (
    _checker("ruff", "python", "check .", files="ruff.toml .ruff.toml", toml="tool.ruff"),
    _checker("flake8", "python", _listed("*.py"), files=".flake8", ini="flake8"),
    _checker(
        "pylint",
        "python",
        _listed("*.py"),
        files=".pylintrc pylintrc pylintrc.toml",
        toml="tool.pylint",
    ),
    _checker("mypy", "python", _mypy, files="mypy.ini .mypy.ini", toml="tool.mypy", ini="mypy"),
    _checker("pyright", "python", "", files="pyrightconfig.json", toml="tool.pyright"),
    _checker("basedpyright", "python", "", toml="tool.basedpyright"),
    _checker("ty", "python", "check", files="ty.toml", toml="tool.ty"),
    _checker("tsc", "node", _tsc, files="tsconfig.json", also=("typescript",)),
    _checker(
        "eslint",
        "node",
        ".",
        files="eslint.config.js eslint.config.mjs eslint.config.cjs eslint.config.ts eslint.config.mts "
        "eslint.config.cts .eslintrc.js .eslintrc.cjs .eslintrc.json .eslintrc.yml .eslintrc.yaml .eslintrc",
        package="eslintConfig",
    ),
    _checker("biome", "node", "check .", files="biome.json biome.jsonc .biome.json .biome.jsonc"),
    _checker("oxlint", "node", "", files=".oxlintrc.json"),
    _checker("go vet", "path", "vet ./...", files="go.mod", program="go", also=("vet",)),
    _checker("gopls", "path", _gopls, files="go.mod", also=("gopls check",)),
    _checker("staticcheck", "path", "./...", files="staticcheck.conf"),
    _checker(
        "golangci-lint",
        "path",
        "run",
        files=".golangci.yml .golangci.yaml .golangci.toml .golangci.json",
    ),
    _checker(
        "cargo check",
        "path",
        "check --workspace --all-targets",
        files="Cargo.toml",
        program="cargo",
        also=("cargo",),
    ),
    _checker(
        "cargo clippy",
        "path",
        lambda _program, _text: "cargo clippy --workspace --all-targets -- -D warnings",
        files="Cargo.toml",
        program="cargo-clippy",
        also=("clippy",),
    ),
)
"""Those of a language in the order of how soon they answer."""
