"""Which shell commands build or test, by their words. Pure.

A guess, on which nothing but waiting depends: of what is hidden in a script or behind a variable it knows nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

_MOST_READ = 8_000
"""Characters of a command that are looked at: what lies in the middle of a longer one is a text for some file."""
_MOST_NESTED = 5
"""Commands within commands that are looked into."""
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh"))
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_DURATION = re.compile(r"\d+(?:\.\d+)?[smhd]?")
_ASSIGNMENT = re.compile(r"\w+\+?=.*", re.DOTALL)
_SEPARATOR = re.compile(r"[();|&\n<>]*[();\n](?=[<>&|]*$)|[|&]+$")
_KEYWORDS = frozenset(("if", "then", "elif", "else", "while", "until", "do", "!", "{"))
_ONLY_TELLS = frozenset(("--version", "--help", "-h", "-version", "-help"))

# What runs another command, with those of its options that take a word of their own.
_WRAPPERS: Mapping[str, frozenset[str]] = {
    "command": frozenset(),
    "env": frozenset(("-u", "--unset", "-C", "--chdir")),
    "exec": frozenset(("-a",)),
    "ionice": frozenset(("-c", "-n", "-p")),
    "nice": frozenset(("-n",)),
    "nohup": frozenset(),
    "setsid": frozenset(),
    "stdbuf": frozenset(("-i", "-o", "-e")),
    "sudo": frozenset(("-u", "-g")),
    "time": frozenset(("-f", "-o")),
    "timeout": frozenset(("-k", "-s", "--kill-after", "--signal")),
    "xargs": frozenset(("-I", "-n", "-P", "-L", "-d", "-a", "-s")),
    "xvfb-run": frozenset(("-s", "-n", "-e")),
    "npx": frozenset(("-p", "--package", "-w", "--workspace")),
    "bunx": frozenset(),
}
_RUNNERS: Mapping[str, frozenset[str]] = {
    "uv": frozenset(("run",)),
    "poetry": frozenset(("run",)),
    "pdm": frozenset(("run",)),
    "pipenv": frozenset(("run",)),
    "rye": frozenset(("run",)),
    "conda": frozenset(("run",)),
    "coverage": frozenset(("run",)),
    "bundle": frozenset(("exec",)),
    "npm": frozenset(("exec", "x")),
    "pnpm": frozenset(("exec", "dlx")),
    "yarn": frozenset(("exec", "dlx")),
    "bun": frozenset(("x",)),
}
_RUNNER_OPTIONS = frozenset(
    (
        *("--with", "--extra", "--group", "--python", "--project", "--directory", "-p", "-n"),
        *("--package", "--rcfile", "--source", "--filter", "-C", "-w"),
    )
)
"""Options of runners that take a word of their own."""

_ALWAYS = frozenset(
    (
        *("pytest", "py.test", "unittest", "tox", "nox", "trial", "mypy", "dmypy", "pyright"),
        *("basedpyright", "pylint", "make", "gmake", "ninja", "scons", "ctest", "xcodebuild"),
        *("bazel", "bazelisk", "buck2", "pants", "mvn", "mvnw", "gradle", "gradlew", "sbt", "ant"),
        *("jest", "vitest", "mocha", "ava", "tsc", "vue-tsc", "webpack", "rollup", "playwright"),
        *("cypress", "rspec", "phpunit", "golangci-lint", "turbo", "nx"),
    )
)
_SCRIPTS = frozenset(("test", "t", "run", "run-script", "build"))
_WITH_VERB: Mapping[str, frozenset[str]] = {
    "cargo": frozenset(
        (
            *("build", "b", "test", "t", "check", "c", "run", "r", "bench", "clippy", "doc"),
            *("nextest", "install", "llvm-cov", "miri"),
        )
    ),
    "go": frozenset(("build", "test", "vet", "run", "install", "generate")),
    "cmake": frozenset(("--build",)),
    "meson": frozenset(("compile", "test", "install")),
    "dotnet": frozenset(("build", "test", "run", "publish", "pack", "msbuild", "vstest")),
    "npm": _SCRIPTS | {"tst", "ci"},
    "pnpm": _SCRIPTS,
    "yarn": _SCRIPTS,
    "bun": _SCRIPTS,
    "deno": frozenset(("test", "check", "bench", "compile", "task")),
    "hatch": frozenset(("test", "run", "build")),
    "swift": frozenset(("build", "test", "run")),
    "mix": frozenset(("test", "compile")),
    "stack": frozenset(("build", "test", "bench")),
    "cabal": frozenset(("build", "test", "run", "bench")),
    "zig": frozenset(("build", "test")),
    "rake": frozenset(("test", "spec", "build")),
    "manage.py": frozenset(("test",)),
    "setup.py": frozenset(("test", "build", "build_ext", "install", "bdist_wheel")),
}


def is_heavy(command: str, known: Sequence[str] = ()) -> bool:
    """Whether a shell command builds or tests: by its words, or because it is one of the `known` checks, be it with
    more arguments.
    """
    if len(command) > _MOST_READ:
        command = f"{command[: _MOST_READ // 2]}\n{command[-_MOST_READ // 2 :]}"
    parts = list(_parts(command))
    if any(_builds(part) for part in parts):
        return True
    return any(_holds(parts, list(_parts(check))) for check in known)


def _holds(parts: Sequence[Sequence[str]], check: Sequence[Sequence[str]]) -> bool:
    """Whether the simple commands of a check are among the parts, in order, each with or without more words."""
    wanted = [list(part) for part in check if part[0] != "cd"]
    if not wanted:
        return False
    rest = iter(parts)
    return all(any(list(part[: len(one)]) == one for part in rest) for one in wanted)


def _parts(text: str, nested: int = 0) -> Iterator[list[str]]:
    """The simple commands in a text, those that shells and substitutions run as well, each from its program's name."""
    for words in _split(text):
        part = _bare(words)
        if nested < _MOST_NESTED:
            for inner in _inner(part, words):
                yield from _parts(inner, nested + 1)
        if part:
            yield part


