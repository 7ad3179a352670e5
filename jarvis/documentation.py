"""What is written for those who trust or doubt a figure: which pages there are, where they lie, who may read them.

Pure. The pipeline writes the folders, the dashboards serve them behind their sign-in.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from jarvis.tenancy import UserRole

PREFIX = "/documentation"


class Site(StrEnum):
    """One folder of pages; its value stands in the address."""

    MARTS = "marts"
    """dbt's: every model with its lineage, its columns and its tests."""
    QUALITY = "quality"
    """Great Expectations': what is expected of the raw tables, and how the last run met it."""


READERS: Mapping[Site, frozenset[UserRole]] = {
    # Definitions only: no row of any gym.
    Site.MARTS: frozenset({UserRole.SUPER_ADMIN, UserRole.FRANCHISE_OWNER, UserRole.ANALYST}),
    # Counts over all gyms, and ids of what was not as expected.
    Site.QUALITY: frozenset({UserRole.SUPER_ADMIN}),
}


def folder_of(home: Path, site: Site) -> Path:
    """Where the pages of a site lie, written or not."""
    return home / "documentation" / site.value
