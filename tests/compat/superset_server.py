"""A Superset that has imported integrations/superset/: its API, its pages, and what its charts are to answer."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from environments import HERE, missing
from support import chromium, superset_charts
from support.project import REPOSITORY

ENVIRONMENT = REPOSITORY / ".venv-compat" / "superset"

OPEN = "status in ('open', 'acknowledged')"
THE_SERIES = "A series against its thresholds"
# Every chart but that of one series, in SQL of the tables that are promised.
ASKED = {
    "Last build that succeeded": "select max(last_success_at) from driftline_monitors",
    "Monitors with a problem": "select count(*) filter (status <> 'ok') from driftline_monitors",
    "Open incidents": f"select count(*) from driftline_incidents where {OPEN}",
    "Critical ones": f"select count(*) from driftline_incidents where {OPEN} and severity = 'critical'",
    "Open incidents, in sentences": "select severity, first_window_start, headline, also, cause, owner, status, cost, "
    f"cost_unit, monitor from driftline_incidents where {OPEN}",
    "How the monitors fare": "select monitor, status, problem, last_success_at, failed_runs, results_computed_at, "
    "newest_window_end, last_judged_window_end, rows_read, owner from driftline_monitors",
    "Not judged, and why": "select monitor, family, not_judged, count(*) from driftline_latest where is_total "
    "and not is_judged and not_judged <> 'no threshold' group by all",
    "Over their threshold now": "select monitor, metric, column_name, baseline, judged_value, expected, noise, "
    "window_start from driftline_latest where is_total and is_breach",
    "Incidents over time": "select date_trunc('week', opened_at), severity, count(*) from driftline_incidents group by all",
}


def same(found: list[list[Any]], expected: list[tuple[Any, ...]]) -> None:
    """Rows in any order, numbers to the ninth digit."""

    def key(row: list[Any]) -> list[str]:
        return [f"{value:.6g}" if isinstance(value, float) else str(value) for value in row]

    ours, theirs = (sorted([[_plain(v) for v in row] for row in rows], key=key) for rows in (found, expected))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        wanted = [pytest.approx(value, rel=1e-9) if isinstance(value, float) else value for value in other]
        assert one == wanted, (one, other)


def _plain(value: Any) -> Any:
    """Times as Superset writes them: milliseconds since 1970, a fraction of which it may lose."""
    if isinstance(value, datetime):
        value = (value - datetime(1970, 1, 1)).total_seconds() * 1000
    return round(float(value)) if isinstance(value, (int, float)) and abs(value) > 1e9 else value


class Superset:
    """Served at ``url`` for the user admin with ``password``, over a DuckDB file; all it writes is in ``folder``."""

    def __init__(self, folder: Path, database: Path) -> None:
        if sys.version_info >= (3, 13):
            pytest.skip("Superset runs on Python 3.10 to 3.12: its environment is empty")
        python = ENVIRONMENT / "bin" / "python"
        if not python.exists():
            missing("Superset's environment")
        bundle = shutil.make_archive(
            str(folder / "driftline"), "zip", root_dir=REPOSITORY / "integrations", base_dir="superset"
        )
        self.folder, self.database = folder, database
        self.password = secrets.token_hex(12)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SUPERSET", "FLASK"))}
        environment |= {"SUPERSET_HOME": str(folder / "home"), "SUPERSET_SECRET_KEY": secrets.token_hex(24)}
        environment |= {"ADMIN_PASSWORD": self.password, "HOME": str(folder)}
        said = folder / "superset.log"
        with said.open("w") as log:
            self.process = subprocess.Popen(
                [python, HERE / "serve_superset.py", bundle, f"duckdb:///{database}?access_mode=read_only"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        assert self.process.stdout is not None
        answer = self.process.stdout.readline()
        assert answer, said.read_text()[-3000:]
        self.url = f"http://127.0.0.1:{json.loads(answer)['port']}"
        who = {"username": "admin", "password": self.password, "provider": "db"}
        self.token = ""
        self.token = self.ask("/api/v1/security/login", who)["access_token"]
        found = self.ask("/api/v1/chart/?q=(page_size:100)")["result"]
        self.charts = {chart["slice_name"]: chart["id"] for chart in found}

    def ask(self, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            sent = json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, sent, headers), timeout=60) as answer:
            return json.load(answer)

    def rows(self, chart: str, *filters: dict[str, Any]) -> list[dict[str, Any]]:
        """A chart's data, as its saved form asks for them; with filters, as a dashboard adds them."""
        if not filters:
            (answer,) = self.ask(f"/api/v1/chart/{self.charts[chart]}/data/")["result"]
        else:
            saved = json.loads(self.ask(f"/api/v1/chart/{self.charts[chart]}")["result"]["query_context"])
            saved["queries"][0]["filters"] += filters
            (answer,) = self.ask("/api/v1/chart/data", saved)["result"]
        assert answer["error"] is None, answer["error"]
        found: list[dict[str, Any]] = answer["data"]
        return found

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """The same of the database itself."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Page:
    """Superset's page of the dashboard in a Chromium that reaches no other machine."""

    def __init__(self, superset: Superset) -> None:
        self.driver = chromium.start(
            superset.folder / "chromium", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        )
        try:
            self._open(superset)
        except BaseException:
            self.close()
            raise

    def _open(self, superset: Superset) -> None:
        # High enough for the whole of it: charts out of sight are not drawn.
        size = {"width": 1400, "height": 2380, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(f"{superset.url}/login/?next=/superset/dashboard/driftline/")
        self.wait("return document.querySelector('input[type=password]')")
        name, password = self.driver.find_elements("css selector", "form input")[:2]
        name.send_keys("admin")
        password.send_keys(superset.password)
        self.driver.get_log("performance")
        password.submit()
        self.wait(
            "const charts = [...document.querySelectorAll('.dashboard-component-chart-holder')];"
            "return charts.length >= arguments[0] && charts.every((e) => e.querySelector('.slice_container, [role=alert]'))"
            " && !document.querySelector('.loading, [data-test=loading-indicator], .ant-skeleton')",
            len(superset.charts),
        )

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: Any) -> Any:
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, 60, poll_frequency=0.1).until(
            lambda _: self.js(script, *arguments), f"still not so: {script}"
        )

    def drawn(self) -> dict[str, bool]:
        """Each chart by its title, and whether it shows something; what is wrong with one instead of it."""
        return self.js(
            "return Object.fromEntries([...document.querySelectorAll('.dashboard-component-chart-holder')].map((e) => ["
            "e.querySelector('[data-test=editable-title]')?.innerText, "
            "e.querySelector('[role=alert]')?.innerText ?? Boolean(e.querySelector('.slice_container'))]))"
        )

    def wait_for_line(self) -> None:
        """Until the chart of one series has drawn the line of values: enough points of its colour below the legend."""
        red, green, blue = (int(superset_charts.BLUE[i : i + 2], 16) for i in (1, 3, 5))
        self.wait(
            "const chart = [...document.querySelectorAll('.dashboard-component-chart-holder')]"
            ".find((e) => e.innerText.includes(arguments[0]));"
            "const canvas = chart.querySelector('canvas');"
            "const data = canvas.getContext('2d').getImageData(0, canvas.height / 8, canvas.width, canvas.height).data;"
            "let found = 0;"
            "for (let i = 0; i < data.length; i += 4)"
            " found += data[i] === arguments[1] && data[i + 1] === arguments[2] && data[i + 2] === arguments[3];"
            "return found > 1000",
            THE_SERIES, red, green, blue,
        )  # fmt: skip

    def asked(self) -> list[str]:
        """Every address that was asked for, but for the pixel by which Superset's pages count themselves at its makers'."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("https://apachesuperset.gateway.scarf.sh/pixel/")]

    def close(self) -> None:
        self.driver.quit()
