"""The cost panel: what was hit, missed and written, for how much, and what the next hours cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from pathlib import Path
from typing import ClassVar, Self

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from ....agent.settings.config import Settings
from ....agent.v4.catalog import Catalog, load_catalog
from ....agent.v4.prices_ahead import Ahead, price_now_and_next
from ....tools.errors import PersonError
from ... import amounts
from ...focus import give_keys
from ...safe import content, line
from ...signs import has_unicode, sign
from ...state.money import Money
from ...state.reducer import State
from ..panel import Panel
from .plot import Curve, plot
from .tables import by_role, joined, misses, prices, sums

_PLOT_ROWS = 10
_PRICE_SECONDS = 30.0
_REST_SECONDS = 0.5
"""Between two changes of the sums: with many workers there is one with every show, and each lays the panel out."""


class CostPanel(Panel):
    """`clock` says what time it is, with a time zone; times are shown in `zone`, by default the machine's own."""

    DEFAULT_CSS = """
    CostPanel > VerticalScroll { padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    CostPanel Static { height: auto; width: 1fr; margin-bottom: 1; }
    CostPanel .-empty { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "unit", "money or tokens", id="cost.unit"),
        Binding("down,j", "scroll(1)", "down", show=False, id="cost.down"),
        Binding("up,k", "scroll(-1)", "up", show=False, id="cost.up"),
        Binding("home,g", "scroll(-100000)", "top", show=False, id="cost.top"),
        Binding("end,G", "scroll(100000)", "bottom", show=False, id="cost.bottom"),
    ]

    class CatalogRead(Message):
        """For the panel itself: the catalog, or why there is none."""

        def __init__(self, catalog: Catalog | None, fault: str = "") -> None:
            super().__init__()
            self.catalog = catalog
            self.fault = fault

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = amounts.now,
        zone: tzinfo | None = None,
        dots: bool | None = None,
    ) -> None:
        super().__init__()
        self._clock = clock
        self._zone = zone
        self._dots = has_unicode() if dots is None else dots
        self._state = State()
        self._catalog: Catalog | None = None
        self._fault = ""
        self._money = False
        self._resting = False
        self._told: State | None = None
        self._sums = Static(markup=False)
        self._prices = Static(markup=False)
        self._plot = Static(markup=False)
        self._roles = Static(markup=False)
        self._misses = Static(markup=False)
        self._scroll = VerticalScroll(
            self._sums, self._prices, self._roles, self._plot, self._misses
        )

    def compose(self) -> ComposeResult:
        yield self._scroll

    def on_mount(self) -> None:
        self.set_interval(_PRICE_SECONDS, self._tell_prices)
        self._load(None if self.place is None else self.place.settings.catalog)
        self._tell_all()

    def focus(self, scroll_visible: bool = True) -> Self:
        give_keys(self._scroll, scroll_visible)
        return self

    def show(self, state: State) -> None:
        old, self._state = self._state, state
        if state.header.lanes is not old.header.lanes:
            self._tell_prices()
        if not self._resting:
            self._tell_news()

    def on_resize(self) -> None:
        self._tell_money()

    def action_unit(self) -> None:
        self._money = not self._money
        self._tell_plot()

    def action_scroll(self, by: int) -> None:
        self._scroll.scroll_relative(y=by, animate=False)

    # --- prices ---

    @work(thread=True, exclusive=True)
    def _load(self, path: Path | None) -> None:
        try:
            read = self.CatalogRead(load_catalog(path))
        except PersonError as fault:
            read = self.CatalogRead(None, str(fault))
        self.post_message(read)

    def on_cost_panel_catalog_read(self, message: CatalogRead) -> None:
        message.stop()
        self._catalog, self._fault = message.catalog, message.fault
        self._tell_prices()

    def _tell_prices(self) -> None:
        if self._fault:
            _put(self._prices, content(f"{sign('warn')} No prices: {self._fault}", "$error"))
            return
        now = self._clock()
        told = joined(prices(self._ahead(now), now, self._zone))
        unpriced = [lane.model for lane in self._state.header.lanes.values() if lane.price is None]
        if (
            unpriced
            and self._catalog
            and any(self._catalog.price(each, now).known for each in unpriced)
        ):
            told = line("The prices of this endpoint are not known.", "$warning")
        _put(self._prices, told)

    def _ahead(self, now: datetime) -> Mapping[str, Ahead]:
        catalog = self._catalog
        if catalog is None:
            return {}
        models = [lane.model for lane in self._state.header.lanes.values()]
        if not models:
            settings = Settings() if self.place is None else self.place.settings
            models = [
                settings.model_pro or catalog.tiers.pro,
                settings.model_flash or catalog.tiers.flash,
            ]
        return {model: price_now_and_next(catalog, model, now) for model in dict.fromkeys(models)}

    # --- what was spent ---

    def _tell_all(self) -> None:
        self._tell_money()
        self._tell_prices()

    def _tell_news(self) -> None:
        """What changed since it was told last, if anything did; and after a rest what does meanwhile."""
        self._resting = False
        state, told = self._state, self._told
        if (
            told is None
            or state.money is not told.money
            or state.header.limits != told.header.limits
        ):
            self._tell_money()
            self._resting = True
            self.set_timer(_REST_SECONDS, self._tell_news)

    def _tell_money(self) -> None:
        self._told = self._state
        money = self._state.money
        _put(self._sums, joined(sums(self._state)))
        _put(self._roles, joined(by_role(money, self._columns) if money.total.requests else []))
        _put(self._misses, joined(misses(money, self._zone)))
        self._tell_plot()

    def _tell_plot(self) -> None:
        _put(self._plot, joined(self._plotted(self._state.money)))

    def _plotted(self, money: Money) -> list[Content]:
        points = money.curve
        times = [amounts.moment(point.at) for point in points]
        if len(points) < 2 or any(time is None for time in times):
            return []
        moments = [time for time in times if time is not None]
        seconds = _rising([time.timestamp() for time in moments])
        curves = _money_curves(money) if self._money else _token_curves(money)
        words = amounts.usd if self._money else amounts.short
        drawn = plot(curves, seconds, self._columns, _PLOT_ROWS, words, dots=self._dots)
        if not drawn:
            return []
        title = "US dollars spent" if self._money else "Tokens"
        first, last = (f"{time.astimezone(self._zone):%H:%M}" for time in (moments[0], moments[-1]))
        return [line(f"{title}, {first} to {last}", "$text-muted"), *drawn]

    @property
    def _columns(self) -> int:
        return max(1, self._scroll.scrollable_content_region.width)


def _rising(seconds: list[float]) -> list[float]:
    """A clock that was set back draws no line to the left."""
    found: list[float] = []
    for each in seconds:
        found.append(max(each, found[-1]) if found else each)
    return found


def _token_curves(money: Money) -> list[Curve]:
    totals = [point.total for point in money.curve]
    return [
        Curve("hit", "h", "$success", tuple(total.hit for total in totals)),
        Curve("missed", "m", "$warning", tuple(total.miss for total in totals)),
        Curve("written", "w", "$primary", tuple(total.output for total in totals)),
    ]


def _money_curves(money: Money) -> list[Curve]:
    totals = [point.total for point in money.curve]
    return [
        Curve("uncached", "u", "$warning", tuple(total.cost + total.saved for total in totals)),
        Curve("spent", "s", "$success", tuple(total.cost for total in totals)),
    ]


def _put(widget: Static, told: Content) -> None:
    before = widget.content
    if isinstance(before, Content) and before.is_same(told):
        return
    widget.set_class(not told, "-empty")
    widget.update(told)
