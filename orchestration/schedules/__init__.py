"""Schedules: what happens by the clock, with its time zone stated."""
