"""`coatcheck journal check` and `coatcheck backup`: what is stored, looked at and copied beside a running server."""

import os
import random
import sqlite3
import subprocess
import threading

import httpx
import pytest

from harness.statements import ENDLESS, numbers

MANY_ROWS = 300_000  # Several chunks.


def coatcheck(server, *arguments):
    command = [str(server.binary), *map(str, arguments), "--config", str(server.directory / "coatcheck.toml")]
    return subprocess.run(command, cwd=server.directory, capture_output=True, text=True, timeout=120)


def check(server):
    return coatcheck(server, "journal", "check")


def result_file(server, id):
    return server.data / "results" / id[-2:] / f"{id}.result"


def flip(file, place):
    """Flips one bit of the byte at this place."""
    with open(file, "r+b") as stored:
        stored.seek(place)
        byte = stored.read(1)[0]
        stored.seek(place)
        stored.write(bytes([byte ^ 0x04]))


def claimed(api, id):
    response = api.get(f"/v1/queries/{id}/result?format=arrow")
    assert response.status_code == 200, response.text
    return response.content


@pytest.fixture
def filled(start_server):
    """A running server with a failed query, one that waits, and results; and their ids."""
    server = start_server(warehouse={"max_running": 1})
    with server.api() as api:
        ids = [api.run(numbers(n))["id"] for n in (0, 1, 1000, MANY_ROWS)]
        assert api.ended(api.submit("SELECT * FROM no_such_table")["id"])["status"] == "FAILED"
    server.ids = ids
    return server


def test_a_healthy_server_checks_well_while_it_runs_and_when_it_does_not(filled):
    with filled.api() as api:
        running = api.running(ENDLESS)
        checked = check(filled)
        assert (checked.returncode, checked.stderr) == (0, "")
        assert "ok (6 queries, 4 results in 5 chunks" in checked.stdout
        api.cancel(running["id"])
        api.ended(running["id"])
    filled.stop()
    assert check(filled).returncode == 0
    filled.start()


def test_a_server_that_died_checks_well_too(filled):
    with filled.api() as api:
        api.running(ENDLESS)
    filled.kill()
    checked = check(filled)
    assert checked.returncode == 0, checked.stdout


def test_every_kind_of_damage_to_a_result_is_found_and_never_served(filled):
    long = filled.ids[-1]
    size = result_file(filled, long).stat().st_size
    good = result_file(filled, long).read_bytes()
    randomly = random.Random(4711)
    for place in [0, 20, size - 4, size - 30, *(randomly.randrange(size) for _ in range(8))]:
        flip(result_file(filled, long), place)
        checked = check(filled)
        assert checked.returncode == 1 and f"query {long}: " in checked.stdout, f"byte {place}"
        assert checked.stdout.count("wrong  ") == 1, checked.stdout
        result_file(filled, long).write_bytes(good)
    assert check(filled).returncode == 0


