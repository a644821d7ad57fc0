"""Two sessions to look at, of real events: one agent that mends a bug, and a plan that several carry out.

All of it is fixed: times, ids, prices. What happens in them is what happens in real ones; nothing of it was sent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leadline.agent.asking.consult import CARRY_OUT
from leadline.agent.bus import Live, Published
from leadline.agent.events import (
    ApprovalAnswered,
    ApprovalAsked,
    CheckStarted,
    Durable,
    Event,
    Evidence,
    MessageCommitted,
    Mode,
    Reported,
    RequestSent,
    Routed,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    TurnEnded,
    TurnStarted,
    UsageReported,
    Verified,
    Way,
)
from leadline.agent.events_code import Packed
from leadline.agent.events_plan import (
    Forecast,
    Forecasted,
    Interval,
    Landed,
    PlanProposed,
    PlanStarted,
    TaskMoved,
    WorkerBegan,
)
from leadline.agent.events_requests import MissCause, TokenPrice
from leadline.agent.history.replay import MAIN
from leadline.agent.messages import AssistantMessage, ToolCall, Usage, UserMessage
from leadline.agent.passing import Passing, TextDelta, ToolOutput
from leadline.agent.planning.plan import Area, Plan, Task, WriteSet
from leadline.agent.planning.plan_check import AddedDependency, CheckedPlan
from leadline.agent.v4.facts import Tier
from leadline.tests.support.showcase_texts import (
    BRIEF,
    EDITED,
    EXPORTED,
    FOUND,
    LOOKING,
    PLANNED,
    PRINTED,
    RED,
    RUNS,
    TAXED,
)

ROOT = "/home/ada/shop"
BEGIN = datetime(2026, 11, 24, 14, 2, 0, tzinfo=UTC)
"""A Tuesday, outside of peak hours."""
SANDBOX = (
    "bubblewrap: files are read-only but for the work tree (without .git) and a private /tmp; no network; secrets and "
    "other processes are hidden; memory and CPU time are not limited"
)
PRO, FLASH = "deepseek-v4-pro", "deepseek-flash"
PRICES = {PRO: TokenPrice(0.022, 0.66, 1.98), FLASH: TokenPrice(0.003, 0.15, 0.6)}


class Story:
    """A session as it is told, each durable event some seconds after the one before."""

    def __init__(self, session: str) -> None:
        self.published: list[Published] = []
        self.now = BEGIN
        self.turn = 0
        self._session = session
        self._seq = 0
        self._calls = 0
        self._requests: dict[str, int] = {}

    def say(self, agent: str, *bodies: Durable | Passing, after: float = 1.0) -> None:
        for body in bodies:
            if isinstance(body, Passing):
                self.published.append(Live(agent, self.turn, body))
                continue
            self.now += timedelta(seconds=after)
            self._seq += 1
            at = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self.published.append(Event(self._seq, at, self._session, agent, self.turn, body))

    def begin(self, task: str, mode: Mode, way: Way, workers: int, budget: str) -> None:
        settings = {"budget_usd": budget, "max_turns": "60"}
        started = SessionStarted(
            "0.1.0", ROOT, task, mode, SANDBOX, settings, way=way, workers=workers
        )
        packed = Packed(
            38_400, 48_000, 212, {"whole": 31, "signatures": 96}, False, "4f1c", 1.4, {}
        )
        self.say(MAIN, started, packed)

    def route(self, agent: str, role: str, model: str, reason: str) -> None:
        self.say(agent, Routed(role, model, "high", reason, PRICES[model]))

    def ask(self, agent: str, model: str, after: float = 1.0) -> None:
        """A turn begins, and its request is under way."""
        self._requests[agent] = self._requests.get(agent, 0) + 1
        self.turn += 1
        sent = RequestSent(self._requests[agent], model, "high", (), 2 * self._requests[agent])
        self.say(agent, TurnStarted(), sent, after=after)

    def pay(
        self,
        agent: str,
        model: str,
        hit: int,
        miss: int,
        output: int,
        cause: MissCause = "none",
        detail: str = "",
    ) -> None:
        price, lost = PRICES[model], miss - 900 if cause in ("ours", "service") else 0
        cost = (hit * price.hit + miss * price.miss + output * price.output) / 1e6
        uncached = ((hit + miss) * price.miss + output * price.output) / 1e6
        usage = Usage(hit, miss, output, output // 2)
        number = self._requests[agent]
        self.say(
            agent,
            UsageReported(
                number, model, usage, cost, uncached, False, hit + lost, cause, detail, 0.8, 6.0
            ),
        )

    def answer(self, agent: str, model: str, text: str, thought: str = "", calls: int = 0) -> None:
        asked = tuple(ToolCall(f"c{number}", "read", "{}") for number in range(calls))
        finish = "tool_calls" if calls else "stop"
        message = AssistantMessage(text, thought, asked, finish, Usage(0, 0, 0), model)
        self.say(agent, MessageCommitted(message), after=4.0)

    def call(
        self, agent: str, tool: str, title: str, seconds: float, text: str = "", *, ok: bool = True
    ) -> None:
        """A call from its beginning to its end."""
        name = self.begin_call(agent, tool, title)
        shown = f"{title}: exit 1" if tool == "shell" and not ok else title
        self.say(agent, ToolFinished(name, ok, text, seconds, shown, text), after=seconds)

    def begin_call(self, agent: str, tool: str, title: str) -> str:
        self._calls += 1
        name = f"call-{self._calls}"
        mutates = tool in ("edit", "write", "shell")
        self.say(agent, ToolStarted(name, tool, title, mutates), after=0.2)
        return name

    def check(
        self, agent: str, command: str, passed: int, failed: int = 0, *, before: bool = False
    ) -> None:
        code = 1 if failed else 0
        evidence = Evidence(command, "4f1c22d", code, passed, failed, 0, False, 2.4, "")
        self.say(agent, CheckStarted(command, before), Verified(evidence, before), after=2.4)


# --- one agent ---

TASK = "The totals on invoices are off by one cent now and then. Find out why, and fix it."


def mending(mode: Mode = "auto") -> Story:
    """An agent alone, from the task to a command that still runs."""
    told = Story("20261124-140200-shop")
    told.begin(TASK, mode, "solo", 0, "2")
    told.route(MAIN, "solo", FLASH, "a bug with a test that shows it")
    told.say(MAIN, MessageCommitted(UserMessage(TASK, "task")))
    told.check(MAIN, "pytest -q", 39, 2, before=True)
    told.ask(MAIN, FLASH)
    told.answer(MAIN, FLASH, "I look at where the totals are made.", LOOKING, 3)
    told.pay(MAIN, FLASH, 0, 42_100, 640, "first")
    told.call(MAIN, "read", "read shop/invoice.py, shop/tax.py", 0.1, "...")
    told.call(MAIN, "search", "search calls of with_tax", 0.2, "shop/invoice.py:21\n")
    told.call(MAIN, "shell", "$ pytest -q tests/test_invoice.py", 1.9, "2 failed", ok=False)
    told.say(MAIN, TurnEnded(9.0))
    told.ask(MAIN, FLASH)
    told.answer(MAIN, FLASH, FOUND, "So rounding has to come last.", 2)
    told.pay(MAIN, FLASH, 42_600, 1_300, 1_150)
    told.call(MAIN, "edit", "edit shop/tax.py", 0.1, TAXED)
    told.call(MAIN, "edit", "edit shop/invoice.py", 0.1, EDITED)
    told.say(MAIN, Reported("done", "Totals are rounded once, at the end."))
    told.say(MAIN, TurnEnded(14.0))
    told.check(MAIN, "ruff check .", 0)
    told.check(MAIN, "pytest -q", 40, 1)
    told.say(MAIN, MessageCommitted(UserMessage(RED, "harness")))
    told.ask(MAIN, FLASH)
    told.answer(MAIN, FLASH, "The export wrote exact amounts; it rounds now too.", "", 2)
    told.pay(MAIN, FLASH, 44_800, 900, 420)
    return told


def solo() -> Story:
    """With a command that runs."""
    told = mending()
    told.call(MAIN, "edit", "edit shop/export.py", 0.1, EXPORTED)
    name = told.begin_call(MAIN, "shell", f"$ {RUNS}")
    told.say(MAIN, ToolOutput(name, PRINTED))
    told.now += timedelta(seconds=3)
    return told


def asks_to_run() -> Story:
    """In mode `ask`, with a command that waits for the person."""
    told = mending("ask")
    told.call(MAIN, "edit", "edit shop/export.py", 0.1, EXPORTED)
    name = told.begin_call(MAIN, "shell", f"$ {RUNS}")
    command = f"{RUNS} \\\n  && git diff --stat"
    told.say(
        MAIN,
        ApprovalAsked(
            name,
            f"May Leadline run `{command}`?",
            "exactly this command, with any time limit",
            "command",
            command,
            0,
            ("at most 600 s", f"in {ROOT}"),
            SANDBOX,
        ),
    )
    return told


def asks_to_change() -> Story:
    """In mode `ask`, with an edit that waits for the person."""
    told = mending("ask")
    name = told.begin_call(MAIN, "edit", "edit shop/export.py")
    told.say(
        MAIN,
        ApprovalAsked(
            name,
            "May Leadline write shop/export.py?",
            "every change of shop/export.py",
            "diff",
            EXPORTED.rstrip("\n"),
            0,
            (f"Leadline writes it itself, in {ROOT}",),
        ),
    )
    return told


# --- a plan and who carries it out ---

GOAL = "Count all prices in whole cents"


def _task(name: str, title: str, *after: str, tier: Tier = "flash", brief: str = "") -> Task:
    return Task(
        name,
        title,
        brief or f"Use `Cents` from shop/money.py for every price in shop/{name}.py.",
        (f"shop/{name}.py", f"tests/test_{name}.py"),
        after,
        (f"pytest -q tests/test_{name}.py", "ruff check shop"),
        tier=tier,
    )


TASKS = (
    _task("money", "Add Cents, which rounds once", tier="pro", brief=BRIEF),
    _task("tax", "Work out tax on whole cents", "money"),
    _task("cart", "Add up the cart in cents", "money"),
    _task("discount", "Share discounts out without losing a cent", "money", tier="pro"),
    _task("export", "Write cents to CSV and read old files", "money"),
    _task("invoice", "Take totals from the parts", "cart", "discount"),
)
CHECKED = CheckedPlan(
    Plan(
        GOAL,
        TASKS,
        ("pytest -q", "ruff check ."),
        (),
        ("Old files keep their two places.", "No price is above 21 million."),
    ),
    tuple(
        WriteSet((Area(f"shop/{task.id}.py"), Area(f"tests/test_{task.id}.py"))) for task in TASKS
    ),
    (AddedDependency("invoice", "discount", ("shop/invoice.py",)),),
    ("tests/test_money.py",),
)
FORECAST = Forecast(
    6,
    4,
    Interval(38, 61, 96),
    Interval(1.2e6, 2.1e6, 3.6e6),
    Interval(1.1e5, 1.8e5, 3.1e5),
    Interval(4e4, 7e4, 1.2e5),
    Interval(0.19, 0.31, 0.55),
    Interval(7, 12, 21),
    True,
    14,
)


def planned() -> Story:
    """A plan that waits for the person's word."""
    told = Story("20261124-140200-cents")
    told.begin(GOAL, "auto", "planned", 4, "1")
    told.route("planner", "planner", PRO, "a wrong plan costs more than its tokens")
    told.say("planner", MessageCommitted(UserMessage(GOAL, "task")))
    told.ask("planner", PRO)
    told.answer("planner", PRO, "I look at where prices are made and where they go.", PLANNED, 2)
    told.pay("planner", PRO, 0, 41_000, 900, "first")
    told.call("planner", "read", "read shop/money.py, shop/cart.py, shop/tax.py", 0.1, "...")
    told.call("planner", "search", "search calls of round in shop", 0.2, "...")
    told.say("planner", TurnEnded(9.0))
    told.ask("planner", PRO)
    told.answer("planner", PRO, PLANNED, "Six modules, one new type.", 1)
    told.pay("planner", PRO, 41_800, 2_600, 3_100)
    told.call("planner", "update_plan", "plan: 6 tasks", 0.0, "ok")
    told.say("planner", TurnEnded(22.0))
    told.say("planner", PlanProposed(CHECKED, PLANNED, "planner"), Forecasted(FORECAST))
    told.say("planner", ApprovalAsked("consult-1", CARRY_OUT))
    return told


