"""Out of the embedded engine: SQL that tries to reach files, the network, settings, secrets, or other people's statements, through the API.

src/warehouse/duckdb/breakout_test.cpp tries the engine alone. Here it is a whole server, whose own keys and journal lie beside what
may be read, and whatever is attempted must say nothing of them.
"""

import json

import httpx
import pytest

from conftest import end
from harness.keys import make_key
from harness.server import Server
from harness.sql_api import SqlApi

CANARY = "canary-7f3a9c"


class Cage:
    """A server whose warehouse may read one directory; a secret lies beside it."""

    def __init__(self, directory):
        self.readable = directory / "readable"
        self.readable.mkdir()
        (self.readable / "in.csv").write_text("a,b\n1,2\n")
        self.secret = directory / "secret.csv"
        self.secret.write_text(f"word\n{CANARY}\n")
        self.writable = directory / "writable"
        self.writable.mkdir()
        self.server = Server(directory / "server", {"authentication.enabled": True},
                             {"database": str(directory / "main.duckdb"), "data_directories": [str(self.readable)], "max_running": 4})
        self.server.more = f'[[warehouse.table]]\nname = "things"\npath = "{self.readable}/in.csv"\n'
        self.key = make_key(self.server.binary, self.server.data, "ann")
        self.other_key = make_key(self.server.binary, self.server.data, "bob")
        self.server.start()
        self.ann, self.bob = self.server.api(self.key), self.server.api(self.other_key)
        self.ann.run("CREATE TABLE IF NOT EXISTS filled AS SELECT range AS n FROM range(1000)")  # So that there is a log, too.
        self.before = self.files()

    def files(self):
        """Every file there is, but for those that the server writes as it serves."""
        root = self.readable.parent
        return {str(path.relative_to(root)) for path in root.rglob("*") if "server/data" not in str(path) and not path.name.startswith("main.duckdb")
                and path.name != "log"}

    def placed(self, text):
        for mark, place in {"@SECRET": self.secret, "@IN": self.readable / "in.csv", "@READABLE": self.readable, "@OUT": self.writable,
                            "@DATA": self.server.data, "@DB": self.readable.parent / "main.duckdb"}.items():
            text = text.replace(mark, str(place))
        return text

    def secrets(self):
        """What no answer may show: contents of files, keys, and where things are."""
        return [CANARY, "root:x:", "PATH=", self.key, self.other_key, "PRIVATE KEY", "SQLite format"]


@pytest.fixture(scope="module")
def cage(tmp_path_factory):
    made = Cage(tmp_path_factory.mktemp("cage"))
    yield made
    made.ann.close()
    made.bob.close()
    end(made.server)


def attempt(cage, text):
    """What became of the statement, which must have shown nothing and written nothing."""
    placed = cage.placed(text)
    query = cage.ann.ended(cage.ann.submit(placed)["id"])
    shown = json.dumps(query.get("error"))
    if query["status"] == "SUCCEEDED":
        shown += cage.ann.get(f"/v1/queries/{query['id']}/result", params={"format": "csv"}).text
    for secret in cage.secrets():
        assert secret not in shown, f"{text} shows {secret}"
    assert cage.files() == cage.before, f"{text} has written"
    return query


READERS = ["read_text", "read_blob", "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_json_objects", "read_ndjson_objects",
           "read_parquet", "parquet_scan", "parquet_metadata", "parquet_schema", "parquet_file_metadata", "parquet_kv_metadata", "sniff_csv", "glob"]
PLACES = ["/etc/passwd", "/proc/self/environ", "/proc/self/cmdline", "/proc/self/fd/0", "@SECRET", "@READABLE/../secret.csv", "@READABLE/./../secret.csv",
          "@READABLE//..//secret.csv", "file://@SECRET", "@DATA/keys.json", "@DATA/journal.db", "@DATA/snowflake.secret", "@DATA/results/*/*", "@DB", "@DB.wal", "/dev/stdin",
          "~/.ssh/id_rsa", "../secret.csv", "/etc/pass*", "http://169.254.169.254/latest/meta-data/"]
