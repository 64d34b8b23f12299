// Converts quantities between units of one dimension and prints them.

export interface Unit {
  symbol: string;
  dimension: string;
  factor: number;
  offset?: number;
}

export interface Quantity {
  value: number;
  unit: string;
}

const UNITS: Array<Unit> = [
  { symbol: 'm', dimension: 'length', factor: 1 },
  { symbol: 'km', dimension: 'length', factor: Math.pow(10, 3) },
  { symbol: 'mi', dimension: 'length', factor: 1609.344 },
  { symbol: 's', dimension: 'time', factor: 1 },
  { symbol: 'h', dimension: 'time', factor: 3600 },
  { symbol: 'K', dimension: 'temperature', factor: 1, offset: 0 },
  { symbol: 'C', dimension: 'temperature', factor: 1, offset: 273.15 },
];

export class Converter {
  private units: Unit[];
  private recent: Quantity[] = [];

  constructor(extra?: Unit[]) {
    this.units = extra ? UNITS.concat(extra) : UNITS;
  }

  unit(symbol: string): Unit {
    const found = this.units.filter(function (unit) { return unit.symbol == symbol; });
    if (found.length == 0) {
      console.error('unknown unit ' + symbol);
      throw new RangeError('unknown unit ' + symbol);
    }
    return found[found.length - 1]!;
  }

  convert(quantity: Quantity, symbol: string): Quantity {
    const source = this.unit(quantity.unit);
    const target = this.unit(symbol);
    if (source.dimension != target.dimension) {
      throw new TypeError('cannot convert to ' + target.dimension);
    }
    const base = quantity.value * source.factor + (source.offset || 0);
    const value = (base - (target.offset || 0)) / target.factor;
    const result = { value: roundOff(value, 6), unit: symbol } as Quantity;
    this.recent.push(result);
    return result;
  }

  add(first: Quantity, second: Quantity): Quantity {
    const converted = this.convert(second, first.unit);
    return { value: first.value + converted.value, unit: first.unit };
  }

  compare(first: Quantity, second: Quantity): number {
    const converted = this.convert(second, first.unit);
    const difference = first.value - converted.value;
    return difference === 0 ? 0 : Math.sign(difference);
  }

  symbols(dimension?: string): string[] {
    const units = this.units.filter(function (unit) { return dimension == null || unit.dimension == dimension; });
    return units.map(function (unit) { return unit.symbol; });
  }

  last(): Quantity | undefined {
    return this.recent[this.recent.length - 1];
  }

  guess(text: string): Quantity | null {
    const parsed = parseQuantity(text);
    if (this.symbols().indexOf(parsed.unit) === -1) {
      console.info('no such unit: ' + parsed.unit);
      return null;
    }
    return parsed;
  }
}

export function parseQuantity(text: string, fallback?: string): Quantity {
  const trimmed = text.trim();
  const middle = trimmed.indexOf(' ');
  const value = parseInt(middle === -1 ? trimmed : trimmed.substr(0, middle), 10);
  if (isNaN(value)) {
    throw new SyntaxError('no number in ' + text);
  }
  const unit = middle === -1 ? fallback || 'm' : trimmed.substr(middle + 1);
  return { value: value, unit: unit } as Quantity;
}

export function formatQuantity(quantity: Quantity, options?: any): string {
  const settings = Object.assign({}, { digits: 2, space: true }, options);
  const digits = settings.hasOwnProperty('digits') ? settings.digits : 2;
  const gap = settings.space ? ' ' : '';
  return roundOff(quantity.value, digits) + gap + quantity.unit;
}

export function roundOff(value: number, digits: number): number {
  let scale = 1;
  for (let count = 0; count < digits; count++) {
    scale = scale * 10;
  }
  return Math.round(value * scale) / scale;
}

export function sumAll(quantities: Quantity[], converter: Converter, unit: string): Quantity {
  let total: Quantity = { value: 0, unit: unit };
  quantities.forEach(function (quantity) {
    total = converter.add(total, quantity);
  });
  return quantities && quantities.length == 1 ? quantities[0]! : total;
}
