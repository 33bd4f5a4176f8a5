"""fetchpool --save: bodies in files of one folder, and never anywhere else."""

import base64
import csv
import io
import json
import os

import pytest

from rig.client import strict_json
from rig.daemon import FETCHPOOL, run_program
from rig.origin import Reply


def save(folder, *arguments, text=""):
    result = run_program(FETCHPOOL, "--save", str(folder), *arguments, text=text)
    return result, strict_json(result.stdout) if result.returncode < 2 and "-o" not in arguments else None


async def mirror(request):
    return Reply(body=request.body)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_bodies_are_in_the_files_that_results_name(origin, tmp_path):
    urls = [origin.url("/bytes/10"), origin.url("/bytes/100000"), origin.url("/status/404"), "nonsense"]
    result, found = save(tmp_path / "new", *urls)
    assert (result.returncode, result.stderr) == (1, "")
    assert "saved" not in found[3] and "body" not in found[0]
    saved = files(tmp_path / "new")
    assert set(saved) == {entry["saved"] for entry in found[:3]}
    assert [len(saved[entry["saved"]]) for entry in found[:3]] == [entry["size"] for entry in found[:3]]


def test_any_bytes_are_saved_as_they_are(origin, tmp_path):
    body = bytes(range(256)) * 10
    url = origin.on("/mirror", mirror)
    _, found = save(tmp_path, text=json.dumps({"url": url, "method": "POST", "body_base64": base64.b64encode(body).decode()}))
    request = origin.requests[0]
    assert request.body == body
    assert files(tmp_path) == {found[0]["saved"]: body}


def test_same_names_are_numbered(origin, tmp_path):
    _, found = save(tmp_path, *[origin.url("/bytes/5?x=1")] * 3, origin.url("/bytes/5?x_1"), origin.url("/bytes/5?x=1-2"))
    names = [entry["saved"] for entry in found]
    assert len(set(names)) == 5 and set(files(tmp_path)) == set(names)
    assert names[1].endswith("x_1-2") and names[4].endswith("x_1-2-2")


@pytest.mark.parametrize("path", ["/../../escaped", "/..%2f..%2fescaped", "/%2e%2e/escaped", "//etc/passwd", "/a\\..\\..\\escaped",
                                  "/" + "x" * 5000, "/?../../escaped", "/.hidden", "/;rm", "/%00", "/."])
def test_no_url_leads_out_of_the_folder(origin, tmp_path, path):
    folder = tmp_path / "deep" / "in"
    folder.mkdir(parents=True)
    _, found = save(folder, origin.url(path))
    inside = [os.path.join(where, name) for where, _, names in os.walk(tmp_path) for name in names]
    assert all(name.startswith(str(folder) + "/") for name in inside) and len(inside) <= 1
    for name in os.listdir(folder):
        assert not name.startswith(".") and len(name) < 256 and name == found[0]["saved"]


def test_no_redirect_leads_out_of_the_folder(origin, tmp_path):
    folder = tmp_path / "in"
    _, found = save(folder, origin.url("/redirect/1"))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert list(files(folder)) == [found[0]["saved"]] and "redirect" in found[0]["saved"]


def test_links_in_the_folder_are_replaced_and_not_followed(origin, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"untouched")
    folder = tmp_path / "in"
    _, found = save(folder, origin.url("/bytes/10"))
    target = folder / found[0]["saved"]
    target.unlink()
    target.symlink_to(outside)
    save(folder, origin.url("/bytes/10"))
    assert outside.read_bytes() == b"untouched"
    assert not target.is_symlink() and len(target.read_bytes()) == 10
    assert list(files(folder)) == [target.name]


def test_a_file_is_replaced_as_a_whole(origin, tmp_path):
    _, found = save(tmp_path, origin.url("/bytes/10"))
    path = tmp_path / found[0]["saved"]
    with open(path, "rb") as reader:
        path.chmod(0o400)
        save(tmp_path, origin.url("/bytes/10"))
        assert len(reader.read()) == 10
        assert os.fstat(reader.fileno()).st_ino != path.stat().st_ino


@pytest.mark.parametrize("by", ["itself", "a daemon"])
def test_a_response_that_has_no_body_leaves_the_file(by, origin, tmp_path, request):
    server = [] if by == "itself" else ["--server", request.getfixturevalue("steady_daemon").url()]
    url = origin.on("/page", Reply(body=b"kept"))
    _, (page,) = save(tmp_path, *server, url)
    head = json.dumps({"url": url, "method": "HEAD"})
    _, found = save(tmp_path, *server, text=head)
    assert found[0]["status"] == 200 and "saved" not in found[0]
    for status in 204, 304:
        origin.on("/page", Reply(status=status))
        _, found = save(tmp_path, *server, url)
        assert found[0]["status"] == status and "saved" not in found[0]
    assert files(tmp_path) == {page["saved"]: b"kept"}
    origin.on("/page", Reply(body=b""))
    _, found = save(tmp_path, *server, url)
    assert files(tmp_path) == {found[0]["saved"]: b""}


def test_what_cannot_be_written_is_a_3(origin, tmp_path):
    (tmp_path / "file").write_text("")
    result, _ = save(tmp_path / "file", origin.url("/a"))
    assert result.returncode == 3 and "file" in result.stderr
    result, _ = save(tmp_path / "no" / "such", origin.url("/a"))
    assert result.returncode == 3
    _, found = save(tmp_path / "in", origin.url("/a"))
    (tmp_path / "in" / found[0]["saved"]).unlink()
    (tmp_path / "in" / found[0]["saved"]).mkdir()
    result, _ = save(tmp_path / "in", origin.url("/a"))
    assert result.returncode == 3 and "cannot be written: Is a directory" in result.stderr
    assert not [name for name in os.listdir(tmp_path / "in") if name.startswith(".")]


def test_lines_and_csv_tell_the_file_as_well(origin, tmp_path):
    urls = [origin.url("/bytes/1"), "nonsense"]
    result, _ = save(tmp_path, "-o", "ndjson", *urls)
    first, second = (strict_json(line) for line in result.stdout.splitlines())
    assert first["saved"] in files(tmp_path) and "saved" not in second
    result, _ = save(tmp_path, "-o", "csv", *urls)
    rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
    assert [row["saved"] for row in rows] == [first["saved"], ""]


def test_include_prints_the_body_as_well(origin, tmp_path):
    _, found = save(tmp_path, "--include", "body", origin.url("/bytes/5"))
    assert found[0]["body"] == files(tmp_path)[found[0]["saved"]].decode()
