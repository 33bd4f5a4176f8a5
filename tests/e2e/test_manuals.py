"""The manual pages of the programs name the options that --help does, and no others; completion follows from it."""

import re
import subprocess

import pytest

from rig.daemon import FETCHPOOL, FETCHPOOLD, ROOT, run_program


@pytest.mark.parametrize("program, page", [(FETCHPOOLD, "fetchpoold.8"), (FETCHPOOL, "fetchpool.1")])
def test_the_manual_has_the_options_of_the_help(program, page):
    shown = set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", run_program(program, "--help").stdout, re.MULTILINE))
    listed = set(re.findall(r"^\.It .*?Fl -([a-z-]+)", (ROOT / "config" / page).read_text(encoding="utf-8"), re.MULTILINE))
    assert shown
    assert listed == shown


def test_the_manual_has_the_fields_of_items():
    page = (ROOT / "config" / "fetchpool.1").read_text(encoding="utf-8")
    told = re.search(r"is an item in JSON: .*?\n\.Pp\n", page, re.DOTALL).group(0)
    row = re.search(r"^\| (`method`.*?) \|", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    listed = {word for line in re.findall(r"^\.Li (.*)", told, re.MULTILINE) for word in re.findall(r"\w+", line)}
    assert listed == {"url", "id", *re.findall(r"\w+", row)}


def test_zsh_completes_what_may_be_repeated_again():
    shown = run_program(FETCHPOOL, "--help").stdout
    made = subprocess.run(["awk", "-v", "shell=zsh", "-v", "program=fetchpool", "-f", str(ROOT / "package" / "completion.awk")],
                          input=shown, capture_output=True, text=True, check=True).stdout
    repeated = {word for words in re.findall(r"^  (-\w), (--[a-z-]+) .*may be repeated", shown, re.MULTILINE) for word in words}
    assert repeated == {"-i", "--input", "-H", "--header"}
    assert {word for word in re.findall(r"'\*(--?[a-z]+)", made, re.IGNORECASE)} == repeated
    assert "'(-c --max-concurrent)-c[" in made