def running() -> Story:
    """The same plan on its way: one task landed, two at work, one refused, one failed, one waits."""
    told = planned()
    told.say("planner", ApprovalAnswered("consult-1", True, "", "person"), after=31)
    told.say(MAIN, PlanStarted("9be2f01", 4))
    _worker(told, "money", "pro", 6)
    told.check("task-money-1", TASKS[0].checks[0], 24)
    told.check("task-money-1", TASKS[0].checks[1], 0)
    told.say("task-money-1", TurnEnded(31.0))
    for state in ("verifying", "merging"):
        told.say(MAIN, TaskMoved("money", state, 0, 0, ""))
    told.say(MAIN, TaskMoved("money", "done", 0, 0, ""), Landed("c1d77e0", ("money",)))
    _worker(told, "discount", "pro", 4)
    told.check("task-discount-1", TASKS[3].checks[0], 17, 2)
    told.say("task-discount-1", TurnEnded(12.0))
    refusal = "2 failed: test_shares_add_up, test_half_cents"
    told.say(MAIN, TaskMoved("discount", "bounced", 1, 0, "red on its own checks", refusal))
    _worker(told, "export", "flash", 5)
    told.say("task-export-1", TurnEnded(8.0))
    reason = "old files have prices that are no whole cents: 0.125"
    told.say(MAIN, TaskMoved("export", "failed", 2, 1, reason))
    _worker(told, "tax", "flash", 5)
    _worker(told, "cart", "flash", 6)
    _under_way(told)
    return told


