"""docs/openapi.yaml and docs/api.md name what the tables of the sources name, and nothing else."""

import os
import pathlib
import re

import yaml

ROOT = pathlib.Path(os.environ.get("FETCHPOOL_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
DOCUMENT = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
PAGE = (ROOT / "docs" / "api.md").read_text()
SCHEMAS = DOCUMENT["components"]["schemas"]
SCOPES = {"AUTH_OPEN": None, "AUTH_ANY_SCOPE": [], "TOKEN_SCOPE_FETCH": ["fetch"], "TOKEN_SCOPE_DRILL": ["drill"],
          "TOKEN_SCOPE_METRICS": ["metrics"], "TOKEN_SCOPE_HOSTS": ["hosts"]}


def rows(path, pattern):
    """What the pattern finds in a source; there has to be something."""
    found = re.findall(pattern, (ROOT / path).read_text(), re.M)
    assert len(found) > 3, path
    return found


def table(path, name):
    """The text of the array of this name."""
    return re.search(rf"\b{name}\[[^]]*\] = \{{(.*?)\n?\}};", (ROOT / path).read_text(), re.S).group(1)


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method in ("get", "put", "post", "patch", "delete"):
            if method in item:
                yield path, method.upper(), item[method]


def scopes_of(operation):
    """None: open to all; else those of which a token needs one, none for any token."""
    security = operation.get("security", DOCUMENT["security"])
    if not security:
        return None
    assert security[0] == {}, "a daemon without a token file asks nobody"
    return security[1]["bearer"]


def test_routes_and_their_scopes():
    routes = rows("api/router.c", r'^    \{"(/[^"]*)", "([A-Z]+)", \w+, \w+, (?:\(unsigned\))?(\w+)\}')
    wanted = {(path, method): SCOPES[scope] for path, method, scope in routes}
    assert {(path, method): scopes_of(operation) for path, method, operation in operations()} == wanted


def options(batch_only):
    return set(re.findall(rf'\{{"(\w+)", KIND_\w+, {batch_only},', table("api/fetch_options.c", "rows")))


def test_options():
    assert SCHEMAS["ListOptions"]["properties"].keys() == options("true")
    assert SCHEMAS["ItemOptions"]["properties"].keys() == options("false")


def test_options_in_the_query():
    """All but those that are objects."""
    fetch = DOCUMENT["paths"]["/fetch"]["post"]
    names = [one["$ref"].rpartition("/")[2] for one in fetch["parameters"] if "$ref" in one]
    found = {DOCUMENT["components"]["parameters"][name]["name"] for name in names}
    assert found == (options("true") | options("false")) - {"headers"}


def test_methods():
    methods = re.findall(r'"(\w+)"', table("api/fetch_options.c", "methods"))
    assert SCHEMAS["ItemOptions"]["properties"]["method"]["enum"] == methods


def test_parts_of_results():
    names = rows("pool/fetch_include.c", r'\{"(\w+)", FETCH_INCLUDE_\w+\}')
    assert SCHEMAS["IncludeName"]["enum"] == names


def test_error_codes():
    assert SCHEMAS["ErrorCode"]["enum"] == rows("pool/fetch_error.c", r'^    \[FETCH_\w+\] = \{"(\w+)",')


def test_timings():
    names = re.findall(r'\{"(\w+)", offsetof', table("pool/result_json.c", "timings_table"))
    assert SCHEMAS["Timings"]["required"] == names == list(SCHEMAS["Timings"]["properties"])


def test_statuses_of_refusals():
    """Every status that has a title is documented somewhere, and none that has not; 500 is the title of what never is."""
    titles = {int(status) for status in rows("api/problem.c", r'^    \{(\d{3}), "')}
    responses = [DOCUMENT["x-other-responses"], *(operation["responses"] for _, _, operation in operations())]
    found = {int(status) for one in responses for status in one}
    assert {status for status in found if status >= 400} == titles - {500}


def test_media_types_of_lists():
    types = re.findall(r'\{"([\w/+-]+)", BATCH_FORMAT', table("api/batch_decode.c", "media_types"))
    assert list(DOCUMENT["paths"]["/fetch"]["post"]["requestBody"]["content"]) == types


def test_media_types_of_results():
    types = re.findall(r'\{"([\w/+-]+)"', table("api/handle_fetch.c", "forms"))
    assert list(DOCUMENT["paths"]["/fetch"]["post"]["responses"]["200"]["content"]) == types


def test_version():
    version = re.search(r"^project\(fetchpool VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)
    assert DOCUMENT["info"]["version"] == version


def test_every_object_is_closed():
    """Or a field that nobody documented would pass: each result ends in a schema that knows all its fields."""
    answers = ["FetchEnd", "Answered", "AnsweredLine", "Failed", "FailedLine", "DrillAnswer", "Hosts", "Host", "Health",
               "Readiness", "Pressure", "Version", "Problem", "Redirect", "Attempt", "Connection", "Tls", "Timings", "Counts", "Fault"]
    for name in answers:
        closed = SCHEMAS[name].get("additionalProperties", SCHEMAS[name].get("unevaluatedProperties"))
        assert closed is False, name


# ---- docs/api.md ----


def first_column(heading):
    """What stands between back quotes in the first column of the first table behind the text."""
    lines = PAGE[PAGE.index(heading):].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    cells = []
    for line in lines[start + 1:]:
        if not line.startswith("|"):
            break
        cells += re.findall(r"`([^`]+)`", line.split("|")[1])
    return cells


def routes_in(cells):
    return sorted(cell.partition("?")[0] for cell in cells)


def test_routes_on_the_page():
    routes = sorted(f"{method} {path}" for path, method, _ in operations())
    assert routes_in(first_column("# The HTTP API")) == routes
    assert routes_in(first_column("What the token may do is said by its scopes")) == routes


def test_options_on_the_page():
    assert set(first_column("### Options")) == options("true") | options("false")
    fields = first_column("An item is a URL as a string, or an object")
    assert set(fields) == options("false") | {"url", "id"}


def test_parts_of_results_on_the_page():
    row = next(line for line in PAGE.splitlines() if line.startswith("| `include` |"))
    assert re.findall(r"`(\w+)`", row.split("|")[3]) == SCHEMAS["IncludeName"]["enum"]
    fields = SCHEMAS["CommonFields"]["properties"] | SCHEMAS["AnsweredFields"]["properties"]
    plain = {"url", "status", "size", "elapsed"}
    assert set(first_column("Extra fields:")) == fields.keys() - plain


def test_error_codes_on_the_page():
    told = set(first_column("### Error codes")) | {"queue_full"}
    assert told == set(SCHEMAS["ErrorCode"]["enum"])


def test_statuses_on_the_page():
    lines = PAGE[PAGE.index("## Refusals"):]
    told = {int(status) for row in re.findall(r"^\| ([\d, ]+) \|", lines, re.M) for status in row.split(", ")}
    assert told == {int(status) for status in rows("api/problem.c", r'^    \{(\d{3}), "')} - {500}


def test_hosts_on_the_page():
    assert set(first_column("\n## Hosts\n")) == SCHEMAS["Host"]["properties"].keys()
    assert set(first_column("`PATCH` takes an object")) == SCHEMAS["HostChange"]["properties"].keys()
