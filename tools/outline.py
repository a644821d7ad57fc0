"""The `outline` tool: what a file or folder defines, and in which lines."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from .base import Effects, Tool, ToolContext, ToolResult
from .child import stream
from .code.languages import language_of
from .code.model import FileFacts, SourceFile
from .code.present import present_tree
from .errors import ToolError
from .files import declared_path, load, relative_path
from .outline_text import file_outline, folder_outline
from .params import Params
from .paths import exists, is_folder, is_git_internal, real_inside
from .suggest import missing

MAX_PARSED_BYTES = 2_000_000
SECONDS = 10.0
_MAX_ANSWER = 100_000_000
_FACTS = (sys.executable, "-I", "-m", f"{__package__}.facts")
_READ_FACTS = TypeAdapter(FileFacts)


class OutlineParams(Params):
    path: str


def _effects(params: OutlineParams) -> Effects:
    return Effects(reads=(declared_path(params.path),))


def _title(params: OutlineParams) -> str:
    return f"outline {params.path}"


async def _run(params: OutlineParams, context: ToolContext) -> ToolResult:
    path, name = await asyncio.to_thread(_target, context.root, params.path)
    tree = await present_tree(context.code) if context.code is not None else None
    if is_folder(context.root / path):
        if tree is None:
            raise ToolError("There is no index of this tree. Name one file, or `read` the folder.")
        return ToolResult(await asyncio.to_thread(folder_outline, path, tree.files, tree.symbols))
    file = tree.files.get(path) if tree is not None else None
    if tree is None or file is None:
        return ToolResult(await _parsed(context.root, path, name))
    if file.left_out is not None or file.language is None:
        return ToolResult(f"{path}: {_without(file)}")
    return ToolResult(_file(path, await asyncio.to_thread(tree.facts, path), name))


def _target(root: Path, text: str) -> tuple[str, str]:
    """The path, relative to `root`, and the symbol behind a colon, if any."""
    path, name = relative_path(root, text), ""
    if not exists(root / path) and ":" in path:
        path, _, name = path.rpartition(":")
    if is_git_internal(path):
        raise ToolError("What is in .git has no outline.")
    target = real_inside(root, path)
    if not exists(Path(os.path.realpath(root), target)):
        raise ToolError(missing(root, path, folders=True))
    return target, name


def _without(file: SourceFile) -> str:
    """Why a file has no outline."""
    if file.left_out is not None:
        return f"left out of the index ({file.left_out}); `search` and `read` still work"
    return "no parser for this kind of file; `search` and `read` still work"


async def _parsed(root: Path, path: str, name: str) -> str:
    """The outline of a file that the index doesn't know, parsed in a process of its own."""
    file = await asyncio.to_thread(load, root, path)
    if file is None:
        raise ToolError(missing(root, path))
    language = language_of(path, file.data[:512])
    if file.text is None or language is None:
        return (
            f"{path}: {'a binary file' if file.text is None else 'no parser for this kind of file'}"
        )
    if len(file.data) > MAX_PARSED_BYTES:
        return f"{path}: too large to parse ({len(file.data):,} bytes)"
    said = bytearray()

    def take(chunk: bytes) -> bool:
        said.extend(chunk)
        return len(said) < _MAX_ANSWER

    request = json.dumps({"language": language, "text": file.text.lf}).encode()
    ended = await stream(_FACTS, root, request, take, SECONDS)
    try:
        facts = _READ_FACTS.validate_json(bytes(said)) if ended.code == 0 else None
    except ValidationError:
        facts = None
    if facts is None:
        raise ToolError(f"{path} could not be parsed. `search` and `read` still work.")
    return _file(path, facts, name)


def _file(path: str, facts: FileFacts, name: str) -> str:
    text = file_outline(path, facts, name)
    if not text:
        raise ToolError(f"{path} defines no {name}.")
    return text


OUTLINE = Tool("outline", OutlineParams, _effects, _title, _run)
