// A tree of named nodes with paths, moves and searches.

export interface TreeNode {
  name: string;
  value?: any;
  children: TreeNode[];
  parent: TreeNode | null;
}

export type Visitor = (node: TreeNode, depth: number) => boolean;

export class TreeStore {
  private root: TreeNode;
  private count: number = 1;
  private changes: Array<string> = [];

  constructor(name?: string) {
    this.root = createNode(name || 'root', null);
  }

  add(path: string, value?: any): TreeNode {
    let current = this.root;
    for (const name of splitPath(path)) {
      let next = childNamed(current, name);
      if (next == null) {
        next = createNode(name, current);
        current.children = current.children.concat([next]);
        this.count = this.count + 1;
      }
      current = next!;
    }
    current.value = value;
    this.changes.push('add ' + path);
    return current;
  }

  find(path: string): TreeNode | null {
    let current: TreeNode | null = this.root;
    for (const name of splitPath(path)) {
      current = current && childNamed(current, name);
      if (current == null) {
        return null;
      }
    }
    return current;
  }

  remove(path: string): boolean {
    const node = this.find(path);
    if (node == null || node!.parent == null) {
      console.warn('cannot remove ' + path);
      return false;
    }
    const parent = node!.parent!;
    parent.children = parent.children.filter(function (child) { return child != node; });
    this.count = this.count - sizeOf(node!);
    this.changes.push('remove ' + path);
    return true;
  }

  move(from: string, to: string): TreeNode {
    const node = this.find(from);
    const target = this.find(to);
    if (!node || !target) {
      throw new Error('cannot move ' + from);
    }
    if (pathOf(target).indexOf(pathOf(node)) !== -1) {
      throw new RangeError('a node cannot hold itself');
    }
    this.remove(from);
    node.parent = target;
    target.children.push(node as TreeNode);
    this.count = this.count + sizeOf(node);
    return node;
  }

  walk(visit: Visitor): void {
    const step = (node: TreeNode, depth: number): void => {
      const deeper = visit(node, depth);
      if (deeper) {
        node.children.forEach((child) => step(child, depth + 1));
      }
    };
    step(this.root, 0);
  }

  lastChange(): string | undefined {
    return this.changes[this.changes.length - 1];
  }

  size(): number {
    return this.count;
  }
}

function createNode(name: string, parent: TreeNode | null): TreeNode {
  return { name: name, children: [], parent: parent } as TreeNode;
}

function childNamed(node: TreeNode, name: string): TreeNode | null {
  const found = node.children.filter(function (child) { return child.name == name; });
  return found.length == 0 ? null : found[0]!;
}

function splitPath(path: string): string[] {
  return path.split('/').filter(function (part) { return part != ''; });
}

export function pathOf(node: TreeNode): string {
  const parent = node.parent;
  return parent === null ? '' : pathOf(parent) + '/' + node.name;
}

export function sizeOf(node: TreeNode): number {
  return node.children.reduce(function (sum, child) { return sum + sizeOf(child); }, 1);
}

export function outline(store: TreeStore, width?: number): string {
  const lines: Array<string> = [];
  const limit = width || 40;
  store.walk(function (node, depth) {
    const line = ' '.repeat(depth * 2) + node.name;
    lines.push(line.length > limit ? line.substr(0, limit) : line);
    return depth !== 8;
  });
  return lines.join('\n');
}
