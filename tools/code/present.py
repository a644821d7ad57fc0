"""The code as it is now, for a tool that asks: what keeps it from being known is told to the model."""

from __future__ import annotations

from ..errors import ToolError
from ..git.run import GitError
from .model import CodeLookup, CodeTree


async def present_tree(code: CodeLookup) -> CodeTree:
    """Its present state. ToolError where git can't list the files: commands can leave a tree that it stops at."""
    try:
        return await code.tree()
    except (GitError, OSError) as error:
        why = error.message if isinstance(error, GitError) else str(error)
        raise ToolError(f"The index of the code can't be used: {why}") from error
