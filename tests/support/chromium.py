"""A Chromium without a window, driven by Selenium. `.ci/browser` installs it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

MISSING = (
    "Tests open pages in Chromium, which was not found. Install it: apt-get install chromium chromium-driver "
    "(or name a binary in the environment variable CHROMIUM, and its driver in CHROMEDRIVER)."
)


def binary() -> str:
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else None
    for name in () if named else ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = found or shutil.which(name)
    if not found:
        pytest.fail(MISSING, pytrace=False)
    return found


def start(folder: Path, *flags: str) -> Any:
    """A driver; what the browser keeps is in the folder. ``quit()`` ends both."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = binary()
    driver_path = shutil.which(os.environ.get("CHROMEDRIVER", "chromedriver"))
    if not driver_path:
        pytest.fail(MISSING, pytrace=False)
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", "disable-dev-shm-usage", "window-size=1280,1000",
        f"user-data-dir={folder}", *flags,
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Chrome(options=options, service=ChromeService(driver_path))
