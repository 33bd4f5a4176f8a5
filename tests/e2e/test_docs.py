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


def read_blocks(page):
    """{page and name: [script, output or None, language]} in the order of the page."""
    blocks = {}
    for name, output, language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        block = blocks.setdefault(f"{page.name} {name}", ["", None, language])
        block[1 if output else 0] = (block[1 if output else 0] or "") + text
    return blocks


BLOCKS = {name: block for page in PAGES for name, block in read_blocks(page).items()}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_pages_show_what_happens(start_daemon, httpbin, tmp_path, name):
    script, output, language = BLOCKS[name]
    daemon = start_daemon()
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for program, path in (("fetchpool", FETCHPOOL), ("fetchpoold", FETCHPOOLD)):
        (bin_folder / program).symlink_to(path)

    def here(text):
        return local(text.replace(DAEMON, daemon.address), httpbin)

    environment = clean_environment()
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
    file = tmp_path / FILES[language]
    file.write_text(here(script), encoding="utf-8")
    result = subprocess.run([*LANGUAGES[language], file], capture_output=True, text=True, timeout=PATIENCE, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stderr
    if output is not None:
        assert alike(result.stdout) == alike(here(output))
