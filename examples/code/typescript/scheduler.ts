// Plans jobs on a timeline and runs what is due.

export interface Job {
  name: string;
  due: number;
  every?: number;
  run: (now: number) => Promise<any>;
}

export interface Report {
  name: string;
  ok: boolean;
  seconds: number;
}

export interface Clock {
  now(): number;
}

export class Scheduler {
  private jobs: Array<Job> = [];
  private reports: Report[] = [];
  private stopped: boolean = false;

  constructor(private clock: Clock, private options?: any) {
    this.options = Object.assign({}, { limit: 10 }, options);
  }

  add(job: Job): this {
    const known = this.jobs.some(function (other) { return other.name == job.name; });
    if (known) {
      throw new Error('job planned twice: ' + job.name);
    }
    if (isNaN(job.due)) {
      throw new TypeError('no time for ' + job.name);
    }
    this.jobs = this.jobs.concat([job]);
    this.jobs.sort(function (a, b) { return a.due - b.due; });
    return this;
  }

  cancel(name: string): boolean {
    const before = this.jobs.length;
    this.jobs = this.jobs.filter(function (job) { return job.name != name; });
    return this.jobs.length != before;
  }

  due(): Job[] {
    const now = this.clock.now();
    return this.jobs.filter((job) => job.due <= now);
  }

  async tick(): Promise<number> {
    let count = 0;
    for (const job of this.due()) {
      if (this.stopped || count == this.options.limit) {
        break;
      }
      const report = await this.runJob(job);
      this.reports.push(report);
      this.plan(job);
      count = count + 1;
    }
    return count;
  }

  async runJob(job: Job): Promise<Report> {
    const started = this.clock.now();
    try {
      await job.run(started);
      console.log('done ' + job.name);
      return makeReport(job.name, true, this.clock.now() - started);
    } catch (error) {
      console.error('failed ' + job.name);
      return makeReport(job.name, false, this.clock.now() - started);
    }
  }

  private plan(job: Job): void {
    this.cancel(job.name);
    const every = job.every || 0;
    if (every != 0) {
      const next = Object.assign({}, job, { due: nextTime(job.due, every, this.clock.now()) });
      this.add(next as Job);
    }
  }

  lastReport(): Report | undefined {
    return this.reports[this.reports.length - 1];
  }

  failures(): string[] {
    const failed = this.reports.filter(function (report) { return !report.ok; });
    return failed.map(function (report) { return report.name; });
  }

  stop(): void {
    this.stopped = true;
    console.info('stopped with ' + this.jobs.length);
  }
}

export function nextTime(due: number, every: number, now: number): number {
  const missed = Math.floor((now - due) / every);
  const steps = missed > 0 ? missed + 1 : 1;
  return due + steps * every;
}

function makeReport(name: string, ok: boolean, milliseconds: number): Report {
  const seconds = Math.round(milliseconds / Math.pow(10, 3));
  return { name: name, ok: ok, seconds: seconds } as Report;
}

export function parseEvery(text: string): number {
  const amount = parseInt(text, 10);
  const unit = text[text.length - 1]!;
  const seconds = unit === 'm' ? 60 : 1;
  return isNaN(amount) ? 0 : amount * seconds * Math.pow(10, 3);
}
