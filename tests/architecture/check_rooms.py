#!/usr/bin/env python3
"""Checks that the rooms of src/ keep to their walls, and the headers to our rules.

    check_rooms.py [ROOT]        checks the tree at ROOT (default: this repository)
    check_rooms.py --self-test   plants one violation of every rule in a small tree and sees each found

Prints one line per violation and ends with "N passed, N failed"; N counts checks, one per rule and file
(or room). Exit status 1 if any failed.
"""

import pathlib
import re
import sys
import tempfile

# The table of DESIGN.md: which rooms a room may use. "warehouse" in a list means the room itself, not
# warehouse/duckdb.
ALLOWED = {
    "base": [],
    "async": ["base"],
    "telemetry": ["base"],
    "principals": ["base"],
    "config": ["base"],
    "rows": ["base"],
    "warehouse": ["base", "rows", "async", "telemetry"],
    "warehouse/snowflake": ["warehouse/upstream"],
    "warehouse/trino": ["warehouse/upstream"],
    "results": ["base", "rows", "async", "telemetry"],
    "journal": ["base", "async", "telemetry"],
    "query": ["base", "async", "telemetry", "journal", "warehouse", "results", "rows", "principals"],
    "scan": ["base", "async", "telemetry", "rows", "results", "journal", "query", "principals", "warehouse",
             "warehouse/duckdb"],
    "http": ["base", "async", "telemetry"],
    "api": ["base", "async", "telemetry", "http", "query", "rows", "results", "journal", "principals"],
    "api/snowflake": ["scan", "warehouse"],
    "api/snowflake_driver": ["api/claim", "api/snowflake", "scan"],
    "api/snowflake_sql_api": ["api/claim", "api/snowflake", "scan"],
}
# A room inside another (warehouse/duckdb, journal/sqlite) may use what its parent may, the parent, and what its own
# entry adds.
# The composition root (apps/) may use every room.

# Of these rooms, these others see the value types only; what does the work is not theirs to name.
FORBIDDEN_NAMES = {
    "api": (re.compile(r"\bjournal::Journal\b|\bopen_sqlite_journal\b"), "journal"),
}

# Headers of outside libraries that are too large, or too much of a commitment, for a header that other
# rooms see. A header that only its own room includes may have them.
CPP_ONLY = [
    (re.compile(r"arrow/(?!type_fwd\.h$)"), "Arrow beyond arrow/type_fwd.h"),
    (re.compile(r"parquet/"), "Parquet"),
    (re.compile(r"duckdb\.h(pp)?$"), "DuckDB"),
    (re.compile(r"sqlite3\.h$"), "SQLite"),
    (re.compile(r"boost/beast"), "Beast"),
    (re.compile(r"boost/json"), "Boost.JSON"),
    (re.compile(r"toml\+\+/"), "toml++"),
]

# What is checked, by the name that a test has (test_rooms.py) and in words.
RULES = {
    "readme": "every room has a README.md",
    "table": "every room is in the table of rooms, and uses only what the table lets it use",
    "depends": "a source includes only from rooms among the DEPENDS of its own",
    "full_path": "headers of ours are included by their full path from src/",
    "names": "a room that may see only the value types of another does not name what does its work",
    "light_headers": "headers that other rooms see include no large library",
    "pragma_once": "every header has #pragma once",
    "using_namespace": "no header has using namespace",
    "detached": "every task belongs to a TaskGroup: nothing is asio::detached",
    "finished": "no work is marked as unfinished",
}