def _worker(told: Story, task: str, tier: Tier, requests: int) -> None:
    """Its requests but for the last hit what the ones before left."""
    agent, model = f"task-{task}-1", PRO if tier == "pro" else FLASH
    told.say(MAIN, TaskMoved(task, "ready", 0, 0, ""), TaskMoved(task, "running", 0, 0, ""))
    told.say(agent, WorkerBegan(task, tier, "high", "9be2f01"))
    told.route(agent, "worker", model, "a task with a written brief and checks")
    brief = next(each.brief for each in TASKS if each.id == task)
    told.say(agent, MessageCommitted(UserMessage(brief, "brief")))
    for number in range(requests):
        told.ask(agent, model, after=2.5)
        told.answer(agent, model, f"Part {number + 1} of {requests} is done.", "", 1)
        told.pay(agent, model, *_tokens(task, number))
        told.call(agent, "edit", f"edit shop/{task}.py", 0.1, EDITED.replace("invoice", task))
        told.say(agent, TurnEnded(8.0), after=3.0)


def _tokens(task: str, number: int) -> tuple[int, int, int, MissCause, str]:
    """Of a worker's request: hit, missed and written."""
    seen = 41_200 + 1_900 * number
    if (task, number) == ("export", 2):
        return 0, seen + 900, 700, "service", f"{seen:,} tokens were stored 9 min before"
    if (task, number) == ("cart", 3):
        return seen - 6_100, 7_000, 820, "ours", "message 4 is another than it was"
    return seen, 900 + 240 * (number % 3), 480 + 130 * (number % 4), "none", ""


def _under_way(told: Story) -> None:
    told.ask("task-tax-1", FLASH)
    told.say("task-tax-1", TextDelta("The rates are exact fractions now,\nso only `total` rounds"))
    told.ask("task-cart-1", FLASH)
    told.answer("task-cart-1", FLASH, "The cart adds whole cents; I run its tests.", "", 1)
    told.pay("task-cart-1", FLASH, 52_400, 1_100, 640)
    name = told.begin_call("task-cart-1", "shell", "$ pytest -q tests/test_cart.py")
    told.say("task-cart-1", ToolOutput(name, "collected 23 items\ntests/test_cart.py .........."))
    told.now += timedelta(seconds=6)
