"""What some tests need of the machine, as marks."""

from __future__ import annotations

import shutil

import pytest

FREE_TOP_FOLDER = pytest.mark.skipif(
    shutil.which("bwrap") is None,
    reason="without bubblewrap commands can make nothing directly beside .git",
)
TAR = pytest.mark.skipif(shutil.which("tar") is None, reason="tar is not installed")
BUBBLEWRAP = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="a clone takes the place of a tree only with bubblewrap"
)
