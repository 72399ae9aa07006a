"""Snowflake's connector for Python as a client that times itself. `../measuring/drivers.py` says what it is asked and answers."""

import json
import sys
import time

import snowflake.connector


class Commands:
    def __init__(self, connection):
        self.cursor = connection.cursor()

    def by_id(self, sql):
        """As the article does: submitted asynchronously, awaited and fetched by its id."""
        self.cursor.execute_async(sql)
        self.cursor.get_results_from_sfqid(self.cursor.sfqid)
        return self.cursor.fetchall()

    def execute(self, sql):
        return self.cursor.execute(sql).fetchall()

    def whole(self, sql):
        table = self.cursor.execute(sql).fetch_arrow_all()
        return [[table.num_rows, table.num_columns]]


def seconds_of(work, sql, count):
    taken = []
    for _ in range(count):
        before = time.perf_counter()
        rows = work(sql)
        taken.append(time.perf_counter() - before)
    return {"seconds": taken, "rows": [[str(cell) for cell in row] for row in rows]}


def answer(work):
    try:
        document = {"ok": work()}
    except Exception as error:
        document = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(document), flush=True)
    return "ok" in document


def main():
    options = json.loads(sys.argv[1])
    opened = []

    def open_it():
        opened.append(snowflake.connector.connect(account="coatcheck", protocol="http", login_timeout=10, **options))

    if not answer(open_it):
        return
    commands = Commands(opened[0])
    for line in sys.stdin:
        name, sql, count = json.loads(line)
        answer(lambda: seconds_of(getattr(commands, name), sql, count))


if __name__ == "__main__":
    main()
