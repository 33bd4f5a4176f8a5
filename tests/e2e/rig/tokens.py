"""The file of tokens, and what a caller sends of one."""

import hashlib
import secrets
import signal


def bearer(token, **more):
    return {"Authorization": f"Bearer {token}", **more}


class TokenFile:
    """add() and remove() write the file at once; reload() has a daemon read it."""

    def __init__(self, path):
        self.path = path
        self.lines = {}
        self.secrets = []
        self._write()

    def _write(self):
        fresh = self.path.with_suffix(".new")
        fresh.write_text("# tokens of a test\n" + "".join(f"{name} {rest}\n" for name, rest in self.lines.items()))
        fresh.rename(self.path)  # never half of it

    def add(self, name, token=None, **limits):
        """The token of the line that is added, or changed."""
        token = token or f"test_{secrets.token_urlsafe(24)}"
        self.secrets.append(token)
        digest = "-" if name == "anonymous" else hashlib.sha256(token.encode()).hexdigest()
        self.lines[name] = " ".join([digest, *(f"{key}={value}" for key, value in limits.items())])
        self._write()
        return token

    def remove(self, name):
        del self.lines[name]
        self._write()

    def reload(self, daemon):
        before = sum("settings reloaded" in line for line in daemon.lines)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("settings reloaded", count=before + 1)
