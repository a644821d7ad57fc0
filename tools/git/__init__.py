"""Hardened git: calls that run nothing of the repository's, snapshots outside it, commits by path.

- `hardening`, `run`: `await run_git(Place(...), *args) -> GitResult`; no repository can make it run anything.
- `repository`: `await open_repository(path) -> Repository`, `await init_repository(path)`; then
  `tracked_files`, `list_files`, `is_ignored`, `recent_log`, `status_summary`: all read only.
- `settings`: the few values taken from the person's own git configuration (identity, line ends, excludes).
- `snapshots`: `await SnapshotStore.open(home, place, session)`; then `take`, `load`, `changed_paths`, `diff`,
  `read_file`, `restore`. Nothing is written inside the person's `.git`.
- `keeping`: what a snapshot must not only borrow from the person's objects, and what is staged and in no file.
- `history`: `Timeline` (pure: record, undo, redo give the moves to make) and `follow`, which makes them.
- `commit`: `await commit_paths(repository, paths, message, ...)`, the one writer of the person's `.git`.

Paths in this package are strings relative to the top folder, with `/`; bytes that are not UTF-8 are kept as
surrogate escapes (`os.fsdecode`). A folder that stands for all it holds ends with `/`.
"""