PERMISSION = {
    "files by function": [f"SELECT * FROM {reader}('{place}')" for reader in READERS for place in PLACES
                          if reader != "glob" or not place.startswith("~")],
    "files by name": [f"FROM '{place}'" for place in ("/etc/passwd.csv", "@SECRET", "@READABLE/../secret.csv", "@DATA/keys.json", "/etc/x.parquet",
                                                       "http://127.0.0.1:1/x.csv", "s3://b/x.parquet")] + [
        "FROM query_table('@SECRET')", "FROM query_table(['@SECRET'])", "DESCRIBE '@SECRET'", "SUMMARIZE '@SECRET'", "SELECT (FROM '@SECRET')",
        "WITH x AS (FROM '@SECRET') FROM x", "FROM things UNION ALL BY NAME FROM '@SECRET'", "EXPLAIN ANALYZE FROM '@SECRET'",
        "SELECT * FROM things WHERE EXISTS (FROM '@SECRET')", "PIVOT (FROM '@SECRET') ON word", "FROM read_csv(['@IN', '@SECRET'])",
        "CREATE TABLE stolen AS FROM '@SECRET'", "CREATE VIEW stolen AS FROM '@SECRET'",
        "CREATE OR REPLACE MACRO stolen() AS TABLE FROM '@SECRET'"],
    "copy": ["COPY (SELECT 1) TO '@OUT/x.csv'", "COPY things TO '@READABLE/x.csv'", "COPY (SELECT 1) TO '@OUT/x' (FORMAT parquet, PARTITION_BY (a))",
             "COPY things FROM '@SECRET'", "COPY things FROM '/etc/passwd' (DELIMITER ':')", "COPY (SELECT 1) TO STDOUT", "COPY FROM DATABASE main TO x",
             "EXPLAIN COPY (SELECT 1) TO '@OUT/x.csv'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '@OUT/x.csv'", "EXPORT DATABASE '@OUT'",
             "EXPORT DATABASE '@OUT/db' (FORMAT parquet)", "IMPORT DATABASE '@READABLE'", "cOpY/**/(SELECT 1)/**/TO '@OUT/x.csv'",
             "-- SELECT\nCOPY (SELECT 1) TO '@OUT/x.csv'"],
    "attach": ["ATTACH '@DATA/journal.db' AS j", "ATTACH '@DATA/journal.db' AS j (TYPE sqlite)", "ATTACH '@OUT/new.duckdb'", "ATTACH ':memory:' AS m",
               "ATTACH IF NOT EXISTS '@DB' AS again (READ_ONLY)", "ATTACH 'http://127.0.0.1:1/x.duckdb'", "ATTACH '' AS pg (TYPE postgres)", "DETACH main",
               "USE memory"],
    "extensions": ["INSTALL httpfs", "LOAD httpfs", "INSTALL shellfs FROM community", "LOAD '@READABLE/x.duckdb_extension'", "LOAD '/tmp/x.so'",
                   "FORCE INSTALL json", "UPDATE EXTENSIONS", "INSTALL x FROM 'http://127.0.0.1:1'"],
    "settings": [f"{verb} {name}{value}" for verb, value in (("SET", " = '/'"), ("SET GLOBAL", " = true"), ("SET SESSION", " = false"), ("RESET", ""))
                 for name in ("allow_unsigned_extensions", "temp_directory", "home_directory", "enable_external_access", "lock_configuration",
                              "allowed_directories", "allowed_paths", "extension_directory", "secret_directory", "custom_extension_repository",
                              "enable_logging", "log_query_path", "profiling_output", "file_search_path", "memory_limit", "threads", "http_proxy")] + [
        "PRAGMA temp_directory = '@OUT'", "PRAGMA enable_profiling", "PRAGMA profiling_output = '@OUT/p'", "PRAGMA log_query_path = '@OUT/q'",
        "PRAGMA database_list", "PRAGMA enable_logging", "PRAGMA enable_external_access = true", "PRAGMA import_database('@READABLE')", "CHECKPOINT",
        "FORCE CHECKPOINT", "VACUUM", "ANALYZE", "SET VARIABLE x = 1", "CALL pragma_version()", "CALL enable_logging()", "CALL force_checkpoint()"],
    "secrets": ["CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')", "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x')", "DROP SECRET s", "FROM duckdb_secrets()",
                "FROM duckdb_secrets(redact => false)", "FROM which_secret('s3://x', 's3')"],
    "what is inside": ["FROM duckdb_settings()", "FROM duckdb_databases()", "FROM duckdb_extensions()", "FROM duckdb_logs()", "FROM duckdb_temporary_files()",
                       "FROM duckdb_external_file_cache()", "SELECT current_setting('temp_directory')", "SELECT current_setting('home_directory')",
                       "FROM pg_settings", "FROM pg_catalog.pg_settings", "SHOW DATABASES", "FROM enable_logging(storage = 'file', storage_path = '@OUT')",
                       "SELECT write_log('x')", "FROM sql_auto_complete('FROM ''/')"],
    "hidden statements": ["PREPARE p AS FROM read_text('@SECRET')", "EXECUTE p", "DEALLOCATE p", "FROM query('FROM read_text(''@SECRET'')')",
                          "FROM query('COPY (SELECT 1) TO ''@OUT/x.csv''')", "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
                          "CREATE MACRO m(q) AS TABLE FROM query(q)", "PRAGMA json_execute_serialized_sql('{}')", "BEGIN", "COMMIT", "CALL start_ui()"],
}
# Some fail before it comes to that, in other words: what is not there cannot be reached either.
STATEMENT = {
    "not in this engine": ["SELECT getenv('HOME')", "SELECT shell('id')", "SELECT system('id')", "SELECT python('1')", "FROM shell('id')",
                           "SELECT load_extension('x')", "FROM sqlite_scan('@DATA/journal.db', 'queries')", "FROM postgres_scan('', '', '')", "FROM st_read('@SECRET')",
                           "FROM read_xlsx('@SECRET')", "FROM iceberg_scan('@READABLE')", "FROM delta_scan('@READABLE')", "SELECT pg_read_file('/etc/passwd')",
                           "SELECT lo_import('/etc/passwd')", "SELECT load_file('/etc/passwd')", "SELECT readfile('/etc/passwd')", "CREATE FUNCTION f() RETURNS int LANGUAGE python AS 'x'",
                           ".shell id", ".read /etc/passwd", "!cat /etc/passwd", "DO $$ BEGIN END $$", "LOAD DATA INFILE '/etc/passwd' INTO TABLE x",
                           "FROM '/etc/passwd'", "COPY x FROM PROGRAM 'id'"],
    "several statements": ["SELECT 1; FROM read_text('@SECRET')", "SELECT 1; COPY (SELECT 1) TO '@OUT/x.csv'", "SELECT 1;; SET threads = 1",
                           "SELECT ';'; ATTACH '@OUT/x.duckdb'", "SELECT 1 -- \n; LOAD httpfs", "SELECT $$;$$; INSTALL httpfs"],
}


