"""What the README and the pages in docs/ show is run, and its output is what they say.

A fenced block is run when an HTML comment stands in the line before it: `<!-- test: name -->`. Blocks of one name are one
script, in the language that the fence names. A block under `<!-- test: name output -->` is what that script must print; times and sizes may differ. In
both the daemon's usual address stands for the address of the test's daemon, and HTTPBIN's for a local httpbin.
"""

import re
import subprocess

import pytest

from rig.daemon import FETCHPOOL, FETCHPOOLD, ROOT, clean_environment
from rig.likeness import alike, local
from rig.timing import PATIENCE

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^<!-- test: (\S+)( output)? -->\n+```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {
    "sh": ["bash", "-euo", "pipefail"],
    "python": ["/usr/bin/python3"],
    "js": ["node"],
    "go": ["go", "run"],
}
FILES = {"sh": "script", "python": "script.py", "js": "script.mjs", "go": "main.go"}
DAEMON = "127.0.0.1:8080"
EXAMPLES = re.findall(r"^\.Dl \$ (.*)$", (ROOT / "config" / "fetchpool.1").read_text(encoding="utf-8"), re.MULTILINE)


def read_blocks(page):
    """{page and name: [script, output or None, language]} in the order of the page."""
    blocks = {}
    for name, output, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        block = blocks.setdefault(f"{page.name} {name}", ["", None, language])
        block[1 if output else 0] = (block[1 if output else 0] or "") + text
    return blocks


BLOCKS = {name: block for page in PAGES for name, block in read_blocks(page).items()}


def with_our_programs(tmp_path):
    """An environment in which they are found first."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for program, path in (("fetchpool", FETCHPOOL), ("fetchpoold", FETCHPOOLD)):
        (bin_folder / program).symlink_to(path)
    environment = clean_environment()
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
    return environment


@pytest.mark.parametrize("name", BLOCKS)
def test_the_pages_show_what_happens(start_daemon, httpbin, tmp_path, name):
    script, output, language = BLOCKS[name]
    daemon = start_daemon()
    environment = with_our_programs(tmp_path)

    def here(text):
        return local(text.replace(DAEMON, daemon.address), httpbin)

    file = tmp_path / FILES[language]
    file.write_text(here(script), encoding="utf-8")
    result = subprocess.run([*LANGUAGES[language], file], capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    if output is not None:
        assert alike(result.stdout) == alike(here(output))


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_examples_of_the_manual_run(steady_daemon, origin, tmp_path, command):
    urls = [origin.url("/a"), origin.url("/status/404")]
    (tmp_path / "urls.txt").write_text("".join(url + "\n" for url in urls))
    script = command.replace(DAEMON, steady_daemon.address).replace("\\e", "\\")
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path, env=with_our_programs(tmp_path))
    assert (result.returncode, result.stderr) == (0 if "|" in command else 1, "")
    if "table" in command:
        assert result.stdout.startswith("2 URLs in ")
    else:
        assert urls[1] in result.stdout and (urls[0] in result.stdout) != ("|" in command)
    assert sorted(request.path for request in origin.requests) == ["/a", "/status/404"]


def test_the_manual_has_examples():
    assert len(EXAMPLES) >= 4
