// One connection of Snowflake's driver for Node, as a program. `../drivers.py` says what it is asked and answers.
'use strict';

const readline = require('node:readline');
const snowflake = require('snowflake-sdk');
const { version } = require('snowflake-sdk/package.json');

snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });

const history = (id) => `select query_id, execution_status, error_message from table(information_schema.query_history())
   where query_id = '${id}'`;

function connect(options) {
  const credentials = options.token
    ? { authenticator: 'PROGRAMMATIC_ACCESS_TOKEN', token: options.token }
    : options.private_key_file
      ? { authenticator: 'SNOWFLAKE_JWT', privateKeyPath: options.private_key_file }
      : { password: options.password };
  const connection = snowflake.createConnection({
    account: 'coatcheck', username: options.user, accessUrl: `http://${options.host}:${options.port}`,
    sfRetryMaxLoginRetries: 1, rowMode: 'array', representNullAsStringNull: false, ...credentials,
  });
  return new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve(connection))));
}

// Its times are text in the session's format, which by default has no fraction.
const EXACT_TIMES = "ALTER SESSION SET TIME_OUTPUT_FORMAT = 'HH24:MI:SS.FF9'";

// --- Values as text that is the same for every driver ---------------------------------------------------------------

const two = (number) => String(number).padStart(2, '0');
const trimmed = (text) => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text);

function clock(seconds, nanoseconds) {
  const whole = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return trimmed(`${whole}.${String(nanoseconds).padStart(9, '0')}`);
}

function moment(value, zoned) {
  const nanoseconds = value.getNanoSeconds ? value.getNanoSeconds() : value.getUTCMilliseconds() * 1e6;
  const seconds = value.toISOString().replace(/\.\d+Z$/, '');
  return trimmed(`${seconds}.${String(nanoseconds).padStart(9, '0')}`) + (zoned ? 'Z' : '');
}

