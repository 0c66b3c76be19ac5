"""Asks MetricFlow in its own environment: its dbt, MetricFlow and the standard library, nothing else.

Arguments: a project's folder, and JSON: a list of {"metrics": …, "group_by": …, "where": …}. Prints the rows of each as JSON.
"""

import json
import os
import sys


def main() -> None:
    project, queries = sys.argv[1], json.loads(sys.argv[2])
    os.chdir(project)
    os.environ["DBT_PROFILES_DIR"] = "."
    # What dbt says while it is imported and parses is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
    from metricflow_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator

    configuration = CLIConfiguration()
    configuration.setup()
    issues = SemanticManifestValidator().validate_semantic_manifest(configuration.semantic_manifest)
    found = []
    for query in queries:
        request = MetricFlowQueryRequest.create(
            metric_names=query["metrics"], group_by_names=query["group_by"], where_constraints=query.get("where")
        )
        result = configuration.mf.query(request).result_df
        found.append([dict(zip(result.column_names, row, strict=True)) for row in result.rows])
    problems = [issue.as_readable_str() for issue in issues.all_issues]
    answers.write(json.dumps({"problems": problems, "found": found}, default=str))


main()
