"""As `check`, and for modules of Python a second line names what the change left undefined.

A program of its own, because pyflakes takes as long to import as all the rest.
"""

from __future__ import annotations

import gc
import signal

from .check import MODULES, say, say_faults
from .pyfaults import new_name_faults

MAX_CPU_SECONDS = 0.5
"""For names: twice what a file of a thousand lines takes, but dense tables of formulas would take ten times as long."""


def main() -> None:
    gc.disable()  # syntax trees have no cycles worth looking for in so short a life
    request, faulty = say_faults()
    if not faulty and request["path"].endswith(MODULES):
        signal.setitimer(signal.ITIMER_VIRTUAL, MAX_CPU_SECONDS)  # whose signal ends the process
        found = new_name_faults(request["path"], request["before"], request["after"])
        say([[fault.line, fault.name] for fault in found])


if __name__ == "__main__":
    main()
