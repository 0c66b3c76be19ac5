"""What messages say of dbt's exposures downstream of a monitor."""

from __future__ import annotations

from typing import Any

import yaml

EXPOSURES = {
    "board": {"label": "Monitoring board", "url": "https://bi.example.com/d/1", "depends_on": ["ref('shop')"]},
    "all_metrics": {"label": "All <metrics>", "depends_on": ["ref('driftline_metrics')"]},
    "prices": {"type": "application", "label": "Price service", "depends_on": ["ref('log_by_day')"]},
    "off": {"label": "Switched off", "depends_on": ["ref('shop')"], "config": {"enabled": False}},
    "elsewhere": {"label": "Another team's", "depends_on": ["ref('unrelated')"]},
}


def test_messages_name_who_looks_and_who_is_affected(shop: Any, tools: Any, http: Any, smtp: Any) -> None:
    web, mail = http(), smtp()
    tools.configure(
        shop,
        channels={
            "slack": {"type": "slack", "url": web.url("/slack"), "language": "ja"},
            "mail": {"type": "mail", "host": "127.0.0.1", "port": mail.port, "security": "none", "from": "d@e.f", "to": "a@b.c"},
        },
    )  # fmt: skip
    shop.variables(driftline_monitors=["shop"])
    shop.model("log", "select 1 as price")
    shop.model("log_by_day", "select * from {{ ref('log') }}")
    shop.model("unrelated", "select 1 as nothing")
    shop.model("shop", "{{ driftline.monitor(relation=ref('log'), timestamp='ts') }}")
    # As the package's tables read all monitors.
    metrics = shop.folder / "dbt_packages/driftline/models/driftline_metrics.sql"
    metrics.write_text("select * from {{ ref('shop') }}")
    given = [
        {"name": name, "type": "dashboard", "owner": {"name": "somebody"}, **one} for name, one in EXPOSURES.items()
    ]
    (shop.folder / "models" / "exposures.yml").write_text(yaml.safe_dump({"version": 2, "exposures": given}))
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert outcome.code == 0, outcome.err
    (message,) = mail.mails
    plain = message.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Seen on: All <metrics>, Monitoring board (https://bi.example.com/d/1)\n" in plain
    assert "Used by: Price service\n" in plain
    assert "Switched off" not in plain and "Another" not in plain
    html = message.get_body(("html",)).get_content()
    assert "All &lt;metrics&gt;" in html and "<metrics>" not in html
    (request,) = web.requests
    assert "表示先" in str(request.json) and "利用先" in str(request.json)


def test_without_exposures_nothing_is_said_of_them(shop: Any, tools: Any, smtp: Any) -> None:
    mail = smtp()
    tools.configure(
        shop,
        channels={"m": {"type": "mail", "host": "127.0.0.1", "port": mail.port, "security": "none", "from": "d@e.f", "to": "a@b.c"}},
    )  # fmt: skip
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0
    plain = mail.mails[0].get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Seen on" not in plain and "Used by" not in plain
