"""All commands on a project that uses the real dbt package, from declaration to report."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from driftline.cli import run
from support import Project

MONITOR = """{{ driftline.monitor(
    relation = source('raw', 'log'),
    timestamp = 'at',
    reference = %s,
    numeric = ['price'],
    categorical = ['country'],
    business_metrics = {'revenue': {'sum': 'price * amount'}}
) }}"""

SPAN = "{'start': '2026-01-01', 'end': '2026-01-11'}"


def rows(days: int, shift_from: int) -> dict[str, list[Any]]:
    """300 rows a day; from one day on the price is another."""
    chance = random.Random(1)
    made: dict[str, list[Any]] = {"at": [], "price": [], "amount": [], "country": []}
    for day in range(days):
        for row in range(300):
            made["at"].append(datetime(2026, 1, 1) + timedelta(days=day, minutes=4 * row))
            made["price"].append(chance.gauss(20.0 if day >= shift_from else 10.0, 2.0))
            made["amount"].append(1)
            made["country"].append(chance.choice(["JP", "FR", "BR"]))
    return made


def test_from_declaration_to_report(make_project: Any, tmp_path: Path, capsys: Any) -> None:
    project: Project = make_project(
        models={"monitors/shop": MONITOR % SPAN, "monitors/apart": MONITOR % "{'relation': source('raw', 'training')}"},
        tables={"log": rows(20, shift_from=15), "training": rows(10, shift_from=99)},
        vars={"driftline_monitors": ["shop", "apart"], "driftline_now": "2026-01-21"},
    )

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*arguments, "--project-dir", str(project.path), "--profiles-dir", str(project.path)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    # Every command says what to do before anything is built.
    told = [
        f"monitor '{name}': 46 rows of results per day (drift 24, quality 6, business 3, changes 10, arrivals 3)"
        for name in ("apart", "shop")
    ]
    assert command("validate") == (0, "\n".join([*told, "2 monitors checked, no errors.", ""]), "")
    for name in ("check", "alert", "report"):
        code, out, err = command(name)
        assert (code, out) == (2, "") and "dbt build" in err

    project.build()
    # Drift alone would warn; revenue has doubled with it.
    code, out, _ = command("check", "--severity", "critical", "--monitor", "shop")
    assert code == 1 and "Revenue rose" in " ".join(out.split())
    code, out, _ = command("check", "--json", "--monitor", "shop")
    assert code == 1 and "price" in out
    code, out, _ = command("incidents", "--json")
    told = [incident for incident in json.loads(out)["incidents"] if incident["family"] != "operation"]
    assert code == 0 and told and all(incident["headline"] and incident["alert_ids"] for incident in told)
    in_them = [alert_id for incident in told for alert_id in incident["alert_ids"]]
    alerts = project.sql(f"select alert_id from {project.relation('driftline_alerts')} where status = 'open'")
    assert len(in_them) == len(set(in_them)) and set(in_them) >= {row[0] for row in alerts}
    code, out, _ = command("incidents", "ack", told[0]["id"], "--by", "ann")
    assert code == 0 and out.startswith(f"{told[0]['id']}: acknowledged by ann\n")
    code, out, _ = command("alert")
    assert code == 0 and out.count("OPENED") == len(told)
    project.build()
    assert command("alert")[:2] == (0, "")

    page = tmp_path / "page.html"
    assert command("report", "--output", str(page))[:2] == (0, f"{page}\n")
    assert "price" in page.read_text(encoding="utf-8")

    # What the macro refuses while dbt reads the project is a finding like any other.
    project.model("monitors/shop", MONITOR % "{'start': '2026-01-11', 'end': '2026-01-01'}")
    code, out, _ = command("validate")
    assert code == 1
    assert out.startswith("monitor 'shop', argument 'reference': given 2026-01-11 00:00:00 to 2026-01-01 00:00:00; ")
    project.model("monitors/shop", MONITOR % SPAN)
    project.set_vars(driftline_monitors=["shop", "apart", "gone"])
    code, out, _ = command("validate")
    assert code == 1 and "given 'gone', which no enabled model declares" in out
