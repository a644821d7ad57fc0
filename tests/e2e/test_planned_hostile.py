"""Workers that try to leave their clones: the person's tree and `.git` and Leadline's state stay as they are."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from leadline.tests.e2e.conftest import MakeStage, Stage
from leadline.tests.e2e.planned import EDIT, plan, project, states, task, texts
from leadline.tests.support.laws import each_start_has_one_end
from leadline.tests.support.needs import ANEW, BUBBLEWRAP
from leadline.tests.support.planscripts import REPORT, Call, planner, primer, reviewer, worker
from leadline.tests.support.processes import is_running
from leadline.tests.support.repos import git, write_files
from leadline.tests.support.traps import HOOKS, sprung, trap
from leadline.tests.support.trees import digests

pytestmark = ANEW

KEY = "sk-rehearsal-LEAK-0123456789abcdef"
SECRET = "the-word-of-another-worker"

SANDBOXES = pytest.mark.parametrize(
    "sandbox", [pytest.param("bubblewrap", marks=BUBBLEWRAP), "landlock"]
)


@pytest.fixture
def tmp_path() -> Generator[Path]:
    """Not in /tmp, where a private /tmp would hide what the tests want to see guarded."""
    base = Path(tempfile.mkdtemp(prefix="leadline-test-", dir="/var/tmp"))
    base.chmod(0o755)
    yield base
    shutil.rmtree(base)


@dataclass(frozen=True)
class Around:
    """What a worker may want to reach: the person's tree, their home, Leadline's state, a folder of nobody's."""

    person: Path
    home: Path
    state: Path
    outside: Path

    @staticmethod
    def at(base: Path) -> Around:
        around = Around(base / "repo", base / "person", base / "home", base / "outside")
        write_files(around.home, {".gitconfig": "[user]\n\tname = Ada\n", ".bashrc": "# plain\n"})
        write_files(around.outside, {"target.txt": "todo\n"})
        (around.outside / "sprung").mkdir()
        return around

    def facts(self) -> Mapping[str, Mapping[str, str]]:
        """All that no worker may change; of the person's tree only `.git`."""
        folders = {"git": self.person / ".git", "home": self.home, "outside": self.outside}
        return {name: digests(folder) for name, folder in folders.items()}

    def filled(self, script: str) -> str:
        """The script with the places for their names."""
        for name in ("person", "home", "state", "outside"):
            script = script.replace(f"@{name}", str(getattr(self, name)))
        return script.replace("@hooks", " ".join(HOOKS))


def planted(around: Around) -> list[str]:
    """What an attack left where it should not be."""
    base = around.person.parent
    return sorted(str(path.relative_to(base)) for path in base.rglob("planted*"))


def shell(script: str) -> Call:
    return "shell", {"command": script}


def job(script: str) -> Call:
    return "shell", {"command": script, "background": True}


