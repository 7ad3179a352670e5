"""What every table, policy, function and role must look like, asked of the migrated database's own catalogue.

Each lint is one query that answers the offenders; where something is allowed to offend, the reason
stands beside it here. Marts are looked at by `tests/integration/test_dbt_build.py`.
"""

from collections.abc import Iterator, Mapping

import psycopg
import pytest

from jarvis.settings import Settings
from tests.conftest import Database, cloned_database

DOORS = ("jarvis_gateway", "jarvis_dashboard", "jarvis_analyst", "jarvis_pipeline")
READERS = ("jarvis_gateway", "jarvis_dashboard", "jarvis_analyst")

LINTS: Mapping[str, str] = {
    "table without row security enabled and forced": """
        select tables.oid::regclass::text
        from pg_class as tables
        where tables.relkind in ('r', 'p')
            and tables.relnamespace = any (array['public', 'app', 'marts', 'staging']::regnamespace[])
            and not (tables.relrowsecurity and tables.relforcerowsecurity)
    """,
    "table owned by a role that can log in": """
        select tables.oid::regclass::text
        from pg_class as tables
        inner join pg_roles as owners on tables.relowner = owners.oid
        where tables.relkind in ('r', 'p', 'v', 'm')
            and tables.relnamespace = any (array['public', 'app']::regnamespace[])
            and owners.rolcanlogin
    """,
    "reader with a grant and no reading policy, so that it reads nothing by accident": """
        select format('%%s: %%s', tables.oid::regclass, readers.role_name)
        from pg_class as tables
        cross join unnest(%(readers)s::text[]) as readers (role_name)
        where tables.relkind in ('r', 'p')
            and tables.relnamespace = any (array['public', 'app']::regnamespace[])
            and has_any_column_privilege(readers.role_name, tables.oid, 'select')
            and not exists (
                select from pg_policy
                where pg_policy.polrelid = tables.oid
                    and pg_policy.polcmd = 'r'
                    and pg_policy.polroles = array[readers.role_name::regrole::oid]
            )
    """,
    "tenant table without a reading policy for each reader": """
        select format('%%s: %%s', tables.oid::regclass, readers.role_name)
        from pg_class as tables
        inner join pg_attribute as columns on tables.oid = columns.attrelid and columns.attname = 'gym_id'
        cross join unnest(%(readers)s::text[]) as readers (role_name)
        where tables.relkind in ('r', 'p')
            and not tables.relispartition
            and tables.relnamespace = 'public'::regnamespace
            and not exists (
                select from pg_policy
                where pg_policy.polrelid = tables.oid
                    and pg_policy.polcmd = 'r'
                    and pg_policy.polroles = array[readers.role_name::regrole::oid]
            )
    """,
    "policy to PUBLIC or to several roles": """
        select format('%%s: %%s', pg_policy.polrelid::regclass, pg_policy.polname)
        from pg_policy
        where cardinality(pg_policy.polroles) <> 1 or 0 = any (pg_policy.polroles)
    """,
    "policy that looks at every row anew instead of once": """
        select format('%%s: %%s', policies.tablename, policies.policyname)
        from pg_policies as policies
        where coalesce(policies.qual, '') || coalesce(policies.with_check, '') ~ '(app|auth)\\.[a-z_]+\\(\\)'
            and coalesce(policies.qual, '') || coalesce(policies.with_check, '') !~ '\\( ?SELECT (app|auth)\\.'
    """,
    "policy for all commands at once": """
        select format('%%s: %%s', pg_policy.polrelid::regclass, pg_policy.polname)
        from pg_policy
        where pg_policy.polcmd = '*'
    """,
    "writing policy without a check on what is written": """
        select format('%%s: %%s', pg_policy.polrelid::regclass, pg_policy.polname)
        from pg_policy
        where pg_policy.polcmd in ('a', 'w') and pg_policy.polwithcheck is null
    """,
    "partition that can be reached past its parent's policies": """
        select tables.oid::regclass::text
        from pg_class as tables
        where tables.relispartition
            and tables.relkind in ('r', 'p')
            and (
                exists (select from pg_policy where pg_policy.polrelid = tables.oid)
                or exists (
                    select from unnest(%(doors)s::text[]) as doors (role_name)
                    where has_any_column_privilege(doors.role_name, tables.oid, 'select, insert, update')
                )
            )
    """,
    "policy column without an index that begins with it": """
        select format('%%s.%%s', tables.oid::regclass, columns.attname)
        from pg_class as tables
        inner join pg_attribute as columns on tables.oid = columns.attrelid and columns.attname = 'gym_id'
        where tables.relkind in ('r', 'p')
            and tables.relnamespace = 'public'::regnamespace
            and not exists (
                select from pg_index
                where pg_index.indrelid = tables.oid
                    and pg_index.indkey[0] = columns.attnum
                    and pg_index.indpred is null
                    and pg_index.indisvalid
            )
    """,
    "foreign key without an index that begins with its columns": """
        select format('%%s: %%s', keys.conrelid::regclass, keys.conname)
        from pg_constraint as keys
        where keys.contype = 'f'
            and keys.conparentid = 0
            and not exists (
                select from pg_index
                where pg_index.indrelid = keys.conrelid
                    and pg_index.indpred is null
                    and (string_to_array(pg_index.indkey::text, ' ')::smallint[])[1:cardinality(keys.conkey)]
                        @> keys.conkey
            )
    """,
    "foreign key between tenant tables that leaves the gym out": """
        select format('%%s: %%s', keys.conrelid::regclass, keys.conname)
        from pg_constraint as keys
        inner join pg_attribute as here on keys.conrelid = here.attrelid and here.attname = 'gym_id'
        inner join pg_attribute as there on keys.confrelid = there.attrelid and there.attname = 'gym_id'
        where keys.contype = 'f'
            and not (here.attnum = any (keys.conkey) and there.attnum = any (keys.confkey))
    """,
    "tenant table whose gym need not exist": """
        select tables.oid::regclass::text
        from pg_class as tables
        inner join pg_attribute as columns on tables.oid = columns.attrelid and columns.attname = 'gym_id'
        where tables.relkind in ('r', 'p')
            and tables.relnamespace = 'public'::regnamespace
            and not exists (
                select from pg_constraint as keys
                where keys.contype = 'f' and keys.conrelid = tables.oid and columns.attnum = any (keys.conkey)
            )
    """,
    "tenant table that is unique over all gyms": """
        select format('%%s: %%s', pg_index.indrelid::regclass, indexes.relname)
        from pg_index
        inner join pg_class as indexes on pg_index.indexrelid = indexes.oid
        inner join pg_class as tables on pg_index.indrelid = tables.oid
        inner join pg_attribute as columns on tables.oid = columns.attrelid and columns.attname = 'gym_id'
        where pg_index.indisunique
            and tables.relnamespace = 'public'::regnamespace
            and not tables.relispartition
            and not columns.attnum = any (pg_index.indkey)
            and not (
                -- A random uuid or a counter of its own says nothing of another gym.
                pg_index.indisprimary and cardinality(string_to_array(pg_index.indkey::text, ' ')) = 1
            )
    """,
    "table without a primary key": """
        select tables.oid::regclass::text
        from pg_class as tables
        where tables.relkind in ('r', 'p')
            and tables.relnamespace = any (array['public', 'app']::regnamespace[])
            and not exists (select from pg_index where pg_index.indrelid = tables.oid and pg_index.indisprimary)
    """,
    "index that another one repeats": """
        select format('%%s and %%s', one.indexrelid::regclass, other.indexrelid::regclass)
        from pg_index as one
        inner join pg_index as other on one.indrelid = other.indrelid and one.indexrelid < other.indexrelid
        where one.indkey::text = other.indkey::text
            and one.indclass::text = other.indclass::text
            and one.indoption::text = other.indoption::text
            and pg_get_expr(one.indpred, one.indrelid) is not distinct from pg_get_expr(other.indpred, other.indrelid)
            and one.indrelid::regclass::text !~ '^(pg_|information_schema)'
    """,
    "function without a pinned search path": """
        select functions.oid::regprocedure::text
        from pg_proc as functions
        where functions.pronamespace = any (array['app', 'auth']::regnamespace[])
            and not exists (
                select from unnest(functions.proconfig) as settings (setting)
                where settings.setting = 'search_path=pg_catalog, pg_temp'
            )
    """,
    "function that anybody may call": """
        select functions.oid::regprocedure::text
        from pg_proc as functions
        where functions.pronamespace = 'app'::regnamespace
            and exists (
                select from aclexplode(coalesce(functions.proacl, acldefault('f', functions.proowner))) as grants
                where grants.grantee = 0
            )
    """,
    "function owned by a role that can log in": """
        select functions.oid::regprocedure::text
        from pg_proc as functions
        inner join pg_roles as owners on functions.proowner = owners.oid
        where functions.pronamespace = any (array['app', 'auth']::regnamespace[]) and owners.rolcanlogin
    """,
    "view that reads with its owner's rights": """
        select views.oid::regclass::text
        from pg_class as views
        where views.relkind = 'v'
            and views.relnamespace = any (array['public', 'app', 'marts', 'staging']::regnamespace[])
            and not coalesce('security_invoker=true' = any (views.reloptions), false)
    """,
    "materialized view, which row security cannot protect": """
        select views.oid::regclass::text from pg_class as views where views.relkind = 'm'
    """,
    "door with more power than its work needs": """
        select roles.rolname
        from pg_roles as roles
        where roles.rolname = any (%(doors)s::text[])
            and (
                roles.rolsuper or roles.rolcreaterole or roles.rolcreatedb or roles.rolreplication
                or (roles.rolbypassrls and roles.rolname <> 'jarvis_pipeline')
            )
    """,
    "door that may become another role": """
        select format('%%s may become %%s', members.rolname, roles.rolname)
        from pg_roles as members
        inner join pg_roles as roles on members.oid <> roles.oid
        where members.rolname = any (%(doors)s::text[]) and pg_has_role(members.oid, roles.oid, 'member')
    """,
    "role that past row security can log in": """
        select roles.rolname
        from pg_roles as roles
        where roles.rolname like 'jarvis%%'
            and roles.rolbypassrls
            and roles.rolcanlogin
            and roles.rolname <> 'jarvis_pipeline'
    """,
    "grant to PUBLIC": """
        select format('%%s: %%s', tables.oid::regclass, grants.privilege_type)
        from pg_class as tables
        cross join lateral aclexplode(tables.relacl) as grants
        where grants.grantee = 0
            and tables.relnamespace = any (array['public', 'app', 'marts', 'staging']::regnamespace[])
    """,
    "grant that no door needs": """
        select format('%%s: %%s to %%s', tables.oid::regclass, grants.privilege_type, grants.grantee::regrole)
        from pg_class as tables
        cross join lateral aclexplode(tables.relacl) as grants
        where grants.grantee::regrole::text = any (%(readers)s::text[])
            and tables.relnamespace = any (array['public', 'app', 'marts', 'staging']::regnamespace[])
            and grants.privilege_type not in ('SELECT', 'INSERT', 'UPDATE')
    """,
    "schema in which a door that answers people may create": """
        select format('%%s in %%s', roles.rolname, schemas.nspname)
        from pg_roles as roles
        cross join pg_namespace as schemas
        where roles.rolname = any (%(readers)s::text[])
            and schemas.nspname !~ '^pg_'
            and has_schema_privilege(roles.oid, schemas.oid, 'create')
    """,
}

