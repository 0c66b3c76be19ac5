"""An independent oracle: the contract's measures in numpy, scipy and pandas, written without looking at the SQL.

``oracle`` has the measures, ``raw`` the result tables from raw rows, ``strategies`` the shapes of data to try them on,
``judge_cases`` the table of the false-alarm experiment and ``judge_simulation`` the same experiment without a database.
"""
