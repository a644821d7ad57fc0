"""Makes the next session quick: tidies the index and counts a whole tree, in a process out of everybody's way.

`python -I -m leadline.agent.counting FOLDER ROOT TOKENS`, the paths on standard input, each ended by a NUL. A thread
would hold the interpreter's lock and the tokenizer's 80 MB in the session's own process; this one can be killed at any
moment, and what it has counted by then is kept.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

LEAST_PRIORITY = 19


def command(folder: Path, root: Path, tokens: int) -> tuple[str, ...]:
    """How to start it."""
    return (sys.executable, "-I", "-m", __name__, str(folder), str(root), str(tokens))


def main() -> int:
    # Before the tokenizer is loaded: it would take all cores.
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.nice(LEAST_PRIORITY)
    parent = os.getppid()
    folder, root, tokens = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    paths = os.fsdecode(sys.stdin.buffer.read()).split("\0")[:-1]

    from ..tools.code.index.code_index import CodeIndex
    from ..tools.code.map.precount import precount

    index = CodeIndex.open(folder)
    try:
        tree = index.refresh(root, paths)
        index.tidy()
        done = precount(tree, tokens, index, lambda: os.getppid() == parent)
    finally:
        index.close()
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
