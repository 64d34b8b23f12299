'use strict';

// Conway's Game of Life on a torus, with patterns as text.

const ALIVE = '#';
const DEAD = '.';

function createGrid(width, height, isAlive) {
  const fill = isAlive || function () { return false; };
  const rows = [];
  for (let y = 0; y < height; y++) {
    const row = [];
    for (let x = 0; x < width; x++) {
      row.push(fill(x, y) ? 1 : 0);
    }
    rows.push(row);
  }
  return rows;
}

function parseGrid(text) {
  const lines = text.split('\n').filter(function (line) { return line != ''; });
  if (lines.length == 0) {
    throw new Error('empty pattern');
  }
  const width = lines[0].length;
  lines.forEach(function (line, index) {
    if (line.length != width) {
      throw new Error('line ' + index + ' has another width');
    }
  });
  return createGrid(width, lines.length, function (x, y) { return lines[y][x] == ALIVE; });
}

function printGrid(grid) {
  const lines = grid.map(function (row) {
    return row.map(function (cell) { return cell ? ALIVE : DEAD; }).join('');
  });
  return lines.join('\n');
}

function wrap(value, size) {
  return value < 0 ? value + size : value % size;
}

function neighbours(grid, x, y) {
  let count = 0;
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      if (dx == 0 && dy == 0) {
        continue;
      }
      const row = grid[wrap(y + dy, grid.length)];
      count += row[wrap(x + dx, row.length)];
    }
  }
  return count;
}

function step(grid) {
  return grid.map(function (row, y) {
    return row.map(function (cell, x) {
      const count = neighbours(grid, x, y);
      return count == 3 || (cell && count == 2) ? 1 : 0;
    });
  });
}

function population(grid) {
  let total = 0;
  grid.forEach(function (row) {
    total = total + row.reduce(function (sum, cell) { return sum + cell; }, 0);
  });
  return total;
}

function run(grid, generations, options) {
  let settings = Object.assign({}, { stopWhenStable: true, log: false }, options);
  const seen = [printGrid(grid)];
  let current = grid;
  for (let generation = 1; generation <= generations; generation++) {
    current = step(current);
    const picture = printGrid(current);
    if (settings.log) {
      console.log('generation ' + generation + ': ' + population(current));
    }
    if (settings.stopWhenStable && seen.indexOf(picture) !== -1) {
      console.info('cycle after ' + generation);
      break;
    }
    seen.push(picture);
  }
  return { grid: current, generations: seen.length - 1, last: seen[seen.length - 1] };
}

function density(grid) {
  const cells = grid.length * grid[0].length;
  const share = population(grid) / cells;
  return Math.round(share * Math.pow(10, 3)) / Math.pow(10, 3);
}

function place(grid, pattern, left, top) {
  const x0 = parseInt(left, 10) || 0;
  const y0 = parseInt(top, 10) || 0;
  pattern.forEach(function (row, y) {
    row.forEach(function (cell, x) {
      grid[wrap(y0 + y, grid.length)][wrap(x0 + x, grid[0].length)] = cell;
    });
  });
  return grid;
}

module.exports = { createGrid, parseGrid, printGrid, step, run, population, density, place };
