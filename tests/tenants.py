"""A small network of tenants with one row of everything in every gym, for tests of who sees and does what.

Two franchises: Atlantique with Dax and Pau (siblings), Rhône with Lyon (the other franchise), and one
person for each role. `plant` writes it as the superuser, past row security.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid5

import psycopg

from jarvis.tenancy import Scope, UserRole

_NAMESPACE = UUID("6f1b4d0e-3a52-4a0f-9a57-0b6a3f0d9c11")

GYMS = ("dax", "pau", "lyon")
FRANCHISE_OF = {"dax": "atlantique", "pau": "atlantique", "lyon": "rhone"}

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    """One user: what they are and which gyms they should see."""

    name: str
    role: str
    sees: frozenset[str]
    """Gyms whose rows this person reads."""
    manages: frozenset[str] = frozenset()
    """Gyms whose alerts and action items this person moves."""
    franchise: str | None = None
    gym: str | None = None
    is_active: bool = True

    @property
    def id(self) -> UUID:
        """The user's id, the same in every run."""
        return made_id("user", self.name)


_ALL = frozenset(GYMS)
_ATLANTIQUE = frozenset({"dax", "pau"})
_NOTHING: frozenset[str] = frozenset()

PEOPLE = (
    Person("root", "super_admin", _ALL, _ALL),
    Person("owner_atlantique", "franchise_owner", _ATLANTIQUE, _ATLANTIQUE, franchise="atlantique"),
    Person("owner_rhone", "franchise_owner", frozenset({"lyon"}), frozenset({"lyon"}), franchise="rhone"),
    Person("manager_dax", "gym_manager", frozenset({"dax"}), frozenset({"dax"}), "atlantique", "dax"),
    Person("manager_pau", "gym_manager", frozenset({"pau"}), frozenset({"pau"}), "atlantique", "pau"),
    Person("staff_dax", "gym_staff", frozenset({"dax"}), gym="dax"),
    Person("analyst_atlantique", "analyst", _ATLANTIQUE, franchise="atlantique"),
    Person("analyst_dax", "analyst", frozenset({"dax"}), gym="dax"),
    Person("suspended_root", "super_admin", _NOTHING, is_active=False),
    Person("suspended_owner", "franchise_owner", _NOTHING, franchise="atlantique", is_active=False),
    Person("suspended_manager", "gym_manager", _NOTHING, gym="dax", is_active=False),
    Person("suspended_staff", "gym_staff", _NOTHING, gym="dax", is_active=False),
    Person("suspended_analyst", "analyst", _NOTHING, franchise="atlantique", is_active=False),
)

PERSON: Mapping[str, Person] = {person.name: person for person in PEOPLE}


def scope_of(name: str) -> Scope:
    """What the door knows of somebody of the network who has signed in."""
    person = PERSON[name]
    return Scope(user_id=person.id, role=UserRole(person.role), full_name=name)


def made_id(kind: str, name: str) -> UUID:
    """The id of a row by its kind and name, the same in every run."""
    return uuid5(_NAMESPACE, f"{kind}/{name}")


def plant(connection: psycopg.Connection) -> None:
    """The network and its people are in the database, with one row of every tenant table in every gym."""
    with connection.transaction():
        for franchise in sorted(set(FRANCHISE_OF.values())):
            connection.execute(
                "insert into public.franchises (id, name) values (%s, %s)", [made_id("franchise", franchise), franchise]
            )
        for gym in GYMS:
            connection.execute(
                "insert into public.gyms (id, franchise_id, slug, name) values (%s, %s, %s, %s)",
                [made_id("gym", gym), made_id("franchise", FRANCHISE_OF[gym]), gym, gym.title()],
            )
        for person in PEOPLE:
            connection.execute(
                "insert into public.users (id, email, role, franchise_id, gym_id, is_active) "
                "values (%s, %s, %s, %s, %s, %s)",
                [
                    person.id,
                    f"{person.name}@example.org",
                    person.role,
                    made_id("franchise", person.franchise) if person.franchise else None,
                    made_id("gym", person.gym) if person.gym else None,
                    person.is_active,
                ],
            )
        for gym in GYMS:
            _plant_gym(connection, gym)