COMMANDS = {
    # To commands the person's tree is their own clone, or it is read-only. What they make, they take away again.
    "absolute": """
        echo x > @person/.git/hooks/planted; mkdir -p @person/.git/planted
        echo x > @person/planted; echo x >> @person/base.txt; rm -f @person/other.txt
        rm -rf .git/planted .git/hooks planted; git checkout -q -- .""",
    "below-home": """
        for at in @state @state/sessions/* @state/sessions/*/work @state/sessions/*/work/clones/* @state/objects/*; do
          echo x > "$at/planted"; ln -s @person "$at/planted-link"; mkdir "$at/planted-folder"; done
        for at in @state/sessions/*/journal.jsonl @state/objects/*/HEAD @state/sessions/*/work/clones/*/own/*; do
          echo x >> "$at"; rm -f "$at"; mv "$at" "$at.planted"; done
        rm -rf @state/sessions/*/work/spares @state/objects/*/objects @state/sessions/*/outputs""",
    "above": """
        here=$PWD; cd ..; echo x > planted; ln -s @person planted-link; mv repo planted-tree
        cd ..; echo x > planted; echo x >> own/index; echo x >> own/state.json; mv own planted-own
        cd @person/..; echo x > planted; mkdir planted-folder; mv repo planted-repo; cd $here; test -e base.txt""",
    "git-c": """
        git -C @person/../person init -q planted; git -C @outside init -q planted
        git --git-dir=@person/.git config core.fsmonitor ./planted
        git --git-dir=@person/.git update-ref refs/heads/planted HEAD
        git --git-dir=@person/.git --work-tree=@person commit -q --allow-empty -m planted
        git config --unset core.fsmonitor; git update-ref -d refs/heads/planted; git reset -q --soft HEAD""",
    "variables": """
        for at in @person/.git @state/objects/*; do
          GIT_DIR=$at git update-ref refs/heads/planted HEAD; GIT_DIR=$at git config core.hooksPath ./planted
          GIT_DIR=$at GIT_WORK_TREE=@person git add -A; GIT_DIR=$at GIT_WORK_TREE=@outside git checkout -qf HEAD
          GIT_INDEX_FILE=$at/index git read-tree --empty
          echo planted | GIT_OBJECT_DIRECTORY=$at/objects git hash-object -w --stdin
          GIT_OBJECT_DIRECTORY=$at/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$at/objects git gc -q --prune=now
          GIT_DIR=$at git prune --expire=now; GIT_DIR=$at git pack-refs --all; done
        rm -rf .git/index .git/packed-refs; git config --unset core.hooksPath; git reset -q --hard leadline""",
    "worktree": """
        git worktree add -f @outside/planted; git -C @person worktree add -f ../planted; git worktree prune
        git config --global core.fsmonitor ./planted; git config --global alias.status '!./planted'
        git config --file @home/.gitconfig core.pager ./planted
        echo x > @home/planted; git init -q --separate-git-dir=@outside/planted .""",
    "objects": """
        cat .git/objects/info/alternates | while read -r at; do
          rm -rf "$at"/??; rm -rf "$at"/pack/*; echo x > "$at/planted"; done
        git repack -q -a -d; git gc -q --prune=now; git prune --expire=now
        echo @outside > .git/objects/info/alternates""",
    "proc": """
        for at in /proc/[0-9]*; do
          cat $at/root@state/sessions/*/journal.jsonl $at/environ $at/cwd/../journal.jsonl
          echo x > $at/root@outside/planted
          echo x > $at/cwd/planted; for fd in $at/fd/*; do echo planted > $fd; done; done > all.log 2>/dev/null
        grep -q -a -e LEAK-0123 -e session_started all.log && echo reached-a-secret; rm -f all.log planted""",
    "others": """
        sleep 0.3; cat @state/sessions/*/commands/*/outputs/*/*.txt @state/sessions/*/work/clones/*/tree/*/secret.log \\
          /tmp/secret.log @state/sessions/*/commands/*/tmp/secret.log ../../../*/tree/*/secret.log > all.log 2>/dev/null
        grep -q another-worker all.log && echo reached-a-secret; rm -f all.log""",
    "secret": f"echo {SECRET[:8]}{SECRET[8:]} | tee secret.log $TMPDIR/secret.log; sleep 1; rm -f secret.log",
    "hard-links": """
        ln @person/.git/HEAD planted-head; ln @outside/target.txt planted-target; ln @home/.bashrc planted-rc
        for at in planted-*; do echo x >> $at; done; rm -f planted-*""",
    "daemon": """
        (setsid nohup sh -c 'while :; do echo late > late.log; sleep 0.05; done' > /dev/null 2>&1 &)
        python3 -c 'import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execlp("sleep", "sleep", "471101")'
        sleep 471102 & disown; sleep 0.2""".replace("\n        ", "\n"),
}
"""By the task's id; each worker does its own task afterwards."""


def filled(around: Around, answers: Sequence[Sequence[Call]]) -> list[list[Call]]:
    """The answers with the places for their names."""
    return json.loads(around.filled(json.dumps(answers)))


