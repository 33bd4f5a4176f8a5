"""The rules about files and folders that CONTRIBUTING.md and docs/architecture.md promise, checked on the sources."""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(os.environ.get("FETCHPOOL_SOURCE") or pathlib.Path(__file__).resolve().parents[2])

# A file includes headers of its own folder and of those named here.
MAY_INCLUDE = {
    "daemon": {"api", "jobs", "pool", "config", "base"},
    "api": {"jobs", "pool", "config", "base"},
    "jobs": {"pool", "config", "base"},
    "pool": {"config", "base"},
    "config": {"base"},
    "base": set(),
    "cli": {"pool", "config", "base"},
}

# The beginning of a foreign header's name, and the files that may include it.
HOMES = {
    "microhttpd.h": r"api/(server|request|respond|pulse)\.c|api/intake\.[ch]",
    "gnutls/": r"api/(server|tls)\.c",
    "cjson/": r"api/\w+\.c",
    "ares.h": r"pool/name_channel\.[ch]",
    "curl/": r"pool/\w+\.[ch]|cli/remote\.c",
    "zlib.h": r"pool/coding_zlib\.c",
    "brotli/": r"pool/coding_brotli\.c",
    "zstd": r"pool/coding_zstd\.c",
    "openssl/": r"pool/\w+\.[ch]|config/token\.c",
    "ini.h": r"config/\w+\.c",
    "systemd/": r"daemon/\w+\.c",
}

FOREIGN_TYPES = r"\b(MHD_\w+|gnutls_\w+|CURL\w*|curl_\w+|ares_\w+|cJSON\w*|SSL\w*|X509\w*|BIO|ini_\w+|sd_\w+|z_stream|Brotli\w+|ZSTD_\w+)\b"

FORBIDDEN = (
    "sprintf vsprintf strcpy strcat atoi atol atof strtok gmtime localtime ctime asctime signal rand srand "
    "sleep usleep nanosleep gets alloca"
).split()

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def files(pattern):
    return sorted(path for folder in MAY_INCLUDE for path in (ROOT / folder).glob(pattern))


def name(path):
    return path.relative_to(ROOT).as_posix()


def folder(path):
    return name(path).split("/")[0]


def code(path):
    """The text without comments and without what stands in quotes; lines stay lines."""

    def blank(match):
        kept = match.group(0)
        if kept.startswith("/"):
            return " " + "\n" * kept.count("\n")
        return kept[0] + kept[-1]

    literal = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(r"/\*.*?\*/|//[^\n]*|" + literal, blank, path.read_text(), flags=re.S)


def own_includes(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M)


def foreign_includes(path):
    found = re.findall(r"^\s*#\s*include\s+<([^>]+)>", path.read_text(), re.M)
    return [header for header in found if any(header.startswith(start) for start in HOMES)]


def reached(path, seen=None):
    """The file and all headers of ours that it includes, directly or not."""
    seen = set() if seen is None else seen
    if path not in seen and path.exists():
        seen.add(path)
        for include in own_includes(path):
            reached(ROOT / include, seen)
    return seen


SOURCES = files("*.c")
HEADERS = files("*.h")
ALL = SOURCES + HEADERS
TESTS = sorted(path for part in ("unit", "fault") for path in (ROOT / "tests" / part).glob("*.[ch]"))
FUZZ = sorted((ROOT / "tests" / "fuzz").glob("*.[ch]"))
BENCH = sorted((ROOT / "bench").rglob("*.[ch]"))


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 10 and len(HEADERS) > 10 and len(TESTS) > 10


def test_includes_go_to_the_right_only():
    wrong = []
    for path in ALL:
        for include in own_includes(path):
            target = include.split("/")[0]
            if "/" not in include:
                wrong.append(f'{name(path)}: "{include}" is not written from the root')
            elif target != folder(path) and target not in MAY_INCLUDE[folder(path)]:
                wrong.append(f'{name(path)}: "{include}" is not to the right of {folder(path)}/')
    assert not wrong, "\n".join(wrong)


def test_benchmarks_include_nothing_of_ours():
    assert BENCH
    wrong = [f"{name(path)}: {include}" for path in BENCH for include in own_includes(path)
             if not (path.parent / include).exists()]
    assert not wrong, "\n".join(wrong)


def test_included_headers_exist():
    generated = {"base/version.h"}
    missing = [
        f"{name(path)}: {include}"
        for path in ALL
        for include in own_includes(path)
        if include not in generated and not (ROOT / include).exists()
    ]
    assert not missing, "\n".join(missing)


def test_foreign_headers_stay_at_home():
    wrong = []
    for path in ALL:
        for header in foreign_includes(path):
            start = next(start for start in HOMES if header.startswith(start))
            if not re.fullmatch(HOMES[start], name(path)):
                wrong.append(f"{name(path)}: <{header}>")
    assert not wrong, "\n".join(wrong)


def test_headers_that_other_folders_include_are_free_of_foreign_types():
    wrong = set()
    for path in ALL:
        for include in own_includes(path):
            if include.split("/")[0] == folder(path):
                continue
            for header in reached(ROOT / include):
                if foreign_includes(header):
                    wrong.add(f"{name(header)}: includes a foreign header, and reaches {folder(path)}/ by {include}")
                for foreign in re.findall(FOREIGN_TYPES, code(header)):
                    wrong.add(f"{name(header)}: names {foreign}, and reaches {folder(path)}/ by {include}")
    assert not wrong, "\n".join(sorted(wrong))


