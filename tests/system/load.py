#!/usr/bin/python3
"""Clients for the system tests: they send batches until standard input ends, half of them over connections that they keep,
and every answer is looked at.

    load.py HOST:PORT CALLERS

prints "begun" when the first answer is there, and in the end "answered N, failed M", behind what failed. What is fetched
comes from an origin of its own, on a port of 127.0.0.3.
"""

import http.client
import http.server
import json
import sys
import threading


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


class Caller(threading.Thread):
    def __init__(self, address, url, keeps, stopping):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.url, self.keeps, self.stopping = url, keeps, stopping
        self.answered = 0
        self.failures = []

    def run(self):
        while not self.stopping.is_set():
            urls = [f"{self.url}/{self.name}/{self.answered}/{n}" for n in range(5)]
            try:
                self.connection.request("POST", "/fetch", json.dumps(urls), {"Content-Type": "application/json"})
                response = self.connection.getresponse()
                self.judge(urls, response.status, response.read())
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                self.connection.close()
                self.stopping.wait(0.1)
            if not self.keeps:
                self.connection.close()

    def judge(self, urls, status, body):
        if status == 200 and [(result["url"], result["status"]) for result in json.loads(body)] == [(url, 200) for url in urls]:
            self.answered += 1
            BEGUN.set()
        else:
            self.failures.append(f"{status} {body[:200]}")
            self.stopping.wait(0.1)


BEGUN = threading.Event()


def main():
    origin = http.server.ThreadingHTTPServer(("127.0.0.3", 0), Origin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    stopping = threading.Event()
    url = f"http://127.0.0.3:{origin.server_address[1]}"
    callers = [Caller(sys.argv[1], url, number % 2 == 0, stopping) for number in range(int(sys.argv[2]))]
    for caller in callers:
        caller.start()
    if BEGUN.wait(30):
        print("begun", flush=True)
    sys.stdin.read()
    stopping.set()
    for caller in callers:
        caller.join(60)
    failures = [failure for caller in callers for failure in caller.failures]
    failures += ["a caller did not end"] * sum(caller.is_alive() for caller in callers)
    for failure in failures[:5]:
        print(failure)
    print(f"answered {sum(caller.answered for caller in callers)}, failed {len(failures)}", flush=True)


if __name__ == "__main__":
    main()
