"""All monitors of the world, and all that is made of them, on an engine that is emulated and on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import Engine

from engines import world
from engines.beside_duckdb import TABLES, Beside

SAID = ["driftline_int_sentences", "driftline_int_incident_sentences"]
ALL = [*TABLES, *SAID]
# By engine: table, why.
NOT_COMPARED = {
    "redshift": {
        "driftline_histograms": "an edge of 0.38945 is labelled 0.3894 or 0.3895, by the last bit of a quantile",
    },
}


@pytest.fixture(scope="module")
def built(further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    both = Beside.on([duckdb_engine, further_engine], tmp_path_factory, world.models(), **world.VARS)
    # Without what 1 - a - b leaves: it lies a bit beside an edge, and engines' quantiles differ in their last.
    both.build(world.NOW, {"log": world.log().round({"p_c": 3})}, types=world.TYPES)
    both.keep(ALL)
    yield both
    both.close()


@pytest.mark.parametrize("table", ALL)
def test_tables_are_those_of_duckdb(built: Beside, table: str) -> None:
    if reason := NOT_COMPARED.get(built.other.workspace.engine, {}).get(table):
        pytest.skip(reason)
    wrong = built.differences(0, table)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("sql", "lacking"),
    [
        ("select sum(x) over (order by y range between 6 preceding and current row) from t", "frames by a range"),
        ("select count(*) filter (where x > 1) from t", "filter"),
        ("select covar_pop(x, y) from t", "covar_pop"),
        ("select * from (values (1)) as v (x)", "values in from"),
        ("select x from t union distinct select x from u", "union distinct"),
        ("select sum(x) over (order by y rows unbounded preceding), coalesce(md5('covar_pop(x)'), '') from t", None),
    ],
)
def test_what_redshift_lacks_is_refused(further_engine: Engine, sql: str, lacking: str | None) -> None:
    if further_engine.name != "redshift":
        pytest.skip("asked of Redshift")
    from support.redshift import Lacking, check

    check(sql)  # dbt's own statements may ask for more
    if lacking is None:
        check(f"create table a as ({sql})")
    else:
        with pytest.raises(Lacking, match=lacking):
            check(f'/* said by dbt */ create table "w"."s"."a" as ({sql})')
