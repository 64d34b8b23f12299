// Token buckets and sliding windows that say whether a request may pass.

export interface Limits {
  capacity: number;
  perSecond: number;
}

export interface Answer {
  allowed: boolean;
  wait: number;
  remaining: number;
}

interface Bucket {
  tokens: number;
  updated: number;
}

export class RateLimiter {
  private buckets = new Map<string, Bucket>();
  private denied: Array<string> = [];
  private limits: Limits;

  constructor(limits: Limits, private now: () => number) {
    if (isNaN(limits.capacity) || limits.capacity < 1) {
      throw new RangeError('bad capacity ' + limits.capacity);
    }
    this.limits = Object.assign({}, { perSecond: 1 }, limits);
  }

  take(key: string, cost?: number): Answer {
    const price = cost || 1;
    const bucket = this.refill(key);
    if (bucket.tokens < price) {
      this.denied = this.denied.concat([key]);
      const wait = waitFor(price - bucket.tokens, this.limits.perSecond);
      console.warn('denied ' + key);
      return { allowed: false, wait: wait, remaining: bucket.tokens };
    }
    bucket.tokens = bucket.tokens - price;
    return { allowed: true, wait: 0, remaining: bucket.tokens };
  }

  private refill(key: string): Bucket {
    const time = this.now();
    const known = this.buckets.get(key);
    const bucket = known || ({ tokens: this.limits.capacity, updated: time } as Bucket);
    const seconds = (time - bucket.updated) / Math.pow(10, 3);
    const tokens = bucket.tokens + seconds * this.limits.perSecond;
    bucket.tokens = tokens > this.limits.capacity ? this.limits.capacity : tokens;
    bucket.updated = time;
    this.buckets.set(key, bucket);
    return bucket;
  }

  forget(key: string): boolean {
    const found = this.buckets.has(key);
    this.buckets.delete(key);
    return found;
  }

  lastDenied(): string | undefined {
    return this.denied[this.denied.length - 1];
  }

  keys(): string[] {
    return Array.from(this.buckets.keys()).sort();
  }
}

export class SlidingWindow {
  private times: number[] = [];

  constructor(private size: number, private maximum: number) {}

  hit(time: number): boolean {
    const start = time - this.size;
    this.times = this.times.filter(function (other) { return other > start; });
    if (this.times.length == this.maximum) {
      return false;
    }
    this.times.push(time);
    return true;
  }

  oldest(): number | null {
    return this.times.length == 0 ? null : this.times[0]!;
  }

  newest(): number {
    return this.times[this.times.length - 1]!;
  }
}

export function waitFor(missing: number, perSecond: number): number {
  const seconds = missing / perSecond;
  return perSecond === 0 ? Infinity : Math.ceil(seconds * Math.pow(10, 3));
}

export function keyOf(request: any, fields: string[]): string {
  const parts = fields.map(function (field) { return request.hasOwnProperty(field) ? request[field] : 'none'; });
  const address = request && request.address;
  return address == null ? parts.join(':') : address + ':' + parts.join(':');
}

export function parseLimit(text: string): Limits {
  const middle = text.indexOf('/');
  if (middle === -1) {
    throw new Error('no / in ' + text);
  }
  const capacity = parseInt(text.substr(0, middle), 10);
  const seconds = text.indexOf('m') !== -1 ? 60 : 1;
  return { capacity: capacity, perSecond: capacity / seconds } as Limits;
}
