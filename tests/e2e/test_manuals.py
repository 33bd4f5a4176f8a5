"""The manual of the daemon names the options that --help does, and no others; completion follows from --help. (Those in
fetchpool(1) are written by ./dev docs.)"""

import re
import subprocess

from rig.daemon import FETCHPOOL, FETCHPOOLD, ROOT, run_program


def test_the_manual_has_the_options_of_the_help():
    shown = set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", run_program(FETCHPOOLD, "--help").stdout, re.MULTILINE))
    page = (ROOT / "config" / "fetchpoold.8").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\.It .*?Fl -([a-z-]+)", page, re.MULTILINE))
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
