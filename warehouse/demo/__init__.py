"""A made-up network of gyms, repeatable by seed: for demos, tests of scale and a first look.

`simulate.py` is the way in; the other modules make frozen records without I/O, and `write.py` copies
them into the database. No row here describes a real person.
"""
