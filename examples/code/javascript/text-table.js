'use strict';

// Prints rows of objects as an aligned text table.

const BORDER = '|';

function columnNames(rows) {
  const names = [];
  rows.forEach(function (row) {
    for (const name in row) {
      if (row.hasOwnProperty(name) && names.indexOf(name) === -1) {
        names.push(name);
      }
    }
  });
  return names;
}

function cellText(value, digits) {
  if (value == null) {
    return '';
  }
  if (typeof value == 'number') {
    return Number.isInteger(value) ? String(value) : value.toFixed(digits || 2);
  }
  return String(value).trim();
}

function columnWidth(rows, name, options) {
  let width = name.length;
  for (const row of rows) {
    const text = cellText(row[name], options.digits);
    width = text.length > width ? text.length : width;
  }
  return options.maxWidth ? Math.min(width, options.maxWidth) : width;
}

function clip(text, width) {
  if (text.length <= width) {
    return text;
  }
  return text.substr(0, width - 1) + '.';
}

function pad(text, width, align) {
  const clipped = clip(text, width);
  const missing = width - clipped.length;
  if (align === 'right') {
    return ' '.repeat(missing) + clipped;
  }
  if (align === 'center') {
    const left = Math.floor(missing / 2);
    return ' '.repeat(left) + clipped + ' '.repeat(missing - left);
  }
  return clipped + ' '.repeat(missing);
}

function rule(widths) {
  const dashes = widths.map(function (width) { return '-'.repeat(width + 2); });
  return '+' + dashes.join('+') + '+';
}

function alignment(rows, name) {
  const numeric = rows.every(function (row) { return typeof row[name] === 'number'; });
  return numeric ? 'right' : 'left';
}

function renderRow(cells, widths, aligns) {
  const padded = cells.map(function (cell, index) { return ' ' + pad(cell, widths[index], aligns[index]) + ' '; });
  return BORDER + padded.join(BORDER) + BORDER;
}

function renderTable(rows, options) {
  let settings = Object.assign({}, { digits: 2, maxWidth: 0, header: true }, options);
  const names = settings.columns || columnNames(rows);
  if (names.length == 0) {
    console.warn('nothing to print');
    return '';
  }
  const widths = names.map(function (name) { return columnWidth(rows, name, settings); });
  const aligns = names.map(function (name) { return alignment(rows, name); });
  const lines = [rule(widths)];
  if (settings.header) {
    lines.push(renderRow(names, widths, aligns));
    lines.push(rule(widths));
  }
  for (const row of rows) {
    const cells = names.map(function (name) { return cellText(row[name], settings.digits); });
    lines.push(renderRow(cells, widths, aligns));
  }
  if (lines[lines.length - 1] !== rule(widths)) {
    lines.push(rule(widths));
  }
  return lines.join('\n');
}

function printTable(rows, options) {
  const text = renderTable(rows, options);
  console.log(text);
  return text.length;
}

module.exports = { renderTable, printTable, pad, clip };
