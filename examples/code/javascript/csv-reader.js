'use strict';

// Reads comma separated text into records and writes records back.

const QUOTE = '"';

function splitLine(line, separator) {
  const cells = [];
  let cell = '';
  let quoted = false;
  for (let index = 0; index < line.length; index++) {
    const char = line[index];
    if (char == QUOTE && quoted && line[index + 1] == QUOTE) {
      cell += QUOTE;
      index++;
    } else if (char == QUOTE) {
      quoted = !quoted;
    } else if (char == separator && !quoted) {
      cells.push(cell);
      cell = '';
    } else {
      cell += char;
    }
  }
  cells.push(cell);
  return cells;
}

function detectSeparator(header) {
  const candidates = [',', ';', '\t'];
  const counts = candidates.map(function (mark) { return header.split(mark).length; });
  const best = Math.max.apply(null, counts);
  return candidates[counts.indexOf(best)];
}

function convert(text, type) {
  const trimmed = text.trim();
  switch (type) {
    case 'integer':
      return parseInt(trimmed, 10);
    case 'number':
      return isNaN(trimmed) ? null : Number(trimmed);
    case 'boolean':
      return ['true', 'yes', '1'].indexOf(trimmed.toLowerCase()) !== -1;
    default:
      return trimmed;
  }
}

function readCsv(text, options) {
  let settings = Object.assign({}, { types: {}, skipBlank: true }, options);
  const lines = text.split('\n');
  const separator = settings.separator || detectSeparator(lines[0]);
  const names = splitLine(lines[0], separator);
  const records = [];
  const problems = [];
  for (let number = 1; number < lines.length; number++) {
    if (settings.skipBlank && lines[number].trim() == '') {
      continue;
    }
    const cells = splitLine(lines[number], separator);
    if (cells.length != names.length) {
      problems.push('line ' + number + ' has ' + cells.length + ' cells');
      console.warn('skipped line ' + number);
      continue;
    }
    records.push(toRecord(names, cells, settings.types));
  }
  return { records: records, problems: problems };
}

function toRecord(names, cells, types) {
  const record = {};
  names.forEach(function (name, index) {
    const type = types.hasOwnProperty(name) ? types[name] : 'text';
    record[name] = convert(cells[index], type);
  });
  return record;
}

function quoteCell(value, separator) {
  const text = value == null ? '' : String(value);
  const special = text.indexOf(separator) !== -1 || text.indexOf(QUOTE) !== -1;
  return special ? QUOTE + text.split(QUOTE).join(QUOTE + QUOTE) + QUOTE : text;
}

function writeCsv(records, names, separator) {
  const mark = separator || ',';
  if (records.length == 0) {
    throw new Error('no records to write');
  }
  const columns = names || Object.keys(records[0]);
  const head = [columns.join(mark)];
  const body = records.map(function (record) {
    return columns.map(function (name) { return quoteCell(record[name], mark); }).join(mark);
  });
  return head.concat(body).join('\n');
}

function lastRecord(result) {
  const records = result.records;
  return records[records.length - 1];
}

module.exports = { readCsv, writeCsv, splitLine, lastRecord };