@pytest.mark.parametrize("kind", PERMISSION)
def test_what_reaches_out_is_refused_as_not_allowed(cage, kind):
    otherwise = {}
    for text in PERMISSION[kind]:
        query = attempt(cage, text)
        if (query["status"], (query.get("error") or {}).get("category")) != ("FAILED", "PERMISSION"):
            otherwise[text] = (query["status"], query.get("error"))
    assert not otherwise, json.dumps(otherwise, indent=1)


@pytest.mark.parametrize("kind", STATEMENT)
def test_what_is_not_there_fails(cage, kind):
    for text in STATEMENT[kind]:
        query = attempt(cage, text)
        assert query["status"] == "FAILED" and query["error"]["category"] in ("STATEMENT", "PERMISSION"), (text, query)


def test_what_was_made_earlier_leads_no_further(cage):
    made = ["CREATE OR REPLACE MACRO setting(x) AS current_setting(x)", "CREATE OR REPLACE MACRO peek(f) AS TABLE FROM read_text(f)",
            "CREATE OR REPLACE MACRO hidden() AS TABLE FROM duckdb_secrets()", "CREATE OR REPLACE MACRO any_table(n) AS TABLE FROM query_table(n)",
            "CREATE OR REPLACE TABLE paths AS SELECT '@SECRET' AS path"]
    for text in made:
        attempt(cage, text)
    for text in ("SELECT setting('temp_directory')", "FROM peek('@SECRET')", "FROM peek('/etc/passwd')", "FROM hidden()", "FROM any_table('@SECRET')",
                 "SELECT (FROM read_text(paths.path)) FROM paths", "FROM read_text((SELECT path FROM paths))", "FROM paths, read_text(path)"):
        assert attempt(cage, text)["status"] == "FAILED", text


