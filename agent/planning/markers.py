"""Conflict markers of a merge that its worker left in the files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...tools.git.merging import Labels
from ...tools.git.objects import Change, batches, blob_sizes, read_blobs
from ...tools.git.store import Store


async def marked_paths(store: Store, changes: Iterable[Change], labels: Labels) -> tuple[str, ...]:
    """The changed files, sorted, with a marker that a merge with these labels puts there.

    Only its own labels count: a file may be about markers.
    """
    pattern = _marker(labels)
    files = [(each.path, each.after.object_id) for each in changes if each.after is not None]
    found: set[str] = set()
    for group in batches(await blob_sizes(store, (blob for _, blob in files))):
        contents = await read_blobs(store, group)
        found.update(blob for blob, content in contents.items() if pattern.search(content))
    return tuple(sorted(path for path, blob in files if blob in found))


def _marker(labels: Labels) -> re.Pattern[bytes]:
    lines = (f"<<<<<<< {labels.ours}", f"||||||| {labels.base}", f">>>>>>> {labels.theirs}")
    return re.compile(
        b"^(?:%b)\r?$" % b"|".join(re.escape(line.encode()) for line in lines), re.MULTILINE
    )