function textOf(value, type) {
  if (value === null || value === undefined) return null;
  if (type === 'date') return value.toISOString().slice(0, 10);
  if (type === 'time') return typeof value === 'string' ? trimmed(value) : clock(value.getMidnightSeconds(), value.getNanoSeconds());
  if (type && type.startsWith('timestamp')) return moment(value, type !== 'timestamp_ntz');
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

function columnsOf(statement) {
  return (statement.getColumns() || []).map((column) => ({ name: column.getName(), type: column.getType() }));
}

function tableOf(statement, rows) {
  const columns = columnsOf(statement);
  return {
    columns: columns.map((column) => column.name),
    rows: (rows || []).map((row) => row.map((cell, index) => textOf(cell, columns[index].type))),
  };
}

// --- Commands --------------------------------------------------------------------------------------------------------

class Commands {
  constructor(connection, lines) {
    this.connection = connection;
    this.lines = lines;
  }

  // Numbers come as text: a double of JavaScript does not hold 38 digits.
  execute(sqlText, options = {}) {
    return new Promise((resolve, reject) => {
      this.connection.execute({
        sqlText, fetchAsString: ['Number'], ...options,
        complete: (error, statement, rows) => (error ? reject(error) : resolve({ statement, rows })),
      });
    });
  }

  async table(sql, options) {
    const { statement, rows } = await this.execute(sql, options);
    return { id: statement.getQueryId(), ...tableOf(statement, rows) };
  }

  async version() {
    return version;
  }

  async submit(sql) {
    const { statement } = await this.execute(sql, { asyncExec: true });
    return statement.getQueryId();
  }

  async poll(id) {
    const { rows } = await this.table(history(id));
    return rows.length ? rows[0] : null;
  }

  async scan(id) {
    const { columns, rows } = await this.table(`select * from table (result_scan('${id}'))`);
    const items = rows.map((row) => Object.fromEntries(row.map((cell, index) => [columns[index], cell])));
    return { columns: { total: columns.length, columns }, items };
  }

  async status(id) {
    return this.connection.getQueryStatus(id);
  }

  async results(id) {
    return new Promise((resolve, reject) => {
      this.connection.getResultsFromQueryId({
        queryId: id, fetchAsString: ['Number'],
        complete: (error, statement, rows) => (error ? reject(error) : resolve(tableOf(statement, rows))),
      }).catch(reject);
    });
  }

  async run(sql) {
    return this.table(sql);
  }

  async change(sql) {
    const { statement } = await this.execute(sql);
    return { id: statement.getQueryId(), affected: statement.getNumUpdatedRows() };
  }

  async types(sql) {
    await this.execute(EXACT_TIMES);
    const { statement, rows } = await this.execute(sql);
    return columnsOf(statement).map(({ name, type }, index) => ({ name, type: type.toUpperCase(), value: textOf(rows[0][index], type) }));
  }

  async describe(sql) {
    const { statement } = await this.execute(sql, { describeOnly: true });
    return columnsOf(statement).map(({ name, type }) => ({ name, type: type.toUpperCase() }));
  }

  async count(sql) {
    const started = process.hrtime.bigint();
    const statement = await new Promise((resolve, reject) => {
      this.connection.execute({
        sqlText: sql, streamResult: true, fetchAsString: ['Number'],
        complete: (error, done) => (error ? reject(error) : resolve(done)),
      });
    });
    let rows = 0;
    let checksum = 0n;
    for await (const [number, text] of statement.streamRows()) {
      rows += 1;
      checksum += BigInt(number) + BigInt(text.length);
    }
    return { rows, checksum: String(checksum), seconds: Number(process.hrtime.bigint() - started) / 1e9 };
  }

  // The driver binds strings, numbers and booleans: what is not one of them goes as text, and bytes cannot go.
  async bind(sql) {
    await this.execute(EXACT_TIMES);
    return this.table(sql, {
      binds: [42, '12345678901234567890123456789012345678', '123.456', 1.5, true, 'h\u00e9llo \'?\' \u{1f9e5}', null,
        '2024-02-29', '12:34:56.789', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56.789+00', null],
    });
  }

  async bulk(sql, rows) {
    const binds = Array.from({ length: Number(rows) }, (_, number) => [number, `row ${number}`]);
    const { statement } = await this.execute(sql, { binds });
    return { affected: statement.getNumUpdatedRows() };
  }

  async multi(sql, statements) {
    return new Promise((resolve, reject) => {
      const results = [];
      this.connection.execute({
        sqlText: sql, fetchAsString: ['Number'], parameters: { MULTI_STATEMENT_COUNT: Number(statements) },
        complete: (error, statement, rows) => {
          if (error) return reject(error);
          results.push(tableOf(statement, rows));
          return statement.hasNext() ? statement.NextResult() : resolve(results);
        },
      });
    });
  }

  // Waits for the statement; a line on standard input cancels it.
  async cancel(sql) {
    return new Promise((resolve, reject) => {
      const statement = this.connection.execute({
        sqlText: sql,
        complete: (error, done, rows) => (error ? reject(error) : resolve(tableOf(done, rows))),
      });
      this.lines.next().then(() => statement.cancel((error) => error && reject(error)));
    });
  }
}

// --- The program -----------------------------------------------------------------------------------------------------

function failure(error) {
  const code = error.code === undefined || error.code === null ? null : String(error.code).padStart(6, '0');
  return {
    kind: error.name, code, sqlstate: error.sqlState ?? null, message: error.message,
    id: error.data ? error.data.queryId ?? null : null,
  };
}

async function answer(work) {
  let document;
  try {
    document = { ok: (await work()) ?? null };
  } catch (error) {
    document = { error: failure(error) };
  }
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(document)}\n`, resolve));
  return 'ok' in document;
}

const close = (connection) => new Promise((resolve) => connection.destroy(resolve));

// A connection for one command.
async function once(options, command, given) {
  await answer(async () => {
    const connection = await connect(options);
    try {
      return await new Commands(connection)[command](...given);
    } finally {
      await close(connection);
    }
  });
}

// One connection for all the commands that come on standard input; the first answer says that it is open.
async function converse(options) {
  let connection;
  const opened = await answer(async () => {
    connection = await connect(options);
  });
  if (!opened) return;
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const commands = new Commands(connection, lines);
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [name, ...given] = JSON.parse(line.value);
    await answer(() => commands[name](...given));
  }
  await close(connection);
}

const [optionsText, command, ...given] = process.argv.slice(2);
const options = JSON.parse(optionsText);
(command ? once(options, command, given) : converse(options)).then(() => process.exit(0));
