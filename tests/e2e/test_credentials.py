"""What a caller gives away for one origin goes there and nowhere else, and is told to nobody."""

import base64
import itertools
import signal
from urllib.parse import quote

import pytest

from rig.checks import assert_answered, assert_failed, assert_points_at, assert_problem

SECRET = "hunter2"
HEADERS = {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}", "X-Api-Key": SECRET, "X-Plain": SECRET, "Referer": f"http://{SECRET}/"}
CODES = (301, 302, 303, 307, 308)


def to(origin, target, status=302, host=None):
    return origin.url(f"/to?status={status}&url={quote(target, safe='')}", host=host)


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture
def sites(start_origin, authority):
    """Four origins that differ in one thing each from the first: its port, its host, its scheme."""
    first = start_origin(host="0.0.0.0")
    secure = start_origin(tls=authority.server_context("127.0.0.1"))
    other = start_origin()
    return {"first": (first, "127.0.0.1"), "port": (other, "127.0.0.1"), "host": (first, "127.0.0.2"), "name": (first, "localhost"),
            "scheme": (secure, "127.0.0.1")}


@pytest.mark.parametrize("status", CODES)
@pytest.mark.parametrize("how", ["header", "user_info"])
def test_nothing_crosses_to_another_origin_nor_comes_back(start_daemon, sites, authority, status, how):
    daemon = start_daemon({"fetch.ca_file": authority.file, "guard.user_info": "yes"})
    first, host = sites["first"]
    for there in ("port", "host", "name", "scheme"):
        origin, other_host = sites[there]
        back = first.url(f"/back-from-{there}", host=host)
        away = to(origin, back, status, host=other_host)
        url = to(first, away, status, host=host)
        if how == "header":
            item = {"url": url, "headers": HEADERS}
        else:
            item = {"url": url.replace("://", f"://user:{SECRET}@")}
        assert daemon.fetch_one(item)["status"] == 200
        start, end = first.seen("/to")[-1 if origin is not first else -2], first.seen(f"/back-from-{there}")[-1]
        assert (HEADERS["X-Api-Key"] in str(start.headers)) if how == "header" else start.header("Authorization") == basic(f"user:{SECRET}")
        passed = origin.seen("/to")[-1]
        for request in (passed, end):
            assert SECRET not in str(request.headers) and basic(f"user:{SECRET}") not in str(request.headers)
            assert request.header("Authorization") is None


def test_user_information_is_refused_unless_allowed(start_daemon, origin):
    url = origin.url("/").replace("://", f"://user:{SECRET}@")
    result = start_daemon().fetch_one(url)
    assert_failed(result, url, "invalid_url")
    assert result["error"] == "user information in a URL is not allowed"
    assert origin.connections == 0


def test_a_url_with_user_information_that_is_wrong_is_told_what_is_wrong(start_daemon):
    daemon = start_daemon({"guard.user_info": "yes"})
    for url, word in ((f"http://us|er:{SECRET}@127.0.0.1/", "character"), (f"http://user:{SECRET}@127.0.0.1:99999/", "port"),
                      (f"http://user:{SECRET}@/", "host is missing"), (f"http://user:{SECRET}@127.1/", "canonical")):
        result = daemon.fetch_one(url)
        assert_failed(result, url, "invalid_url")
        assert word in result["error"] and SECRET not in result["error"]


def test_user_information_is_sent_to_its_origin(start_daemon, origin):
    daemon = start_daemon({"guard.user_info": "yes"})
    for user, sent in ((f"user:{SECRET}", f"user:{SECRET}"), ("user", "user:"), ("a%40b:c%3Ad", "a@b:c:d")):
        url = to(origin, "/echo").replace("://", f"://{user}@")
        result = daemon.fetch_one(url, include=["redirects"])
        assert_answered(result, url, 200, more=("final_url", "redirects"))
        for request in origin.requests[-2:]:  # the same origin, also behind a redirect
            assert request.header("Authorization") == basic(sent)
        assert (result["final_url"], result["redirects"][0]["url"]) == (origin.url("/echo"), to(origin, "/echo"))


def test_a_header_of_the_caller_wins_over_user_information(start_daemon, origin):
    daemon = start_daemon({"guard.user_info": "yes"})
    daemon.fetch_one({"url": origin.url("/").replace("://", "://u:p@"), "headers": {"Authorization": "Bearer x"}})
    assert origin.requests[-1].values("Authorization") == ["Bearer x"]


def test_user_information_follows_a_reload(start_daemon, origin, tmp_path):
    path = tmp_path / "fetchpool.conf"
    path.write_text("[guard]\nallow = 127.0.0.1\n")
    daemon = start_daemon(arguments=["--config", str(path)], open_loopback=False)
    url = origin.url("/").replace("://", "://u:p@")
    assert_failed(daemon.fetch_one(url), url, "invalid_url")
    path.write_text("[guard]\nallow = 127.0.0.1\nuser_info = yes\n")
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line("settings reloaded")
    assert_answered(daemon.fetch_one(url), url, 200)


