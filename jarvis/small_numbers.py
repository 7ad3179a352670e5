"""Where gyms are compared, a number of one to four is not told. Pure; dbt's own is the macro `suppressed`.

`docs/doors/managers.md` says whom that protects, and where. Asked by kept reports, their pages and files, « Réseau »
and « Analyses ».
"""

# As `least_members` of dbt_project.yml.
LEAST = 5

FEW = "moins de 5"


def is_told(count: int) -> bool:
    """False for one to four; nobody is behind zero."""
    return count == 0 or count >= LEAST


def told(count: int | None) -> int | None:
    """The count; None where it is not told."""
    return count if count is not None and is_told(count) else None
