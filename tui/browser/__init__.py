"""The interface in a browser on this machine: a small web server, and for each page an interface in a process of its
own.

Of textual-serve only what the browser runs is used, a terminal that speaks with textual. Its server starts programs by
a shell, waits for ever for one that hangs, leaves a page open whose program has died, and loads a font from elsewhere.
"""

from __future__ import annotations

DRIVER = "leadline.tui.browser.driver:BrowserDriver"
"""In the variable TEXTUAL_DRIVER it says that stdin and stdout lead to a browser."""
