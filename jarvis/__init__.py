"""The kernel: records and rules of a gym's conversations, with no I/O of any kind.

Everything else imports this package; it imports nothing of ours. `cli`, `up` and `doctor` are the
exception: they are the composition root, where the doors are put together and started.
"""
