"""How many rows each of many items takes, and which item a row belongs to."""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """A list of heights whose sums are known: a Fenwick tree, so that asking and changing cost O(log n)."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._heights = list(heights)
        self._tree = [0, *self._heights]
        for node in range(1, len(self._tree)):
            above = node + (node & -node)
            if above < len(self._tree):
                self._tree[above] += self._tree[node]
        self.total = sum(self._heights)

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    def append(self, height: int) -> None:
        node = len(self._tree)
        below = self.total - self.before(node - (node & -node))
        self._tree.append(below + height)
        self._heights.append(height)
        self.total += height

    def put(self, index: int, height: int) -> None:
        more = height - self._heights[index]
        if not more:
            return
        self._heights[index] = height
        self.total += more
        node = index + 1
        while node < len(self._tree):
            self._tree[node] += more
            node += node & -node

    def before(self, index: int) -> int:
        """Rows of all items before this one."""
        rows = 0
        while index:
            rows += self._tree[index]
            index &= index - 1
        return rows

    def find(self, row: int) -> tuple[int, int]:
        """The item that has this row, and which of its rows that is. Raises IndexError."""
        if not 0 <= row < self.total:
            raise IndexError(row)
        index, step = 0, 1 << len(self._heights).bit_length()
        while step := step >> 1:
            if index + step < len(self._tree) and self._tree[index + step] <= row:
                index += step
                row -= self._tree[index]
        return index, row
