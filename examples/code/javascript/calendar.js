'use strict';

// Months, weeks and recurring appointments without a date library.

const DAY = 24 * 60 * 60 * 1000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function isLeapYear(year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

function daysInMonth(year, month) {
  const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return month == 1 && isLeapYear(year) ? 29 : lengths[month];
}

function parseDay(text) {
  const parts = text.split('-');
  if (parts.length != 3) {
    throw new Error('not a day: ' + text);
  }
  const year = parseInt(parts[0], 10);
  const month = parseInt(parts[1], 10) - 1;
  const day = parseInt(parts[2], 10);
  if (isNaN(year) || isNaN(month) || isNaN(day)) {
    throw new Error('not a number in ' + text);
  }
  return new Date(Date.UTC(year, month, day));
}

function twoDigits(number) {
  const text = String(number);
  return text.length == 1 ? '0' + text : text;
}

function formatDay(date, style) {
  const wanted = style || 'iso';
  if (wanted == 'short') {
    return date.getUTCDate() + ' ' + MONTHS[date.getUTCMonth()];
  }
  const month = twoDigits(date.getUTCMonth() + 1);
  const day = twoDigits(date.getUTCDate());
  return date.getUTCFullYear() + '-' + month + '-' + day;
}

function addDays(date, count) {
  return new Date(date.getTime() + count * DAY);
}

function addMonths(date, count) {
  const total = date.getUTCMonth() + count;
  const year = date.getUTCFullYear() + Math.floor(total / 12);
  const month = ((total % 12) + 12) % 12;
  const day = Math.min(date.getUTCDate(), daysInMonth(year, month));
  return new Date(Date.UTC(year, month, day));
}

function daysBetween(first, second) {
  return Math.round((second.getTime() - first.getTime()) / DAY);
}

function weekGrid(year, month) {
  const first = new Date(Date.UTC(year, month, 1));
  const offset = (first.getUTCDay() + 6) % 7;
  const length = daysInMonth(year, month);
  const weeks = [];
  let week = new Array(offset).fill(null);
  for (let day = 1; day <= length; day++) {
    week.push(day);
    if (week.length == 7) {
      weeks.push(week);
      week = [];
    }
  }
  return week.length == 0 ? weeks : weeks.concat([week]);
}

function occurrences(appointment, from, to) {
  let settings = Object.assign({}, { every: 'week', count: 100 }, appointment);
  const found = [];
  let date = settings.start;
  while (date <= to && found.length < settings.count) {
    if (date >= from) {
      found.push(date);
    }
    date = settings.every === 'month' ? addMonths(date, 1) : addDays(date, 7);
  }
  const excluded = settings.except || [];
  return found.filter(function (day) { return excluded.indexOf(formatDay(day)) === -1; });
}

function nextOccurrence(appointment, from) {
  const found = occurrences(appointment, from, addMonths(from, 12));
  const next = found.length == 0 ? null : found[0];
  console.log(appointment.title + ' is next on ' + (next && next.getTime()));
  return next;
}

function lastOccurrence(appointment, from, to) {
  const found = occurrences(appointment, from, to);
  return found[found.length - 1];
}

module.exports = { parseDay, formatDay, addDays, addMonths, daysBetween, weekGrid, nextOccurrence, lastOccurrence };