async def hostile_project(
    stage: MakeStage,
    around: Around,
    names: Sequence[str],
    *parts: str,
    **tasks: Mapping[str, object],
) -> Stage:
    """With a task and a file for each name, in a repository whose owner has a filter of their own."""
    each = [task(name) | dict(tasks.get(name, {})) for name in names]
    place = await project(stage, names, planner(plan(*each)), primer(), *parts, reviewer())
    trap(around.outside / "trap", around.outside / "sprung", "sprung")
    git(place.repo, "config", "filter.trap.clean", str(around.outside / "trap"))
    git(place.repo, "config", "filter.trap.smudge", str(around.outside / "trap"))
    write_files(place.repo, {"other.txt": "other\n", "last.txt": "last\n", ".gitignore": "*.log\n"})
    git(place.repo, "add", "--all")
    git(place.repo, "commit", "--quiet", "-m", "more")
    return place.having(HOME=str(around.home), DEEPSEEK_API_KEY=KEY)


@SANDBOXES
async def test_commands_reach_nothing_but_their_clone(
    stage: MakeStage, tmp_path: Path, sandbox: str
) -> None:
    around = Around.at(tmp_path)
    names = list(COMMANDS)
    place = await hostile_project(
        stage,
        around,
        names,
        *(
            worker(name, filled(around, [[shell(script)], [EDIT], [REPORT]]), name=name)
            for name, script in COMMANDS.items()
        ),
    )
    before = around.facts()
    at = place.having(LEADLINE_SANDBOX=sandbox)
    ran = await at("refactor", "Do all of it", "--json", "--workers", "4")
    assert ran.code == 0, ran.err
    each_start_has_one_end(ran.lines[:-1])
    assert sandbox in ran.result["sandbox"].casefold()
    assert set(states(ran).values()) == {"done"}
    assert texts(place, names) == {"done"}
    assert sorted(ran.result["changed"]) == sorted(f"{name}.txt" for name in names)
    assert around.facts() == before
    assert planted(around) == []
    commands = [each for each in ran.bodies("tool_finished") if each["title"].startswith("$")]
    assert len(commands) == len(names)
    assert not any("reached-a-secret" in each["text"] for each in commands)
    assert not any(is_running("sleep", f"47110{number}") for number in (1, 2))


LINKS = """
rm -f links.txt; ln -s @outside/target.txt links.txt; ln -s @outside out; ln -s @person/.git dot; ln -s @state kept
ln -s ../../../.. up; mkdir deep; echo x > deep/real.txt; ln -s @outside deep/er; ln -s .git/config conf
ln @outside/target.txt hard || true"""
RESTORED = """
grep -qx changed deep/real.txt || exit 9; rm -rf .git/planted out dot kept up deep conf hard links.txt
git checkout -q links.txt"""

HOOKED = r"""
mkdir -p .git/hooks; printf '#!/bin/sh\ntouch @outside/sprung/sprung\ncat\n' > .git/hooks/trap; chmod +x .git/hooks/trap
for hook in @hooks; do cp .git/hooks/trap .git/hooks/$hook; done
for key in core.fsmonitor core.pager core.editor diff.external core.sshCommand core.alternateRefsCommand gpg.program \
  filter.trap.clean filter.trap.smudge filter.trap.process diff.trap.textconv merge.trap.driver; do
  git config $key "$PWD/.git/hooks/trap"; done
git config core.hooksPath "$PWD/.git/hooks"; git config commit.gpgSign true; git config filter.trap.required true
echo '* filter=trap diff=trap merge=trap' > .git/info/attributes; git config core.worktree @person"""

MODULES = r"""
git init -q modules; git -C modules -c user.name=a -c user.email=a@b.c commit -q --allow-empty -m x
printf '#!/bin/sh\ntouch @outside/sprung/sprung\n' > modules/.git/hooks/post-checkout
git -c protocol.file.allow=always submodule add -f ./modules inside; git commit -q -m inside
printf '[submodule "inside"]\n\tpath = inside\n\turl = @person\n\tupdate = !@outside/trap\n' > .gitmodules"""

THROUGH = [
    *(
        "links.txt",
        "out/planted",
        "out/target.txt",
        "dot/hooks/planted",
        "kept/planted",
        "up/planted",
    ),
    *("deep/er/planted", "conf"),
]
"""Paths of the tree that lead out of it, or into `.git`."""


