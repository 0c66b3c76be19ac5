"""Pages of synthetic databases, and a Chromium to open them in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from driftline.report import build_report
from report import synthetic
from support import chromium

NOTES = ("Data: Online Example, CC BY 4.0.", "This is an offline replay.")


@dataclass
class Page:
    html: str
    path: Path
    statements: list[str]
    con: Any

    @property
    def url(self) -> str:
        return self.path.as_uri()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """``pages("small")``: the page of a synthetic database, made once."""
    folder = tmp_path_factory.mktemp("pages")
    made: dict[str, Page] = {}

    def page(name: str) -> Page:
        if name not in made:
            con = getattr(synthetic, name)()
            statements: list[str] = []
            html = build_report(
                synthetic.query(con, statements),
                synthetic.relations(),
                generated_at=datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc),
                notes=NOTES,
            )
            path = folder / f"{name}.html"
            path.write_text(html, encoding="utf-8")
            made[name] = Page(html, path, statements, con)
        return made[name]

    yield page
    for page_made in made.values():
        page_made.con.close()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = chromium.start(tmp_path_factory.mktemp("chromium"))
    yield Browser(driver)
    driver.quit()


class Browser:
    """What the tests ask of a browser."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str, width: int = 1280, height: int = 1000, dark: bool = False) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = "dark" if dark else "light"
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        self.driver.get("about:blank")
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(url)
        self.wait("return document.documentElement.dataset.ready === 'yes'")

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: Any, seconds: float = 10) -> Any:
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(
            lambda _: self.js(script, *arguments), f"still not so: {script}"
        )

    def settle(self) -> None:
        """Two frames: what was to be drawn is drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60)))"
        )

    def draw_all(self) -> None:
        """Scroll through the page, so that every chart is drawn: half a screen above and below what is seen is too."""
        self.js("document.documentElement.style.scrollBehavior = 'auto'")
        height = self.js("return document.documentElement.scrollHeight")
        for top in range(0, height + 1200, 1200):
            self.js("window.scrollTo(0, arguments[0])", top)
            self.settle()
        self.js("window.scrollTo(0, 0)")
        self.settle()

    def show(self, slot: str, monitor: int = 0) -> None:
        """Scroll to a part of the page; charts are drawn only near the screen."""
        self.js(
            "document.documentElement.style.scrollBehavior = 'auto';"
            "document.querySelector(`[data-monitor='${arguments[1]}'] [data-slot='${arguments[0]}']`).scrollIntoView()",
            slot, monitor,
        )  # fmt: skip
        self.settle()

    def errors(self) -> list[str]:
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]

    def select(self, control: str, value: str, monitor: int = 0) -> None:
        """Choose an option as a person does: the change event fires."""
        self.js(
            "const [control, value, monitor] = arguments;"
            "const s = document.querySelector(`[data-monitor='${monitor}'] select[data-control='${control}']`);"
            "if (![...s.options].some((o) => o.value === value)) throw new Error(`no such option ${value}`);"
            "s.value = value; s.dispatchEvent(new Event('change', {bubbles: true}));",
            control, value, monitor,
        )  # fmt: skip
        self.settle()

    def options(self, control: str, monitor: int = 0) -> list[str]:
        found: list[str] = self.js(
            "const [control, monitor] = arguments;"
            "const s = document.querySelector(`[data-monitor='${monitor}'] select[data-control='${control}']`);"
            "return [...s.options].map((o) => o.value)",
            control, monitor,
        )  # fmt: skip
        return found

    def picture(self, slot: str, monitor: int = 0) -> str:
        """The pixels of a chart, as data URLs; it is scrolled to, for only what is near the screen is drawn."""
        self.show(slot, monitor)
        found: str = self.js(
            "const [slot, monitor] = arguments;"
            "return [...document.querySelectorAll(`[data-monitor='${monitor}'] [data-slot='${slot}'] canvas`)]"
            ".map((c) => c.toDataURL()).join()",
            slot, monitor,
        )  # fmt: skip
        return found

    def colors(self) -> list[list[Any]]:
        """Per chart: its label and how many different colours it shows."""
        found: list[list[Any]] = self.js(
            """
            const charts = [...document.querySelectorAll(".chart[role=img]")].filter((e) => e.querySelector("canvas"));
            return charts.map((e) => {
              const seen = new Set();  // a chart may be several canvases, one over the other
              for (const c of e.querySelectorAll("canvas")) {
                const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
                const pixels = new Uint32Array(d.buffer);
                for (const pixel of pixels) seen.add(pixel);
              }
              return [e.getAttribute("aria-label"), seen.size];
            });
            """
        )
        return found
