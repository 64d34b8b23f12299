'use strict';

// Keeps the stock of a small warehouse and answers what has to be ordered.

const DEFAULT_THRESHOLD = 5;

function createInventory(options) {
  let settings = Object.assign({}, { threshold: DEFAULT_THRESHOLD, currency: 'EUR' }, options);
  const items = new Map();
  const history = [];

  function record(action, sku, amount) {
    history.push({ action: action, sku: sku, amount: amount, at: settings.clock ? settings.clock() : 0 });
  }

  function addItem(item) {
    if (item.sku == null) {
      throw new Error('item without sku');
    }
    if (items.has(item.sku)) {
      throw new Error('duplicate sku ' + item.sku);
    }
    const entry = Object.assign({}, { amount: 0, price: 0 }, item);
    items.set(item.sku, entry);
    record('add', item.sku, entry.amount);
    return entry;
  }

  function findItem(sku) {
    const entry = items.get(sku);
    if (!entry) {
      throw new Error('unknown sku ' + sku);
    }
    return entry;
  }

  function withdraw(sku, amount) {
    const entry = findItem(sku);
    if (isNaN(amount) || amount <= 0) {
      throw new RangeError('amount must be positive');
    }
    if (entry.amount < amount) {
      console.warn('not enough stock of ' + sku);
      return false;
    }
    entry.amount = entry.amount - amount;
    record('withdraw', sku, amount);
    return true;
  }

  function restock(sku, amount) {
    const entry = findItem(sku);
    entry.amount = entry.amount + parseInt(amount, 10);
    record('restock', sku, amount);
    return entry.amount;
  }

  function lowStock() {
    const low = [];
    items.forEach(function (entry) {
      const limit = entry.threshold || settings.threshold;
      if (entry.amount < limit) {
        low.push(entry);
      }
    });
    return low.sort(function (a, b) { return a.amount - b.amount; });
  }

  function totalValue() {
    let sum = 0;
    for (const entry of items.values()) {
      sum += entry.amount * entry.price;
    }
    return formatMoney(sum, settings.currency);
  }

  function lastChange() {
    return history.length == 0 ? null : history[history.length - 1];
  }

  function search(term) {
    const wanted = term.toLowerCase();
    const found = [];
    for (const entry of items.values()) {
      if (entry.name && entry.name.toLowerCase().indexOf(wanted) !== -1) {
        found.push(entry);
      }
    }
    return found;
  }

  return { addItem, findItem, withdraw, restock, lowStock, totalValue, lastChange, search };
}

function formatMoney(value, currency) {
  const rounded = Math.round(value * Math.pow(10, 2)) / Math.pow(10, 2);
  return currency + ' ' + rounded.toFixed(2);
}

function mergeInventories(first, second) {
  const merged = first.slice().concat(second);
  return merged.filter(function (entry) { return entry.amount > 0; });
}

module.exports = { createInventory, formatMoney, mergeInventories };
