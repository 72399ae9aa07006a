// Prints what apache-arrow reads in the Arrow stream of the given file: an object of columns, each an array.
// Numbers of more than 53 bits are strings; dates, times and timestamps are the integers as stored.
'use strict';
const fs = require('fs');
const { tableFromIPC, Type } = require('apache-arrow');

// Decimals arrive as 32-bit words, the least significant first, in two's complement.
function integerOf(words) {
  let value = 0n;
  for (let i = words.length - 1; i >= 0; --i) value = (value << 32n) | BigInt(words[i] >>> 0);
  return BigInt.asIntN(32 * words.length, value);
}

function plain(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object' && typeof value.toJSON === 'function') return plain(value.toJSON());
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
}

const stored = new Set([Type.Date, Type.Time, Type.Timestamp]);

function valuesOf(column) {
  const values = [];
  for (const data of column.data) {
    for (let i = 0; i < data.length; ++i) {
      const row = values.length;
      if (!data.getValid(i)) values.push(null);
      else if (stored.has(column.type.typeId)) values.push(data.values[i].toString());
      else if (column.type.typeId === Type.Decimal) values.push(integerOf(column.get(row)).toString());
      else values.push(plain(column.get(row)));
    }
  }
  return values;
}

const table = tableFromIPC(fs.readFileSync(process.argv[2]));
const columns = {};
table.schema.fields.forEach((field, i) => { columns[field.name] = valuesOf(table.getChildAt(i)); });
process.stdout.write(JSON.stringify(columns));
