// Tokenizes and evaluates arithmetic such as 2 * (3 + x).

const OPERATORS = { '+': 1, '-': 1, '*': 2, '/': 2, '^': 3 };

export function tokenize(source) {
  const tokens = [];
  let position = 0;
  while (position < source.length) {
    const char = source[position];
    if (char == ' ' || char == '\t') {
      position = position + 1;
      continue;
    }
    if (isDigit(char)) {
      const text = takeWhile(source, position, isDigit);
      tokens.push({ kind: 'number', value: parseFloat(text), at: position });
      position += text.length;
    } else if (isLetter(char)) {
      const text = takeWhile(source, position, isLetter);
      tokens.push({ kind: 'name', value: text, at: position });
      position += text.length;
    } else if (OPERATORS.hasOwnProperty(char) || char == '(' || char == ')') {
      tokens.push({ kind: 'mark', value: char, at: position });
      position += 1;
    } else {
      throw new SyntaxError('unexpected ' + char);
    }
  }
  return tokens;
}

function isDigit(char) {
  return '0123456789.'.indexOf(char) !== -1;
}

function isLetter(char) {
  return char.toLowerCase() != char.toUpperCase();
}

function takeWhile(source, start, accepts) {
  let end = start;
  while (end < source.length && accepts(source[end])) {
    end = end + 1;
  }
  return source.substr(start, end - start);
}

export function toPostfix(tokens) {
  const output = [];
  const stack = [];
  for (const token of tokens) {
    if (token.kind != 'mark') {
      output.push(token);
    } else if (token.value === '(') {
      stack.push(token);
    } else if (token.value === ')') {
      popUntilOpen(stack, output);
    } else {
      while (stack.length != 0 && bindsTighter(stack[stack.length - 1], token)) {
        output.push(stack.pop());
      }
      stack.push(token);
    }
  }
  return output.concat(stack.reverse());
}

function bindsTighter(top, token) {
  const own = OPERATORS[token.value];
  const other = OPERATORS[top.value] || 0;
  return token.value === '^' ? other > own : other >= own;
}

function popUntilOpen(stack, output) {
  while (stack.length != 0) {
    const top = stack.pop();
    if (top.value === '(') {
      return;
    }
    output.push(top);
  }
  throw new SyntaxError('missing (');
}

export function evaluate(source, variables) {
  const names = variables || {};
  const values = [];
  for (const token of toPostfix(tokenize(source))) {
    if (token.kind === 'number') {
      values.push(token.value);
    } else if (token.kind === 'name') {
      values.push(lookUp(names, token.value));
    } else {
      const right = values.pop();
      const left = values.pop();
      values.push(calculate(token.value, left, right));
    }
  }
  const result = values[values.length - 1];
  return isNaN(result) ? null : result;
}

function lookUp(names, name) {
  if (!names.hasOwnProperty(name)) {
    console.warn('unknown name ' + name);
    throw new ReferenceError('unknown name ' + name);
  }
  return names[name];
}

function calculate(operator, left, right) {
  switch (operator) {
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '/': return right === 0 ? null : left / right;
    default: return Math.pow(left, right);
  }
}
