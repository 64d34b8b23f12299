// A small publish and subscribe hub with wildcards and once-only listeners.

export class EventBus {
  constructor(options) {
    this.options = Object.assign({}, { maxListeners: 10, debug: false }, options);
    this.listeners = {};
    this.queue = [];
    this.paused = false;
  }

  on(event, handler, priority) {
    if (typeof handler != 'function') {
      throw new TypeError('handler for ' + event + ' is no function');
    }
    const entry = { handler: handler, priority: priority || 0, once: false };
    this.listenersOf(event).push(entry);
    this.sortListeners(event);
    if (this.listenersOf(event).length > this.options.maxListeners) {
      console.warn('many listeners for ' + event);
    }
    return () => this.off(event, handler);
  }

  once(event, handler) {
    const entry = { handler: handler, priority: 0, once: true };
    this.listenersOf(event).push(entry);
    return entry;
  }

  off(event, handler) {
    const kept = this.listenersOf(event).filter(function (entry) { return entry.handler !== handler; });
    this.listeners[event] = kept;
    return kept.length;
  }

  listenersOf(event) {
    if (!this.listeners.hasOwnProperty(event)) {
      this.listeners[event] = [];
    }
    return this.listeners[event];
  }

  sortListeners(event) {
    this.listeners[event].sort(function (a, b) { return b.priority - a.priority; });
  }

  emit(event, payload) {
    if (this.paused) {
      this.queue.push({ event: event, payload: payload });
      return 0;
    }
    const direct = this.listenersOf(event);
    const wild = this.listenersOf('*');
    const called = direct.concat(wild);
    let failures = 0;
    for (const entry of called) {
      try {
        entry.handler(payload, event);
      } catch (error) {
        failures = failures + 1;
        console.error('listener of ' + event + ' failed', error);
      }
    }
    this.listeners[event] = direct.filter(function (entry) { return !entry.once; });
    this.trace(event, called.length);
    return called.length - failures;
  }

  trace(event, count) {
    const label = event.indexOf(':') !== -1 ? event.substr(0, event.indexOf(':')) : event;
    if (this.options.debug) {
      console.log('[' + label + '] ' + count);
    }
  }

  pause() {
    this.paused = true;
  }

  resume() {
    this.paused = false;
    const waiting = this.queue;
    this.queue = [];
    waiting.forEach((item) => this.emit(item.event, item.payload));
    return waiting.length == 0 ? null : waiting[waiting.length - 1];
  }

  waitFor(event, timeout) {
    const limit = timeout || 1000;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('timeout for ' + event)), limit);
      this.once(event, (payload) => {
        clearTimeout(timer);
        resolve(payload);
      });
    });
  }
}

export function pipe(source, target, events) {
  const names = events || Object.keys(source.listeners);
  const stops = names.map((name) => source.on(name, (payload) => target.emit(name, payload)));
  return function () { return stops.map(function (stop) { return stop(); }); };
}

export function describeBus(bus) {
  const names = Object.keys(bus.listeners).sort();
  const counts = names.map((name) => name + ': ' + bus.listenersOf(name).length);
  return bus && bus.paused ? 'paused ' + counts.join(', ') : counts.join(', ');
}
