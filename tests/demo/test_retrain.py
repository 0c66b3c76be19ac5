"""The demo's closed loop: an alert starts a retraining, and only a better model is promoted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
from support.project import REPOSITORY

PROGRAMS = Path(sys.executable).parent


def command(folder: Path, *arguments: str, given: str = "") -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTLINE_DEMO")}
    environment |= {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "PYTHONPATH": str(REPOSITORY / "python")}
    found = subprocess.run(
        [str(PROGRAMS / arguments[0]), *arguments[1:]],
        cwd=folder, env=environment, input=given, capture_output=True, text=True,
    )  # fmt: skip
    return found.returncode, found.stdout + found.stderr


def copied_demo(folder: Path) -> Path:
    """The demo with the monitor that alerts, by weeks only, so that it is built soon."""
    demo = folder / "demo"
    shutil.copytree(
        REPOSITORY / "demo", demo, ignore=shutil.ignore_patterns("target", "dbt_packages", "logs", "package-lock.yml")
    )
    for project in (demo, demo / "retrain"):
        # What `dbt deps` does with a local package.
        (project / "dbt_packages").mkdir()
        (project / "dbt_packages" / "driftline").symlink_to(REPOSITORY, target_is_directory=True)
    (demo / "models" / "monitors" / "shadow_models.sql").unlink()
    settings = demo / "dbt_project.yml"
    text = settings.read_text(encoding="utf-8")
    for old, new in ((", shadow_models]", "]"), ("week: [1, 4]", "week: [1]")):
        assert old in text
        text = text.replace(old, new)
    settings.write_text(text, encoding="utf-8")
    return demo


def test_the_loop(tmp_path: Path) -> None:
    demo = copied_demo(tmp_path)
    only = ["--select", "+driftline_alerts", "--exclude", "resource_type:test"]
    code, said = command(demo, "dbt", "build", *only, "--profiles-dir", ".")
    assert code == 0, said
    target = demo / "retrain" / "target"

    code, said = command(demo, "python", "retrain/loop.py")
    assert code == 0, said
    assert "reco_v1 serves." in said and "retrained serves." in said and "nothing is started" in said
    champion = json.loads((target / "champion.json").read_text(encoding="utf-8"))
    assert (champion["model_version"], champion["replaces"]) == ("retrained", "reco_v1")
    with duckdb.connect(str(target / "shop.duckdb"), read_only=True) as database:
        # One start for all alerts that match, and none by the second run of `driftline alert`.
        entries = database.execute(
            "select alert_id, outcome, exit_code, attempts, message_key, detail from driftline_notifications "
            "where channel = 'action:retrain'"
        ).fetchall()
        due = database.execute(
            "select alert_id from driftline_alerts where status = 'open' and severity = 'critical' "
            "and family = 'drift' and column_name = 'score'"
        ).fetchall()
    assert {entry[0] for entry in entries} == {alert for (alert,) in due} == set(champion["because_of"])
    assert {entry[1:4] for entry in entries} == {("succeeded", 0, 1)}
    assert len({entry[4] for entry in entries}) == 1
    assert all("Promoted: retrained" in entry[5] and "better" in entry[5] for entry in entries)

    with duckdb.connect(str(target / "retrain.duckdb"), read_only=True) as database:
        (unlike,) = database.execute(
            "select count(*) from (select prediction_id from shadow_scores group by prediction_id having "
            "count(distinct model_version) <> 2 or count(distinct (label, served_at)) <> 1 or count(*) <> 2)"
        ).fetchone()
        first, losses = database.execute(
            "select min(served_at), map(array_agg(model_version), array_agg(loss)) from (select model_version, "
            "min(served_at) as served_at, avg(-ln(case when label = 1 then score else 1 - score end)) as loss "
            "from shadow_scores group by model_version)"
        ).fetchone()
    assert unlike == 0
    assert f"{first:%Y-%m-%d}" >= champion["model"]["trained_before"]
    assert losses["retrained"] < losses["reco_v1"] - 0.02

    # A model that has learnt nothing, in the same place: not promoted, and what the better one left does not help it.
    (target / "champion.json").unlink()
    code, said = command(demo, "python", "retrain/retrain.py", "--shuffle-labels", given='{"notifications": []}')
    assert code == 0, said
    assert "Not promoted" in said and "not shown to be better" in said
    assert not (target / "champion.json").exists()
