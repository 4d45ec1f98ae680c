"""Stands between a client and the stand-in: hands every request on, and remembers what was asked and answered.

A recording is text, one block a request, under the step that it belongs to:

    == STEP
    METHOD PATH
    HEADER: VALUE
    > the body that was sent
    < STATUS the stable parts of the answer
    keep NAME = POINTER          a value of this answer that later requests send back as ${NAME}

What changes from run to run (ids, times) is taken out of answers; where a client sends an id back, a reference stands
in its place.
"""

import http.client
import itertools
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# The headers that the API looks at.
HEADERS = ("accept", "authorization", "content-type", "if-match", "if-none-match", "range", "request-id")
# Ids that the stand-in makes: UUIDs, drain tokens, the names of one-off dynos.
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MADE = re.compile(rf"(?:d\.)?{UUID}|\brun\.\d{{4}}\b")
# What clients act on, and what is the same each time. `id` stays where it names an error.
TOLD = {
    "command", "current", "description", "eligible_for_rollback", "email", "generation", "id", "limit", "maintenance",
    "message", "name", "process_tier", "quantity", "resource", "size", "stack", "status", "type", "url", "version",
}  # fmt: skip


@dataclass
class Exchange:
    step: str
    method: str
    path: str
    headers: list
    body: str
    began: float
    status: int = 0
    answer: str = ""
    keeps: list = field(default_factory=list)


class Recorder:
    """A proxy on loopback. Set `step` before each step; read `exchanges` afterwards."""

    def __init__(self, upstream):
        self.upstream = urlsplit(upstream)
        self.step = ""
        self.exchanges = []
        self.user_agents = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def _handler(recorder):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                began = time.monotonic()
                upstream = http.client.HTTPConnection(recorder.upstream.hostname, recorder.upstream.port, timeout=30)
                sent = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
                upstream.request(self.command, self.path, body or None, sent)
                answer = upstream.getresponse()
                text = answer.read()
                upstream.close()
                recorder._remember(self, body.decode(), began, answer.status, text.decode())
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = forward

            def log_message(self, *_):
                pass

        return Handler

    def _remember(self, request, body, began, status, answer):
        headers = [(name, request.headers[name]) for name in HEADERS if request.headers[name] is not None]
        self.user_agents.add(request.headers.get("User-Agent", "").split(" ")[0])
        exchange = Exchange(self.step, request.command, request.path, headers, body, began)
        exchange.status, exchange.answer = status, answer
        self.exchanges.append(exchange)


class Elsewhere:
    """Another service of the platform that a client would ask: it has nothing to say."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response_only(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def recording(title, recorder):
    """The text of a recording."""
    exchanges = list(in_order(recorder.exchanges))
    refer(exchanges)
    agents = ", ".join(sorted(agent for agent in recorder.user_agents if agent))
    lines = [f"# What {title} sends ({agents}), and what it is answered.", "# Recorded by `clients/run --record`."]
    step = None
    for exchange in exchanges:
        if exchange.step != step:
            step = exchange.step
            lines += ["", f"== {step}"]
        lines += ["", f"{exchange.method} {exchange.path}"]
        lines += [f"{name}: {value}" for name, value in exchange.headers]
        lines += [f"> {line}" for line in exchange.body.splitlines()]
        lines.append(f"< {exchange.status} {stable(exchange)}".rstrip())
        lines += [f"keep {name} = {pointer}" for name, pointer in exchange.keeps]
    return "\n".join(lines) + "\n"


def in_order(exchanges):
    """As they were made. Reads that a client makes at the same time arrive in any order: the official CLI appends to its
    list of request ids with each request, so that the shorter list came first."""
    arrived = sorted(exchanges, key=lambda exchange: exchange.began)
    for _, group in itertools.groupby(arrived, key=lambda one: (one.step, one.method == "GET" or one.began)):
        yield from sorted(group, key=lambda exchange: dict(exchange.headers).get("request-id", "").count(","))


def refer(exchanges):
    """Puts references in the place of ids that the stand-in made."""
    names = {}
    for index, exchange in enumerate(exchanges):

        def reference(found, earlier=exchanges[:index]):
            value = found.group()
            if value not in names:
                source, pointer = origin(value, earlier)
                names[value] = f"id{len(names) + 1}"
                source.keeps.append((names[value], pointer))
            return "${" + names[value] + "}"

        exchange.path = MADE.sub(reference, exchange.path)
        exchange.body = MADE.sub(reference, exchange.body)
        exchange.headers = [(name, tidy(name, value)) for name, value in exchange.headers]


def origin(value, earlier):
    """The answer that told this value, in the same step if there is one, and where in it: as near to the top as can be."""
    step = earlier[-1].step
    told = [
        (exchange.step != step, len(pointer), -index, pointer)
        for index, exchange in enumerate(earlier)
        for pointer, found in leaves(parsed(exchange.answer))
        if found == value
    ]
    if not told:
        raise SystemExit(f"a client sent {value}, which no answer had told it")
    _, _, index, pointer = min(told)
    return earlier[-index], pointer


def tidy(name, value):
    """The client's own request ids differ each time; how many there are does not."""
    return ",".join(f"r{n + 1}" for n in range(value.count(",") + 1)) if name == "request-id" else value


def leaves(value, pointer=""):
    """Every value that holds no others, with its JSON pointer."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{pointer}/{index}")
    else:
        yield pointer, value


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def stable(exchange):
    """What is the same each time of what an answer says, in one line; config vars are told whole."""
    answer = parsed(exchange.answer)
    if answer is None:
        return ""
    told = answer if exchange.path.endswith("/config-vars") and exchange.status == 200 else told_of(answer)
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def told_of(value):
    if isinstance(value, dict):
        return {key: told_of(value[key]) for key in value if key in TOLD and not is_made(value[key])}
    if isinstance(value, list):
        return [told_of(inner) for inner in value]
    return value


def is_made(value):
    return isinstance(value, str) and MADE.search(value) is not None
