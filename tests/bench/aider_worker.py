"""Runs inside an environment that has aider-chat, never inside ours: maps made by Aider, as requests ask for them.

Reads one JSON object a line and answers with one: `{"root", "files", "text", "budgets", "cache", "tokenizer"}` gives
`{"maps": {budget: text}}`. The ranking, the rendering and what counts as mentioned in a text are Aider's. Only how many
of its ranked tags fit is found here, by bisection with exact counts: its own search is content with 15 % too much or
too little.

`once ROOT LIST CACHE TOKENIZER TOKENS TASK` makes one map of the files that LIST names, to be timed.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any


class Quiet:
    """The terminal that Aider asks for."""

    def read_text(self, name: str, silent: bool = False) -> str | None:
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeError):
            return None

    def tool_output(self, *_args: object, **_kwargs: object) -> None: ...

    def tool_warning(self, *_args: object, **_kwargs: object) -> None: ...

    def tool_error(self, *_args: object, **_kwargs: object) -> None: ...


class Counter:
    """The model that Aider asks how long a text is."""

    def __init__(self, tokenizer: str) -> None:
        self._tokenizer: Any = importlib.import_module("tokenizers").Tokenizer.from_file(tokenizer)

    def token_count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class Chat:
    """A chat in which no file is open yet."""

    def __init__(self, files: list[str]) -> None:
        self._files = files
        self.abs_read_only_fnames: set[str] = set()

    def get_all_relative_files(self) -> list[str]:
        return self._files

    def get_addable_relative_files(self) -> set[str]:
        return set(self._files)

    def get_inchat_relative_files(self) -> list[str]:
        return []


def mentioned(text: str, files: list[str]) -> tuple[set[str], set[str]]:
    """The files and the names that Aider finds mentioned in a message."""
    coder: Any = importlib.import_module("aider.coders.base_coder").Coder
    chat: Any = Chat(files)
    paths: set[str] = set(coder.get_file_mentions(chat, text))
    names: set[str] = set(coder.get_ident_mentions(chat, text))
    return paths | set(coder.get_ident_filename_matches(chat, names)), names


def make_maps(request: Any, counter: Counter) -> dict[str, str]:
    module: Any = importlib.import_module("aider.repomap")
    important: Any = importlib.import_module("aider.special").filter_important_files
    module.RepoMap.TAGS_CACHE_DIR = request["cache"]
    files: list[str] = request["files"]
    quiet = Quiet()
    made: Any = module.RepoMap(map_tokens=1024, root=request["root"], main_model=counter, io=quiet)
    others = [str(Path(request["root"], name)) for name in files]
    paths, names = mentioned(request["text"], files)
    ranked: list[Any] = made.get_ranked_tags(set(), others, paths, names)
    known = {tag[0] for tag in ranked}
    tags: list[Any] = [(name,) for name in important(sorted(files)) if name not in known]
    tags += ranked
    made.tree_cache = {}
    maps: dict[str, str] = {}
    least = 0
    for budget in sorted(request["budgets"]):
        maps[str(budget)], least = fit(made, tags, budget, counter, least)
    return maps


def fit(made: Any, tags: list[Any], budget: int, counter: Counter, least: int) -> tuple[str, int]:
    """The map of as many tags, from the first on, as the budget holds, and their number; `least` are known to fit."""
    low, high, best = least, len(tags), ""
    middle = min(high, max(2 * least, budget // 25))
    while low <= high:
        text: str = made.to_tree(tags[:middle], set())
        # Aider's own estimate spares counting what is far too much.
        fits = made.token_count(text) < 1.5 * budget and counter.token_count(text) <= budget
        if fits:
            best, low = text, middle + 1
            if counter.token_count(best) > 0.98 * budget:
                break
        else:
            high = middle - 1
        middle = (low + high) // 2 if high < len(tags) else min(high, 2 * low)
    return best, low - 1


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Aider prints must not come between the answers
    counter: Counter | None = None
    for line in sys.stdin:
        request = json.loads(line)
        counter = counter or Counter(request["tokenizer"])
        answers.write(json.dumps({"maps": make_maps(request, counter)}) + "\n")
        answers.flush()


def once(root: str, listing: str, cache: str, tokenizer: str, tokens: str, task: str) -> None:
    """Only the module of the map is imported, which is in Aider's favour: all of Aider takes seconds."""
    module: Any = importlib.import_module("aider.repomap")
    module.RepoMap.TAGS_CACHE_DIR = cache
    names = Path(listing).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    counter = Counter(tokenizer)
    made: Any = module.RepoMap(map_tokens=int(tokens), root=root, main_model=counter, io=Quiet())
    others = {str(Path(root, name)) for name in names}
    words = set(re.split(r"\W+", task))
    if not made.get_repo_map(set(), others, mentioned_idents=words):
        raise SystemExit("the map is empty")


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        once(*sys.argv[2:])
    else:
        main()