def _inner(part: list[str], words: Sequence[str]) -> Iterator[str]:
    """The texts that a simple command runs as commands."""
    if part and part[0] in _SHELLS:
        flags = [at for at, word in enumerate(part) if re.fullmatch(r"-\w*c", word)]
        yield from part[flags[0] + 1 :][:1] if flags else ()
    if part and part[0] == "eval":
        yield " ".join(part[1:])
    for word in words:
        if "$(" in word:
            yield word.split("$(", 1)[1]


def _split(text: str) -> Iterator[list[str]]:
    """The words of each simple command. What no shell could read is taken line by line, at white space."""
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = list(lexer)
    except ValueError:
        yield from (line.split() for line in text.splitlines())
        return
    words: list[str] = []
    for token in tokens:
        # Signs that touch are one token: what comes after the last that separates begins the next command.
        ends = _SEPARATOR.match(token)
        if ends is None:
            words.append(token)
        else:
            yield words
            rest = token[ends.end() :]
            words = [rest] if "<" in rest or ">" in rest else []
    yield words


def _bare(words: Sequence[str]) -> list[str]:
    """The words from the program that does the work on, its name without folder; empty for none."""
    rest = _after_redirections(words)
    while rest:
        name = PurePosixPath(rest[0].strip("`")).name
        if rest[0] in _KEYWORDS or _ASSIGNMENT.fullmatch(rest[0]):
            rest = rest[1:]
        elif name in _WRAPPERS and not (name == "command" and rest[1:2] in (["-v"], ["-V"])):
            rest = _after_options(rest[1:], _WRAPPERS[name])
        elif _runs_another(name, rest):
            at = next(at for at, word in enumerate(rest) if word in _RUNNERS[name])
            rest = _after_options(rest[at + 1 :], _RUNNER_OPTIONS)
        elif _PYTHON.fullmatch(name) or name in _SHELLS:
            name = "python" if _PYTHON.fullmatch(name) else name
            script = _script(rest[1:])
            if script is None:
                return [name, *rest[1:]]
            rest = script
        else:
            return [name, *rest[1:]]
    return []


def _script(words: Sequence[str]) -> list[str] | None:
    """The words from the script or module that an interpreter is to run; None where it is given the text itself."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "-m":
            return list(words[at + 1 :])
        if re.fullmatch(r"-\w*c", words[at]):
            return None
        at += 2 if words[at] in ("-X", "-W", "-o") else 1
    return list(words[at:]) or None


def _after_redirections(words: Sequence[str]) -> list[str]:
    rest = list(words)
    while len(rest) > 1 and not rest[0].strip("<>&|"):
        rest = rest[2:]
    return rest


def _runs_another(name: str, words: Sequence[str]) -> bool:
    return name in _RUNNERS and bool(_RUNNERS[name].intersection(_verbs(words[1:])))


def _after_options(words: Sequence[str], valued: frozenset[str]) -> list[str]:
    """What follows options, their values, times and assignments."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in valued:
            at += 2
        elif word.startswith("-") or _DURATION.fullmatch(word) or _ASSIGNMENT.fullmatch(word):
            at += 1
        else:
            break
    return list(words[at:])


def _verbs(words: Sequence[str]) -> list[str]:
    """What may be the verb: the first plain word, and the next where an option before may have taken the first."""
    plain = [word for word in words if not word.startswith(("-", "+"))]
    return plain[: 2 if words and words[0].startswith("-") else 1]


def _builds(part: Sequence[str]) -> bool:
    name, *words = part
    if not _ONLY_TELLS.isdisjoint(words):
        return False
    if name in _ALWAYS:
        return True
    verbs = _WITH_VERB.get(name, frozenset[str]())
    # A package manager also runs programs by their names.
    named = _ALWAYS if name in ("yarn", "pnpm", "bun") else frozenset[str]()
    return not (verbs | named).isdisjoint([*_verbs(words), *words[:1]])
