"""What all tests need of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def pytest_configure() -> None:
    """`python3` is the interpreter that runs here, not a script of a version manager that looks for it: at a tenth of a
    second a call that is much of what the commands and checks in the tests would take."""
    folder = Path(sys.base_prefix) / "bin"
    if (folder / "python3").exists():
        os.environ["PATH"] = os.pathsep.join((str(folder), os.environ.get("PATH", os.defpath)))
