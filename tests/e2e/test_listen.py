"""Where the daemon listens."""

import os
import socket
import stat

import pytest

from rig import client
from rig.daemon import FETCHPOOLD, run_program


def test_several_addresses_of_all_kinds(start_daemon, origin):
    daemon = start_daemon(listen=["127.0.0.1:0", "[::1]:0", "unix:socket"])
    assert len(daemon.addresses) == 3
    assert daemon.addresses[1].startswith("[::1]:") and daemon.addresses[2] == f"unix:{daemon.folder}/socket"
    for address in daemon.addresses:
        assert client.request(address, "GET", "/healthz").json() == {"status": "ok"}
        body = f'["{origin.url("/")}"]'
        answer = client.request(address, "POST", "/fetch", body, {"Content-Type": "application/json"})
        assert answer.json()[0]["status"] == 200


def test_addresses_of_the_command_line_replace_those_of_the_settings(start_daemon):
    daemon = start_daemon(environment={"FETCHPOOL_SERVER_LISTEN": "[::1]:0"})
    assert len(daemon.addresses) == 1 and daemon.address.startswith("127.0.0.1:")


def test_addresses_of_the_settings(start_daemon):
    daemon = start_daemon({"server.listen": "127.0.0.1:0,[::1]:0"}, listen=[])
    assert [address.rsplit(":", 1)[0] for address in daemon.addresses] == ["127.0.0.1", "[::1]"]


def test_two_daemons_do_not_share_a_port_by_accident(start_daemon):
    assert start_daemon().address != start_daemon().address


def test_a_unix_socket_is_a_socket_and_is_gone_afterwards(start_daemon):
    daemon = start_daemon(listen=["unix:socket"])
    path = daemon.address.removeprefix("unix:")
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    daemon.signal()
    assert daemon.wait() == 0
    assert not os.path.exists(path)


def test_a_unix_socket_that_a_crash_left_behind_is_replaced(start_daemon, tmp_path):
    path = start_daemon(listen=["unix:socket"]).address.removeprefix("unix:")
    left = f"{os.path.dirname(path)}/left"
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(left)
    daemon = start_daemon(listen=[], arguments=["--listen", f"unix:{left}"])
    assert client.request(daemon.address, "GET", "/healthz").status == 200


def access_of(daemon):
    status = os.stat(daemon.address.removeprefix("unix:"))
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


def test_a_unix_socket_is_for_its_owner_and_group(start_daemon):
    assert access_of(start_daemon(listen=["unix:socket"])) == (0o660, os.getuid(), os.getgid())


@pytest.mark.parametrize("mode", ["0600", "0666", "777"])
def test_a_unix_socket_has_the_mode_of_the_settings(start_daemon, mode):
    daemon = start_daemon({"server.unix_mode": mode}, listen=["unix:socket"])
    assert access_of(daemon)[0] == int(mode, 8)
    assert client.request(daemon.address, "GET", "/healthz").status == 200


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a file away")
@pytest.mark.parametrize("owner, uid, gid", [("nobody", 65534, 0), ("nobody:daemon", 65534, 1), (":daemon", 0, 1), ("12345:54321", 12345, 54321)])
def test_a_unix_socket_has_the_owner_of_the_settings(start_daemon, owner, uid, gid):
    daemon = start_daemon({"server.unix_owner": owner}, listen=["unix:socket"], confined=False)  # as root, the unit lets nobody do this
    assert access_of(daemon)[1:] == (uid, gid)


@pytest.mark.parametrize("key, value, status", [("server.unix_mode", "rw", 3), ("server.unix_mode", "1777", 3), ("server.unix_owner", "a:b:c", 3),
                                                ("server.unix_owner", "no-such-user", 5)])
def test_an_access_that_cannot_be_given_is_refused(tmp_path, key, value, status):
    for check in ([], ["--check"]):
        result = run_program(FETCHPOOLD, "--config", "/dev/null", "--listen", f"unix:{tmp_path}/socket", "--set", f"{key}={value}", *check)
        assert result.returncode == status and key in result.stderr and value in result.stderr
    assert not os.path.exists(tmp_path / "socket")


def test_no_connection_beyond_the_limit_is_served_and_later_ones_are(start_daemon, origin):
    daemon = start_daemon({"server.max_connections": 8})
    kept = [daemon.open_socket() for _ in range(8)]
    for stream in kept:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in stream.recv(4096)
    ninth = daemon.open_socket()
    for stream in kept:
        stream.close()
    with ninth:
        ninth.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        client.read_to_end(ninth)  # served late or closed, but not left hanging
    daemon.assert_serves(origin)
