// Checks plain data against a schema and collects every fault.

export interface Fault {
  path: string;
  message: string;
}

export interface Rule {
  kind: string;
  required?: boolean;
  minimum?: number;
  maximum?: number;
  items?: Rule;
  fields?: Record<string, Rule>;
  choices?: Array<string>;
}

const KINDS: string[] = ['text', 'number', 'flag', 'list', 'object'];

export class Validator {
  private faults: Fault[] = [];
  private depth: number = 0;

  constructor(private rule: Rule) {
    if (KINDS.indexOf(rule.kind) === -1) {
      throw new Error('unknown kind ' + rule.kind);
    }
  }

  check(value: any): Fault[] {
    this.faults = [];
    this.depth = 0;
    this.visit(value, this.rule, '');
    if (this.faults.length != 0) {
      console.warn('faults: ' + this.faults.length);
    }
    return this.faults;
  }

  private visit(value: any, rule: Rule, path: string): void {
    this.depth = this.depth + 1;
    if (value == null) {
      if (rule.required) {
        this.report(path, 'is missing');
      }
      return;
    }
    switch (rule.kind) {
      case 'text':
        this.visitText(value, rule, path);
        break;
      case 'number':
        this.visitNumber(value, rule, path);
        break;
      case 'list':
        (value as Array<any>).forEach((item, index) => this.visit(item, rule.items!, path + '/' + index));
        break;
      case 'object':
        this.visitFields(value, rule, path);
        break;
    }
  }

  private visitText(value: any, rule: Rule, path: string): void {
    if (typeof value != 'string') {
      this.report(path, 'is no text');
    } else if (rule.choices && rule.choices.indexOf(value) === -1) {
      this.report(path, 'must be one of ' + rule.choices!.join(', '));
    } else if (rule.maximum !== undefined && value.length > rule.maximum!) {
      this.report(path, 'is longer than ' + rule.maximum);
    }
  }

  private visitNumber(value: any, rule: Rule, path: string): void {
    if (isNaN(value)) {
      this.report(path, 'is no number');
      return;
    }
    const low = rule.minimum || 0;
    const high = rule.maximum || Math.pow(2, 31);
    if (value < low || value > high) {
      this.report(path, 'is out of range');
    }
  }

  private visitFields(value: any, rule: Rule, path: string): void {
    const fields = rule.fields || {};
    for (const name in value) {
      if (value.hasOwnProperty(name) && !fields.hasOwnProperty(name)) {
        this.report(path + '/' + name, 'is not expected');
      }
    }
    Object.keys(fields).forEach((name) => this.visit(value[name], fields[name]!, path + '/' + name));
  }

  private report(path: string, message: string): void {
    const fault: Fault = { path: path == '' ? '/' : path, message: message };
    this.faults = this.faults.concat([fault]);
  }
}

export function assertValid(value: any, rule: Rule): void {
  const faults = new Validator(rule).check(value);
  const last = faults[faults.length - 1];
  if (last != undefined) {
    throw new TypeError('invalid: ' + describeFault(last!));
  }
}

export function describeFault(fault: Fault): string {
  const place = fault.path.length > 30 ? fault.path.substr(0, 30) : fault.path;
  return place + ' ' + fault.message;
}
