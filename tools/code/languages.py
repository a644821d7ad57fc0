"""The languages we parse: how a file of each is told, and its grammar."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache

from tree_sitter import Language as Grammar


@dataclass(frozen=True, slots=True)
class Language:
    """`grammar` is the module of the grammar's wheel and its function. `queries` are files of the folder `queries`.

    `comments` are the marks that begin a line of a comment; `/*` and `<!--` stand for block comments as well.
    """

    name: str
    grammar: tuple[str, str]
    queries: tuple[str, ...]
    endings: tuple[str, ...]
    names: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    comments: tuple[bytes, ...] = ()


_SLASHES = (b"//", b"/*")
_HASH = (b"#",)


def _language(
    name: str,
    endings: str,
    *,
    grammar: tuple[str, str] | None = None,
    queries: str = "",
    names: str = "",
    shebangs: str = "",
    comments: tuple[bytes, ...] = _SLASHES,
) -> Language:
    return Language(
        name,
        grammar or (f"tree_sitter_{name}", "language"),
        tuple(queries.split()) or (name,),
        tuple(endings.split()),
        tuple(names.split()),
        tuple(shebangs.split()),
        comments,
    )


_TABLE = (
    _language(
        "python",
        ".py .pyi .pyw",
        names="SConstruct SConscript wscript",
        shebangs="python python2 python3 pypy pypy3",
        comments=_HASH,
    ),
    _language(
        "javascript",
        ".js .mjs .cjs .jsx",
        queries="ecmascript javascript jsx",
        shebangs="node nodejs bun",
    ),
    _language(
        "typescript",
        ".ts .mts .cts",
        grammar=("tree_sitter_typescript", "language_typescript"),
        queries="ecmascript typescript",
        shebangs="ts-node tsx deno",
    ),
    _language(
        "tsx",
        ".tsx",
        grammar=("tree_sitter_typescript", "language_tsx"),
        queries="ecmascript typescript jsx",
    ),
    _language("go", ".go"),
    _language("rust", ".rs"),
    _language("java", ".java", shebangs="java"),
    _language("kotlin", ".kt .kts", shebangs="kotlin"),
    _language("c", ".c .h", queries="cfamily c"),
    _language(
        "cpp",
        ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp .tpp .inl .cu .cuh",
        queries="cfamily cpp",
    ),
    _language("csharp", ".cs .csx", grammar=("tree_sitter_c_sharp", "language")),
    _language(
        "ruby",
        ".rb .rake .gemspec .ru .podspec",
        names="Gemfile Rakefile Guardfile Capfile Vagrantfile Podfile Brewfile Dangerfile Fastfile .irbrc .pryrc",
        shebangs="ruby jruby rake",
        comments=_HASH,
    ),
    _language(
        "php",
        ".php .phtml .php5 .php7",
        grammar=("tree_sitter_php", "language_php"),
        shebangs="php",
        comments=(*_SLASHES, b"#"),
    ),
    _language("swift", ".swift", shebangs="swift"),
    _language("scala", ".scala .sc .sbt", shebangs="scala"),
    _language("lua", ".lua .rockspec", shebangs="lua luajit", comments=(b"--",)),
    _language(
        "bash",
        ".sh .bash .zsh .ksh .bats .ebuild",
        names=".bashrc .bash_profile .bash_aliases .bash_login .bash_logout .profile .zshrc .zshenv .zprofile PKGBUILD",
        shebangs="sh bash zsh ksh dash ash bats",
        comments=_HASH,
    ),
    _language("sql", ".sql .ddl .dml", comments=(b"--", b"/*")),
    _language("html", ".html .htm .xhtml", comments=(b"<!--",)),
    _language("css", ".css", comments=(b"/*",)),
    _language(
        "json",
        ".json .jsonc .webmanifest .geojson .jsonld .code-workspace .ipynb",
        names=".babelrc .eslintrc .prettierrc .swcrc .watchmanconfig composer.lock flake.lock Pipfile.lock",
    ),
    _language(
        "toml",
        ".toml",
        names="Cargo.lock poetry.lock uv.lock pdm.lock Pipfile Gopkg.lock",
        comments=_HASH,
    ),
    _language(
        "yaml",
        ".yaml .yml",
        names=".clang-format .clang-tidy .clangd .yamllint .gemrc CITATION.cff pubspec.lock Podfile.lock",
        comments=_HASH,
    ),
    _language("markdown", ".md .markdown .mdown .mkd .mdx", comments=(b"<!--",)),
)

LANGUAGES = {language.name: language for language in _TABLE}
"""By name."""

_BY_ENDING = {ending: each.name for each in _TABLE for ending in each.endings}
_BY_NAME = {name: each.name for each in _TABLE for name in each.names}
_BY_PROGRAM = {program: each.name for each in _TABLE for program in each.shebangs}

_ONLY_CPP = re.compile(
    rb"^[ \t]*(?:class[ \t]+\w+|namespace\b[^;=\n]*\{|template[ \t]*<|using[ \t]+\w|"
    rb"(?:public|private|protected)[ \t]*:|#[ \t]*include[ \t]*<[a-z_]+>)",
    re.MULTILINE,
)


def language_of(path: str, head: bytes) -> str | None:
    """The language of a file, from its path and its first 512 bytes, or None where we parse none.

    A `.h` is C++ where `head` shows what C has not (a class, a namespace, a template, an include without an ending),
    and C otherwise: a header whose first lines are a licence counts as C.
    """
    name = path.rpartition("/")[2]
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    stem, dot, ending = name.rpartition(".")
    if dot and stem:
        found = _BY_ENDING.get(f".{ending}") or _BY_ENDING.get(f".{ending.lower()}")
        if found == "c" and ending in ("h", "H") and _ONLY_CPP.search(head):
            return "cpp"
        return found
    return _from_shebang(head) if not dot else None


def _from_shebang(head: bytes) -> str | None:
    line = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    if not line.startswith(b"#!"):
        return None
    words = line[2:].decode("ascii", "replace").split()
    programs = [word.rpartition("/")[2] for word in words]
    if programs[:1] == ["env"]:
        programs = [each for each in programs[1:] if not each.startswith("-") and "=" not in each]
    if not programs:
        return None
    return _BY_PROGRAM.get(programs[0]) or _BY_PROGRAM.get(programs[0].rstrip("0123456789."))


@cache
def grammar_of(language: str) -> Grammar:
    """The grammar of a language of the table. Its module is imported on first use: all of them take 0.7 s."""
    module, function = LANGUAGES[language].grammar
    pointer: object = getattr(importlib.import_module(module), function)()
    return Grammar(pointer)