def test_each_header_compiles_alone(tmp_path):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "version.h").write_text('#define FETCHPOOL_VERSION "0"\n')
    command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Wconversion"]
    command += ["-Werror", f"-I{ROOT}", f"-I{tmp_path}", "-x", "c"]

    def complaint(path):
        done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
        return done.stderr if done.returncode else ""

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        complaints = [text for text in threads.map(complaint, HEADERS) if text]
    assert not complaints, "\n".join(complaints)


def test_header_guards_are_named_after_the_file():
    wrong = []
    for path in HEADERS:
        guard = "FETCHPOOL_" + re.sub(r"\W", "_", name(path)).upper()
        lines = [line for line in code(path).split("\n") if line.strip()]
        if lines[:2] != [f"#ifndef {guard}", f"#define {guard}"]:
            wrong.append(name(path))
    assert not wrong, "\n".join(wrong)


def test_forbidden_calls_are_absent():
    call = re.compile(r"\b(" + "|".join(FORBIDDEN) + r")\s*\(")
    wrong = []
    for path in ALL + TESTS + FUZZ + BENCH:
        for number, line in enumerate(code(path).split("\n"), 1):
            wrong += [f"{name(path)}:{number}: {found}" for found in call.findall(line)]
    assert not wrong, "\n".join(wrong)


def test_files_are_short():
    lengths = {name(path): path.read_text().count("\n") for path in ALL + TESTS + FUZZ + BENCH}
    wrong = [f"{file}: {length} lines" for file, length in lengths.items() if length > MAX_FILE_LINES]
    assert not wrong, "\n".join(wrong)


def functions(path):
    """Name and length of each function: it ends at a brace in the first column, after the last line that begins there."""
    lines = code(path).split("\n")
    for end, line in enumerate(lines):
        if line != "}":
            continue
        begin = end - 1
        while begin > 0 and not re.match(r"[A-Za-z_]", lines[begin]):
            begin -= 1
        yield lines[begin], end - begin + 1


def test_functions_are_short():
    wrong = []
    counted = 0
    for path in ALL + TESTS + FUZZ + BENCH:
        for head, length in functions(path):
            counted += 1
            if length > MAX_FUNCTION_LINES and not head.startswith("int main("):
                wrong.append(f"{name(path)}: {length} lines: {head}")
    assert counted > 300
    assert not wrong, "\n".join(wrong)


def locks():
    """Locks and semaphores that a file makes: members, variables, but no parameters and no pointers."""
    for path in ALL:
        for kind, lock in re.findall(r"^\s*(?:static\s+)?(pthread_mutex_t|pthread_rwlock_t|sem_t)\s+(\w+)\s*[;=]", code(path), re.M):
            yield name(path), kind, lock


def test_every_lock_is_in_the_architecture_page():
    """It stands in a line of the page together with the name of its file."""
    page = ROOT / "docs" / "architecture.md"
    assert page.exists(), "docs/architecture.md is not there"
    lines = page.read_text().split("\n")
    found = sorted(set(locks()))
    assert found
    wrong = [
        f"{file}: {kind} {lock}"
        for file, kind, lock in found
        if not any(file in line and re.search(rf"\b{lock}\b", line) for line in lines)
    ]
    assert not wrong, "not in docs/architecture.md:\n" + "\n".join(wrong)


def test_every_source_is_built():
    listed = (ROOT / "CMakeLists.txt").read_text()
    wrong = [name(path) for path in SOURCES if not re.search(rf"\b{re.escape(name(path))}\b", listed)]
    assert not wrong, "not in CMakeLists.txt: " + ", ".join(wrong)


def test_every_unit_test_is_run():
    wrong = []
    for path in TESTS:
        text = path.read_text()
        for case in re.findall(r"^TEST\((\w+)\)", text, re.M):
            if len(re.findall(rf"\b{case}\b", text)) < 2:
                wrong.append(f"{path.name}: {case}")
    assert not wrong, "not run: " + ", ".join(wrong)


def test_every_fuzz_target_is_run():
    """It is built, and has seeds and a dictionary."""
    listed = (ROOT / "tests" / "fuzz" / "CMakeLists.txt").read_text()
    targets = [path.stem.removeprefix("fuzz_") for path in FUZZ if path.name.startswith("fuzz_")]
    assert len(targets) >= 7
    wrong = [target for target in targets if not re.search(rf"fetchpool_fuzz_target\({target}\s", listed)]
    wrong += [target for target in targets if not list((ROOT / "tests" / "fuzz" / "corpus" / target).glob("*"))]
    wrong += [target for target in targets if not (ROOT / "tests" / "fuzz" / f"{target}.dict").exists()]
    assert not wrong, "not run: " + ", ".join(wrong)


def test_texts_are_clean():
    wrong = []
    for path in ALL + TESTS + FUZZ + BENCH:
        text = path.read_text(encoding="utf-8")
        if not text.endswith("\n") or text.endswith("\n\n"):
            wrong.append(f"{name(path)}: does not end in one newline")
        if "\t" in text or "\r" in text or re.search(r" $", text, re.M):
            wrong.append(f"{name(path)}: tab, carriage return or blank at the end of a line")
    assert not wrong, "\n".join(wrong)
