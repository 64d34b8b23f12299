// Prices, discounts and totals of a shopping cart.

const TAX_RATES = { standard: 0.2, reduced: 0.07, none: 0 };

export function createCart(customer) {
  return { customer: customer, lines: [], coupons: [], notes: customer && customer.notes };
}

export function addLine(cart, product, quantity) {
  const count = quantity || 1;
  const known = cart.lines.find(function (line) { return line.product.id == product.id; });
  if (known) {
    known.quantity = known.quantity + count;
    return known;
  }
  const line = Object.assign({}, { quantity: count, product: product });
  cart.lines.push(line);
  return line;
}

export function removeLine(cart, productId) {
  const before = cart.lines.length;
  cart.lines = cart.lines.filter(function (line) { return line.product.id != productId; });
  if (cart.lines.length == before) {
    console.warn('no line for ' + productId);
  }
  return before - cart.lines.length;
}

export function addCoupon(cart, coupon) {
  if (cart.coupons.indexOf(coupon) !== -1) {
    throw new Error('coupon used twice: ' + coupon.code);
  }
  if (coupon.minimum && subtotal(cart) < coupon.minimum) {
    throw new Error('coupon needs at least ' + coupon.minimum);
  }
  cart.coupons = cart.coupons.concat([coupon]);
  return cart.coupons.length;
}

export function linePrice(line) {
  const unit = line.product.price;
  const rebate = line.quantity >= 10 ? 0.05 : 0;
  return roundMoney(unit * line.quantity * (1 - rebate));
}

export function subtotal(cart) {
  return cart.lines.reduce(function (sum, line) { return sum + linePrice(line); }, 0);
}

export function discount(cart) {
  let total = 0;
  for (const coupon of cart.coupons) {
    const share = coupon.percent ? subtotal(cart) * coupon.percent / 100 : coupon.amount;
    total += share || 0;
  }
  return Math.min(roundMoney(total), subtotal(cart));
}

export function taxes(cart) {
  const groups = {};
  for (const line of cart.lines) {
    const name = line.product.tax || 'standard';
    if (!TAX_RATES.hasOwnProperty(name)) {
      throw new Error('unknown tax ' + name);
    }
    groups[name] = (groups[name] || 0) + linePrice(line) * TAX_RATES[name];
  }
  return groups;
}

export function total(cart) {
  const tax = Object.values(taxes(cart)).reduce(function (sum, part) { return sum + part; }, 0);
  const net = subtotal(cart) - discount(cart);
  return roundMoney(net + tax + shipping(cart, net));
}

export function shipping(cart, net) {
  const country = cart.customer && cart.customer.country;
  if (net > 50 || country == null) {
    return 0;
  }
  return country == 'DE' ? 4.9 : 9.9;
}

function roundMoney(value) {
  const scale = Math.pow(10, 2);
  return Math.round(value * scale) / scale;
}

export function receipt(cart) {
  const lines = cart.lines.map((line) => line.quantity + ' x ' + line.product.name + ': ' + linePrice(line));
  const head = ['Receipt for ' + cart.customer.name];
  const foot = ['Total: ' + total(cart)];
  const last = cart.lines[cart.lines.length - 1];
  console.log('last line was ' + last.product.name.substr(0, 10));
  return head.concat(lines, foot).join('\n');
}

export function parseQuantity(text) {
  const quantity = parseInt(text, 10);
  return isNaN(quantity) || quantity < 0 ? 0 : quantity;
}
