"""What the gateway counts and times, in Prometheus terms; one registry per application."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_FAST_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 2)
_SLOW_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)
_HTTP_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """The gateway's meters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sessions_active = Gauge(
            "jarvis_gateway_sessions_active", "Voice sessions open now", registry=self.registry
        )
        self.sessions_closed = Counter(
            "jarvis_gateway_sessions_closed",
            "Voice sessions by the reason they closed",
            ["reason"],
            registry=self.registry,
        )
        self.kiosks_connected = Gauge("jarvis_gateway_kiosks_connected", "Open kiosk sockets", registry=self.registry)
        self.kiosks_dropped = Counter(
            "jarvis_gateway_kiosks_dropped",
            "Kiosk sockets that the gateway gave up, by cause",
            ["cause"],
            registry=self.registry,
        )
        self.sound_dropped_seconds = Counter(
            "jarvis_gateway_sound_dropped_seconds",
            "Sound of members that came too late for the upstream",
            registry=self.registry,
        )
        self.added_latency = Histogram(
            "jarvis_gateway_added_latency_seconds",
            "From a frame's arrival to its departure, commits included",
            ["direction"],
            buckets=_FAST_SECONDS,
            registry=self.registry,
        )
        self.upstream_dials = Counter(
            "jarvis_gateway_upstream_dials",
            "Connections dialled to the upstream, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        self.upstream_connect = Histogram(
            "jarvis_gateway_upstream_connect_seconds",
            "From dialling the upstream to an open connection",
            buckets=_SLOW_SECONDS,
            registry=self.registry,
        )
        self.answer_latency = Histogram(
            "jarvis_gateway_answer_latency_seconds",
            "From the member's last word, or text, to the first sound or word of the answer",
            buckets=_SLOW_SECONDS,
            registry=self.registry,
        )
        self.tool_latency = Histogram(
            "jarvis_gateway_tool_latency_seconds",
            "From a tool's start to its result or its time-out",
            ["tool"],
            buckets=_SLOW_SECONDS,
            registry=self.registry,
        )
        self.wordless_speech = Counter(
            "jarvis_gateway_wordless_speech",
            "Speech without a word in it, by what it fell into: an answer (a false interruption) or silence",
            ["into"],
            registry=self.registry,
        )
        self.relayed_bytes = Counter(
            "jarvis_gateway_relayed_bytes", "Characters relayed", ["direction"], registry=self.registry
        )
        self.frame_errors = Counter(
            "jarvis_gateway_frame_errors", "Frames of kiosks answered by an error", ["code"], registry=self.registry
        )
        self.commit_latency = Histogram(
            "jarvis_gateway_commit_latency_seconds",
            "From the oldest record of a batch to its commit",
            buckets=_FAST_SECONDS,
            registry=self.registry,
        )
        self.records_written = Counter(
            "jarvis_gateway_records_written", "Records by where they went first", ["to"], registry=self.registry
        )
        self.records_rejected = Counter(
            "jarvis_gateway_records_rejected", "Records the database refused for good", registry=self.registry
        )
        self.journal_bytes = Gauge("jarvis_gateway_journal_bytes", "Bytes waiting for Postgres", registry=self.registry)
        self.sessions_reaped = Counter(
            "jarvis_gateway_sessions_reaped", "Sessions of lost gateways closed by this one", registry=self.registry
        )
        self.cost_usd = Counter("jarvis_gateway_cost_usd", "Cost of closed sessions in USD", registry=self.registry)
        self.http_latency = Histogram(
            "jarvis_gateway_http_seconds",
            "From a request to the end of its answer, by method and route",
            ["method", "route"],
            buckets=_HTTP_SECONDS,
            registry=self.registry,
        )
        self.http_answers = Counter(
            "jarvis_gateway_http_answers",
            "Answers by method, route and class of status",
            ["method", "route", "status"],
            registry=self.registry,
        )