# Offender to the reason why it may.
ALLOWED: Mapping[str, Mapping[str, str]] = {
    "tenant table without a reading policy for each reader": {
        "users: jarvis_gateway": "a kiosk has no business with the people who sign in",
        "users: jarvis_analyst": "an analyst counts members; people's e-mails are no mart",
    },
    "foreign key between tenant tables that leaves the gym out": {
        "label_corrections: label_corrections_corrected_by_fkey": "owners and admins have no gym; a function checks",
        "alert_digest_deliveries: alert_digest_deliveries_recipient_user_id_fkey": "as a report's recipient",
        "alert_letters: alert_letters_recipient_user_id_fkey": "as a report's recipient",
        "alert_messages: alert_messages_edited_by_fkey": "owners and admins have no gym; a trigger writes who it was",
        "alert_messages: alert_messages_used_by_fkey": "owners and admins have no gym; a trigger writes who it was",
        "action_items: action_items_assigned_to_fkey": "owners and admins have no gym; a trigger checks the scope",
        "action_items: action_items_closed_by_fkey": "owners and admins have no gym; a trigger writes who it was",
        "manager_alerts: manager_alerts_assigned_to_fkey": "owners and admins have no gym; a trigger checks the scope",
        "report_deliveries: report_deliveries_recipient_user_id_fkey": "owners and admins have no gym",
        "report_deliveries: report_deliveries_report_id_fkey": "a franchise's report has no gym",
    },
    "tenant table whose gym need not exist": {
        "audit_log": "what was done is kept when the gym is gone",
    },
    "tenant table that is unique over all gyms": {
        "users: user_email_is_unique": "one person signs in once, wherever they work; no door inserts users",
        "kiosk_credentials: kiosk_secret_is_unique": "a hash of 256 random bits; no door may insert credentials",
        "member_visits: visit_is_recorded_once": "begins with a member's random uuid",
        "realtime_events: realtime_events_pkey": "begins with a session's random uuid",
        "session_turns: turn_is_recorded_once": "begins with a session's random uuid",
        "tool_calls: tool_call_runs_once": "begins with a session's random uuid",
        "realtime_usage: usage_is_billed_once": "begins with a session's random uuid",
        "conversation_summaries: session_is_summarised_once": "a session's random uuid",
        "action_items: action_item_is_recorded_once": "begins with a session's random uuid",
    },
}