def test_a_redirect_brings_no_user_information(start_daemon, origin):
    daemon = start_daemon({"guard.user_info": "yes"})
    for target in (origin.url("/end").replace("://", "://u:p@"), f"//u@127.0.0.1:{origin.port}/end"):
        url = to(origin, target)
        assert_failed(daemon.fetch_one(url), url, "invalid_url")
    assert not origin.seen("/end")


@pytest.mark.parametrize("name, value", [
    ("Metadata-Flavor", "Google"), ("metadata-flavor", "google"), ("Metadata", "true"), ("METADATA", "True"), ("Metadata-Token", "x"),
    ("Metadata-Token-Expiry-Seconds", "60"), ("X-Google-Metadata-Request", "True"), ("X-aws-ec2-metadata-token", "x"),
    ("X-AWS-EC2-Metadata-Token-TTL-Seconds", "60"), ("X-aliyun-ecs-metadata-token", "x"), ("X-aliyun-ecs-metadata-token-ttl-seconds", "60"),
    ("X-Metadata-Token", "x"), ("X-Metadata-Token-Ttl-Seconds", "60"), ("Metadata_Flavor", "Google"), ("X_aws_ec2_metadata_token", "x"),
    ("Authorization", "Bearer Oracle"), ("authorization", "bearer  oracle "),
])
def test_headers_that_open_metadata_services_are_refused(steady_daemon, origin, name, value):
    url = origin.url("/")
    for body, pointer in (({"urls": [url], "headers": {name: value}}, f"/headers/{name}"),
                          ([url, {"url": url, "headers": {"X-Fine": "x", name: [value]}}], f"/1/headers/{name}")):
        assert_points_at(assert_problem(steady_daemon.post("/fetch", body), 422), pointer)
    assert origin.connections == 0


def plant(number):
    """A secret that stands nowhere else."""
    return f"SECRET{number:03}x"


def test_secrets_stand_in_no_log_no_error_and_no_figure(start_daemon, start_origin, origin):
    """In user information, path, query, fragment, headers, names and bodies, of what works and what fails in each way."""
    daemon = start_daemon({"log.level": "debug", "guard.user_info": "yes", "guard.deny": "127.0.0.3"})
    numbers = itertools.count()
    other = start_origin()
    other.stop()
    gone = other.url("/")  # nobody listens there now
    targets = [origin.url("/fine"), origin.url("/status/500"), origin.url("/redirect/20"), origin.url("/bytes/100000"), origin.url("/delay/9"), gone,
               "http://127.0.0.3/", "http://10.0.0.1/", "http://none.invalid/", "http://127.1/", "ftp://127.0.0.1/", "nonsense",
               to(origin, "http://10.0.0.1/"), to(origin, "ftp://127.0.0.1/"), to(origin, "http://[::1/")]
    items, errors = [], []
    for target in targets:
        scheme, _, rest = target.partition("://")
        place, slash, path = rest.partition("/")
        mark = "&" if "?" in path else "?"
        secret = f"{path}{mark}token={plant(next(numbers))}#{plant(next(numbers))}"
        for user in ("", f"user:{plant(next(numbers))}@"):
            items.append({"url": f"{scheme}://{user}{place}{slash}{secret}" if rest else target + plant(next(numbers)), "method": "POST",
                          "headers": {"Authorization": f"Bearer {plant(next(numbers))}", "Cookie": plant(next(numbers)),
                                      "X-Key": [plant(next(numbers))]},
                          "body": plant(next(numbers)), "id": plant(next(numbers))})
    for result in daemon.fetch(items, timeout=1, max_size=1000, max_concurrent=40, retries=1, retry_delay=0.01):
        errors.append(result.get("error", ""))
    wrong = [{"urls": items[:1], "headers": {"X-Key": plant(next(numbers)) + "\r"}}, {"urls": items[:1], "headers": {"Metadata": plant(next(numbers))}},
             {"urls": items[:1], "body": [plant(next(numbers))]}, {"urls": items[:1], "method": plant(next(numbers))},
             {"urls": [{"url": [plant(next(numbers))]}]}, '{"urls": ["' + plant(next(numbers))]
    problems = [daemon.post("/fetch", body, headers={"Authorization": f"Bearer {plant(next(numbers))}"}) for body in wrong]
    problems.append(daemon.post(f"/fetch?timeout={plant(next(numbers))}", []))
    problems.append(daemon.get(f"/{plant(next(numbers))}?token={plant(next(numbers))}"))
    figures = [daemon.get(path).body.decode() for path in ("/pressure", "/hosts", "/readyz")]
    assert next(numbers) > 200 and len(set(errors)) >= 8
    daemon.stop()
    for text in (*errors, *(answer.body.decode() for answer in problems), *figures, daemon.log):
        assert "SECRET" not in text, text
    assert daemon.log.count("refused by the guard") >= 2
