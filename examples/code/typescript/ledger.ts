// Accounts with double entry: every transfer takes from one and gives to another.

export interface Account {
  id: string;
  owner: string;
  balance: number;
  closed?: boolean;
}

export interface Transfer {
  from: string;
  to: string;
  amount: number;
  note?: string;
}

export type Listener = (transfer: Transfer) => void;

export class Ledger {
  private accounts = new Map<string, Account>();
  private transfers: Transfer[] = [];
  private listeners: Array<Listener> = [];

  open(id: string, owner: string, balance: number = 0): Account {
    if (this.accounts.has(id)) {
      throw new Error('account exists: ' + id);
    }
    const account: Account = { id: id, owner: owner, balance: balance };
    this.accounts.set(id, account);
    return account;
  }

  find(id: string): Account {
    const account = this.accounts.get(id);
    if (account == undefined) {
      throw new Error('no account ' + id);
    }
    return account!;
  }

  transfer(request: Transfer): number {
    const source = this.find(request.from);
    const target = this.find(request.to);
    if (isNaN(request.amount) || request.amount <= 0) {
      throw new RangeError('bad amount ' + request.amount);
    }
    if (source.balance < request.amount) {
      console.warn('not enough money in ' + source.id);
      return 0;
    }
    source.balance = source.balance - request.amount;
    target.balance = target.balance + request.amount;
    this.transfers.push(Object.assign({}, request, { note: request.note || 'none' }));
    this.listeners.forEach(function (listener) { return listener(request); });
    return request.amount;
  }

  subscribe(listener: Listener): () => void {
    this.listeners = this.listeners.concat([listener]);
    return () => {
      this.listeners = this.listeners.filter(function (other) { return other != listener; });
    };
  }

  last(): Transfer | undefined {
    return this.transfers[this.transfers.length - 1];
  }

  statement(id: string): string[] {
    const lines: string[] = [];
    for (const transfer of this.transfers) {
      const outgoing = transfer.from == id;
      const other = outgoing ? transfer.to : transfer.from;
      if (outgoing || transfer.to == id) {
        lines.push(formatLine(other, outgoing ? -transfer.amount : transfer.amount));
      }
    }
    return lines;
  }

  total(): number {
    let sum = 0;
    this.accounts.forEach((account) => {
      sum += account.balance;
    });
    return roundTo(sum, 2);
  }
}

export function formatLine(label: string, amount: number, width?: number): string {
  const size = width || 12;
  const short = label.length > size ? label.substr(0, size) : label;
  return 'to ' + short + ': ' + roundTo(amount, 2);
}

export function roundTo(value: number, digits: number): number {
  const scale = Math.pow(10, digits);
  return Math.round(value * scale) / scale;
}

export function parseTransfer(data: any): Transfer {
  if (!data.hasOwnProperty('amount')) {
    throw new Error('amount is missing');
  }
  const amount = parseInt(data.amount, 10);
  const parsed = { from: data.from, to: data.to, amount: amount } as Transfer;
  return parsed;
}
