"""Migrations go up, down to nothing, and up again; each has its way back and says why it is there."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from yoyo import get_backend, read_migrations
from yoyo.backends.base import DatabaseBackend

from bench.support.world import closed_session, make_gym
from jarvis.mail_kinds import MailKind
from tests.conftest import Database, trust_the_system_cache
from warehouse.embedded import EmbeddedPostgres, free_port
from warehouse.migrate import MIGRATIONS, create_database, migrate_down, migrate_up

FORWARD = sorted(path for path in MIGRATIONS.glob("*.sql") if not path.name.endswith(".rollback.sql"))

# Everything a migration can leave behind in a database or its cluster, the runner's own tables apart.
CATALOGUE = """
    select 'schema', nspname::text, nspowner::regrole::text || coalesce(nspacl::text, '')
    from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
    union all
    select 'relation', classes.oid::regclass::text || ' ' || classes.relkind::text,
        concat_ws(
            ' ', classes.relowner::regrole, classes.relrowsecurity, classes.relforcerowsecurity, classes.relacl,
            (
                select string_agg(
                    concat_ws(
                        ' ', columns.attname, format_type(columns.atttypid, columns.atttypmod), columns.attnotnull,
                        columns.attacl, pg_get_expr(defaults.adbin, defaults.adrelid)
                    ),
                    ', ' order by columns.attnum
                )
                from pg_attribute as columns
                left join pg_attrdef as defaults
                    on columns.attrelid = defaults.adrelid and columns.attnum = defaults.adnum
                where columns.attrelid = classes.oid and columns.attnum > 0 and not columns.attisdropped
            )
        )
    from pg_class as classes
    inner join pg_namespace as schemas on classes.relnamespace = schemas.oid
    where schemas.nspname !~ '^pg_' and schemas.nspname <> 'information_schema' and classes.relname !~ 'yoyo'
    union all
    select 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    from pg_index
    where indexrelid::regclass::text !~ '^pg_|yoyo'
    union all
    select 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(pg_constraint.oid)
    from pg_constraint
    where connamespace::regnamespace::text !~ '^pg_|information_schema' and conrelid::regclass::text !~ 'yoyo'
    union all
    select 'policy', tablename || ' ' || policyname, concat_ws(' ', cmd, roles, qual, with_check)
    from pg_policies
    union all
    select 'trigger', tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(pg_trigger.oid)
    from pg_trigger
    where not tgisinternal
    union all
    select 'function', functions.oid::regprocedure::text,
        concat_ws(' ', functions.proowner::regrole, functions.proacl, md5(pg_get_functiondef(functions.oid)))
    from pg_proc as functions
    inner join pg_namespace as schemas on functions.pronamespace = schemas.oid
    where schemas.nspname !~ '^pg_' and schemas.nspname <> 'information_schema' and functions.prokind = 'f'
        and not exists (
            select from pg_depend
            where pg_depend.objid = functions.oid and pg_depend.deptype = 'e'
        )
    union all
    select 'event trigger', evtname::text, evttags::text from pg_event_trigger
    union all
    select 'extension', extname::text, '' from pg_extension
    union all
    select 'role', rolname::text, concat_ws(' ', rolcanlogin, rolbypassrls, rolsuper) from pg_roles
    union all
    -- One in a role of the server's own holds for every database of the cluster: no way back of one takes it.
    select 'membership', roleid::regrole || ' ' || member::regrole, '' from pg_auth_members
    where roleid::regrole::text !~ '^pg_'
"""

Catalogue = dict[tuple[str, str], str]

# These change rows that an empty database does not have; each has a test of its own.
ROWS_ONLY = {"0326_enriched_before_tiers"}

ANALYSED = """
    update conversation_summaries
    set status = 'completed', analysed_at = now(), key_topics = '{}', sentiment_score = 0,
        sentiment_label = 'neutral', emotion_detected = 'neutral', intents_detected = '{}', outcome = 'solved',
        summary_text = 'Tapis en panne.', embedding = array_fill(0, array[1536])::vector, embedding_model = 'm',
        engine = %(engine)s, engine_version = '1'
    where session_id = %(session_id)s
