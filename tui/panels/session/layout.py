"""Where items of unknown height stand in a list of any length: laid out where one looks, guessed elsewhere.

The place that one looks at is an item and a row of it, never a number of rows from the top: so it stays what it is when
a guess above it turns out wrong. The number of rows only feeds the scroll bar.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, Protocol

from .heights import Heights
from .rows import Row

MOST_ROWS = 8_192
"""Rows that are kept of items that were laid out; the item in hand may have more."""
_NEAR = 3
"""Windows: so far one moves exactly, laying out all that lies between."""


class Items(Protocol):
    """What is laid out. `guess` must be cheap."""

    def __len__(self) -> int: ...

    def rows(self, index: int, width: int) -> tuple[Row, ...]: ...

    def guess(self, index: int, width: int) -> int: ...


class Spot(NamedTuple):
    """A row of an item."""

    item: int
    row: int


class Seen(NamedTuple):
    """A row that is to be seen, with its place."""

    spot: Spot
    row: Row


TOP = Spot(0, 0)


class Layout:
    """`spot` is the row on top of the window; with `follows` it is always such that the end can be seen."""

    def __init__(self, items: Items, width: int, height: int) -> None:
        self.items = items
        self.width = width
        self.height = height
        self.spot = TOP
        self.follows = True
        self._kept: OrderedDict[int, tuple[Row, ...]] = OrderedDict()
        self._rows_kept = 0
        self.heights = Heights()
        self._guess_all()

    # --- what is where ---

    @property
    def total(self) -> int:
        return self.heights.total

    @property
    def top(self) -> int:
        """Rows above the window, as far as known."""
        return self.y_of(self.spot) if len(self.heights) else 0

    def y_of(self, spot: Spot) -> int:
        return self.heights.before(spot.item) + spot.row

    def rows(self, index: int) -> tuple[Row, ...]:
        """The rows of an item, which is laid out now if it is not."""
        kept = self._kept.get(index)
        if kept is not None:
            self._kept.move_to_end(index)
            return kept
        rows = self.items.rows(index, self.width)
        self._kept[index] = rows
        self._rows_kept += len(rows)
        while self._rows_kept > MOST_ROWS and len(self._kept) > 1:
            self._forget(next(iter(self._kept)))
        self.heights.put(index, len(rows))
        return rows

    def peek(self, index: int) -> tuple[Row, ...]:
        """The rows of an item, for reading: nothing is kept, nothing moves."""
        return self._kept.get(index) or self.items.rows(index, self.width)

    def window(self) -> list[Seen]:
        """The rows in the window; less than its height where there are not so many."""
        found: list[Seen] = []
        index, skip = self.spot
        while len(found) < self.height and index < len(self.heights):
            rows = self.rows(index)
            last = min(len(rows), skip + self.height - len(found))
            found += [Seen(Spot(index, row), rows[row]) for row in range(skip, last)]
            index, skip = index + 1, 0
        return found

    # --- what changes ---

    def changed(self, index: int, kept: int | None = None) -> None:
        """An item is another than before. `kept` says that its first so many rows are not: where one looks below them,
        it is as far from the item's end as before."""
        before = self.heights[index]
        self._forget(index)
        if self._near(index):
            more = len(self.rows(index)) - before
            if kept is not None and self.spot.item == index and self.spot.row >= kept:
                self.spot = Spot(index, max(kept, self.spot.row + more))
        else:
            self.heights.put(index, self.items.guess(index, self.width))

    def grew(self) -> None:
        """There are more items than before."""
        for index in range(len(self.heights), len(self.items)):
            self.heights.append(self.items.guess(index, self.width))

    def anew(self) -> None:
        """All items may be others in looks, though not in number; the place stays."""
        self._resized(self.width)

    def resize(self, width: int, height: int) -> None:
        """Another window. What was on top stays there."""
        self.height = height
        if width != self.width:
            self._resized(width)

    # --- where one looks ---

    def settle(self) -> None:
        """Lay out what is in the window, and keep the window inside of what there is."""
        if self.follows:
            self.spot = self._end_spot()
            return
        index = min(self.spot.item, max(0, len(self.heights) - 1))
        row = self.spot.row if index == self.spot.item else 0
        if len(self.heights):
            row = min(row, max(0, len(self.rows(index)) - 1))
        self.spot = Spot(index, row)
        if len(self.window()) < self.height:
            self.follow()

    def scroll_by(self, rows: int) -> None:
        """Move the window by so many rows, exactly. Down to the end, it follows from then on."""
        if not len(self.heights):
            return
        self.follows = False
        self.spot = self._walked(self.spot, rows)
        self.follows = rows > 0 and self._ends_in_window()
        self.settle()

    def scroll_to(self, y: int) -> None:
        """Move the window about so many rows from the top: exactly where all above is laid out."""
        if abs(y - self.top) <= _NEAR * self.height:
            self.scroll_by(y - self.top)
        elif y + self.height >= self.total:
            self.follow()
        else:
            index, row = self.heights.find(max(0, y))
            self.look_at(Spot(index, self._scaled(index, row)))

    def look_at(self, spot: Spot) -> None:
        """Bring this row to the top of the window. Where the end can be seen then, it follows from then on."""
        self.spot = spot
        self.follows = self._ends_in_window()
        self.settle()

    def follow(self) -> None:
        self.follows = True
        self.settle()

    def reveal(self, index: int) -> None:
        """Bring an item into the window by as little as is needed, its beginning where it is higher than that."""
        height = len(self.rows(index))
        above = Spot(index, 0)
        if above < self.spot:
            self.look_at(above)
            return
        low = self._walked(above, min(height, self.height) - self.height)
        if low > self.spot:
            self.look_at(low)

    def centre(self, spot: Spot) -> None:
        """Bring a row into the window, with some of what is above, where it is not there already."""
        if all(seen.spot != spot for seen in self.window()):
            self.look_at(self._walked(spot, -(self.height // 3)))

    def _walked(self, spot: Spot, rows: int) -> Spot:
        """So many rows further, laying out what lies between; as far as there are any."""
        index, row = spot
        row += rows
        while row < 0 and index > 0:
            index -= 1
            row += len(self.rows(index))
        while index < len(self.heights) - 1 and row >= len(self.rows(index)):
            row -= len(self.rows(index))
            index += 1
        return Spot(index, max(0, row))

    def _end_spot(self) -> Spot:
        if not len(self.heights):
            return TOP
        last = len(self.heights) - 1
        return self._walked(Spot(last, len(self.rows(last))), -self.height)

    def _ends_in_window(self) -> bool:
        window = self.window()
        if len(window) < self.height:
            return True
        (index, _), row = window[-1]
        after = range(index + 1, len(self.heights))
        return row is self.rows(index)[-1] and not any(self.rows(each) for each in after)

    def _scaled(self, index: int, row: int) -> int:
        """The row of an item that is about as far in it as `row` was when its height was a guess."""
        guessed = self.heights[index]
        exact = len(self.rows(index))
        return row if guessed == exact else row * exact // max(1, guessed)

    def _near(self, index: int) -> bool:
        return self.spot.item <= index <= self.spot.item + self.height

    # --- what is kept ---

    def _forget(self, index: int) -> None:
        rows = self._kept.pop(index, None)
        if rows is not None:
            self._rows_kept -= len(rows)

    def _resized(self, width: int) -> None:
        looked = self._looked_at()
        self.width = width
        self._kept.clear()
        self._rows_kept = 0
        self._guess_all()
        if looked is not None and not self.follows:
            self.spot = self._same_text(*looked)

    def _looked_at(self) -> tuple[int, int] | None:
        """Line and character of what is on top."""
        rows = self._kept.get(self.spot.item)
        if rows is None or self.spot.row >= len(rows):
            return None
        row = rows[self.spot.row]
        return row.line, row.start

    def _same_text(self, line: int, start: int) -> Spot:
        index = self.spot.item
        places = [
            number
            for number, row in enumerate(self.rows(index))
            if (row.line, row.start) <= (line, start)
        ]
        return Spot(index, places[-1] if places else 0)

    def _guess_all(self) -> None:
        guess, width = self.items.guess, self.width
        self.heights = Heights(guess(index, width) for index in range(len(self.items)))
