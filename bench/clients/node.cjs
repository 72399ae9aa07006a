// Snowflake's driver for Node as a client that times itself. `../measuring/drivers.py` says what it is asked and answers.
'use strict';

const readline = require('node:readline');
const snowflake = require('snowflake-sdk');

snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });

function connect({ host, port, ...rest }) {
  const { user, ...options } = rest;
  const connection = snowflake.createConnection({
    account: 'coatcheck', username: user, accessUrl: `http://${host}:${port}`, sfRetryMaxLoginRetries: 1, rowMode: 'array', ...options,
  });
  return new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve(connection))));
}

class Commands {
  constructor(connection) {
    this.connection = connection;
  }

  statement(sqlText, options) {
    return new Promise((resolve, reject) => {
      this.connection.execute({
        sqlText, ...options, complete: (error, statement, rows) => (error ? reject(error) : resolve({ statement, rows })),
      });
    });
  }

  async execute(sql) {
    return (await this.statement(sql)).rows;
  }

  // Submitted asynchronously, awaited and fetched by its id.
  async by_id(sql) {
    const { statement } = await this.statement(sql, { asyncExec: true });
    return new Promise((resolve, reject) => {
      this.connection.getResultsFromQueryId({
        queryId: statement.getQueryId(), complete: (error, _, rows) => (error ? reject(error) : resolve(rows)),
      }).catch(reject);
    });
  }

  async whole(sql) {
    const rows = await this.execute(sql);
    return [[rows.length, rows[0].length]];
  }
}

async function secondsOf(commands, name, sql, count) {
  const seconds = [];
  let rows;
  for (let i = 0; i !== count; i += 1) {
    const before = process.hrtime.bigint();
    rows = await commands[name](sql);
    seconds.push(Number(process.hrtime.bigint() - before) / 1e9);
  }
  return { seconds, rows: rows.map((row) => row.map(String)) };
}

async function answer(work) {
  let document;
  try {
    document = { ok: (await work()) ?? null };
  } catch (error) {
    document = { error: `${error.name}: ${error.message}` };
  }
  await new Promise((resolve) => process.stdout.write(`${JSON.stringify(document)}\n`, resolve));
  return 'ok' in document;
}

async function main() {
  let commands;
  const opened = await answer(async () => {
    commands = new Commands(await connect(JSON.parse(process.argv[2])));
  });
  if (!opened) return;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, sql, count] = JSON.parse(line);
    await answer(() => secondsOf(commands, name, sql, count));
  }
}

main().then(() => process.exit(0));
