"""How the metrics of a model are called, which way is better, and whether a share reads well as a percentage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    label: str
    better: int = 0  # 1: higher is better, -1: lower is better, 0: neither says good or bad
    share: bool = False


METRICS: dict[str, Metric] = {
    # From the catalogue: make docs
    "roc_auc": Metric("ROC AUC", 1),
    "accuracy": Metric("Accuracy", 1),
    "precision": Metric("Precision", 1),
    "recall": Metric("Recall", 1),
    "f1": Metric("F1", 1),
    "specificity": Metric("Specificity", 1),
    "negative_predictive_value": Metric("Negative predictive value", 1),
    "average_precision": Metric("Average precision", 1),
    "ks": Metric("KS of positives against negatives", 1),
    "gini": Metric("Gini", 1),
    "log_loss": Metric("Log loss", -1),
    "brier": Metric("Brier score", -1),
    "expected_calibration_error": Metric("Calibration error", -1),
    "lift_top_10": Metric("Lift of the top 10%", 1),
    "capture_top_10": Metric("Captured by the top 10%", 1, True),
    "label_rate": Metric("Label rate", 0, True),
    "selection_rate": Metric("Selection rate", 0, True),
    "true_positive_share": Metric("True positives", 0, True),
    "false_positive_share": Metric("False positives", 0, True),
    "false_negative_share": Metric("False negatives", 0, True),
    "true_negative_share": Metric("True negatives", 0, True),
    "macro_roc_auc": Metric("ROC AUC, mean of classes", 1),
    "macro_f1": Metric("F1, mean of classes", 1),
    "macro_precision": Metric("Precision, mean of classes", 1),
    "macro_recall": Metric("Recall, mean of classes", 1),
    "mae": Metric("Mean absolute error", -1),
    "rmse": Metric("Root mean squared error", -1),
    "r2": Metric("R²", 1),
    "bias": Metric("Bias"),
    "mape": Metric("Mean absolute percentage error", -1, True),
    "msle": Metric("Mean squared log error", -1),
    "rmsle": Metric("Root mean squared log error", -1),
    "ndcg": Metric("NDCG", 1),
    "mrr": Metric("Mean reciprocal rank", 1),
    "hit_rate": Metric("Hit rate", 1, True),
    "true_positive_rate": Metric("True positive rate", 0, True),
    "false_positive_rate": Metric("False positive rate", 0, True),
    # End of the catalogue
    "null_rate": Metric("Missing values", 0, True),
    "nan_rate": Metric("NaN", 0, True),
    "infinite_rate": Metric("Infinite values", 0, True),
    "unseen_rate": Metric("Unseen values", 0, True),
    "out_of_range_rate": Metric("Values out of range", 0, True),
    "mean": Metric("Mean"),
    "psi": Metric("PSI"),
    "missing_periods": Metric("Periods without the usual rows"),
    "silent_periods": Metric("Periods since the last row"),
    "row_count": Metric("Rows"),
}
# What the page shows first, the first of these that there is.
FIRST = ("roc_auc", "accuracy", "mae", "ndcg", "macro_roc_auc", "macro_f1", "rmse", "r2", "hit_rate", "mrr")
# Rates of groups that are held against one another, and what that comparison is called.
DISPARITIES = {
    "selection_rate": "demographic_parity",
    "true_positive_rate": "equal_opportunity",
    "precision": "predictive_parity",
    "false_positive_rate": "equalized_odds",
}
PLACE = {name: i for i, name in enumerate(METRICS)}


def metric(name: str) -> Metric:
    return METRICS.get(name) or Metric(name.replace("_", " "))


def place(name: str) -> tuple[int, str]:
    """Metrics in the order of the page."""
    return PLACE.get(name, len(PLACE)), name


def series(family: str, metric_name: str, column: str) -> str:
    """What a series of one of the families is called."""
    if family == "business":
        return metric_name
    label = metric(metric_name).label
    return label if column in ("", "all", "*") else f"{label} of {column}"
