"""The thresholds of a series as lines beside its values: SQL that every dashboard's tool and engine reads alike.

Thresholds are of the effect (docs/thresholds.md, compare); here each is taken back to the value that would just reach it. The
row ``m`` has expected, row_count and, as ODDS makes it, odds; ``r`` the rule: compare, direction and its thresholds.
"""

from __future__ import annotations

ODDS = """\
(expected * coalesce(baseline_row_count, row_count) + 0.5)
            / nullif((1 - expected) * coalesce(baseline_row_count, row_count) + 0.5, 0)"""


def from_above(threshold: str) -> str:
    """The value from which on ``threshold``, a column of the rule, is reached by growing."""
    return f"""\
case r.compare
            when 'value' then r.{threshold}
            when 'difference' then m.expected + r.{threshold}
            when 'relative' then m.expected + r.{threshold} * abs(m.expected)
            when 'errors' then m.expected + r.{threshold} * case r.direction when 'above' then abs(m.expected) else 1 - m.expected end
            when 'odds' then (m.odds * (1 + r.{threshold}) * (m.row_count + 0.5) - 0.5) / nullif(m.row_count * (1 + m.odds * (1 + r.{threshold})), 0)
        end"""


def from_below(threshold: str) -> str:
    """The same by falling."""
    return f"""\
case r.compare
            when 'value' then - r.{threshold}
            when 'difference' then m.expected - r.{threshold}
            when 'relative' then m.expected - r.{threshold} * abs(m.expected)
            when 'errors' then m.expected - r.{threshold} * (1 - m.expected)
            when 'odds' then (m.odds / (1 + r.{threshold}) * (m.row_count + 0.5) - 0.5) / nullif(m.row_count * (1 + m.odds / (1 + r.{threshold})), 0)
        end"""