# Tables of the engine that remain: they may be read, and say nothing of where things are or of what somebody else does.
REMAINING = ["duckdb_tables()", "duckdb_columns()", "duckdb_functions()", "duckdb_types()", "duckdb_schemas()", "duckdb_memory()", "duckdb_optimizers()",
             "duckdb_keywords()", "duckdb_constraints()", "duckdb_indexes()", "duckdb_sequences()", "duckdb_dependencies()", "duckdb_variables()",
             "duckdb_prepared_statements()", "information_schema.tables", "information_schema.columns", "information_schema.schemata", "pg_catalog.pg_tables",
             "pg_catalog.pg_class", "pg_catalog.pg_database", "sqlite_master", "pragma_database_size()", "pragma_platform()", "pragma_user_agent()",
             "duckdb_connection_count()", "duckdb_approx_database_count()"]


@pytest.mark.parametrize("table", REMAINING)
def test_what_the_engine_still_tells_of_itself_names_no_place_and_nobody(cage, table):
    cage.bob.run("CREATE OR REPLACE TEMP TABLE bobs_own AS SELECT 'bob thinks of " + CANARY + "' AS x")
    query = attempt(cage, f"FROM {table}")
    shown = "" if query["status"] == "FAILED" else cage.ann.get(f"/v1/queries/{query['id']}/result", params={"format": "csv"}).text
    assert "bob thinks" not in shown and "bobs_own" not in shown
    if table != "sqlite_master":  # A view shows its own text, and a configured table is one.
        assert str(cage.readable.parent) not in shown


def test_what_may_be_read_is_read(cage):
    # Else all of the above could be refused for another reason.
    for text in ("FROM things", "FROM read_csv('@IN')", "FROM '@IN'", "SELECT count(*) FROM glob('@READABLE/*')", "DESCRIBE things",
                 "SELECT 'COPY (SELECT 1) TO ''/etc/passwd''' AS innocent", "EXPLAIN FROM things"):
        assert attempt(cage, text)["status"] == "SUCCEEDED", text


@pytest.mark.parametrize("text", ["SELECT * FROM read_text('@SECRET')", "COPY (SELECT 1) TO '@OUT/x.csv'", "ATTACH '@DATA/journal.db' AS j", "SET threads = 1",
                                  "FROM duckdb_settings()", "FROM read_blob('@DATA/keys.json')", "INSTALL httpfs"])
def test_the_other_doors_let_out_no_more(cage, text):
    with SqlApi(cage.server.url, cage.key) as sql:
        for form in (text, f"SELECT 1; {text}"):
            answer = sql.post("/api/v2/statements", json={"statement": cage.placed(form), "parameters": {"MULTI_STATEMENT_COUNT": "0"}})
            assert not [secret for secret in cage.secrets() if secret in answer.text]
            # A session's own SET is Snowflake's, and never the engine's.
            assert answer.status_code == 422 or text.startswith("SET"), answer.text
    login = httpx.post(f"{cage.server.url}/session/v1/login-request", json={"data": {"LOGIN_NAME": "ann", "PASSWORD": cage.key}}).json()["data"]
    answer = httpx.post(f"{cage.server.url}/queries/v1/query-request", params={"requestId": "1"}, json={"sqlText": cage.placed(text)}, timeout=60,
                        headers={"Authorization": f'Snowflake Token="{login["token"]}"'})
    assert not [secret for secret in cage.secrets() if secret in answer.text]
    assert answer.json()["success"] is False or text.startswith("SET")
    assert cage.files() == cage.before
    # And in an engine over stored results, which is another one.
    id = cage.ann.run("SELECT 1 AS one")["id"]
    for attempted in ("read_text('@SECRET')", "read_blob('@DATA/keys.json')", "glob('/*')", "duckdb_settings()", "'@SECRET'", "query('SELECT 1')"):
        query = cage.ann.ended(cage.ann.submit(cage.placed(f"SELECT * FROM table(RESULT_SCAN('{id}')), {attempted}"))["id"])
        assert query["status"] == "FAILED" and not [secret for secret in cage.secrets() if secret in json.dumps(query["error"])], query
