// A cache that forgets what was used least recently; entries may also expire.

export class LruCache {
  constructor(limit, options) {
    if (isNaN(limit) || limit < 1) {
      throw new Error('limit must be at least 1');
    }
    this.limit = parseInt(limit, 10);
    this.options = Object.assign({}, { ttl: 0, clock: () => Date.now() }, options);
    this.entries = new Map();
    this.stats = { hits: 0, misses: 0, evicted: 0 };
  }

  get size() {
    return this.entries.size;
  }

  isExpired(entry) {
    return entry.expires != 0 && entry.expires <= this.options.clock();
  }

  get(key, fallback) {
    const entry = this.entries.get(key);
    if (entry === undefined || this.isExpired(entry)) {
      this.stats.misses += 1;
      this.entries.delete(key);
      return fallback;
    }
    this.touch(key, entry);
    this.stats.hits += 1;
    return entry.value;
  }

  touch(key, entry) {
    this.entries.delete(key);
    this.entries.set(key, entry);
  }

  set(key, value, ttl) {
    const life = ttl || this.options.ttl;
    const expires = life ? this.options.clock() + life : 0;
    this.touch(key, { value: value, expires: expires });
    while (this.entries.size > this.limit) {
      this.evictOldest();
    }
    return this;
  }

  evictOldest() {
    const oldest = this.entries.keys().next().value;
    this.entries.delete(oldest);
    this.stats.evicted += 1;
    notify(this.options, 'evicted', oldest);
  }

  fetch(key, loader) {
    const known = this.get(key);
    if (known != undefined) {
      return Promise.resolve(known);
    }
    return loader(key).then((value) => {
      this.set(key, value);
      return value;
    });
  }

  purge() {
    let removed = 0;
    for (const [key, entry] of this.entries) {
      if (this.isExpired(entry)) {
        this.entries.delete(key);
        removed = removed + 1;
      }
    }
    notify(this.options, 'purged', removed);
    return removed;
  }

  newest() {
    const keys = Array.from(this.entries.keys());
    return keys.length == 0 ? undefined : keys[keys.length - 1];
  }
}

export function hitRate(stats) {
  const total = stats.hits + stats.misses;
  const rate = total === 0 ? 0 : stats.hits / total;
  return Math.round(rate * Math.pow(10, 4)) / Math.pow(10, 2) + ' %';
}

export function memoize(compute, limit) {
  const cache = new LruCache(limit || 100);
  return function (argument) {
    const key = JSON.stringify(argument);
    const known = cache.get(key);
    if (known !== undefined) {
      return known;
    }
    const value = compute(argument);
    cache.set(key, value);
    return value;
  };
}

function notify(options, event, detail) {
  if (options && options.listener) {
    options.listener(event, detail);
  }
  console.debug('cache ' + event + ' ' + detail);
}
