"""What the code benchmark measures with: costs of whole families of processes, and edits that are taken back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from leadline.tests.bench.code_measure import FailedError, run
from leadline.tests.bench.code_trees import edit_files, walk
from leadline.tests.support.repos import tree_bytes, write_files

FAMILY = """
import os, time
child = os.fork()
held = bytearray(os.urandom(1)) * 60_000_000
while time.process_time() < 0.3:
    held[-1] ^= 1
time.sleep(0.3)
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_cost_is_that_of_the_whole_family() -> None:
    cost = run([sys.executable, "-c", FAMILY])
    assert cost.cpu > 0.6
    assert cost.memory > 120_000_000


def test_a_command_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(FailedError, match=r"ended with 3: .*no luck"):
        run([sys.executable, "-c", "import sys; print('no luck'); sys.exit(3)"])


def test_edits_are_spread_and_taken_back(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    names = [f"part_{number:03}.py" for number in range(100)]
    write_files(root, dict.fromkeys(names, "x = 1\n"))
    (root / "link.py").symlink_to("part_000.py")
    listing = tmp_path / "parsed.txt"
    listing.write_text("".join(f"python 6 {name}\n" for name in names))
    before = tree_bytes(root)
    undo = edit_files(root, listing)
    after = tree_bytes(root)
    changed = {name for name in names if after[name] != before[name]}
    assert len(changed) == 10
    assert max(changed) > "part_080.py"
    undo()
    assert tree_bytes(root) == before
    assert walk(root) == names
