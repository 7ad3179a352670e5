"""A local server that answers, and fails, as the hosted models' API does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ml.conversations.openai import OpenAIEngine
from ml.conversations.paid_replies import PaidReplies

MODEL, EMBEDDING = "gpt-4o-mini", "text-embedding-3-small"

GOOD: dict[str, Any] = {
    "summary": "Le membre signale un tapis en panne et s'agace du délai.",
    "key_topics": ["equipment"],
    "sentiment_score": -0.62,
    "emotion": "frustration",
    "intents": ["report_issue", "complain"],
    "outcome": "handed_over",
    "action_items": [{"text": "Réparer le tapis 4.", "owner": "staff", "source_turn_ids": ["t1"]}],
    "evidence": {
        "summary": ["t1"],
        "key_topics": ["t1"],
        "sentiment": ["t1", "t3"],
        "emotion": ["t3"],
        "intents": ["t1"],
        "outcome": ["t2"],
        "topics": [{"topic": "equipment", "turn_ids": ["t1"]}],
    },
    "turns": [
        {"turn_id": "t1", "sentiment_score": -0.6, "emotion": "frustration", "intents": ["report_issue"]},
        {"turn_id": "t3", "sentiment_score": -0.4, "emotion": "disappointment", "intents": []},
    ],
    "issues": [{"topic": "equipment", "machine": "tapis 4", "zone": None, "source_turn_ids": ["t1"]}],
}

Answer = tuple[int, dict[str, str], dict[str, Any]]


def completion(content: str | None, *, finish: str = "stop", refusal: str | None = None) -> Answer:
    """A chat completion as the API writes it."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, "refusal": refusal},
            }
        ],
        "usage": {
            "prompt_tokens": 1000,
            "completion_tokens": 300,
            "total_tokens": 1300,
            "prompt_tokens_details": {"cached_tokens": 400},
        },
    }
    return 200, {}, body


def failure(status: int, *, code: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    """An error as the API writes it."""
    return status, headers or {}, {"error": {"message": "no", "type": "error", "code": code, "param": None}}


def changed(**fields: Any) -> Answer:
    """The good reply with some fields replaced."""
    return completion(json.dumps({**GOOD, **fields}))


@dataclass
class Provider:
    """A server that answers each chat call with the next scripted answer, the last one for ever."""

    url: str = ""
    answers: list[Answer] = field(default_factory=lambda: [completion(json.dumps(GOOD))])
    embedding_answers: list[Answer] = field(default_factory=list)
    chats: list[dict[str, Any]] = field(default_factory=list)
    embeddings: list[dict[str, Any]] = field(default_factory=list)
    hold: threading.Event | None = None
    broken_on: str | None = None
    """A word in a chat that is answered with a 500, once another chat was answered well."""
    is_answering: threading.Event = field(default_factory=threading.Event)
    on_chat: Callable[[], None] = lambda: None
    reply_to: Callable[[dict[str, Any]], Answer] | None = None
    """Answers a chat by what was sent, instead of the script."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, body: dict[str, Any]) -> Answer:
        with self.lock:
            if path.endswith("/embeddings"):
                self.embeddings.append(body)
                if self.embedding_answers:
                    return self.embedding_answers.pop(0)
                # In another order than asked, as the API may: `index` says which is which.
                data = [
                    {"object": "embedding", "index": place, "embedding": [float(place), 1.0]}
                    for place in range(len(body["input"]))
                ]
                usage = {"prompt_tokens": 100, "total_tokens": 100}
                return 200, {}, {"object": "list", "model": EMBEDDING, "data": data[::-1], "usage": usage}
            self.chats.append(body)
            self.on_chat()
            is_broken = self.broken_on is not None and self.broken_on in json.dumps(body)
            if self.reply_to is not None:
                answer = self.reply_to(json.loads(body["messages"][1]["content"]))
            elif not is_broken:
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if is_broken:
            self.is_answering.wait(5)
            return failure(500)
        self.is_answering.set()
        if self.hold is not None:
            self.hold.wait(10)
        return answer


@contextmanager
def playing() -> Iterator[Provider]:
    """A provider on a free port of the loopback, and its end."""
    played = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, content = played.answer(self.path, body)
            payload = json.dumps(content).encode()
            try:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)
            except (BrokenPipeError, ConnectionResetError):
                return  # The client gave up waiting: that is what one of the tests plays.

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    played.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield played
    finally:
        if played.hold is not None:
            played.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


def hosted_engine(
    url: str,
    *,
    paid_replies: PaidReplies | None = None,
    wait: Callable[[float], None] = lambda _: None,
    kind: type[OpenAIEngine] = OpenAIEngine,
    embedding_model: str = EMBEDDING,
) -> OpenAIEngine:
    """An engine that asks this server and never sleeps."""
    return kind.connect(
        api_key="sk-test",
        base_url=url,
        model=MODEL,
        embedding_model=embedding_model,
        wait=wait,
        paid_replies=paid_replies,
    )
