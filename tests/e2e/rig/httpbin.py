"""The real httpbin on loopback, on werkzeug's threaded server."""

import threading

from rig.timing import PATIENCE


class Httpbin:
    def __init__(self):
        from httpbin import app  # takes a second, so only where it is needed
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

            def log(self, *_):
                pass

        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), name="httpbin", daemon=True)
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def stop(self):
        self.server.shutdown()
        self.thread.join(PATIENCE)
        self.server.server_close()
