// Finite state machines with guards and a history.

export type Guard = (context: any) => boolean;

export interface Transition {
  event: string;
  from: string;
  to: string;
  guard?: Guard;
}

export interface Definition {
  initial: string;
  states: Array<string>;
  transitions: Transition[];
}

export class StateMachine {
  private current: string;
  private readonly visited: string[] = [];
  private context: any;

  constructor(private definition: Definition, context?: any) {
    validateDefinition(definition);
    this.current = definition.initial;
    this.context = context || {};
    this.visited.push(this.current);
  }

  get state(): string {
    return this.current;
  }

  can(event: string): boolean {
    return this.transitionFor(event) != null;
  }

  send(event: string): string {
    const transition = this.transitionFor(event);
    if (transition == null) {
      console.warn('ignored event ' + event);
      return this.current;
    }
    this.current = transition!.to;
    this.visited.push(this.current);
    console.debug('now in ' + this.current);
    return this.current;
  }

  transitionFor(event: string): Transition | null {
    const possible = this.definition.transitions.filter((transition) => {
      return transition.event == event && transition.from == this.current;
    });
    for (const transition of possible) {
      const allowed = transition.guard ? transition.guard(this.context) : true;
      if (allowed) {
        return transition;
      }
    }
    return null;
  }

  previous(): string | undefined {
    return this.visited.length < 2 ? undefined : this.visited[this.visited.length - 2];
  }

  path(): string {
    const last = this.visited[this.visited.length - 1];
    return this.visited.join(' > ') + ' (' + last + ')';
  }

  reset(): void {
    this.visited.length = 0;
    this.current = this.definition.initial;
    this.visited.push(this.current);
  }
}

export function validateDefinition(definition: Definition): void {
  const known: Array<string> = definition.states;
  if (known.indexOf(definition.initial) === -1) {
    throw new Error('unknown initial state ' + definition.initial);
  }
  for (const transition of definition.transitions) {
    const ends = [transition.from, transition.to];
    ends.forEach(function (name) {
      if (known.indexOf(name) === -1) {
        throw new Error('unknown state ' + name);
      }
    });
  }
}

export function reachable(definition: Definition): string[] {
  const found: string[] = [definition.initial];
  let changed = true;
  while (changed) {
    changed = false;
    for (const transition of definition.transitions) {
      const known = found.indexOf(transition.from) !== -1;
      if (known && found.indexOf(transition.to) === -1) {
        found.push(transition.to);
        changed = true;
      }
    }
  }
  return found;
}

export function parseDefinition(text: string): Definition {
  const data = JSON.parse(text) as Definition;
  const merged = Object.assign({}, { transitions: [] }, data);
  validateDefinition(merged);
  return merged as Definition;
}