HEADER_ENDINGS = {".hpp", ".h"}
SOURCE_ENDINGS = {".cpp", ".cc"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
ROOM_CALL = re.compile(r"coatcheck_room\s*\(([^)]*)\)")
# A room without sources (a contract that is all headers) is an INTERFACE library.
INTERFACE_ROOM = re.compile(r"add_library\s*\(\s*coatcheck_(\w+)\s+INTERFACE\s*\)")
# A folder of tests only, such as a suite that every connector passes, is a program.
TEST_PROGRAM = re.compile(r"add_executable\s*\(\s*(\w+_test)\s")
ROOM_KEYWORDS = {"SOURCES", "DEPENDS", "TESTS", "TEST_DEPENDS"}
WORDS_OF_UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def without_comments_and_texts(code):
    """Returns the code with comments and string contents blanked, lines kept."""
    def blank(match):
        text = match.group(0)
        if text.startswith("/"):
            return re.sub(r"[^\n]", " ", text)
        return '""' + "\n" * text.count("\n")

    return re.sub(r'//[^\n]*|/\*.*?\*/|R"([^(\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', blank, code, flags=re.DOTALL)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class Room:
    """One room: its name, its folder and what its CMake file says that it depends on."""

    def __init__(self, name, folder, depends, test_depends=frozenset(), only_tests=False):
        self.name = name
        self.folder = folder
        self.depends = depends
        self.test_depends = test_depends
        self.only_tests = only_tests


def linked_rooms(cmake, target):
    """Returns the rooms that a target_link_libraries() of `target` names."""
    calls = re.findall(r"target_link_libraries\s*\(\s*" + target + r"\s([^)]*)\)", cmake)
    return {word.removeprefix("coatcheck::") for call in calls for word in call.split()
            if word.startswith("coatcheck::")}


def read_rooms(source):
    """Returns the rooms under `source`, by the name of their CMake target."""
    rooms = {}
    for cmake in sorted(source.rglob("CMakeLists.txt")):
        text = re.sub(r"#[^\n]*", "", cmake.read_text(encoding="utf-8"))
        folder = cmake.parent.relative_to(source).as_posix()
        for call in ROOM_CALL.finditer(text):
            words = call.group(1).split()
            lists, current = {}, None
            for word in words[1:]:
                if word in ROOM_KEYWORDS:
                    current = lists.setdefault(word, [])
                elif current is not None:
                    current.append(word)
            targets = {key: {word.removeprefix("coatcheck::") for word in value if word.startswith("coatcheck::")}
                       for key, value in lists.items()}
            name = words[0]
            if name in rooms:
                raise SystemExit(f"{cmake}: a second room is called {name}")
            rooms[name] = Room(name, folder, targets.get("DEPENDS", set()), targets.get("TEST_DEPENDS", set()))
        for name in INTERFACE_ROOM.findall(text):
            rooms[name] = Room(name, folder, linked_rooms(text, "coatcheck_" + name))
        if not ROOM_CALL.search(text):
            # Which file is of which program does not matter: no other room can use either.
            programs = TEST_PROGRAM.findall(text)
            linked = set().union(*(linked_rooms(text, name) for name in programs))
            for name in programs:
                rooms[name] = Room(name, folder, linked, only_tests=True)
    return rooms


def reachable(rooms, start):
    """Returns the rooms in `start` and those that they depend on, publicly all the way."""
    seen, waiting = set(), list(start)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in rooms:
            waiting.extend(rooms[name].depends)
    return seen


class Checker:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.source = self.root / "src"
        self.rooms = read_rooms(self.source)
        self.passed = 0
        self.violations = {rule: [] for rule in RULES}
        self.shared_headers = self.find_shared_headers()

    def find_shared_headers(self):
        """Returns the headers (relative to src/) that code outside their own room sees, directly or through others."""
        includes, waiting = {}, []
        for top in ("src", "apps"):
            for path in (self.root / top).rglob("*"):
                if path.suffix not in HEADER_ENDINGS | SOURCE_ENDINGS or not path.is_file():
                    continue
                name = path.relative_to(self.source).as_posix() if top == "src" else None
                included = [header for quote, header in INCLUDE.findall(path.read_text(encoding="utf-8"))
                            if quote == '"' and (self.source / header).is_file()]
                if name is not None:
                    includes[name] = included
                # Fakes for tests, and tests, may show more.
                if path.stem.endswith(("_test", "_bench")) or "testing" in path.parts:
                    continue
                waiting.extend(header for header in included
                               if name is None or self.home_of(header) != self.home_of(name))
        shared = set()
        while waiting:
            header = waiting.pop()
            if header not in shared:
                shared.add(header)
                waiting.extend(includes.get(header, []))
        return shared

    def home_of(self, name):
        room = self.room_of(name)
        return room.folder if room is not None else name.split("/")[0]

    def expect(self, rule, condition, violation):
        if condition:
            self.passed += 1
        else:
            self.violations[rule].append(violation)

    def room_of(self, path):
        """Returns the innermost room whose folder holds `path` (relative to src/), or None."""
        best = None
        for room in self.rooms.values():
            if path == room.folder or path.startswith(room.folder + "/"):
                if best is None or len(room.folder) > len(best.folder):
                    best = room
        return best

    def may_use(self, user, used):
        """Whether the table lets the room in folder `user` use the one in folder `used`."""
        top = user.split("/")[0]
        # Fakes and suites that a room keeps for others' tests are still that room.
        if used in (user, top + "/testing") or user.startswith(used + "/") or used.startswith(user + "/"):
            return True
        return used.removesuffix("/testing") in ALLOWED.get(top, []) + ALLOWED.get(user, [])

    def check(self):
        """Fills `violations`: for each rule, a line for every place that breaks it."""
        for room in self.rooms.values():
            self.check_room(room)
        for folder in sorted(path for path in self.source.iterdir() if path.is_dir()):
            # A folder whose CMake file is not there yet is not built, but is a room all the same.
            is_room = any(room.folder == folder.name for room in self.rooms.values())
            if not is_room and any(path.suffix in HEADER_ENDINGS | SOURCE_ENDINGS for path in folder.rglob("*")):
                self.expect("readme", (folder / "README.md").is_file(), f"src/{folder.name}: has no README.md")
        for top in ("src", "apps"):
            for path in sorted((self.root / top).rglob("*")):
                if path.suffix in HEADER_ENDINGS | SOURCE_ENDINGS and path.is_file():
                    self.check_file(path)

    def run(self):
        """Checks, and prints what is wrong; whether nothing is."""
        self.check()
        violations = self.all_violations()
        for violation in violations:
            print(violation)
        print(f"{self.passed} passed, {len(violations)} failed")
        return not violations

    def all_violations(self):
        return [violation for violations in self.violations.values() for violation in violations]

    def check_room(self, room):
        where = f"src/{room.folder}"
        # Fakes that a room keeps for others' tests are told of in the room's own.
        if not room.folder.endswith("/testing") and not room.only_tests:
            self.expect("readme", (self.source / room.folder / "README.md").is_file(), f"{where}: has no README.md")
        self.expect("table", room.folder.split("/")[0] in ALLOWED, f"{where}: is not in the table of rooms (ALLOWED)")
        for name in sorted(room.depends):
            used = self.rooms.get(name)
            if used is None:
                self.expect("table", False, f"{where}/CMakeLists.txt: depends on coatcheck::{name}, which is no room")
            elif not room.only_tests:
                self.expect("table", self.may_use(room.folder, used.folder),
                            f"{where}/CMakeLists.txt: {room.folder} must not know {used.folder}")

    def check_file(self, path):
        name = path.relative_to(self.root).as_posix()
        text = path.read_text(encoding="utf-8")
        code = without_comments_and_texts(text)
        is_header = path.suffix in HEADER_ENDINGS
        is_test = path.stem.endswith(("_test", "_bench")) or "testing" in path.parent.parts

        unfinished = WORDS_OF_UNFINISHED.search(text)
        self.expect("finished", unfinished is None,
                    f"{name}:{line_of(text, unfinished.start()) if unfinished else 0}: unfinished work: "
                    f"{unfinished.group(0) if unfinished else ''}")
        detached = re.search(r"\basio::detached\b", code)
        self.expect("detached", detached is None,
                    f"{name}:{line_of(code, detached.start()) if detached else 0}: asio::detached: every task "
                    "belongs to a TaskGroup")
        if is_header:
            self.expect("pragma_once", "#pragma once" in text, f"{name}: has no #pragma once")
            using = re.search(r"\busing\s+namespace\b", code)
            self.expect("using_namespace", using is None,
                        f"{name}:{line_of(code, using.start()) if using else 0}: using namespace in a header")
            if name.removeprefix("src/") in self.shared_headers:
                self.check_shared_header(name, text)
        if name.startswith("src/") and not is_test:
            self.check_names(name, code)

        # Blanking would empty includes too, so they are read from the text; one within a block comment or
        # a raw string would be a false alarm, and there is no reason to have one.
        if name.startswith("src/"):
            for include in INCLUDE.finditer(text):
                place = f"{name}:{line_of(text, include.start(2))}"
                self.check_room_include(name.removeprefix("src/"), place, include.group(1), include.group(2), is_test)

    def check_shared_header(self, name, text):
        found = False
        for include in INCLUDE.finditer(text):
            for pattern, library in CPP_ONLY:
                if pattern.match(include.group(2)):
                    found = True
                    self.expect("light_headers", False, f"{name}:{line_of(text, include.start(2))}: {library} in a "
                                                        f"header that other rooms see: <{include.group(2)}>")
        if not found:
            self.passed += 1

    def check_names(self, name, code):
        pattern, owner = FORBIDDEN_NAMES.get(name.split("/")[1], (None, None))
        if pattern is None:
            return
        used = pattern.search(code)
        self.expect("names", used is None,
                    f"{name}:{line_of(code, used.start()) if used else 0}: sees only the value types of {owner}, "
                    f"not {used.group(0) if used else ''}")

    def check_room_include(self, name, place, quote, included, is_test):
        used_folder = included.rsplit("/", 1)[0] if "/" in included else None
        if quote == "<" or used_folder is None:
            self.expect("full_path", quote == "<" or (self.source / included).exists(),
                        f"{place}: include by the full path from src/: \"{included}\"")
            return
        used = self.room_of(included)
        user = self.room_of(name)
        is_test = is_test or (user is not None and user.only_tests)
        own_folder = name.rsplit("/", 1)[0]
        if used is None:
            # Not a room with a CMake file (yet): the table still holds for its folder.
            if (self.source / included).exists() and not is_test:
                self.expect("table", self.may_use(own_folder, used_folder),
                            f"{place}: {own_folder} must not know {used_folder}")
            return
        if user is None:
            if not is_test:
                self.expect("table", self.may_use(own_folder, used.folder),
                            f"{place}: {own_folder} must not know {used.folder}")
            return
        if used is user:
            self.passed += 1
            return
        within = reachable(self.rooms, user.depends | (user.test_depends if is_test else set()))
        self.expect("depends", used.name in within,
                    f"{place}: coatcheck::{used.name} is not among the DEPENDS of {user.name}: \"{included}\"")
        if is_test:
            return  # A test may stand on more than its room may.
        self.expect("table", self.may_use(user.folder, used.folder),
                    f"{place}: {user.folder} must not know {used.folder}")


GOOD_TREE = {
    "src/base/CMakeLists.txt": "coatcheck_room(base\n  SOURCES a.cpp)\n",
    "src/base/README.md": "# base\n",
    "src/base/a.hpp": "#pragma once\n// using namespace std; asio::detached\n",
    "src/base/a.cpp": '#include "base/a.hpp"\nconst char* text = "using namespace std";\n',
    "src/async/CMakeLists.txt": "coatcheck_room(async SOURCES t.cpp DEPENDS coatcheck::base external::asio)\n",
    "src/async/README.md": "# async\n",
    "src/async/t.cpp": '#include "base/a.hpp"\n',
    "src/rows/CMakeLists.txt": "coatcheck_room(rows SOURCES r.cpp DEPENDS coatcheck::base external::arrow)\n",
    "src/rows/README.md": "# rows\n",
    "src/rows/r.hpp": "#pragma once\n#include <arrow/type_fwd.h>\n",
    "src/rows/r.cpp": '#include "rows/r.hpp"\n#include <arrow/api.h>\n',
    "src/warehouse/CMakeLists.txt":
        "add_library(coatcheck_warehouse INTERFACE)\nadd_library(coatcheck::warehouse ALIAS coatcheck_warehouse)\n"
        "target_link_libraries(coatcheck_warehouse INTERFACE coatcheck::rows coatcheck::async external::arrow)\n",
    "src/warehouse/README.md": "# warehouse\n",
    "src/warehouse/w.hpp": '#pragma once\n#include "base/a.hpp"\n',
    "src/warehouse/w.cpp": '#include "warehouse/w.hpp"\n#include "rows/r.hpp"\n',
    "src/warehouse/duckdb/CMakeLists.txt":
        "coatcheck_room(warehouse_duckdb SOURCES d.cpp DEPENDS coatcheck::warehouse external::duckdb)\n",
    "src/warehouse/duckdb/README.md": "# duckdb\n",
    "src/warehouse/duckdb/d.cpp": '#include "warehouse/w.hpp"\n#include "rows/r.hpp"\n#include <duckdb.h>\n',
    "src/warehouse/conformance/CMakeLists.txt":
        "add_executable(conformance_test suite.cpp)\n"
        "target_link_libraries(conformance_test PRIVATE coatcheck::warehouse coatcheck::warehouse_duckdb)\n",
    "src/warehouse/conformance/suite.cpp": '#include "warehouse/w.hpp"\n#include "warehouse/duckdb/d.hpp"\n',
    "src/warehouse/duckdb/d.hpp": "#pragma once\n",
    "src/journal/CMakeLists.txt": "coatcheck_room(journal SOURCES j.cpp DEPENDS coatcheck::async TESTS j_test.cpp)\n",
    "src/journal/README.md": "# journal\n",
    "src/journal/journal.hpp": "#pragma once\n",
    "src/journal/lifecycle.hpp": "#pragma once\n",
    "src/journal/j.cpp": '#include "journal/journal.hpp"\n',
    "src/http/CMakeLists.txt": "coatcheck_room(http SOURCES h.cpp DEPENDS coatcheck::async)\n",
    "src/http/README.md": "# http\n",
    "src/http/h.hpp": "#pragma once\n",
    "src/http/inside.hpp": "#pragma once\n#include <boost/beast/http.hpp>\n",
    "src/http/h.cpp": '#include "http/h.hpp"\n#include "http/inside.hpp"\n',
    "src/api/CMakeLists.txt": "coatcheck_room(api SOURCES p.cpp DEPENDS coatcheck::http coatcheck::journal)\n",
    "src/api/README.md": "# api\n",
    "src/api/p.cpp": '#include "http/h.hpp"\n#include "journal/journal.hpp"\njournal::Entry entry;\n',
    "apps/coatcheck/main.cpp": '#include "api/p.hpp"\n#include "journal/journal.hpp"\n',
}

# Each: what is planted (a file's new text; None removes it), and a part of the line that must be printed.
PLANTED = [
    ({"src/base/a.cpp": '#include "async/t.hpp"\n', "src/async/t.hpp": "#pragma once\n"},
     "base/a.cpp:1: coatcheck::async is not among the DEPENDS of base"),
    ({"src/journal/j.cpp": '#include "warehouse/w.hpp"\n'}, "journal/j.cpp:1: journal must not know warehouse"),
    ({"src/http/CMakeLists.txt": "coatcheck_room(http SOURCES h.cpp DEPENDS coatcheck::journal)\n"},
     "http/CMakeLists.txt: http must not know journal"),
    ({"src/api/CMakeLists.txt": "coatcheck_room(api SOURCES p.cpp DEPENDS coatcheck::http coatcheck::journal "
                                "coatcheck::warehouse)\n"}, "api must not know warehouse"),
    ({"src/api/p.cpp": "\njournal::Journal* journal;\n"}, "api/p.cpp:2: sees only the value types of journal"),
    ({"src/warehouse/w.cpp": '#include "warehouse/duckdb/d.hpp"\n', "src/warehouse/duckdb/d.hpp": "#pragma once\n"},
     "coatcheck::warehouse_duckdb is not among the DEPENDS of warehouse"),
    ({"src/warehouse/trino/CMakeLists.txt":
        "coatcheck_room(warehouse_trino SOURCES t.cpp DEPENDS coatcheck::warehouse_duckdb)\n",
      "src/warehouse/trino/README.md": "#\n"}, "warehouse/trino must not know warehouse/duckdb"),
    ({"src/warehouse/CMakeLists.txt": "add_library(coatcheck_warehouse INTERFACE)\n"
                                      "target_link_libraries(coatcheck_warehouse INTERFACE coatcheck::journal)\n"},
     "warehouse/CMakeLists.txt: warehouse must not know journal"),
    ({"src/warehouse/conformance/suite.cpp": '#include "journal/journal.hpp"\n'},
     "conformance/suite.cpp:1: coatcheck::journal is not among the DEPENDS of conformance_test"),
    ({"src/rows/CMakeLists.txt": "coatcheck_room(rows SOURCES r.cpp DEPENDS coatcheck::bass)\n"},
     "depends on coatcheck::bass, which is no room"),
    ({"src/query/runner.cpp": '#include "http/h.hpp"\n'}, "query/runner.cpp:1: query must not know http"),
    ({"src/api/one/CMakeLists.txt": "coatcheck_room(api_one SOURCES a.cpp DEPENDS coatcheck::api_two)\n",
      "src/api/one/README.md": "#\n", "src/api/two/README.md": "#\n",
      "src/api/two/CMakeLists.txt": "coatcheck_room(api_two SOURCES b.cpp)\n"}, "api/one must not know api/two"),
    ({"src/cellar/CMakeLists.txt": "coatcheck_room(cellar SOURCES c.cpp)\n", "src/cellar/README.md": "#\n"},
     "src/cellar: is not in the table of rooms"),
    ({"src/rows/r.hpp": "#pragma once\n#include <arrow/api.h>\n"}, "rows/r.hpp:2: Arrow"),
    ({"src/http/h.hpp": "#pragma once\n#include <boost/beast/core.hpp>\n"}, "http/h.hpp:2: Beast"),
    ({"src/http/h.hpp": '#pragma once\n#include "http/inside.hpp"\n'}, "http/inside.hpp:2: Beast"),
    ({"src/http/h.hpp": "#pragma once\n#include <boost/json.hpp>\n"}, "http/h.hpp:2: Boost.JSON"),
    ({"src/journal/journal.hpp": "#pragma once\n\n#include <sqlite3.h>\n"}, "journal/journal.hpp:3: SQLite"),
    ({"src/warehouse/duckdb/d.hpp": "#pragma once\n#include <duckdb.h>\n",
      "apps/coatcheck/main.cpp": '#include "warehouse/duckdb/d.hpp"\n'}, "warehouse/duckdb/d.hpp:2: DuckDB"),
    ({"src/base/a.hpp": "#pragma once\n#include <toml++/toml.h>\n"}, "base/a.hpp:2: toml++"),
    ({"src/base/a.hpp": "#pragma once\nusing namespace std;\n"}, "base/a.hpp:2: using namespace in a header"),
    ({"src/base/a.hpp": "int x();\n"}, "base/a.hpp: has no #pragma once"),
    ({"src/rows/README.md": None}, "src/rows: has no README.md"),
    ({"src/results/s.hpp": "#pragma once\n"}, "src/results: has no README.md"),
    ({"src/async/t.cpp": "void f() { co_spawn(e, g(), boost::asio::detached); }\n"}, "async/t.cpp:1: asio::detached"),
    ({"src/async/t.cpp": "\n// TO" + "DO: later\n"}, "async/t.cpp:2: unfinished work"),
    ({"apps/coatcheck/main.cpp": "// FIX" + "ME\n"}, "apps/coatcheck/main.cpp:1: unfinished work"),
    ({"src/base/a.cpp": '#include "a.hpp"\n'}, "base/a.cpp:1: include by the full path"),
]


def check_tree(files):
    """Writes the files, checks them, returns the violations."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            if text is None:
                continue
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        checker = Checker(folder)
        checker.check()
        return checker.all_violations()


def self_test():
    passed, failed = 0, 0
    clean = check_tree(GOOD_TREE)
    if clean:
        failed += 1
        print("a good tree is not found good:", *clean, sep="\n  ")
    else:
        passed += 1
    for planted, expected in PLANTED:
        violations = check_tree({**GOOD_TREE, **planted})
        if any(expected in violation for violation in violations):
            passed += 1
        else:
            failed += 1
            print(f"not found: {expected}", *violations, sep="\n  ")
    print(f"{passed} passed, {failed} failed")
    return failed == 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 0 if self_test() else 1
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    return 0 if Checker(root).run() else 1


if __name__ == "__main__":
    sys.exit(main())
