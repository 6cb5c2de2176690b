/**
 * The field operations, comparisons, and choice.
 *
 * @module
 */
import type { Data, Tensor } from '@tapegrad/kernels';
import { apply, elementwise, type Operand, select } from '../op.ts';
import { beginFamily, binary, operation, unary } from '../operation.ts';
import type { Value } from '../value.ts';

beginFamily('Arithmetic');

/**
 * Negation, `-x`.
 *
 * @example
 * neg(2); // -2
 */
export const neg = unary({
  name: 'neg',
  doc: 'Negation.',
  notation: { template: '-x', precedence: 2 },
  operator: '-',
  result: 'same',
  eval: (x) => -x,
  derivative: () => -1,
  examples: [[2, -2]],
});

/**
 * Sum `x + y`, with broadcasting.
 *
 * @example
 * add(tensor([1, 2]), 10).toArray(); // [11, 12]
 */
export const add = binary({
  name: 'add',
  doc: 'Sum.',
  notation: { template: 'x + y', precedence: 1 },
  operator: '+',
  result: 'same',
  eval: (x, y) => x + y,
  partials: [() => 1, () => 1],
  examples: [[1, 2, 3]],
});

/**
 * Difference `x - y`, with broadcasting.
 *
 * @example
 * sub(5, 3); // 2
 */
export const sub = binary({
  name: 'sub',
  doc: 'Difference.',
  notation: { template: 'x - y', precedence: 1 },
  operator: '-',
  result: 'same',
  eval: (x, y) => x - y,
  partials: [() => 1, () => -1],
  examples: [[5, 3, 2]],
});

/**
 * Product `x y`, elementwise with broadcasting.
 *
 * @example
 * mul(tensor([1, 2]), tensor([3, 4])).toArray(); // [3, 8]
 */
export const mul = binary({
  name: 'mul',
  doc: 'Product.',
  notation: { template: 'x \\, y', precedence: 2 },
  operator: '*',
  result: 'same',
  eval: (x, y) => x * y,
  partials: [(_, y) => y, (x) => x],
  examples: [[2, 3, 6]],
});

/**
 * True quotient `x / y`; integers give f64.
 *
 * @example
 * div(1, 4); // 0.25
 */
export const div = binary({
  name: 'div',
  doc: 'Quotient; integers give f64.',
  notation: { template: '\\frac{x}{y}', delimits: true },
  operator: '/',
  domain: [{}, { avoid: [0] }],
  eval: (x, y) => x / y,
  partials: [(_, y) => div(1, y), (_, y, z) => neg(div(z, y))],
  examples: [[1, 4, 0.25]],
});

beginFamily('Comparison and choice');

function comparison(name: string, doc: string, sign: string, latex: string, eval_: (x: number, y: number) => number) {
  return binary({
    name,
    doc: `${doc}; 1 or 0 for numbers, bool for tensors.`,
    notation: { template: `[x ${latex} y]` },
    operator: sign,
    result: 'bool',
    eval: eval_,
    partials: [null, null],
  });
}

/**
 * Where `x = y`: 1 or 0 for numbers, a bool tensor else. No derivative.
 *
 * @example
 * eq(tensor([1, 2]), 2).toArray(); // [false, true]
 */
export const eq = comparison('eq', 'Equal', '===', '=', (x, y) => (x === y ? 1 : 0));

/**
 * Where `x ≠ y`. NaN differs from everything, itself included.
 *
 * @example
 * ne(1, 2); // 1
 */
export const ne = comparison('ne', 'Not equal', '!==', '\\ne', (x, y) => (x !== y ? 1 : 0));

/**
 * Where `x < y`.
 *
 * @example
 * lt(1, 2); // 1
 */
export const lt = comparison('lt', 'Less', '<', '<', (x, y) => (x < y ? 1 : 0));

/**
 * Where `x ≤ y`.
 *
 * @example
 * le(2, 2); // 1
 */
export const le = comparison('le', 'Less or equal', '<=', '\\le', (x, y) => (x <= y ? 1 : 0));

/**
 * Where `x > y`.
 *
 * @example
 * gt(tensor([1, 3]), 2).toArray(); // [false, true]
 */
export const gt = comparison('gt', 'Greater', '>', '>', (x, y) => (x > y ? 1 : 0));

/**
 * Where `x ≥ y`.
 *
 * @example
 * ge(1, 2); // 0
 */
export const ge = comparison('ge', 'Greater or equal', '>=', '\\ge', (x, y) => (x >= y ? 1 : 0));

const both = elementwise({
  name: 'logicalAnd',
  result: 'bool',
  eval: (x, y) => (x !== 0 && y !== 0 ? 1 : 0),
  partials: [null, null],
});

/** Where both are nonzero: what rules combine masks with. */
export function logicalAnd(x: Operand, y: Operand): Operand {
  return apply(both, [x, y]);
}

const whereDef = elementwise({
  name: 'where',
  notation: { template: '\\begin{cases} y & x \\\\ z & \\text{else} \\end{cases}', delimits: true },
  result: 'same',
  eval: (mask, x, y) => (mask !== 0 ? x : y),
  partials: [null, (mask) => select(mask, 1), (mask) => select(mask, 0, 1)],
});

/** `where` on every mix of operands. */
interface Where {
  (mask: number, x: number, y: number): number;
  (mask: Operand, x: Value, y: Operand): Value;
  (mask: Operand, x: Operand, y: Value): Value;
  (mask: Data, x: Data, y: Data): Tensor;
  (mask: Operand, x: Operand, y: Operand): Operand;
}

/**
 * `x` where `mask` holds, `y` elsewhere, with broadcasting.
 *
 * The branch that is not taken gets a gradient of exactly 0, never NaN, whatever it computed.
 *
 * @example
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 */
export const where: Where = operation({
  name: 'where',
  doc: 'The second operand where the first holds, else the third; the branch not taken gets exactly 0.',
  formula: '\\begin{cases} y & x \\\\ z & \\text{else} \\end{cases}',
  rule: '[x],\\ 1 - [x]',
  def: whereDef,
  domain: [{ avoid: [0] }, { avoid: [0] }],
  cases: [
    { shapes: [[2, 3], [3]], call: (x, y) => where(gt(x, 0), x, y) },
    { shapes: [[], [2, 2]], call: (x, y) => where(gt(y, 0), x, y) },
  ],
  call: ((mask, x, y) => apply(whereDef, [asMask(mask), x, y])) as Where,
});

/** A mask of numbers must not take part in the dtype of the result. */
function asMask(mask: Operand): Operand {
  return typeof mask === 'number' || mask.dtype === 'bool' ? mask : ne(mask, 0);
}
