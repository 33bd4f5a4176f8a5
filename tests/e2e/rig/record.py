"""What clients asked and were answered, for tests/openapi/answers.mjs, which holds it against docs/openapi.yaml; and
archives that the command line wrote, for the same.

Where FETCHPOOL_ANSWERS names a folder, each process has a file in it with a JSON text on each line. What differs in its
numbers only is kept once; what is very long is left out, since there is the same in short.
"""

import json
import os
import re
import threading

FOLDER = os.environ.get("FETCHPOOL_ANSWERS")
MOST_BYTES = 100_000

_lock = threading.Lock()
_known = set()


def _text(body):
    if body is None:
        return ""
    return body if isinstance(body, str) else bytes(body).decode("utf-8", "replace")


def record(method, target, request_headers, request_body, response, answer):
    """`response` is http.client's; its body is `answer`."""
    if not FOLDER or not isinstance(request_body or b"", (str, bytes)) or len(request_body or b"") + len(answer) > MOST_BYTES:
        return
    entry = {
        "method": method, "target": target,
        "type": next((value for name, value in (request_headers or {}).items() if name.lower() == "content-type"), None),
        "body": _text(request_body), "status": response.status, "headers": response.getheaders(), "answer": _text(answer),
    }
    _keep(json.dumps(entry))


def record_archive(text):
    """An HTTP Archive, text or bytes."""
    if FOLDER and len(text) <= MOST_BYTES:
        _keep(json.dumps({"archive": _text(text)}))


def _keep(line):
    key = hash(re.sub(r"\d+", "0", line))
    with _lock:
        if key in _known:
            return
        _known.add(key)
        with open(os.path.join(FOLDER, f"{os.getpid()}.ndjson"), "a", encoding="utf-8") as file:
            file.write(line + "\n")
