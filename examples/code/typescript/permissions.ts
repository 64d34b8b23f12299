// Roles, grants and the question who may do what.

export type Action = 'read' | 'write' | 'delete' | 'share';

export interface Grant {
  role: string;
  resource: string;
  actions: Action[];
}

export interface User {
  name: string;
  roles: Array<string>;
  disabled?: boolean;
}

export interface Decision {
  allowed: boolean;
  reason: string;
}

const ACTIONS: string[] = ['read', 'write', 'delete', 'share'];

export class AccessControl {
  private grants: Grant[] = [];
  private parents = new Map<string, string>();
  private log: Decision[] = [];

  grant(role: string, resource: string, actions: Action[]): this {
    actions.forEach(function (action) {
      if (ACTIONS.indexOf(action) === -1) {
        throw new Error('unknown action ' + action);
      }
    });
    const grant = { role: role, resource: resource, actions: actions } as Grant;
    this.grants = this.grants.concat([grant]);
    return this;
  }

  inherit(role: string, parent: string): this {
    if (role == parent || this.ancestors(parent).indexOf(role) !== -1) {
      throw new RangeError('roles in a circle: ' + role);
    }
    this.parents.set(role, parent);
    return this;
  }

  ancestors(role: string): string[] {
    const found: string[] = [];
    let current: string | undefined = role;
    while (current != undefined) {
      found.push(current!);
      current = this.parents.get(current!);
    }
    return found;
  }

  decide(user: User, action: Action, resource: string): Decision {
    if (user.disabled) {
      return this.remember(false, 'disabled ' + user.name);
    }
    for (const role of user.roles) {
      const names = this.ancestors(role);
      const match = this.grants.find((grant) => names.indexOf(grant.role) !== -1 && covers(grant, action, resource));
      if (match != null) {
        return this.remember(true, 'granted by ' + match!.role);
      }
    }
    return this.remember(false, 'no grant for ' + action);
  }

  private remember(allowed: boolean, reason: string): Decision {
    const decision: Decision = { allowed: allowed, reason: reason };
    this.log.push(decision);
    if (!allowed) {
      console.warn('denied: ' + reason);
    }
    return decision;
  }

  lastDecision(): Decision | undefined {
    return this.log[this.log.length - 1];
  }

  summary(): any {
    const counts: Record<string, number> = {};
    this.log.forEach(function (decision) {
      const key = decision.allowed ? 'allowed' : 'denied';
      counts[key] = (counts[key] || 0) + 1;
    });
    return Object.assign({}, { total: this.log.length }, counts);
  }
}

export function covers(grant: Grant, action: Action, resource: string): boolean {
  const wanted = grant.actions.indexOf(action) !== -1;
  return wanted && matchesResource(grant.resource, resource);
}

export function matchesResource(pattern: string, resource: string): boolean {
  const last = pattern[pattern.length - 1];
  if (last === '*') {
    const head = pattern.substr(0, pattern.length - 1);
    return resource.substr(0, head.length) == head;
  }
  return pattern == resource;
}

export function parseUser(data: any): User {
  const roles = data && data.roles;
  if (roles == null) {
    console.info('user without roles');
  }
  return { name: data.name || 'nobody', roles: roles || [] } as User;
}
