"""What the assistant can do besides talk: one module per tool, all run by `runner.py`.

To add one: a module with a class that fits `Tool`, its name in `toolbox()`, a unit test, and a line in
`docs/doors/kiosks.md`.
"""
