// Matches request paths against patterns such as /users/:id and runs their handlers.

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

export function parsePattern(pattern) {
  const segments = pattern.split('/').filter(function (segment) { return segment !== ''; });
  return segments.map((segment) => {
    if (segment[0] == ':') {
      return { kind: 'parameter', name: segment.substr(1) };
    }
    return segment == '*' ? { kind: 'rest', name: 'rest' } : { kind: 'literal', name: segment };
  });
}

export function matchSegments(segments, parts) {
  const parameters = {};
  for (let index = 0; index < segments.length; index++) {
    const segment = segments[index];
    if (segment.kind === 'rest') {
      parameters.rest = parts.slice(index).join('/');
      return parameters;
    }
    if (index >= parts.length) {
      return null;
    }
    if (segment.kind === 'parameter') {
      parameters[segment.name] = decodeURIComponent(parts[index]);
    } else if (segment.name != parts[index]) {
      return null;
    }
  }
  return segments.length == parts.length ? parameters : null;
}

export class Router {
  constructor(options) {
    this.options = options || {};
    this.routes = [];
    this.filters = [];
  }

  add(method, pattern, handler) {
    if (METHODS.indexOf(method) === -1) {
      throw new Error('unknown method ' + method);
    }
    const route = { method: method, pattern: pattern, segments: parsePattern(pattern), handler: handler };
    this.routes.push(route);
    return this;
  }

  get(pattern, handler) {
    return this.add('GET', pattern, handler);
  }

  post(pattern, handler) {
    return this.add('POST', pattern, handler);
  }

  use(filter) {
    this.filters = this.filters.concat([filter]);
    return this;
  }

  find(method, path) {
    const parts = path.split('/').filter(function (part) { return part !== ''; });
    for (const route of this.routes) {
      if (route.method != method) {
        continue;
      }
      const parameters = matchSegments(route.segments, parts);
      if (parameters) {
        return { route: route, parameters: parameters };
      }
    }
    return null;
  }

  handle(request) {
    const path = request.path || '/';
    const found = this.find(request.method, path);
    if (!found) {
      console.info('no route for ' + path);
      return { status: 404, body: 'nothing at ' + path };
    }
    const context = Object.assign({}, request, { parameters: found.parameters });
    for (const filter of this.filters) {
      const answer = filter(context);
      if (answer && answer.status) {
        return answer;
      }
    }
    return runHandler(found.route.handler, context);
  }
}

function runHandler(handler, context) {
  try {
    const body = handler(context);
    return { status: body == null ? 204 : 200, body: body };
  } catch (error) {
    console.error('handler failed: ' + error.message);
    return { status: 500, body: 'internal error' };
  }
}

export function pageOf(request, size) {
  const page = parseInt(request.query && request.query.page, 10);
  const number = isNaN(page) ? 1 : page;
  const length = size || 20;
  return { offset: (number - 1) * length, length: length };
}
