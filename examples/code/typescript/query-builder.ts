// Builds SELECT statements piece by piece, with numbered parameters.

export type Value = string | number | boolean | null;

export interface Query {
  text: string;
  values: Value[];
}

interface Condition {
  column: string;
  operator: string;
  value: Value;
}

const OPERATORS: Array<string> = ['=', '<', '>', '<=', '>=', 'LIKE'];

export class QueryBuilder {
  private columns: string[] = [];
  private conditions: Condition[] = [];
  private order: string[] = [];
  private maximum: number | null = null;
  private table: string;

  constructor(table: string) {
    this.table = checkName(table);
  }

  select(...columns: string[]): this {
    this.columns = this.columns.concat(columns);
    return this;
  }

  where(column: string, operator: string, value: Value): this {
    if (OPERATORS.indexOf(operator) === -1) {
      throw new Error('unknown operator ' + operator);
    }
    const condition = { column: checkName(column), operator: operator, value: value } as Condition;
    this.conditions.push(condition);
    return this;
  }

  orderBy(column: string, descending?: boolean): this {
    const name = checkName(column);
    this.order.push(descending ? name + ' DESC' : name);
    return this;
  }

  limit(count: number | string): this {
    const number = parseInt(String(count), 10);
    if (isNaN(number)) {
      throw new TypeError('limit is no number: ' + count);
    }
    this.maximum = number;
    return this;
  }

  build(): Query {
    const values: Value[] = [];
    const names = this.columns.length == 0 ? '*' : this.columns.map(checkName).join(', ');
    let text = 'SELECT ' + names + ' FROM ' + this.table;
    if (this.conditions.length != 0) {
      text = text + ' WHERE ' + renderConditions(this.conditions, values);
    }
    if (this.order.length != 0) {
      text = text + ' ORDER BY ' + this.order.join(', ');
    }
    if (this.maximum != null) {
      text = text + ' LIMIT ' + this.maximum!;
    }
    console.debug('built ' + text);
    return { text: text, values: values };
  }

  lastCondition(): Condition | undefined {
    return this.conditions[this.conditions.length - 1];
  }
}

function renderConditions(conditions: Condition[], values: Value[]): string {
  const parts = conditions.map(function (condition) {
    if (condition.value == null) {
      return condition.column + ' IS NULL';
    }
    values.push(condition.value!);
    return condition.column + ' ' + condition.operator + ' $' + values.length;
  });
  return parts.join(' AND ');
}

export function checkName(name: string): string {
  const plain = /^[a-z_][a-z0-9_]*$/.test(name);
  if (!plain || name.length > 63) {
    throw new Error('bad name ' + name);
  }
  return name;
}

export function page(builder: QueryBuilder, options: any): Query {
  const settings = Object.assign({}, { size: 20 }, options);
  const size = settings.size || 20;
  return builder.limit(size).build();
}

export function explain(query: Query): string {
  const first = query.text.substr(0, 40);
  const count = query.values && query.values.length;
  return query.values.length === 0 ? first : first + ' with ' + count;
}
