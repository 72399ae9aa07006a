"""One connection of Snowflake's connector for Python, as a program. `../drivers.py` says what it is asked and answers."""

import datetime
import decimal
import json
import math
import os
import signal
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")

import snowflake.connector
from snowflake.connector.constants import FIELD_ID_TO_NAME

HISTORY = """select query_id, execution_status, error_message from table(information_schema.query_history())
   where query_id = '{0}'"""
RESULT = "select * from table (result_scan('{0}'))"


def connect(options):
    credentials = {name: options[name] for name in ("user", "password", "private_key_file") if name in options}
    if "token" in options:
        credentials.update(authenticator="PROGRAMMATIC_ACCESS_TOKEN", token=options["token"])
    if "private_key_file" in options:
        credentials.update(authenticator="SNOWFLAKE_JWT")
    return snowflake.connector.connect(
        account="coatcheck", host=options["host"], port=options["port"], protocol="http", paramstyle="qmark",
        login_timeout=options.get("login_timeout", 30), **credentials)


# --- Values as text that is the same for every driver ----------------------------------------------------------------


def trimmed(text):
    """A time without the zeros at the end of its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def floating(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def text_of(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return floating(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return trimmed(value.isoformat())
        return trimmed(value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()) + "Z"
    if isinstance(value, datetime.time):
        return trimmed(value.isoformat())
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        return json.dumps(value)
    return f"{type(value).__name__}: {value}"


def names(cursor):
    return [column[0] for column in cursor.description or []]


def table(cursor):
    return {"columns": names(cursor), "rows": [[text_of(cell) for cell in row] for row in cursor.fetchall()]}


def article_shape(cursor):
    """What the article makes of a result."""
    items = []
    columns = names(cursor)
    for row in cursor.fetchall():
        items.append(dict(zip(columns, [text_of(cell) for cell in row])))
    return {"columns": {"total": len(columns), "columns": columns}, "items": items}


# --- Commands --------------------------------------------------------------------------------------------------------


class Commands:
    def __init__(self, connection, lines):
        self.connection = connection
        self.lines = lines

    def version(self):
        return snowflake.connector.__version__

    def submit(self, sql):
        cursor = self.connection.cursor()
        cursor.execute_async(sql)
        return cursor.sfqid

    def article(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql, _no_results=True)
        return cursor.sfqid

    def poll(self, id):
        cursor = self.connection.cursor()
        cursor.execute(HISTORY.format(id))
        return cursor.fetchone()

    def scan(self, id):
        cursor = self.connection.cursor()
        cursor.execute(RESULT.format(id))
        return article_shape(cursor)

    def status(self, id):
        return self.connection.get_query_status(id).name

    def results(self, id):
        cursor = self.connection.cursor()
        cursor.get_results_from_sfqid(id)
        rows = [[text_of(cell) for cell in row] for row in cursor.fetchall()]
        return {"columns": names(cursor), "rows": rows}

    def query_result(self, id):
        return table(self.connection.cursor().query_result(id))

    def run(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return {"id": cursor.sfqid, **table(cursor)}

    def change(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return {"id": cursor.sfqid, "affected": cursor.rowcount}

    def types(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        row = cursor.fetchone()
        return [{"name": column[0], "type": FIELD_ID_TO_NAME[column[1]], "value": text_of(value)}
                for column, value in zip(cursor.description, row)]

    def describe(self, sql):
        return [{"name": column[0], "type": FIELD_ID_TO_NAME[column[1]]} for column in self.connection.cursor().describe(sql)]

    def count(self, sql):
        cursor = self.connection.cursor()
        started = time.monotonic()
        cursor.execute(sql)
        rows = numbers = letters = 0
        for number, text in cursor:
            rows += 1
            numbers += number
            letters += len(text)
        return {"rows": rows, "checksum": str(numbers + letters), "seconds": time.monotonic() - started}

    def bind(self, sql):
        cursor = self.connection.cursor()
        moment = datetime.datetime(2024, 2, 29, 12, 34, 56, 789000)
        cursor.execute(sql, (
            42, 12345678901234567890123456789012345678, decimal.Decimal("123.456"), 1.5, True, "h\u00e9llo '?' \U0001f9e5", None,
            moment.date(), moment.time(), moment, moment.replace(tzinfo=datetime.timezone.utc), bytes([0, 255, 16])))
        return {"id": cursor.sfqid, **table(cursor)}

    def bulk(self, sql, rows):
        cursor = self.connection.cursor()
        cursor.executemany(sql, [(number, f"row {number}") for number in range(int(rows))])
        return {"affected": cursor.rowcount}

    def multi(self, sql, statements):
        cursor = self.connection.cursor()
        cursor.execute(sql, num_statements=int(statements))
        results = [table(cursor)]
        while cursor.nextset():
            results.append(table(cursor))
        return results

    def abort(self, id):
        return self.connection.cursor().abort_query(id)

    def cancel(self, sql):
        """Waits for the statement; a line on standard input is a Ctrl-C."""
        cursor = self.connection.cursor()

        def interrupt():
            self.lines.readline()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        cursor.execute(sql)
        return table(cursor)

    def pandas(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        frame = cursor.fetch_pandas_all()
        return {"columns": list(frame.columns), "rows": len(frame), "first": [str(cell) for cell in frame.iloc[0]],
                "last": [str(cell) for cell in frame.iloc[-1]]}

    def arrow(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        read = cursor.fetch_arrow_all()
        return {"columns": read.column_names, "rows": read.num_rows, "first": [str(cell) for cell in read.slice(0, 1).to_pylist()[0].values()],
                "last": [str(cell) for cell in read.slice(read.num_rows - 1).to_pylist()[0].values()]}

    def batches(self, sql):
        """Reads the batches from the last to the first, as a distributed reader may."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        batches = cursor.get_result_batches()
        counts = [sum(1 for _ in batch) for batch in reversed(batches)][::-1]
        announced = [batch.rowcount for batch in batches]
        return {"batches": len(batches), "rows": sum(counts), "announced": counts == announced}


# --- The program -----------------------------------------------------------------------------------------------------


def failure(error):
    code = getattr(error, "errno", None)
    return {"kind": type(error).__name__, "code": None if code is None else f"{int(code):06d}",
            "sqlstate": getattr(error, "sqlstate", None), "message": getattr(error, "msg", None) or str(error),
            "id": getattr(error, "sfqid", None)}


def answer(work):
    try:
        document = {"ok": work()}
    except (Exception, KeyboardInterrupt) as error:
        document = {"error": failure(error)}
    print(json.dumps(document, default=text_of), flush=True)
    return "ok" in document


def once(options, command, arguments):
    """A connection for one command."""
    def work():
        with connect(options) as connection:
            return getattr(Commands(connection, sys.stdin), command)(*arguments)
    answer(work)


def converse(options):
    """One connection for all the commands that come on standard input; the first answer says that it is open."""
    opened = []
    if not answer(lambda: opened.append(connect(options))):
        return
    commands = Commands(opened[0], sys.stdin)
    for line in iter(sys.stdin.readline, ""):
        name, *given = json.loads(line)
        answer(lambda: getattr(commands, name)(*given))
    opened[0].close()


if __name__ == "__main__":
    connection_options = json.loads(sys.argv[1])
    if len(sys.argv) > 2:
        once(connection_options, sys.argv[2], sys.argv[3:])
    else:
        converse(connection_options)
