"""Every setting, read in one place from the environment and `.env`.

`load_settings` is called by the composition root and by each door's own start-up; nothing reads
`os.environ` elsewhere. Each variable is described in `.env.example`, which a test compares with
the fields below.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from jarvis.churn import ChurnThresholds
from jarvis.identity_provider import IdentityProvider
from jarvis.mail import AddressError, address
from jarvis.sessions import MOST_COST_USD, MOST_SECONDS, Limits

Door = Literal["admin", "gateway", "dashboard", "pipeline"]
AnalysisEngineName = Literal["local", "openai"]

DATABASE_NAME = "jarvis"
DAGSTER_DATABASE_NAME = "jarvis_dagster"


class SettingsError(ValueError):
    """Some settings are wrong or missing; the message lists every one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One consistent set of settings."""

    home: Path
    """Where all state lives: the embedded database, Dagster's files, the gateway's journal."""
    database_url: str | None = field(repr=False)
    """Administration URL of a given Postgres; None means the embedded one."""
    database_port: int
    """TCP port of the embedded Postgres on 127.0.0.1."""
    gateway_port: int
    dagster_port: int
    dashboards_port: int
    standin_port: int
    openai_api_key: str | None = field(repr=False)
    openai_base_url: str
    realtime_url: str
    """Websocket of the Realtime upstream: OpenAI's, or the stand-in's where there is no key."""
    realtime_model: str
    realtime_voice: str
    transcription_model: str
    budget_model: str
    """Speaks instead of a dearer one where most of a gym's monthly voice budget is spent."""
    analysis_engine: AnalysisEngineName
    analysis_model: str
    embedding_model: str
    negative_feedback_below: float
    """Conversation sentiment under which a negative-feedback alert is raised (seed: -0.5)."""
    door_database_urls: Mapping[str, str] = field(repr=False)
    """Door name to an explicit URL; doors not named here get a URL derived from the administration URL."""
    secret_key: str = field(repr=False)
    """Derives the doors' database passwords; kept in `home/secret_key` unless given."""
    session_limits: Limits = field(default_factory=Limits)
    """What one voice session may take."""
    churn: ChurnThresholds = field(default_factory=ChurnThresholds)
    """What the churn rules fire at and where the risk levels begin."""
    dashboards_url: str | None = None
    """The dashboards' public URL where a proxy stands in front of them; None means their own address."""
    gateway_url: str | None = None
    """The gateway's public URL where a proxy stands in front of it; None means its own address."""
    identity_provider: IdentityProvider | None = None
    """With whom people may sign in besides a password; None means a password only."""
    hosted_model_runs: int = 1
    """Runs that may ask the hosted engine at once, over all queues and workers."""
    api_requests_per_minute: int = 100
    """Requests of one kiosk, user or address to /api/ (seed: 100)."""
    voice_requests_per_minute: int = 30
    """The same to /api/voice/ (seed: 30)."""
    admin_requests_per_minute: int = 200
    """The same to /api/admin/ (seed: 200)."""
    smtp_url: str | None = field(default=None, repr=False)
    """The mail server; None means that no e-mail is sent."""
    mail_from: str = "JARVIS <jarvis@localhost>"
    """Whom e-mails come from."""
    operators_mail: tuple[str, ...] = ()
    """Who is told that a run, a check, a sensor or a daemon failed."""

    @property
    def uses_embedded_database(self) -> bool:
        """True when no database was given and ours must run."""
        return self.database_url is None

    @property
    def uses_standin(self) -> bool:
        """True without a key: the upstream can then only be a stand-in, here or where JARVIS_REALTIME_URL says."""
        return self.openai_api_key is None

    @property
    def runs_standin(self) -> bool:
        """True when the stand-in is on this machine, and ours to start."""
        return self.realtime_url == standin_url(self.standin_port)

    @property
    def hosted_models(self) -> tuple[str, ...]:
        """The provider's models that these settings use; empty where nothing is hosted."""
        voice = (
            ()
            if self.uses_standin
            else tuple(dict.fromkeys((self.realtime_model, self.budget_model, self.transcription_model)))
        )
        analysis = (self.analysis_model, self.embedding_model) if self.analysis_engine == "openai" else ()
        return voice + analysis

    @property
    def tells_operators(self) -> bool:
        """True where a failure of the pipeline can reach a person by e-mail."""
        return self.smtp_url is not None and bool(self.operators_mail)

    @property
    def administration_url(self) -> str:
        """URL of the login that migrates: the given one, or the embedded server's superuser."""
        if self.database_url is not None:
            return self.database_url
        password = self.role_password("postgres")
        return f"postgresql://postgres:{password}@127.0.0.1:{self.database_port}/{DATABASE_NAME}"

    def role_password(self, role: str) -> str:
        """The password of a login role: derived, so that it is stored nowhere."""
        return hmac.new(self.secret_key.encode(), role.encode(), hashlib.sha256).hexdigest()

    def key_for(self, purpose: str) -> bytes:
        """32 bytes for one purpose: derived, so that they are stored nowhere."""
        # Roles are plain names: no purpose can spell one.
        return hmac.new(self.secret_key.encode(), f"key: {purpose}".encode(), hashlib.sha256).digest()

    @property
    def dashboards_address(self) -> str:
        """Where a manager opens the dashboards; what an e-mail links to."""
        return self.dashboards_url or f"http://127.0.0.1:{self.dashboards_port}"

    @property
    def gateway_address(self) -> str:
        """Where a kiosk's browser opens its page."""
        return self.gateway_url or f"http://127.0.0.1:{self.gateway_port}"

    def database_url_for(self, door: Door) -> str:
        """URL with which one door logs in, as `jarvis_<door>`; `admin` is the administration URL."""
        if door == "admin":
            return self.administration_url
        if door in self.door_database_urls:
            return self.door_database_urls[door]
        role = f"jarvis_{door}"
        parts = urlsplit(self.administration_url)
        host = parts.hostname or "127.0.0.1"
        port = f":{parts.port}" if parts.port else ""
        return urlunsplit(parts._replace(netloc=f"{role}:{self.role_password(role)}@{host}{port}"))

    def dagster_database_url(self) -> str:
        """URL of Dagster's own storage: the pipeline's login on its own database."""
        parts = urlsplit(self.database_url_for("pipeline"))
        return urlunsplit(parts._replace(path=f"/{quote(DAGSTER_DATABASE_NAME)}"))


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process.

    Args:
        environment: variables to read; the process's own, over `.env` in the working directory, when None.

    Raises:
        SettingsError: with one line for every wrong or missing setting.
    """
    if environment is None:
        environment = {**read_env_file(Path(".env")), **os.environ}
    reader = _Reader(environment)
    home = Path(reader.text("JARVIS_HOME", ".jarvis")).resolve()
    standin_port = reader.port("JARVIS_STANDIN_PORT", 8090)
    key = reader.text("OPENAI_API_KEY", "") or None
    engine = reader.choice("JARVIS_ANALYSIS_ENGINE", "openai" if key else "local", ("local", "openai"))
    if engine == "openai" and key is None:
        reader.problems.append(
            "JARVIS_ANALYSIS_ENGINE: found 'openai' without OPENAI_API_KEY; give the key, or set it to 'local'"
        )
    realtime_default = "wss://api.openai.com/v1/realtime" if key else standin_url(standin_port)
    settings = Settings(
        home=home,
        database_url=reader.url("JARVIS_DATABASE_URL", ("postgresql", "postgres")),
        database_port=reader.port("JARVIS_DATABASE_PORT", 54329),
        gateway_port=reader.port("JARVIS_GATEWAY_PORT", 8080),
        dagster_port=reader.port("JARVIS_DAGSTER_PORT", 3000),
        dashboards_port=reader.port("JARVIS_DASHBOARDS_PORT", 8501),
        standin_port=standin_port,
        openai_api_key=key,
        openai_base_url=reader.text("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        realtime_url=reader.url("JARVIS_REALTIME_URL", ("ws", "wss")) or realtime_default,
        realtime_model=reader.text("JARVIS_REALTIME_MODEL", "gpt-realtime-2.1-mini"),
        realtime_voice=reader.text("JARVIS_REALTIME_VOICE", "marin"),
        budget_model=reader.text("JARVIS_BUDGET_MODEL", "gpt-realtime-2.1-mini"),
        transcription_model=reader.text("JARVIS_TRANSCRIPTION_MODEL", "gpt-realtime-whisper"),
        analysis_engine="openai" if engine == "openai" else "local",
        analysis_model=reader.text("JARVIS_ANALYSIS_MODEL", "gpt-4o-mini"),
        embedding_model=reader.text("JARVIS_EMBEDDING_MODEL", "text-embedding-3-small"),
        hosted_model_runs=reader.whole("JARVIS_HOSTED_MODEL_RUNS", 1, low=1),
        negative_feedback_below=reader.number("JARVIS_NEGATIVE_FEEDBACK_BELOW", -0.5, low=-1.0, high=1.0),
        door_database_urls={
            door: url
            for door in ("gateway", "dashboard", "pipeline")
            if (url := reader.url(f"JARVIS_DATABASE_URL_{door.upper()}", ("postgresql", "postgres")))
        },
        api_requests_per_minute=reader.whole("JARVIS_API_REQUESTS_PER_MINUTE", 100, low=1),
        voice_requests_per_minute=reader.whole("JARVIS_VOICE_REQUESTS_PER_MINUTE", 30, low=1),
        admin_requests_per_minute=reader.whole("JARVIS_ADMIN_REQUESTS_PER_MINUTE", 200, low=1),
        session_limits=_session_limits(reader),
        churn=_churn_thresholds(reader),
        dashboards_url=reader.url("JARVIS_DASHBOARDS_URL", ("http", "https")),
        gateway_url=reader.url("JARVIS_GATEWAY_URL", ("http", "https")),
        identity_provider=_identity_provider(reader),
        smtp_url=reader.url("JARVIS_SMTP_URL", ("smtp", "smtps")),
        mail_from=next(iter(reader.addresses("JARVIS_MAIL_FROM", "JARVIS <jarvis@localhost>")), ""),
        operators_mail=reader.addresses("JARVIS_OPERATORS_MAIL", ""),
        secret_key=reader.text("JARVIS_SECRET_KEY", "") or _kept_secret(home, reader.problems),
    )
    if reader.problems:
        raise SettingsError("\n".join(reader.problems))
    return settings


def _session_limits(reader: "_Reader") -> Limits:
    default = Limits()

    def seconds(name: str, value: float, *, low: float = 0.0, high: float = 3600.0) -> float:
        return reader.number(f"JARVIS_SESSION_{name}_SECONDS", value, low=low, high=high)

    cost = reader.number("JARVIS_SESSION_MAX_COST_USD", float(default.max_cost_usd), low=0.0, high=MOST_COST_USD)
    return Limits(
        idle_seconds=seconds("IDLE", default.idle_seconds, low=1.0),
        personal_idle_seconds=seconds("PERSONAL_IDLE", default.personal_idle_seconds, low=1.0),
        max_seconds=seconds("MAX", default.max_seconds, low=1.0, high=MOST_SECONDS),
        drain_seconds=seconds("DRAIN", default.drain_seconds, high=30.0),
        resume_seconds=seconds("RESUME", default.resume_seconds, high=60.0),
        silence_seconds=seconds("SILENCE", default.silence_seconds, low=1.0),
        max_cost_usd=Decimal(str(cost)),
        retries=reader.whole("JARVIS_SESSION_RETRIES", default.retries, low=0),
        retry_first_seconds=seconds("RETRY_FIRST", default.retry_first_seconds),
        retry_longest_seconds=seconds("RETRY_LONGEST", default.retry_longest_seconds),
        reconnects=reader.whole("JARVIS_SESSION_RECONNECTS", default.reconnects, low=0),
        recycle_seconds=seconds("RECYCLE", default.recycle_seconds, low=1.0),
        recycle_margin_seconds=seconds("RECYCLE_MARGIN", default.recycle_margin_seconds),
        tool_seconds=seconds("TOOL", default.tool_seconds, low=0.1, high=60.0),
        tool_filler_seconds=seconds("TOOL_FILLER", default.tool_filler_seconds, low=0.1, high=60.0),
        ping_seconds=seconds("PING", default.ping_seconds, low=0.1, high=60.0),
    )


def _identity_provider(reader: "_Reader") -> IdentityProvider | None:
    issuer = reader.url("JARVIS_OIDC_ISSUER", ("https", "http"))
    client_id, secret = reader.text("JARVIS_OIDC_CLIENT_ID", ""), reader.text("JARVIS_OIDC_CLIENT_SECRET", "")
    host = (urlsplit(issuer or "").hostname or "").lower()
    name = reader.text("JARVIS_OIDC_NAME", host)
    if issuer is None and not client_id:
        return None
    if issuer is None or not client_id:
        reader.problems.append(
            "JARVIS_OIDC_ISSUER, JARVIS_OIDC_CLIENT_ID: found one without the other, expected both or none"
        )
        return None
    if urlsplit(issuer).scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        reader.problems.append("JARVIS_OIDC_ISSUER: found http://, expected https:// but for this very machine")
        return None
    return IdentityProvider(issuer=issuer, client_id=client_id, client_secret=secret or None, name=name)


def _churn_thresholds(reader: "_Reader") -> ChurnThresholds:
    default = ChurnThresholds()

    def share(name: str, value: float) -> float:
        return reader.number(f"JARVIS_CHURN_{name}", value, low=0.0, high=1.0)

    found = ChurnThresholds(
        absent_over_days=reader.whole("JARVIS_CHURN_ABSENT_OVER_DAYS", default.absent_over_days, low=1),
        negative_over=reader.whole("JARVIS_CHURN_NEGATIVE_OVER", default.negative_over, low=0),
        engagement_below=share("ENGAGEMENT_BELOW", default.engagement_below),
        expires_within_days=reader.whole("JARVIS_CHURN_EXPIRES_WITHIN_DAYS", default.expires_within_days, low=0),
        medium_from=share("MEDIUM_FROM", default.medium_from),
        high_from=share("HIGH_FROM", default.high_from),
        critical_from=share("CRITICAL_FROM", default.critical_from),
        call_share=share("CALL_SHARE", default.call_share),
        new_member_days=reader.whole("JARVIS_CHURN_NEW_MEMBER_DAYS", default.new_member_days, low=1),
    )
    if not found.medium_from < found.high_from < found.critical_from:
        reader.problems.append(
            f"JARVIS_CHURN_MEDIUM_FROM, _HIGH_FROM, _CRITICAL_FROM: found {found.medium_from:g}, {found.high_from:g}, "
            f"{found.critical_from:g}, expected each above the one before it"
        )
        return default
    return found


def standin_url(port: int) -> str:
    """Websocket of the stand-in server on this machine."""
    return f"ws://127.0.0.1:{port}/v1/realtime"


def read_env_file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; empty when it does not exist. `#` starts a comment line.

    Raises:
        SettingsError: when the file is there and cannot be read.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({type(error).__name__}), expected a text in UTF-8") from None
    pairs = (
        line.split("=", 1)
        for raw in text.splitlines()
        if (line := raw.strip()) and not line.startswith("#") and "=" in line
    )
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _kept_secret(home: Path, problems: list[str]) -> str:
    """The key in `home/secret_key`, made once with mode 0600."""
    path = home / "secret_key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Linked when whole: of two processes that start together, the second finds the first one's key.
            with tempfile.NamedTemporaryFile("w", dir=home) as stream:
                stream.write(secrets.token_hex(32))
                stream.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(stream.name, path)
        return path.read_text().strip()
    except OSError as error:
        problems.append(f"JARVIS_HOME: cannot keep state in {home} ({error.strerror}); name a writable folder")
        return ""


class _Reader:
    """Reads variables one by one and remembers every problem instead of stopping at the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.environment.get(name, "").strip() or default

    def port(self, name: str, default: int) -> int:
        found = self.text(name, str(default))
        if found.isascii() and found.isdigit() and 1 <= int(found) <= 65535:
            return int(found)
        self.problems.append(f"{name}: found '{found}', expected a port from 1 to 65535")
        return default

    def number(self, name: str, default: float, *, low: float, high: float) -> float:
        found = self.text(name, str(default))
        try:
            value = float(found)
        except ValueError:
            value = float("nan")
        if low <= value <= high:
            return value
        self.problems.append(f"{name}: found '{found}', expected a number from {low:g} to {high:g}")
        return default

    def whole(self, name: str, default: int, *, low: int) -> int:
        found = self.text(name, str(default))
        if found.isascii() and found.isdigit() and low <= int(found) <= 1_000_000:
            return int(found)
        self.problems.append(f"{name}: found '{found}', expected a whole number from {low} to 1000000")
        return default

    def choice(self, name: str, default: str, values: tuple[str, ...]) -> str:
        found = self.text(name, default)
        if found not in values:
            self.problems.append(f"{name}: found '{found}', expected one of {', '.join(values)}")
        return found

    def addresses(self, name: str, default: str) -> tuple[str, ...]:
        """E-mail addresses separated by commas."""
        found = tuple(one.strip() for one in self.text(name, default).split(",") if one.strip())
        try:
            for one in found:
                address(one)
        except AddressError as error:
            self.problems.append(f"{name}: {error}")
            return ()
        return found

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        found = self.text(name, "")
        if not found:
            return None
        parts = urlsplit(found)
        try:
            is_complete = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_complete = False  # The port is not a number.
        if not is_complete:
            # Never the value itself: it may hold a password.
            self.problems.append(f"{name}: expected a URL {' or '.join(f'{s}://host…' for s in schemes)}")
        return found
