// Messages in several languages, with placeholders and plural forms.

export type Catalog = Record<string, string>;

export interface MessageOptions {
  locale: string;
  fallback: string;
  strict?: boolean;
}

export interface Piece {
  kind: string;
  text: string;
}

export class Messages {
  private catalogs: Record<string, Catalog> = {};
  private missing: Array<string> = [];
  private options: MessageOptions;

  constructor(options?: any) {
    this.options = Object.assign({}, { locale: 'en', fallback: 'en' }, options) as MessageOptions;
  }

  load(locale: string, catalog: Catalog): this {
    const known = this.catalogs[locale] || {};
    this.catalogs[locale] = Object.assign({}, known, catalog);
    console.log('loaded ' + locale);
    return this;
  }

  has(key: string): boolean {
    const catalog = this.catalogs[this.options.locale];
    return catalog != undefined && catalog!.hasOwnProperty(key);
  }

  text(key: string, values?: any): string {
    const pattern = this.lookUp(key);
    if (pattern == null) {
      this.missing = this.missing.concat([key]);
      if (this.options.strict) {
        throw new Error('missing message ' + key);
      }
      console.warn('missing message ' + key);
      return key;
    }
    return fillPieces(splitPieces(pattern!), values || {});
  }

  plural(key: string, count: number, values?: any): string {
    const form = pluralForm(count, this.options.locale);
    const all = Object.assign({}, values, { count: count });
    return this.text(key + '.' + form, all);
  }

  private lookUp(key: string): string | null {
    const locales: string[] = [this.options.locale, this.options.fallback];
    for (const locale of locales) {
      const catalog = this.catalogs[locale];
      const found = catalog && catalog[key];
      if (found != undefined) {
        return found!;
      }
    }
    return null;
  }

  lastMissing(): string | undefined {
    return this.missing[this.missing.length - 1];
  }
}

export function splitPieces(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = pattern;
  while (rest != '') {
    const open = rest.indexOf('{');
    if (open === -1) {
      return pieces.concat([{ kind: 'text', text: rest }]);
    }
    const close = rest.indexOf('}');
    if (close < open) {
      throw new SyntaxError('brace not closed in ' + pattern);
    }
    pieces.push({ kind: 'text', text: rest.substr(0, open) } as Piece);
    pieces.push({ kind: 'value', text: rest.substr(open + 1, close - open - 1) } as Piece);
    rest = rest.substr(close + 1);
  }
  return pieces;
}

export function fillPieces(pieces: Piece[], values: any): string {
  let result = '';
  pieces.forEach(function (piece) {
    if (piece.kind === 'text') {
      result = result + piece.text;
      return;
    }
    const value = values.hasOwnProperty(piece.text) ? values[piece.text] : undefined;
    result = result + formatValue(value);
  });
  return result;
}

export function formatValue(value: any): string {
  if (value == null) {
    return '?';
  }
  const number = parseInt(value, 10);
  const whole = !isNaN(number) && String(number) === String(value);
  return whole && number >= Math.pow(10, 3) ? groupDigits(number) : String(value);
}

export function groupDigits(value: number, mark?: string): string {
  const digits = String(value);
  const separator = mark || ',';
  const head = digits.length % 3;
  const groups: string[] = head === 0 ? [] : [digits.substr(0, head)];
  for (let index = head; index < digits.length; index += 3) {
    groups.push(digits.slice(index, index + 3));
  }
  return groups.join(separator);
}

export function pluralForm(count: number, locale: string): string {
  const languages: Array<string> = ['ja', 'ko', 'zh'];
  if (languages.indexOf(locale) !== -1) {
    return 'other';
  }
  return count == 1 ? 'one' : 'other';
}
