"""The data team's door: the whole flow as Dagster assets, in two code locations.

`live.py` (conversations, members, alerts) must stay light to import; `analytics.py` holds what needs
dbt, scikit-learn or data quality suites. `instance.py` says which processes run them.
"""
