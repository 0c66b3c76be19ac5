"""The project that the examples of examples/orchestration are run on: one table, a daily and an hourly monitor."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples" / "orchestration"
ORDERS = """
select timestamp '2026-01-01' + day * interval '1 day' + row * interval '10 minutes' as at,
    case when day >= 15 then {then} else 10.0 end + row % 7 as price
from range(20) as days(day) cross join range(120) as rows(row)
"""
MONITOR = """
{{{{ config(tags={tags}) }}}}
{{{{ driftline.monitor(
    relation=ref('orders'), timestamp='at', reference={{'start': '2026-01-01', 'end': '2026-01-11'}},
    numeric=['{column}'], families=['drift']
) }}}}
"""


def write(folder: Path, *, moves: bool = True) -> None:
    """If it moves, an incident opens, a warning."""
    files = {
        "dbt_project.yml": yaml.safe_dump({
            "name": "shop", "version": "1.0.0", "profile": "shop",
            "vars": {
                "driftline_monitors": ["order_log", "order_watch"], "driftline_now": "2026-01-21",
                "driftline_windows": {"day": [1]},
            },
        }),
        # The warehouse is a secret here, so that what does not hand it on fails.
        "profiles.yml": yaml.safe_dump({
            "shop": {"target": "dev", "outputs": {
                "dev": {"type": "duckdb", "path": "{{ env_var('WAREHOUSE') }}", "threads": 2}
            }},
        }),
        "packages.yml": yaml.safe_dump({"packages": [{"local": str(REPOSITORY)}]}),
        "models/orders.sql": ORDERS.format(then=30.0 if moves else 10.0),
        "publish.sh": "#!/bin/sh\necho published >> published.txt\n",
    }  # fmt: skip
    for name, text in files.items():
        put(folder / name, text)
    (folder / "publish.sh").chmod(0o755)
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "driftline").symlink_to(REPOSITORY, target_is_directory=True)
    declare(folder, "order_log", [])
    declare(folder, "order_watch", ["hourly"])


def declare(folder: Path, monitor: str, tags: list[str], column: str = "price") -> None:
    put(folder / "models" / "monitors" / f"{monitor}.sql", MONITOR.format(tags=tags, column=column))


def last_build(folder: Path) -> dict[str, str]:
    """Status of each node of the last dbt command."""
    found = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {result["unique_id"].split(".")[-1]: result["status"] for result in found}


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def told(warehouse: Path) -> list[str]:
    """What people have been told so far."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.sql("select message from driftline_notifications where outcome = 'sent' order by sent_at")
        return [message for (message,) in rows.fetchall()]
