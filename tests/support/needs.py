"""What some tests need, as marks."""

from __future__ import annotations

import shutil

import pytest

FREE_TOP_FOLDER = pytest.mark.skipif(
    shutil.which("bwrap") is None,
    reason="without bubblewrap commands can make nothing directly beside .git",
)
ANEW = pytest.mark.usefixtures("anew")
"""A run has an interpreter of its own, as these tests look at what that was started with."""
TAR = pytest.mark.skipif(shutil.which("tar") is None, reason="tar is not installed")
BUBBLEWRAP = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="a clone takes the place of a tree only with bubblewrap"
)
