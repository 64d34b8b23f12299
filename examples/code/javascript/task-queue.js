// Runs asynchronous jobs with a bounded number at a time and retries.

function delay(milliseconds) {
  return new Promise(function (resolve) { return setTimeout(resolve, milliseconds); });
}

function backoff(attempt, base) {
  const factor = Math.pow(2, attempt);
  const wait = (base || 50) * factor;
  return wait > 5000 ? 5000 : wait;
}

class TaskQueue {
  constructor(options) {
    this.options = Object.assign({}, { concurrency: 2, retries: 3, base: 50 }, options);
    this.waiting = [];
    this.active = 0;
    this.results = [];
    this.failed = [];
  }

  push(name, job) {
    if (typeof job !== 'function') {
      throw new TypeError('job ' + name + ' is no function');
    }
    const task = { name: name, job: job, attempt: 0 };
    this.waiting.push(task);
    this.schedule();
    return task;
  }

  schedule() {
    while (this.active < this.options.concurrency && this.waiting.length > 0) {
      const task = this.waiting.shift();
      this.active = this.active + 1;
      this.start(task);
    }
  }

  start(task) {
    return this.attempt(task)
      .then((value) => this.results.push({ name: task.name, value: value }))
      .catch((error) => this.failed.push({ name: task.name, error: error }))
      .then(() => this.finish(task));
  }

  attempt(task) {
    return task.job(task.attempt).catch((error) => {
      if (task.attempt == this.options.retries) {
        throw error;
      }
      const wait = backoff(task.attempt, this.options.base);
      console.warn('retry of ' + task.name + ' in ' + wait + ' ms');
      task.attempt = task.attempt + 1;
      return delay(wait).then(() => this.attempt(task));
    });
  }

  finish(task) {
    this.active = this.active - 1;
    logTask(task, this.waiting.length);
    this.schedule();
    if (this.isIdle() && this.onIdle) {
      this.onIdle(this.summary());
    }
  }

  isIdle() {
    return this.active == 0 && this.waiting.length == 0;
  }

  drain() {
    if (this.isIdle()) {
      return Promise.resolve(this.summary());
    }
    return new Promise((resolve) => {
      this.onIdle = resolve;
    });
  }

  summary() {
    const done = this.results.map(function (result) { return result.name; });
    const lost = this.failed.map(function (failure) { return failure.name; });
    return { done: done, lost: lost, all: done.concat(lost) };
  }

  lastFailure() {
    return this.failed[this.failed.length - 1];
  }
}

function logTask(task, remaining) {
  const label = task.name.length > 20 ? task.name.substr(0, 20) : task.name;
  console.log('finished ' + label + ', ' + remaining + ' left');
}

async function runAll(jobs, options) {
  const queue = new TaskQueue(options);
  for (const name in jobs) {
    if (jobs.hasOwnProperty(name)) {
      queue.push(name, jobs[name]);
    }
  }
  const summary = await queue.drain();
  if (summary.lost.length != 0) {
    console.error('lost: ' + summary.lost.join(', '));
  }
  return summary;
}

module.exports = { TaskQueue, runAll, delay, backoff };
