"""New repositories of Leadline's own making, by GitPython: nothing of anybody else's is in them that could run.

The person's repository is never opened this way: see `commit` for why.
"""

from __future__ import annotations

from pathlib import Path

import git


def commit_everything(folder: Path, author: str, message: str) -> str:
    """Make `folder` a repository on branch main with one commit of all that is in it; the commit's id. Blocks."""
    who = git.Actor(author, f"{author.lower().replace(' ', '.')}@localhost")
    with git.Repo.init(
        folder, expand_vars=False, allow_unsafe_options=True, template="", initial_branch="main"
    ) as repository:
        repository.git.add("--all")
        # The person's own configuration may name hooks for all their repositories.
        made = repository.index.commit(message, author=who, committer=who, skip_hooks=True)
        return made.hexsha