"""


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    """Administration URL of a cluster of our own: roles belong to a whole cluster, and must go too."""
    home = Path(tempfile.mkdtemp(prefix="jarvis-migrations-"))
    home.chmod(0o755)
    server = EmbeddedPostgres(data_dir=home / "postgres", port=free_port(), password="only-for-this-test")
    server.start()
    url = f"postgresql://postgres:{server.password}@127.0.0.1:{server.port}/postgres"
    try:
        trust_the_system_cache(url)
        yield url
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def migration_runner(url: str) -> Iterator[DatabaseBackend]:
    """The runner that the code uses, for steps smaller than the code takes."""
    runner = get_backend(urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg")))
    try:
        with runner.lock():
            yield runner
    finally:
        runner.connection.close()


def snapshot(url: str) -> Catalogue:
    """Everything in the catalogue that could be ours, by kind and name, and the rules that migrations bring as rows."""
    with psycopg.connect(url) as connection:
        found = {(kind, name): shape for kind, name, shape in connection.execute(CATALOGUE)}
        if ("relation", "app.retention_rules r") in found:
            rules = connection.execute(
                "select name, concat_ws(' ', table_name, keep_days, action) from app.retention_rules"
            )
            found |= {("retention rule", name): shape for name, shape in rules}
        return found


@dataclass(frozen=True)
class Walk:
    """The catalogue along one way up, the way down again step by step, and a second way up."""

    empty: Catalogue
    ups: Mapping[str, Catalogue]
    """After each migration, in their order."""
    downs: Mapping[str, Catalogue]
    """After each way back, in the order they were gone."""
    applied: Sequence[str]
    """By the second way up, and the catalogue after it."""
    again: Catalogue
    undone: Sequence[str]
    """By one way down for all, and the catalogue after it."""
    nothing: Catalogue


@pytest.fixture(scope="module")
def walk(own_server: str) -> Walk:
    """All of it, in a database nobody had migrated, alone in its cluster."""
    url = urlunsplit(urlsplit(own_server)._replace(path="/jarvis"))
    create_database(url, "jarvis")
    empty, ups, downs = snapshot(url), {}, {}
    migrations = list(read_migrations(str(MIGRATIONS)))
    with migration_runner(url) as runner:
        for migration in migrations:
            runner.apply_one(migration)
            ups[migration.id] = snapshot(url)
        for migration in reversed(migrations):
            runner.rollback_one(migration)
            downs[migration.id] = snapshot(url)
    return Walk(empty, ups, downs, migrate_up(url), snapshot(url), migrate_down(url), snapshot(url))


def test_each_step_back_undoes_its_step_and_nothing_else(walk: Walk) -> None:
    """After a migration and its rollback the catalogue is what it was before it, for each of them in turn."""
    before = walk.empty
    for name, after in walk.ups.items():
        assert name in ROWS_ONLY or after != before, f"{name} changes nothing"
        assert walk.downs[name] == before, f"{name} and its rollback do not cancel out"
        before = after


def test_the_way_down_leaves_nothing_and_the_way_up_is_the_same_again(walk: Walk) -> None:
    """Down to nothing is nothing: no table, function, schema, extension or role of ours; up again is what it was."""
    *_, whole = walk.ups.values()
    assert list(walk.ups) == walk.applied == [path.stem for path in FORWARD]
    assert walk.undone == walk.applied[::-1]
    assert walk.nothing == walk.empty
    assert walk.again == whole
    assert len(whole) > len(walk.empty) + 200


def test_a_second_way_up_changes_nothing(database: Database) -> None:
    """A start on a migrated database applies no migration."""
    url = database.url_for("admin")
    whole = snapshot(url)
    assert migrate_up(url) == []
    assert snapshot(url) == whole


def test_a_migration_that_fails_leaves_the_database_where_it_was(database: Database) -> None:
    """A migration is one transaction, and the ways back that stand before it are taken newest first."""
    url = database.url_for("admin")
    whole = snapshot(url)
    later = [path.stem for path in FORWARD if path.stem > "0009_reports"]
    assert migrate_down(url, to="0009_reports") == later[::-1]
    with psycopg.connect(url, autocommit=True) as connection:
        # In the way of migration 0010, whose function this is.
        connection.execute("create function app.close_new_relations() returns void language sql as 'select'")
        before = snapshot(url)
        with pytest.raises(Exception, match="0010_fail_closed"):
            migrate_up(url)
        assert snapshot(url) == before
        connection.execute("drop function app.close_new_relations()")
    assert migrate_up(url) == later
    assert snapshot(url) == whole


@pytest.mark.parametrize("path", FORWARD, ids=lambda path: path.stem)
def test_a_migration_has_its_way_back(path: Path) -> None:
    """NNNN_name.sql stands beside NNNN_name.rollback.sql."""
    assert path.with_name(f"{path.stem}.rollback.sql").is_file()


@pytest.mark.parametrize("path", sorted(MIGRATIONS.glob("*.sql")), ids=lambda path: path.name)
def test_a_migration_says_why_on_its_first_line(path: Path) -> None:
    """The first line is a comment in words, ending as a sentence does."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("-- ")
    assert len(first.split()) > 3
    assert first.endswith((".", ":", ";"))


def test_migrations_are_numbered_once() -> None:
    """Two migrations of one number would run in an order nobody chose."""
    numbers = [path.name[:4] for path in FORWARD]
    assert all(number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_a_choice_about_e_mails_survives_both_ways(database: Database) -> None:
    """Whoever took no e-mail takes none of the kinds, and back; whoever took them all still does."""
    url = database.url_for("admin")
    migrate_down(url, to="0220_simulated_analyses")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into users (email, role) select unnest(array['a@x', 'b@x']), 'super_admin'")
        connection.execute("insert into mail_preferences (user_id, is_unsubscribed) select id, email ^@ 'a' from users")
        migrate_up(url)
        counts = "select cardinality(unsubscribed_kinds) from mail_preferences order by 1"
        assert connection.execute(counts).fetchall() == [(0,), (len(MailKind),)]
        migrate_down(url, to="0220_simulated_analyses")
        kept = connection.execute("select is_unsubscribed from mail_preferences order by 1").fetchall()
        assert kept == [(False,), (True,)]


def test_what_a_hosted_engine_analysed_before_there_were_two_tiers_is_known_as_such(database: Database) -> None:
    """Its row is marked as enriched when it was analysed, once; what the local engine analysed is not."""
    url = database.url_for("admin")
    with psycopg.connect(url, autocommit=True) as connection:
        gym = make_gym(connection, "pau")
        for engine in ("openai", "local"):
            session_id = closed_session(connection, gym)
            connection.execute(ANALYSED, {"session_id": session_id, "engine": engine})
        migrate_down(url, to="0121_provider_circuits")
        migrate_up(url)
        marked = connection.execute(
            "select engine, enrichment_state, enriched_at = analysed_at from conversation_summaries order by engine"
        ).fetchall()
    assert marked == [("local", "none", None), ("openai", "done", True)]
