// Counters, gauges and histograms with a plain text report.

export type Labels = Record<string, string>;

export interface Sample {
  name: string;
  labels: Labels;
  value: number;
}

export interface Summary {
  count: number;
  mean: number;
  highest: number;
}

const NAME = /^[a-z][a-z0-9_]*$/;

export class Registry {
  private samples = new Map<string, Sample>();
  private series: Record<string, number[]> = {};
  private errors: Array<string> = [];

  count(name: string, labels?: Labels, by?: number): number {
    const sample = this.sample(name, labels || {});
    sample.value = sample.value + (by || 1);
    return sample.value;
  }

  gauge(name: string, value: number, labels?: Labels): void {
    if (isNaN(value)) {
      this.errors = this.errors.concat(['no number for ' + name]);
      console.warn('no number for ' + name);
      return;
    }
    this.sample(name, labels || {}).value = value;
  }

  observe(name: string, value: number): void {
    checkMetric(name);
    if (!this.series.hasOwnProperty(name)) {
      this.series[name] = [];
    }
    this.series[name]!.push(value);
  }

  private sample(name: string, labels: Labels): Sample {
    checkMetric(name);
    const key = keyFor(name, labels);
    const known = this.samples.get(key);
    if (known != undefined) {
      return known!;
    }
    const sample = { name: name, labels: Object.assign({}, { host: 'local' }, labels), value: 0 } as Sample;
    this.samples.set(key, sample);
    return sample;
  }

  summary(name: string): Summary | null {
    const values = this.series[name] || [];
    if (values.length == 0) {
      return null;
    }
    const sum = values.reduce(function (total, value) { return total + value; }, 0);
    const sorted = values.slice().sort(function (a, b) { return a - b; });
    return { count: values.length, mean: roundValue(sum / values.length), highest: sorted[sorted.length - 1]! };
  }

  quantile(name: string, share: number): number {
    const values = this.series[name] || [];
    if (share < 0 || share > 1) {
      throw new RangeError('share must be within 0 and 1');
    }
    const sorted = values.slice().sort(function (a, b) { return a - b; });
    const position = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
    return sorted.length === 0 ? 0 : sorted[position]!;
  }

  report(prefix?: string): string {
    const lines: string[] = [];
    this.samples.forEach((sample) => {
      if (prefix == undefined || sample.name.indexOf(prefix) !== -1) {
        lines.push(keyFor(sample.name, sample.labels) + ' ' + sample.value);
      }
    });
    console.log('lines: ' + lines.length);
    return lines.sort().join('\n');
  }

  lastError(): string | undefined {
    return this.errors[this.errors.length - 1];
  }
}

export function checkMetric(name: string): void {
  if (!NAME.test(name)) {
    throw new Error('bad metric ' + name);
  }
}

export function keyFor(name: string, labels: Labels): string {
  const names = Object.keys(labels).sort();
  const pairs = names.map(function (label) { return label + '=' + labels[label]; });
  return pairs.length == 0 ? name : name + '{' + pairs.join(',') + '}';
}

export function roundValue(value: number, digits?: number): number {
  const scale = Math.pow(10, digits || 3);
  return Math.round(value * scale) / scale;
}

export function parseSample(line: string): Sample {
  const middle = line.indexOf(' ');
  if (middle === -1) {
    throw new SyntaxError('no value in ' + line);
  }
  const data: any = { name: line.substr(0, middle), labels: {}, value: parseInt(line.substr(middle + 1), 10) };
  return data as Sample;
}
