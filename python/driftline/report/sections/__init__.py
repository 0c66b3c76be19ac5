"""The sections of a monitor: one file each, in the order of the page.

A section may build on what those before it have put into the view. How one is made: CONTRIBUTING.md.
"""

from __future__ import annotations

from ..section import Section
from .alerts import Alerts
from .business import Business
from .changes import Changes
from .concept import Concept
from .controls import Controls
from .drift import Drift
from .estimate import Estimate
from .fairness import Fairness
from .histograms import Histograms
from .performance import Performance
from .quality import Quality
from .reasons import Reasons
from .versions import Versions

SECTIONS: tuple[type[Section], ...] = (
    Alerts,
    Controls,
    Performance,
    Estimate,
    Versions,
    Drift,
    Histograms,
    Concept,
    Fairness,
    Business,
    Changes,
    Quality,
    Reasons,
)