CODEMOD = {"rules": [{"language": "python", "pattern": "old($A)", "rewrite": "planted($A)"}]}
SCRIPT = {
    "script": """
import ctypes
def change(path, text):
    system = ctypes.CDLL(None)  # which no hook of Python's sees
    for at in ("@outside/planted", "@person/.git/planted", "@state/planted", "@home/planted", "../planted"):
        system.creat(at.encode(), 0o644)
    return text + "changed\\n"
"""
}
"""A codemod's script is asked to change nothing by itself; this one asks nobody."""

WRITING = {
    # What Leadline writes for a worker, outside of any sandbox, goes through no link that the worker laid.
    "links": [
        [shell(LINKS)],
        [("write", {"path": path, "content": "planted\n"}) for path in THROUGH],
        [
            ("edit", {"path": path, "edits": [{"old": "todo", "new": "planted"}]})
            for path in THROUGH
        ],
        [
            (
                "codemod",
                {"codemod": CODEMOD | {"paths": ["out/", "deep/", "links.txt"]}, "apply": True},
            ),
            ("codemod", {"codemod": SCRIPT | {"paths": ["deep/"]}, "apply": True}),
            ("read", {"files": [{"path": path} for path in THROUGH]}),
            ("search", {"pattern": "todo|session_started|repositoryformatversion"}),
        ],
        [shell(RESTORED)],
    ],
    "swap": [
        [job("while :; do rm -rf swap; mkdir swap; rm -rf swap; ln -s @outside swap; done")],
        *(
            [("write", {"path": f"swap/planted-{one}{two}", "content": "x"}) for two in range(12)]
            for one in range(3)
        ),
        [("shell", {"job": "job-1", "stop": True})],
        [shell("rm -rf swap")],
    ],
    # What git would run in the clone, if our own calls let it.
    "hooks": [[shell(HOOKED)]],
    # Lands, and would have the person's own filter run on each file of theirs, if our own calls let it.
    "attributes": [
        [("write", {"path": ".gitattributes", "content": "* filter=trap diff=trap merge=trap\n"})]
    ],
    "modules": [[shell(MODULES)]],
    "jobs": [
        [job("setsid sh -c 'while :; do echo x > late; sleep 0.02; done'")],
        [job("sleep 471103")],
        [shell("sleep 0.2")],
    ],
}
PATHS = {
    "links": ["links.txt", "out/", "dot/", "kept/", "up/", "deep/", "conf"],
    "swap": ["swap.txt", "swap/"],
    "attributes": ["attributes.txt", ".gitattributes"],
    "modules": ["modules.txt", "modules/", "inside/", ".gitmodules"],
    "jobs": ["jobs.txt", "late"],
}


@SANDBOXES
async def test_what_leadline_does_for_a_worker_stays_in_the_clone(
    stage: MakeStage, tmp_path: Path, sandbox: str
) -> None:
    around = Around.at(tmp_path)
    names = list(WRITING)
    place = await hostile_project(
        stage,
        around,
        names,
        *(
            worker(name, [*filled(around, answers), [EDIT], [REPORT]], name=name)
            for name, answers in WRITING.items()
        ),
        **{name: {"paths": paths} for name, paths in PATHS.items()},
    )
    before = around.facts()
    at = place.having(LEADLINE_SANDBOX=sandbox)
    ran = await at("refactor", "Do all of it", "--json", "--workers", "4")
    assert ran.code == 0, ran.err
    each_start_has_one_end(ran.lines[:-1])
    assert set(states(ran).values()) == {"done"}
    assert around.facts() == before
    assert planted(around) == []
    assert sprung(around.outside / "sprung") == []
    own = {f"{name}.txt" for name in names}
    assert own <= set(ran.result["changed"]) <= own | {".gitattributes", ".gitmodules", "late"}
    assert not (place.repo / "links.txt").is_symlink()
    assert not is_running("sleep", "471103")
    refused = [each["text"] for each in ran.bodies("tool_finished") if not each["ok"]]
    for path in set(THROUGH) - {"conf"}:
        assert sum(text.startswith(f"{path} leads outside") for text in refused) == 2, path
    by_rules, by_script = (
        each["ok"] for each in ran.bodies("tool_finished") if each["title"].startswith("codemod")
    )
    assert not by_rules
    assert by_script
