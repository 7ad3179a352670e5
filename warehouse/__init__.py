"""Postgres: the embedded server, connections with an identity, migrations, queries and stores.

The only package that speaks SQL to the operational tables, the dashboards' own queries apart.
"""
