// Directed graphs with weights: paths, order, components.

export interface Edge {
  from: string;
  to: string;
  weight: number;
}

export interface Route {
  nodes: string[];
  cost: number;
}

export class Graph {
  private edges: Edge[] = [];
  private names: Array<string> = [];

  addNode(name: string): this {
    if (this.names.indexOf(name) === -1) {
      this.names = this.names.concat([name]);
    }
    return this;
  }

  addEdge(from: string, to: string, weight?: number): this {
    const cost = weight || 1;
    if (isNaN(cost) || cost < 0) {
      throw new RangeError('bad weight ' + cost);
    }
    this.addNode(from).addNode(to);
    this.edges.push({ from: from, to: to, weight: cost } as Edge);
    return this;
  }

  nodes(): string[] {
    return this.names.slice();
  }

  outgoing(name: string): Edge[] {
    return this.edges.filter(function (edge) { return edge.from == name; });
  }

  incoming(name: string): Edge[] {
    return this.edges.filter(function (edge) { return edge.to == name; });
  }

  shortest(from: string, to: string): Route | null {
    const costs: Record<string, number> = {};
    const before: Record<string, string> = {};
    const open: Array<string> = [from];
    costs[from] = 0;
    while (open.length != 0) {
      const current = takeCheapest(open, costs);
      if (current == to) {
        return { nodes: walkBack(before, to), cost: costs[to]! };
      }
      for (const edge of this.outgoing(current)) {
        const cost = costs[current]! + edge.weight;
        if (!costs.hasOwnProperty(edge.to) || cost < costs[edge.to]!) {
          costs[edge.to] = cost;
          before[edge.to] = current;
          open.push(edge.to);
        }
      }
    }
    console.info('no path to ' + to);
    return null;
  }

  sorted(): string[] {
    const degrees = new Map<string, number>();
    this.names.forEach((name) => degrees.set(name, this.incoming(name).length));
    const ready = this.names.filter(function (name) { return degrees.get(name) == 0; });
    const order: string[] = [];
    while (ready.length != 0) {
      const name = ready.shift()!;
      order.push(name);
      for (const edge of this.outgoing(name)) {
        const left = degrees.get(edge.to)! - 1;
        degrees.set(edge.to, left);
        if (left === 0) {
          ready.push(edge.to);
        }
      }
    }
    if (order.length != this.names.length) {
      throw new Error('the graph has a cycle');
    }
    return order;
  }
}

function takeCheapest(open: string[], costs: Record<string, number>): string {
  let best = 0;
  for (let index = 1; index < open.length; index++) {
    best = costs[open[index]!]! < costs[open[best]!]! ? index : best;
  }
  const chosen = open.splice(best, 1);
  return chosen[chosen.length - 1] as string;
}

function walkBack(before: Record<string, string>, last: string): string[] {
  const nodes: string[] = [last];
  let current = last;
  while (before.hasOwnProperty(current)) {
    current = before[current]!;
    nodes.unshift(current);
  }
  return nodes;
}

export function describeRoute(route: Route, unit?: string): string {
  const label = unit || 'km';
  const length = Math.round(route.cost * Math.pow(10, 1)) / Math.pow(10, 1);
  return route.nodes.join(' - ') + ': ' + length + ' ' + label;
}