def _plant_gym(connection: psycopg.Connection, gym: str) -> None:
    values = {
        "gym_id": made_id("gym", gym),
        "kiosk_id": made_id("kiosk", gym),
        "member_id": made_id("member", gym),
        "session_id": made_id("session", gym),
        "alert_id": made_id("alert", gym),
        "action_item_id": made_id("action_item", gym),
        "report_id": made_id("report", gym),
        "class_id": made_id("class", gym),
        "recipient_id": PERSON["root"].id,
        "secret_hash": sha256(gym.encode()).digest(),
        "noon": NOON,
    }
    for statement in _ROWS_OF_A_GYM:
        connection.execute(statement, values)


_ROWS_OF_A_GYM = (
    "insert into public.kiosks (id, gym_id, slug, name) values (%(kiosk_id)s, %(gym_id)s, 'entree', 'Entrée')",
    "insert into public.kiosk_credentials (gym_id, kiosk_id, kind, secret_hash) "
    "values (%(gym_id)s, %(kiosk_id)s, 'token', %(secret_hash)s)",
    "insert into public.kiosk_heartbeats (gym_id, kiosk_id, received_at) values (%(gym_id)s, %(kiosk_id)s, %(noon)s)",
    "insert into public.gym_members_v2 (id, gym_id, badge_id, first_name, member_since, created_at) "
    "values (%(member_id)s, %(gym_id)s, 'B-1', 'Camille', '2025-09-01', %(noon)s)",
    "insert into public.member_fitness_profile (member_id, gym_id) values (%(member_id)s, %(gym_id)s)",
    "insert into public.member_preferences (member_id, gym_id) values (%(member_id)s, %(gym_id)s)",
    "insert into public.memberships (gym_id, member_id, plan, started_on, expires_on) "
    "values (%(gym_id)s, %(member_id)s, 'annuel', '2025-09-01', '2026-08-31')",
    "insert into public.member_absences (gym_id, member_id, starts_on, ends_on, reason, source) "
    "values (%(gym_id)s, %(member_id)s, '2026-02-02', '2026-02-08', 'injury', 'member')",
    "insert into public.gym_closures (gym_id, starts_on, ends_on, reason) "
    "values (%(gym_id)s, '2026-01-05', '2026-01-06', 'Travaux')",
    "insert into public.superseded_records (gym_id, member_id, table_name, record_id, record) "
    "values (%(gym_id)s, %(member_id)s, 'gym_members_v2', %(member_id)s, '{\"is_active\": true}')",
    "insert into public.kiosk_badges (gym_id, kiosk_id, scanned_at) values (%(gym_id)s, %(kiosk_id)s, %(noon)s)",
    "insert into public.kiosk_settings (gym_id, settings) values (%(gym_id)s, '{\"volume\": 0.6}')",
    "insert into public.member_visits (gym_id, member_id, kiosk_id, visited_at) "
    "values (%(gym_id)s, %(member_id)s, %(kiosk_id)s, %(noon)s)",
    "insert into public.consents (gym_id, member_id, purpose, is_granted, notice_version) "
    "values (%(gym_id)s, %(member_id)s, 'quality_analysis', true, '2026-01')",
    # Closed at once, as a replayed journal brings it: the trigger queues its summary.
    "insert into public.openai_realtime_sessions "
    "(id, gym_id, kiosk_id, member_id, badge_outcome, state, started_at, ended_at, close_reason) "
    "values (%(session_id)s, %(gym_id)s, %(kiosk_id)s, %(member_id)s, 'known', 'closed', %(noon)s, "
    "%(noon)s::timestamptz + interval '90 seconds', 'member_left')",
    "insert into public.realtime_events (session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
    "values (%(session_id)s, %(gym_id)s, 0, %(noon)s, 'gateway', 'session.opened', '{}')",
    "insert into public.session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
    "values (%(session_id)s, %(gym_id)s, 'item_1', 0, 'member', 'La douche est froide.', %(noon)s)",
    "insert into public.tool_calls (session_id, gym_id, call_id, name) "
    "values (%(session_id)s, %(gym_id)s, 'call_1', 'get_opening_hours')",
    "insert into public.realtime_usage "
    "(session_id, gym_id, source_kind, source_id, model, price_version, cost_usd, occurred_at) "
    "values (%(session_id)s, %(gym_id)s, 'response', 'resp_1', 'gpt-realtime-2.1-mini', '2026-03', 0.012500, %(noon)s)",
    "insert into public.label_corrections "
    "(gym_id, session_id, field, engine, engine_version, engine_value, corrected_value) "
    "values (%(gym_id)s, %(session_id)s, 'outcome', 'local', '1+abc', '{solved}', '{unsolved}')",
    "insert into public.action_items (id, gym_id, session_id, position, text, owner) "
    "values (%(action_item_id)s, %(gym_id)s, %(session_id)s, 0, 'Appeler le chauffagiste', 'manager')",
    "insert into public.member_analytics (member_id, gym_id, churn_risk_score, churn_risk_level) "
    "values (%(member_id)s, %(gym_id)s, 0.20, 'low')",
    "insert into public.churn_scores (gym_id, member_id, as_of_date, rules_version, score, level) "
    "values (%(gym_id)s, %(member_id)s, '2026-03-02', 'seed-1', 0.2, 'low')",
    "insert into public.manager_alerts "
    "(id, gym_id, member_id, kiosk_id, session_id, alert_type, title, dedup_key, created_at) "
    "values (%(alert_id)s, %(gym_id)s, %(member_id)s, %(kiosk_id)s, %(session_id)s, 'negative_feedback', "
    "'Douches froides', 'showers', %(noon)s)",
    "insert into public.alert_choices "
    "(gym_id, member_id, week_starts_on, period, decision, as_of_date, score, level, expected_value_eur, alert_id, "
    "decided_at) values (%(gym_id)s, %(member_id)s, '2026-03-02', '2026-Q1', 'alert', '2026-03-02', 0.8, 'critical', "
    "288, %(alert_id)s, %(noon)s)",
    "insert into public.alert_messages (gym_id, alert_id, language, text) "
    "values (%(gym_id)s, %(alert_id)s, 'fr', 'Bonjour Camille')",
    "insert into public.alert_digests (id, gym_id, week_starts_on, content) "
    "values (%(alert_id)s, %(gym_id)s, '2026-02-23', '{}')",
    "insert into public.alert_digest_deliveries (gym_id, digest_id, recipient_user_id, status, attempted_at) "
    "values (%(gym_id)s, %(alert_id)s, %(recipient_id)s, 'sent', %(noon)s)",
    "insert into public.alert_letters (gym_id, alert_id, recipient_user_id, status, due_at) "
    "values (%(gym_id)s, %(alert_id)s, %(recipient_id)s, 'sent', %(noon)s)",
    "insert into public.gym_classes (id, gym_id, name, weekday, starts_at, duration_minutes, capacity) "
    "values (%(class_id)s, %(gym_id)s, 'Yoga', 2, '18:30', 60, 1)",
    "insert into public.class_bookings (gym_id, class_id, class_date, member_id, session_id) "
    "values (%(gym_id)s, %(class_id)s, '2026-03-03', %(member_id)s, %(session_id)s)",
    "insert into public.member_goals (gym_id, member_id, kind, target_count, description) "
    "values (%(gym_id)s, %(member_id)s, 'weekly_visits', 3, 'venir trois fois par semaine')",
    "insert into public.gym_machines (gym_id, name, number, zone) values (%(gym_id)s, 'tapis', 4, 'plateau cardio')",
    "insert into public.staff_requests "
    "(gym_id, kiosk_id, session_id, member_id, call_id, kind, topic, text, machine, zone, alert_id) "
    "values (%(gym_id)s, %(kiosk_id)s, %(session_id)s, %(member_id)s, 'call_1', 'issue', 'equipment', 'en panne', "
    "'tapis 4', 'plateau cardio', %(alert_id)s)",
    "insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id) "
    "values (%(gym_id)s, 'test', 'planted', 'gyms', 'gym')",
    "insert into public.insights_reports (id, gym_id, report_type, period_start, period_end, title, status, "
    "published_at) "
    "values (%(report_id)s, %(gym_id)s, 'weekly', '2026-02-23', '2026-03-02', 'Semaine 9', 'published', "
    "'2026-03-02')",
    "insert into public.report_deliveries (gym_id, report_id, recipient_user_id, channel, status) "
    "values (%(gym_id)s, %(report_id)s, %(recipient_id)s, 'email', 'sent')",
)
