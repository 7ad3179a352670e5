"""Sensors: what wakes the flow."""
