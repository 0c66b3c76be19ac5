"""Spark for the tests: one session for all tests of a process, which dbt-spark (``method: session``) finds running.

The session's catalogue is in memory (dbt asks for a Hive metastore, but takes the session that is there), its files in
a folder that goes with the process. What it costs beyond the tests' own work is kept low by its configuration: nothing
is compiled for a few hundred rows, and shuffles have one partition.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa

from support.data import plain
from support.engines import Engine, Workspace

CONFIGURATION = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.sql.ui.retainedExecutions": "5",
    "spark.ui.retainedStages": "50",
    "spark.ui.retainedTasks": "100",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "4000",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
}


def quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


class SparkUnavailable(Exception):
    """No Java, or no pyspark."""


def _value(value: Any) -> Any:
    return plain(value)


def spark_type(kind: pa.DataType) -> str | None:
    if pa.types.is_timestamp(kind):
        return "timestamp_ntz" if kind.tz is None else "timestamp"
    return None


class SparkWorkspace(Workspace):
    engine = "spark"
    database = ""

    def __init__(self, session: Any, schema: str, folder: Path) -> None:
        self.session = session
        self.schema = schema
        self.folder = folder
        self.execute(f"create schema if not exists {quote(schema)}")

    def output(self) -> dict[str, Any]:
        return {"type": "spark", "method": "session", "host": "none", "schema": self.schema, "threads": 1}

    def relation(self, name: str) -> str:
        return f"{quote(self.schema)}.{quote(name)}"

    def _run(self, statement: str) -> Any:
        self.session.sql(f"use {quote(self.schema)}")
        return self.session.sql(statement)

    def execute(self, statement: str) -> None:
        if statement.startswith("create schema"):
            self.session.sql(statement)
        else:
            self._run(statement)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.columns(query)[1]

    def columns(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        # By way of Arrow: rows would have their times in the machine's own zone.
        table = self._run(query).toArrow()
        naive = [
            column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
            for column in table.itercolumns()
        ]
        return table.column_names, [
            tuple(_value(value) for value in row) for row in zip(*(column.to_pylist() for column in naive), strict=True)
        ]

    def _load(self, name: str, table: pa.Table, types: dict[str, str]) -> None:
        from pyarrow import parquet

        for number, field in enumerate(table.schema):
            if pa.types.is_timestamp(field.type) and field.type.unit != "us":
                table = table.set_column(
                    number, field.name, table.column(number).cast(pa.timestamp("us", field.type.tz), safe=False)
                )
        path = self.folder / f"{name}.parquet"
        parquet.write_table(table, path)
        known = {"double precision": "double", "text": "string", "integer": "int", "timestamptz": "timestamp"}
        known["timestamp"] = "timestamp_ntz"
        columns = ", ".join(
            f"cast({quote(c)} as {known.get(types[c], types[c])}) as {quote(c)}" if c in types else quote(c)
            for c in table.column_names
        )
        self.execute(f"drop table if exists {self.relation(name)}")
        self.execute(f"create table {self.relation(name)} using parquet as select {columns} from parquet.`{path}`")

    def close(self) -> None:
        self.session.sql(f"drop schema if exists {quote(self.schema)} cascade")


class SparkEngine(Engine):
    name = "spark"

    def __init__(self) -> None:
        java = Path("/usr/lib/jvm/java-17-openjdk-amd64")
        if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
            if not java.is_dir():
                raise SparkUnavailable("Spark needs Java 17")
            os.environ["JAVA_HOME"] = str(java)
        try:
            from pyspark.sql import SparkSession
        except ImportError as problem:
            raise SparkUnavailable("pyspark is not installed") from problem
        warnings.filterwarnings("ignore", module="pyspark")
        self.folder = Path(tempfile.mkdtemp(prefix="driftline_spark_"))
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        builder = SparkSession.builder
        for name, value in CONFIGURATION.items():
            builder = builder.config(name, value)
        builder = builder.config("spark.sql.warehouse.dir", str(self.folder / "warehouse"))
        builder = builder.config("spark.local.dir", str(self.folder / "local"))
        logging.getLogger("SQLQueryContextLogger").disabled = True
        self.session = builder.getOrCreate()
        self._numbers = itertools.count(1)

    def workspace(self, folder: Path) -> SparkWorkspace:
        return SparkWorkspace(self.session, f"project_{next(self._numbers)}", folder)

    def close(self) -> None:
        self.session.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
