"""The shapes that the contract promises, asserted in one place."""

ERROR_CODES = {
    "invalid_url", "unsupported_scheme", "blocked", "dns", "connect", "connect_timeout", "timeout", "tls", "tls_verify",
    "too_many_redirects", "too_large", "empty_reply", "send", "recv", "http2", "decode", "protocol", "deadline",
    "cancelled", "queue_full", "host_paused", "shutdown", "internal",
}
ANSWERED_KEYS = {"url", "status", "size", "elapsed"}
FAILED_KEYS = {"url", "status", "error", "error_code", "elapsed"}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def assert_answered(result, url, status=200, size=None, more=()):
    """A response came: exactly the keys of the design, and `more` where the caller asked for more."""
    assert set(result) == ANSWERED_KEYS | set(more), result
    assert result["url"] == url
    assert result["status"] == status
    assert isinstance(result["size"], int) and result["size"] >= 0
    assert is_number(result["elapsed"]) and result["elapsed"] >= 0
    if size is not None:
        assert result["size"] == size


def assert_failed(result, url, *codes, more=()):
    """No response came: exactly the keys of the design, one of the codes, and a text for people."""
    assert set(result) == FAILED_KEYS | set(more), result
    assert result["url"] == url
    assert result["status"] == 0 and isinstance(result["status"], int)
    assert isinstance(result["error"], str) and result["error"].strip()
    assert result["error_code"] in ERROR_CODES
    assert result["error_code"] in codes, result
    assert is_number(result["elapsed"]) and result["elapsed"] >= 0


def assert_problem(answer, status):
    """RFC 9457: a problem document whose status is that of the answer. Returns the document."""
    assert answer.status == status, answer.body
    media_type = answer.headers["Content-Type"].split(";")[0].strip()
    assert media_type == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    for name in ("type", "title", "detail"):
        assert isinstance(problem[name], str) and problem[name], name
    return problem


def pointers(problem):
    """The places that a 422 points at. Every error must have a place and a text."""
    for error in problem["errors"]:
        assert set(error) == {"pointer", "detail"}, error
        assert isinstance(error["detail"], str) and error["detail"]
    return [error["pointer"] for error in problem["errors"]]


def assert_points_at(problem, pointer):
    """One of the errors is at the place, within it, or at the option that it is a part of."""
    found = pointers(problem)
    allowed = {pointer}
    for option in ("/include/", "/tasks/"):  # a part of these may be told by its text
        if option in pointer:
            allowed.add(pointer.rpartition("/")[0])
    assert any(place in allowed or place.startswith(pointer + "/") for place in found), problem


def assert_retry_after(answer):
    assert int(answer.headers["Retry-After"]) >= 1
