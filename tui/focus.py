"""Who gets the keys, and what a key means where they go."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from textual.app import App
from textual.binding import ActiveBinding
from textual.dom import NoScreen
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, TextArea


def give_keys(widget: Widget, scroll_visible: bool = True) -> None:
    """The next key goes to it. `Widget.focus` sees to that only later, and keys that have come already would go to who
    had them before; on a busy machine that is half a sentence."""
    with suppress(NoScreen):  # what is on none gets no keys
        widget.screen.set_focus(widget, scroll_visible)


async def is_done_at_once(app: App[Any], key: Key) -> bool:
    """Do what the key is bound to where the keys go now; whether there was anything to do.

    Textual looks a binding up only when the key has come up from widget to widget. On a busy machine the next key may
    have given the keys to another panel by then, and the one before would be obeyed there. Where one types, only the
    app's own bindings are done at once: those of the place come after the letters before them, by `is_done_in_turn`.
    """
    focused = app.focused
    if focused is None or focused.check_consume_key(key.key, key.character):
        return False
    active = app.screen.active_bindings.get(key.key)
    if active is None or (isinstance(focused, Input | TextArea) and active.node is not app):
        return False
    return await _is_done(app, active)


async def is_done_in_turn(typed: Input | TextArea, key: Key) -> bool:
    """For `on_key` of what one types into: do what the key is bound to before the next one is looked at, else what is
    typed after Enter would be sent with what stands before it. Whether there was anything to do."""
    app = cast(App[Any], typed.app)  # pyright: ignore[reportUnknownMemberType] -- Textual's
    active = None if key.is_printable else typed.screen.active_bindings.get(key.key)
    if active is None or active.node is app or not await _is_done(app, active):
        return False
    key.stop()
    key.prevent_default()
    return True


async def _is_done(app: App[Any], active: ActiveBinding) -> bool:
    done = active.enabled and await app.run_action(
        active.binding.action, default_namespace=active.node
    )
    return bool(done)
