from __future__ import annotations

import json

from leadline.agent.events import Durable, Event, RequestFailed, TurnStarted, UsageReported
from leadline.agent.events_requests import MissCause
from leadline.agent.messages import Usage
from leadline.agent.v4.cost import cost_report


def reported(
    request: int,
    usage: Usage,
    cost: float,
    uncached: float,
    *,
    cause: MissCause = "none",
    expected: int = 0,
    model: str = "deepseek-flash",
    detail: str = "",
) -> UsageReported:
    return UsageReported(
        request, model, usage, cost, uncached, request == 2, expected, cause, detail, 0.5, 2.0
    )


def events(*bodies: tuple[str, Durable]) -> list[Event]:
    return [
        Event(number, f"2026-11-21T12:00:{number:02}.000Z", "s", agent, 1, body)
        for number, (agent, body) in enumerate(bodies, 1)
    ]


SESSION = events(
    ("main", TurnStarted()),
    ("main", reported(1, Usage(0, 10_000, 500), 0.0018, 0.0018, cause="first")),
    ("main", reported(2, Usage(10_240, 760, 300), 0.0003, 0.0018)),
    ("main", RequestFailed(3, "HTTP 503", retry=True)),
    (
        "main",
        reported(
            4, Usage(0, 11_500, 300), 0.0019, 0.0019, cause="ours", expected=11_008,
            detail="segment history differs from byte 17",
        ),
    ),
    (
        "a-worker-with-a-long-name",
        reported(1, Usage(0, 500_000, 9_000), 0.34782, 0.34782, model="deepseek-v4-pro", cause="first"),
    ),
)  # fmt: skip


def test_the_sums():
    report = cost_report(SESSION)
    total = report.total
    assert (total.requests, total.hit, total.miss, total.output) == (4, 10_240, 522_260, 10_100)
    assert round(total.cost, 5) == 0.35182
    assert round(total.saved, 5) == 0.0015
    assert (total.unexpected, total.unpriced, report.failed) == (1, 0, 1)
    assert [part.name for part in report.by_model] == ["deepseek-flash", "deepseek-v4-pro"]
    assert [part.requests for part in report.by_agent] == [3, 1]
    assert [row.lost for row in report.rows] == [0, 0, 11_008, 0]
    assert round(report.by_model[0].hit_share, 4) == round(10_240 / 32_500, 4)


def test_the_table_fits_and_says_what_went_wrong():
    table = cost_report(SESSION).table()
    assert all(len(line) <= 80 for line in table.splitlines())
    assert "Unexpected misses: 1, 11008 tokens." in table
    assert "main 4 (ours): segment history differs from byte 17" in table
    assert "1 request failed" in table
    assert "The cache saved $0.0015" in table
    first, second = table.splitlines()[:2]
    for name in ("hit", "miss", "output"):
        end = first.index(name) + len(name)
        assert second[end - 1].isdigit()
        assert second[end] == " "


CREW = events(
    ("planner", reported(1, Usage(0, 30_000, 900), 0.02, 0.02, model="deepseek-v4-pro", cause="first")),
    ("prime-flash-high", reported(1, Usage(0, 31_000, 50), 0.005, 0.005, cause="first")),
    *(
        (f"task-{name}-{number}", reported(1, Usage(31_000, 900, 700), 0.001, 0.005, cause="fork"))
        for number, name in enumerate(("money", "split", "count-every-cent-there-is") * 3, 1)
    ),
    ("reviewer", reported(1, Usage(0, 40_000, 90), 0.03, 0.03, model="deepseek-v4-pro", cause="first")),
)  # fmt: skip


def test_many_agents_are_told_apart_and_summed_up_by_role():
    report = cost_report(CREW)
    assert [(each.name, each.requests) for each in report.by_role] == [
        ("planner", 1),
        ("prime", 1),
        ("workers", 9),
        ("reviewer", 1),
    ]
    lines = report.table().splitlines()
    assert all(len(line) <= 80 for line in lines)
    rows = [line.split()[0] for line in lines[1:13]]
    assert rows[2:5] == ["task-money-1", "task-split-2", "task-co~-is-3"]
    assert len(set(rows)) == 12
    sums = [line.split()[:2] for line in lines[lines.index("") + 2 :]]
    assert ["workers", "9"] in sums
    assert sums.index(["workers", "9"]) < sums.index(["task-money-1", "1"])
    assert [part["name"] for part in report.to_json()["roles"]][2] == "workers"
    # Nine first requests, each of which would have cost half a cent instead of a tenth of one.
    assert "9 workers began with what was read once for all of them, which saved $0.0360." in lines
    assert round(report.to_json()["shared_prefix_saved_usd"], 6) == 0.036


def test_a_few_agents_need_no_sums_by_role():
    assert not any(line.startswith("workers") for line in cost_report(CREW[:4]).table().split("\n"))
    assert "task-money-1" in cost_report(CREW[:4]).table()


def test_json_has_it_all():
    value = json.loads(json.dumps(cost_report(SESSION).to_json()))
    assert len(value["requests"]) == 4
    assert value["requests"][2]["cause"] == "ours"
    assert value["total"]["hit_share"] == 10_240 / 532_500
    assert value["failed_requests"] == 1


def test_unknown_prices_and_hits_are_said():
    table = cost_report(
        events(("main", reported(1, Usage(0, 900, 5), 0.0, 0.0, cause="unknown")))
    ).table()
    assert "The price of 1 of 1 requests is not known" in table
    assert "'?'" in table
    assert "Unexpected misses: none." in table


def test_nothing_sent():
    assert cost_report([]).table() == "No request was sent.\n"
    assert cost_report([]).total.hit_share == 0.0
