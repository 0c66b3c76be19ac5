"""The merge of the sites' states is the state of all rows, whatever site a row was logged at."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engines import world
from support import Project

from sites.sites import load, models, split, unlike

# Labels, lists, versions, segments and metrics; weights and a label that is a number.
KINDS = ("shop", "prices")


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    given = {name: text for kind in KINDS for name, text in models(kind, world.MONITORS[kind]).items()}
    made = make_module_project(models=given, vars={"driftline_now": world.NOW})
    load(made, split(world.log(), 0))
    run = made.run(["run", "--select", *given])
    assert run.success, str(run)
    return made


def test_states_of_any_split_add_up(project: Project) -> None:
    """NULL, NaN and infinite prices, weights, labels, lists; a site without rows, and a country that only one has seen."""
    chain = project.chain(select="package:consumer")
    for seed in range(3):
        load(chain, split(world.log().sample(frac=0.3, random_state=seed).reset_index(drop=True), seed))
        chain.run()
        for kind in KINDS:
            found = unlike(chain, "", f"{kind}_whole", f"{kind}_merged", "record in ('count', 'bin')")
            assert found == [], f"{kind}, split {seed}: {found}"
    chain.close()
