"""What a person changes of incidents of machines: two become one, or one becomes two; done by the database, or refused.

The same functions as `jarvis alerts merge|split` (`warehouse/queries/machine_incidents.sql`, migration 0327), which
ask for the person's right to the gym and write the audit trail in the same transaction.
"""

from collections.abc import Sequence
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from dashboards.alerts import Change
from dashboards.language import say
from dashboards.records import Records
from jarvis.tenancy import Permission, Scope
from warehouse.stores.machine_incidents import names_after

NOT_ALLOWED = "Votre rôle permet de voir les incidents, pas de les réunir ni de les séparer."
GONE = "Rien n'a changé : cet incident est clos, a été réuni entre-temps, ou n'est pas dans votre périmètre."
NOT_SO = (
    "Rien n'a changé : choisissez deux incidents ouverts de la même salle, ou une partie seulement des signalements."
)
NOTHING_CHOSEN = "Rien n'a changé : cochez d'abord au moins un signalement."
MERGED = "Les deux incidents n'en font plus qu'un ; les prochains signalements de l'un ou l'autre le rejoignent."
SPLIT = "Les signalements cochés forment un incident à part, à traiter pour lui-même."


class IncidentDesk:
    """The incidents that the person of the scope manages."""

    def __init__(self, scope: Scope, records: Records) -> None:
        self._scope = scope
        self._records = records

    def merge(self, *, kept: UUID, folded: UUID) -> Change:
        """The second incident is part of the first, and closed as its duplicate."""
        return self._change("merge", done=MERGED, kept=kept, folded=folded)

    def split(self, alert_id: UUID, session_ids: Sequence[UUID]) -> Change:
        """What these conversations reported is an incident of its own, named after what they called it."""
        if not session_ids:
            return Change(False, say(NOTHING_CHOSEN))
        found = self._records.row(self._scope, "machine_incidents.names", alert_id=alert_id)
        told = names_after([] if found is None else found["mentions"], leaving=session_ids)
        return self._change(
            "split", done=SPLIT, alert_id=alert_id, session_ids=sorted(set(session_ids)), told=Jsonb(told)
        )

    def _change(self, block: str, *, done: str, **values: object) -> Change:
        if not self._scope.may(Permission.ACT_ON_ALERTS):
            return Change(False, say(NOT_ALLOWED))
        try:
            row = self._records.row(self._scope, f"machine_incidents.{block}", **values)
        except psycopg.errors.CheckViolation:
            return Change(False, say(NOT_SO))
        return Change(True, say(done)) if row is not None and row["alert_id"] else Change(False, say(GONE))