def test_a_damaged_chunk_is_named_and_what_is_before_it_is_all_that_a_claim_gets(filled):
    long = filled.ids[-1]
    with filled.api() as api:
        whole = api.get(f"/v1/queries/{long}/result?format=csv").content
        flip(result_file(filled, long), result_file(filled, long).stat().st_size // 2)
        assert f"query {long}: chunk 1 of 3 (rows 131072 to 262143, bytes " in check(filled).stdout
        for asked in ("format=csv", "format=arrow", "format=ndjson", "format=csv&offset=140000&limit=10"):
            try:
                response = api.get(f"/v1/queries/{long}/result?{asked}")
            except httpx.RemoteProtocolError:  # It broke off, for its head was sent already.
                continue
            assert response.status_code == 500, "a damaged result is no success"
        page = api.get(f"/v1/queries/{long}/result?format=csv&offset=0&limit=1000")
        assert page.status_code == 200 and whole.startswith(page.content), "chunks that are good are served"


def test_a_result_that_is_not_there_and_a_file_that_nobody_wants_are_found(filled):
    gone, renamed = filled.ids[1], "018f0000-0000-7000-8000-0000000000aa"
    result_file(filled, renamed).write_bytes(result_file(filled, gone).read_bytes())
    result_file(filled, gone).unlink()
    checked = check(filled)
    assert checked.returncode == 1 and checked.stdout.count("wrong  ") == 2, checked.stdout
    assert f"query {gone}: its result is not there" in checked.stdout
    assert f"query {renamed}: nobody wants" in checked.stdout


def test_a_damaged_journal_is_found(filled):
    filled.stop()
    file = filled.data / "journal.db"
    good = file.read_bytes()
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        roots = dict(database.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"))
        page_bytes = database.execute("PRAGMA page_size").fetchone()[0]
    # The head of each page in use says how it is read.
    for name, page in roots.items():
        for offset in (0, 3, 5):
            flip(file, (page - 1) * page_bytes + offset)
            checked = check(filled)
            assert checked.returncode == 1, f"{name}, byte {offset}: {checked.stdout}{checked.stderr}"
            file.write_bytes(good)
    # An id that no longer is the one its index has.
    flip(file, good.index(bytes.fromhex(filled.ids[2].replace("-", ""))) + 10)
    checked = check(filled)
    assert checked.returncode == 1 and "wrong  the journal: " in checked.stdout
    file.write_bytes(good)
    assert check(filled).returncode == 0


def test_a_letter_that_has_changed_in_the_journal_is_found_and_the_query_not_served(filled):
    filled.stop()
    file = filled.data / "journal.db"
    flip(file, file.read_bytes().index(numbers(1000).encode()) + 3)
    checked = check(filled)
    assert checked.returncode == 1 and f"wrong  the journal: query {filled.ids[2]}: " in checked.stdout, checked.stdout
    filled.start()
    with filled.api() as api:
        assert api.get(f"/v1/queries/{filled.ids[2]}").status_code == 500
        assert api.status(filled.ids[1])["status"] == "SUCCEEDED"
        listed = [query["id"] for query in api.history()["queries"]]
        assert filled.ids[2] not in listed and filled.ids[1] in listed
        assert api.run(numbers(3))["status"] == "SUCCEEDED"
    assert any(filled.ids[2] in event["error"] for event in filled.log_events("query_unreadable"))


def test_a_damaged_log_of_the_journal_is_found(filled):
    with filled.api() as api:
        for n in range(5):
            api.run(numbers(n))
    filled.kill()
    log = filled.data / "journal.db-wal"
    good = log.read_bytes()
    for frame in (0, 3, 30):
        flip(log, 32 + frame * (24 + 4096) + 100)
        checked = check(filled)
        assert checked.returncode == 1, checked.stdout
        assert f"frame {frame} of the write-ahead log" in checked.stdout + checked.stderr
        log.write_bytes(good)
    assert check(filled).returncode == 0


def test_without_a_journal_there_is_nothing_to_check_or_copy(start_server):
    server = start_server(run=False)
    server.write_config()
    for done in (check(server), coatcheck(server, "backup", server.directory / "copy")):
        assert done.returncode == 2 and "there is no journal" in done.stderr
    assert not (server.directory / "copy").exists() and not server.data.exists()


def test_a_backup_under_load_starts_and_has_every_result_that_it_knows(filled, start_server):
    copy = filled.directory / "copy"
    stop = threading.Event()

    def load():
        with filled.api() as api:
            n = 0
            while not stop.is_set():
                n += 1
                id = api.run(numbers(n))["id"]
                if n % 2:
                    api.delete(f"/v1/queries/{id}")

    loaders = [threading.Thread(target=load) for _ in range(2)]
    for loader in loaders:
        loader.start()
    try:
        backed_up = coatcheck(filled, "backup", copy)
        again = coatcheck(filled, "backup", copy)
    finally:
        stop.set()
        for loader in loaders:
            loader.join()
    assert backed_up.returncode == 0, backed_up.stdout + backed_up.stderr
    assert again.returncode == 2 and "is there already" in again.stderr
    assert os.stat(copy).st_mode & 0o077 == 0
    assert not [file for file in copy.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]

    restored = start_server(run=False)
    copy.rename(restored.data)
    restored.start()
    with filled.api() as before, restored.api() as after:
        items = after.history(limit=1000)["queries"]
        succeeded = [item["id"] for item in items if item["status"] == "SUCCEEDED"]
        assert set(filled.ids) <= set(succeeded)
        for id in succeeded:
            response = after.get(f"/v1/queries/{id}/result?format=arrow")
            assert response.status_code in (200, 410), f"{id}: {response.text}"
            if response.status_code == 200 and result_file(filled, id).exists():
                assert response.content == claimed(before, id)
                assert result_file(restored, id).read_bytes() == result_file(filled, id).read_bytes()
    assert restored.log_events("recovered")[0]["results_orphaned_removed"] == 0


def test_a_backup_has_the_keys_and_the_sessions(start_server):
    server = start_server(run=False)
    server.write_config()
    assert coatcheck(server, "key", "create", "somebody").returncode == 0
    server.start()
    (server.data / "sessions").mkdir(exist_ok=True)
    (server.data / "sessions" / "closed-9").write_text("1 99999999999\n")
    assert coatcheck(server, "backup", server.directory / "copy").returncode == 0
    for name in ("keys.json", "snowflake.secret", "sessions/closed-9"):
        assert (server.directory / "copy" / name).read_bytes() == (server.data / name).read_bytes()


def test_a_backup_with_damage_in_it_is_made_and_says_so(filled):
    flip(result_file(filled, filled.ids[-1]), 1000)
    backed_up = coatcheck(filled, "backup", filled.directory / "copy")
    assert backed_up.returncode == 1 and f"query {filled.ids[-1]}: chunk 0" in backed_up.stdout
    assert (filled.directory / "copy" / "journal.db").exists()