# The event trigger closes most of these faults as they are made, which has tests of its own.
WITHOUT_TRIGGER = "alter event trigger jarvis_close_new_relations disable; "

# Tables of the migration runner itself: the superuser's, granted to nobody.
RUNNER_TABLES = "_yoyo"


@pytest.fixture(scope="module")
def catalogue(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[psycopg.Connection]:
    """The superuser's connection to a migrated database."""
    home = tmp_path_factory.mktemp("catalogue")
    with (
        cloned_database(server_settings, template_database, home) as database,
        database.admin() as connection,
    ):
        yield connection


def offenders(connection: psycopg.Connection, lint: str) -> set[str]:
    """What one lint finds, the migration runner's own tables apart."""
    rows = connection.execute(LINTS[lint], {"readers": list(READERS), "doors": list(DOORS)})
    return {row[0] for row in rows if RUNNER_TABLES not in row[0] and not row[0].startswith("yoyo_lock")}


@pytest.mark.parametrize("lint", LINTS)
def test_the_catalogue_has_no(catalogue: psycopg.Connection, lint: str) -> None:
    """Nothing offends but what is allowed by name, and nothing is allowed that does not offend."""
    assert offenders(catalogue, lint) == set(ALLOWED.get(lint, {}))


@pytest.mark.parametrize(
    ("lint", "fault"),
    [
        (
            "table without row security enabled and forced",
            WITHOUT_TRIGGER + "alter table public.kiosks no force row level security",
        ),
        ("table owned by a role that can log in", "alter table public.kiosks owner to jarvis_pipeline"),
        (
            "reader with a grant and no reading policy, so that it reads nothing by accident",
            "drop policy jarvis_dashboard_reads on public.kiosks",
        ),
        ("tenant table without a reading policy for each reader", "drop policy jarvis_analyst_reads on public.kiosks"),
        ("policy to PUBLIC or to several roles", "create policy open on public.kiosks for select using (true)"),
        (
            "policy that looks at every row anew instead of once",
            "create policy slow on public.kiosks for select to jarvis_gateway "
            "using (gym_id = any (app.kiosk_gym_ids()))",
        ),
        ("policy for all commands at once", "create policy wide on public.kiosks to jarvis_gateway using (true)"),
        (
            "writing policy without a check on what is written",
            "create policy loose on public.kiosks for update to jarvis_gateway using (true)",
        ),
        (
            "partition that can be reached past its parent's policies",
            "grant select on public.realtime_events_default to jarvis_dashboard",
        ),
        (
            "policy column without an index that begins with it",
            "drop index public.alerts_by_gym_and_status, "
            "public.alerts_by_member, public.alerts_by_kiosk, public.alerts_by_session; "
            "alter table public.manager_alerts drop constraint alert_is_addressable_by_gym cascade",
        ),
        ("foreign key without an index that begins with its columns", "drop index public.alerts_by_kiosk"),
        (
            "foreign key between tenant tables that leaves the gym out",
            "alter table public.consents add constraint plain foreign key (member_id) "
            "references public.gym_members_v2 (id)",
        ),
        (
            "tenant table whose gym need not exist",
            "alter table public.kiosk_heartbeats drop constraint heartbeat_belongs_to_a_kiosk_of_its_gym",
        ),
        ("tenant table that is unique over all gyms", "create unique index oracle on public.gym_members_v2 (badge_id)"),
        ("table without a primary key", "create table app.loose (id integer)"),
        ("index that another one repeats", "create index twice on public.kiosks (status)"),
        ("function without a pinned search path", "alter function app.visible_gym_ids() reset search_path"),
        ("function that anybody may call", "grant execute on function app.gym_ids_seen_by(uuid) to public"),
        ("function owned by a role that can log in", "alter function app.visible_gym_ids() owner to jarvis_pipeline"),
        ("view that reads with its owner's rights", WITHOUT_TRIGGER + "create view app.leak as select 1 as gym_id"),
        (
            "materialized view, which row security cannot protect",
            WITHOUT_TRIGGER + "create materialized view app.leak as select 1 as x",
        ),
        ("door with more power than its work needs", "alter role jarvis_dashboard bypassrls"),
        ("door that may become another role", "grant jarvis_pipeline to jarvis_dashboard"),
        ("role that past row security can log in", "alter role jarvis_definer login"),
        ("grant to PUBLIC", "grant select on public.gyms to public"),
        ("grant that no door needs", "grant delete on public.kiosks to jarvis_dashboard"),
        ("schema in which a door that answers people may create", "grant create on schema public to jarvis_dashboard"),
    ],
)
def test_a_planted_fault_is_found(catalogue: psycopg.Connection, lint: str, fault: str) -> None:
    """Each lint can fail: the fault it exists for is named by it, and taken back."""
    before = offenders(catalogue, lint)
    with catalogue.transaction(force_rollback=True):
        catalogue.execute(fault)
        assert offenders(catalogue, lint) - before


def test_every_lint_has_its_planted_fault() -> None:
    """A lint that was never seen to fail proves nothing."""
    planted = {case[0] for case in test_a_planted_fault_is_found.pytestmark[0].args[1]}
    assert planted == set(LINTS)


@pytest.mark.parametrize(
    ("role", "relation", "hidden"),
    [
        ("jarvis_analyst", "gym_members_v2", {"badge_id", "first_name", "last_name", "email", "phone", "birth_date"}),
        ("jarvis_analyst", "member_absences", {"reason"}),
        ("jarvis_analyst", "session_turns", {"text", "generated_text"}),
        ("jarvis_analyst", "conversation_summaries", {"summary_text", "evidence", "issues", "embedding"}),
        ("jarvis_analyst", "manager_alerts", {"title", "description", "context", "resolution_notes"}),
    ],
)
def test_an_analyst_reads_neither_names_nor_words(
    catalogue: psycopg.Connection, role: str, relation: str, hidden: set[str]
) -> None:
    """Column grants leave out what names a member or quotes them."""
    readable = {
        row[0]
        for row in catalogue.execute(
            "select attname from pg_attribute where attrelid = %(relation)s::regclass and attnum > 0 "
            "and not attisdropped and has_column_privilege(%(role)s, %(relation)s, attname, 'select')",
            {"relation": f"public.{relation}", "role": role},
        )
    }
    assert readable
    assert readable.isdisjoint(hidden)


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize(
    "relation",
    [
        "public.user_credentials",
        "public.dashboard_sessions",
        "public.second_factors",
        "public.recovery_codes",
        "public.account_links",
        "public.provider_identities",
        "app.provider_sign_ins",
        "public.kiosk_credentials",
        "app.analyst_logins",
    ],
)
def test_no_door_reads_a_secret(catalogue: psycopg.Connection, role: str, relation: str) -> None:
    """Hashes and logins are reached through functions that answer one question only."""
    answer = catalogue.execute(
        "select has_any_column_privilege(%s, %s, 'select, insert, update')", [role, relation]
    ).fetchone()
    assert answer == (False,)


def test_a_door_calls_only_its_own_functions(catalogue: psycopg.Connection) -> None:
    """Each door's list of functions, whole: a new grant is a decision made here too."""
    rows = catalogue.execute(
        "select grantees.rolname, array_agg(functions.proname::text order by functions.proname) "
        "from pg_proc as functions cross join lateral aclexplode(functions.proacl) as grants "
        "inner join pg_roles as grantees on grants.grantee = grantees.oid "
        "where functions.pronamespace = 'app'::regnamespace and grants.grantee <> functions.proowner "
        "group by grantees.rolname"
    ).fetchall()
    assert dict(rows) == {
        "jarvis_gateway": [
            "ask_staff", "book_class", "cancel_booking", "claim_kiosk", "declare_absence", "forget_badges",
            "identify_badge", "issue_client_secret", "kiosk_gym_ids", "kiosk_id", "kiosk_of_token", "kiosk_settings_of",
            "lost_sessions",
            "raise_voice_budget_alert", "renew_session_leases", "rotate_kiosk_token",
            "served_kiosks", "session_member_id", "set_member_goal", "settle_lost_tool_calls", "standing_tokens",
            "take_token", "token_behind_client_secret", "voice_budget",
        ],
        "jarvis_dashboard": [
            "add_absence", "add_closure", "address_wait", "begin_provider_sign_in", "begin_second_factor",
            "begin_sign_in", "change_account", "change_alert_threshold",
            "change_franchise", "change_gym", "change_gym_settings", "change_kiosk",
            "change_kiosk_settings", "change_own_password", "change_own_profile", "change_person",
            "change_report_settings",
            "change_voice_budget", "confirm_second_factor", "correct_label", "create_account", "create_franchise",
            "create_gym", "create_kiosk", "drop_second_factor", "end_absence", "fail_address",
            "fail_second_factor", "fail_sign_in", "freshness", "held_thresholds",
            "invite_person", "invite_person_again",
            "is_super_admin", "issue_kiosk_code", "issue_password_reset", "kiosk_access",
            "kiosk_setting_layers", "managed_gym_ids", "members_keeping_health", "members_to_call", "merge_incidents",
            "move_report", "note_alert_unmasking", "note_page_view", "note_reading", "note_unmasking",
            "offer_second_factor", "offered_second_factor", "open_dashboard_session", "open_provider_session",
            "own_sessions",
            "page_views_since", "pass_second_factor", "pause_kiosk", "people", "prove_session", "read_account_link",
            "recent_incidents",
            "refuse_provider_sign_in", "remove_closure", "replace_recovery_codes", "reset_second_factor_of",
            "resolve_dashboard_session", "revoke_dashboard_session", "revoke_kiosk", "revoke_own_sessions",
            "served_kiosks", "set_own_language", "set_person_active", "slow_statements", "spend_recovery_code",
            "split_incident", "system_state", "take_provider_sign_in", "take_token", "unlock_person",
            "use_account_link", "visible_franchise_ids", "visible_gym_ids", "visit_dashboard_session",
        ],
        "jarvis_analyst": ["analyst_gym_ids", "freshness"],
        "jarvis_pipeline": [
            "add_absence", "add_closure", "close_lost_sessions", "drop_empty_event_partitions", "end_absence",
            "ensure_event_partitions", "forget_accounts", "forget_sign_ins", "forget_trail", "freshness",
            "held_thresholds", "keeps_health", "merge_incidents", "protect_tenant_table",
            "remove_closure", "retire_relation", "split_incident",
        ],
        "jarvis_definer": ["keeps_health"],
        # Drops what the definer, who sees the rows, found empty.
        "jarvis_owner": ["empty_event_partitions"],
    }  # fmt: skip


def test_the_server_is_asked_what_it_is(database: Database) -> None:
    """The lints run on a database that holds our tables, and not on an empty one."""
    with database.admin() as admin:
        found = admin.execute("select count(*) from pg_attribute where attname = 'gym_id'").fetchone()
    assert found is not None
    assert found[0] > 20
