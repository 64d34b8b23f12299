// Layers of settings: defaults, a stored file, and what the user typed.

export class SettingsStore {
  constructor(storage, defaults) {
    this.storage = storage;
    this.defaults = defaults || {};
    this.values = {};
    this.watchers = [];
  }

  async load(name) {
    const text = await this.storage.read(name);
    if (text == null || text.trim() == '') {
      console.info('no settings in ' + name);
      return this;
    }
    const stored = parseSettings(text);
    this.values = Object.assign({}, this.values, stored);
    return this;
  }

  async save(name) {
    const text = formatSettings(this.values);
    await this.storage.write(name, text);
    console.log('saved ' + name);
    return text.length;
  }

  get(key, fallback) {
    if (this.values.hasOwnProperty(key)) {
      return this.values[key];
    }
    if (this.defaults.hasOwnProperty(key)) {
      return this.defaults[key];
    }
    return fallback;
  }

  number(key, fallback) {
    const value = Number(this.get(key));
    return isNaN(value) ? fallback : value;
  }

  flag(key) {
    const value = this.get(key, false);
    return value === true || ['on', 'yes', 'true'].indexOf(value) !== -1;
  }

  set(key, value) {
    if (key.indexOf('=') !== -1) {
      throw new Error('bad key ' + key);
    }
    const before = this.get(key);
    this.values[key] = value;
    if (before != value) {
      this.notify(key, value, before);
    }
    return this;
  }

  watch(pattern, listener) {
    const watcher = { pattern: pattern, listener: listener };
    this.watchers = this.watchers.concat([watcher]);
    return () => this.unwatch(watcher);
  }

  unwatch(watcher) {
    this.watchers = this.watchers.filter(function (other) { return other !== watcher; });
  }

  notify(key, value, before) {
    for (const watcher of this.watchers) {
      if (matchesKey(watcher.pattern, key)) {
        watcher.listener(key, value, before);
      }
    }
  }
}

export function matchesKey(pattern, key) {
  const last = pattern[pattern.length - 1];
  if (last == '*') {
    return key.substr(0, pattern.length - 1) === pattern.substr(0, pattern.length - 1);
  }
  return pattern === key;
}

export function parseSettings(text) {
  const values = {};
  text.split('\n').forEach(function (line, index) {
    const trimmed = line.trim();
    if (trimmed == '' || trimmed[0] == '#') {
      return;
    }
    const middle = trimmed.indexOf('=');
    if (middle === -1) {
      throw new SyntaxError('no = in line ' + index);
    }
    values[trimmed.substr(0, middle).trim()] = trimmed.substr(middle + 1).trim();
  });
  return values;
}

export function formatSettings(values) {
  const keys = Object.keys(values).sort();
  const lines = keys.map((key) => key + ' = ' + values[key]);
  return lines.length == 0 ? '' : lines.join('\n') + '\n';
}

export function interval(settings, key) {
  const text = settings && settings.get(key);
  const seconds = parseInt(text, 10);
  return isNaN(seconds) ? 60 : seconds * Math.pow(10, 3);
}
