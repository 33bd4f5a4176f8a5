"""The manual pages of the programs name the options that --help does, and no others."""

import re

import pytest

from rig.daemon import FETCHPOOL, FETCHPOOLD, ROOT, run_program


@pytest.mark.parametrize("program, page", [(FETCHPOOLD, "fetchpoold.8"), (FETCHPOOL, "fetchpool.1")])
def test_the_manual_has_the_options_of_the_help(program, page):
    shown = set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", run_program(program, "--help").stdout, re.MULTILINE))
    listed = set(re.findall(r"^\.It .*?Fl -([a-z-]+)", (ROOT / "config" / page).read_text(encoding="utf-8"), re.MULTILINE))
    assert shown
    assert listed == shown
