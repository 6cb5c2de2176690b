/**
 * Powers, exponentials, logarithms, and the functions built from them.
 *
 * Derivatives prefer the output `y` where that saves a transcendental call and
 * loses no accuracy.
 *
 * @module
 */
import { type Operand, select } from '../op.ts';
import { beginFamily, binary, operation, type OptionOp, parametric, unary } from '../operation.ts';
import { add, div, eq, ge, gt, mul, ne, neg, sub } from './arithmetic.ts';

beginFamily('Powers, exponentials, logarithms');

const POSITIVE = [{ min: 0.05, max: 20 }];

/**
 * `e^x`.
 *
 * @example
 * exp(1); // 2.718281828459045
 */
export const exp = unary({
  name: 'exp',
  doc: 'Exponential.',
  notation: { template: 'e^{x}', delimits: true },
  eval: Math.exp,
  derivative: (_, y) => y,
  examples: [
    [0, 1],
    [1, 2.718281828459045],
  ],
});

/**
 * Natural logarithm; -Infinity at 0, NaN below.
 *
 * @example
 * log(2); // 0.6931471805599453
 */
export const log = unary({
  name: 'log',
  doc: 'Natural logarithm; NaN below 0.',
  notation: { template: '\\ln x' },
  domain: POSITIVE,
  eval: Math.log,
  derivative: (x) => div(1, x),
  examples: [
    [1, 0],
    [2, 0.6931471805599453],
  ],
});

/**
 * `ln(1 + x)`, accurate near 0.
 *
 * @example
 * log1p(1); // 0.6931471805599453
 */
export const log1p = unary({
  name: 'log1p',
  doc: 'Logarithm of 1 + x, accurate near 0.',
  notation: { template: '\\ln(1 + x)', delimits: true },
  domain: [{ min: -0.9, max: 20 }],
  eval: Math.log1p,
  derivative: (x) => div(1, add(1, x)),
  examples: [
    [0, 0],
    [1, 0.6931471805599453],
  ],
});

/**
 * `e^x - 1`, accurate near 0.
 *
 * @example
 * expm1(1); // 1.718281828459045
 */
export const expm1 = unary({
  name: 'expm1',
  doc: 'Exponential minus 1, accurate near 0.',
  notation: { template: 'e^{x} - 1', precedence: 1, delimits: true },
  eval: Math.expm1,
  derivative: (_, y) => add(y, 1),
  examples: [
    [0, 0],
    [1, 1.718281828459045],
  ],
});

/**
 * Square root; slope infinite at 0, NaN below.
 *
 * @example
 * sqrt(2); // 1.4142135623730951
 */
export const sqrt = unary({
  name: 'sqrt',
  doc: 'Square root; infinite slope at 0, NaN below.',
  notation: { template: '\\sqrt{x}', delimits: true },
  domain: POSITIVE,
  eval: Math.sqrt,
  derivative: (_, y) => div(0.5, y),
  examples: [
    [4, 2],
    [2, 1.4142135623730951],
  ],
});

/**
 * `1 / √x`.
 *
 * @example
 * rsqrt(4); // 0.5
 */
export const rsqrt = unary({
  name: 'rsqrt',
  doc: 'Reciprocal of the square root.',
  notation: { template: '\\frac{1}{\\sqrt{x}}', delimits: true },
  domain: POSITIVE,
  eval: (x) => 1 / Math.sqrt(x),
  derivative: (_, y) => mul(-0.5, mul(y, mul(y, y))),
  examples: [[4, 0.5]],
});

/**
 * `x²`.
 *
 * @example
 * square(3); // 9
 */
export const square = unary({
  name: 'square',
  doc: 'Square.',
  notation: { template: 'x^2', precedence: 2 },
  result: 'same',
  eval: (x) => x * x,
  derivative: (x) => mul(2, x),
  examples: [[3, 9]],
});

/**
 * `1 / x`.
 *
 * @example
 * reciprocal(4); // 0.25
 */
export const reciprocal = unary({
  name: 'reciprocal',
  doc: 'Reciprocal.',
  notation: { template: '\\frac{1}{x}', delimits: true },
  domain: [{ avoid: [0] }],
  eval: (x) => 1 / x,
  derivative: (_, y) => neg(mul(y, y)),
  examples: [[4, 0.25]],
});

/**
 * `x^y`, with broadcasting.
 *
 * In `x`, exactly 0 where `y = 0`; in `y`, exactly 0 where `x = 0` and `y ≥ 0`; as in PyTorch.
 *
 * @example
 * pow(2, 3); // 8
 */
export const pow = binary({
  name: 'pow',
  doc: 'Power.',
  notation: { template: 'x^{y}' },
  result: 'same',
  domain: [{ min: 0.1, max: 3 }, {}],
  eval: (x, y) => x ** y,
  partials: [
    (x, y) => select(ne(y, 0), mul(y, pow(x, sub(y, 1)))),
    // At x = 0 below y = 0 the limit z log x is -z, which is infinite already.
    (x, y, z) => select(eq(x, 0), select(ge(y, 0), 0, neg(z)), mul(z, log(x))),
  ],
  examples: [
    [2, 3, 8],
    [4, 0.5, 2],
  ],
  subgradient: '0 in x where y = 0; 0 in y where x = 0 and y ≥ 0',
});

/**
 * Logistic function `1 / (1 + e^-x)`.
 *
 * @example
 * sigmoid(0); // 0.5
 */
export const sigmoid = unary({
  name: 'sigmoid',
  doc: 'Logistic function; saturates at 0 and 1.',
  notation: { template: '\\sigma(x)' },
  eval: (x) => {
    // e^-|x| does not overflow, and keeps the small tail on the left to full precision.
    const e = Math.exp(-Math.abs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
  },
  derivative: (_, y) => mul(y, sub(1, y)),
  examples: [[0, 0.5]],
});

const softplusParts = parametric({
  name: 'softplus',
  notation: { template: '\\frac{1}{\\beta}\\ln(1 + e^{\\beta x})', delimits: true },
  eval: (x, beta, threshold) =>
    beta * x > threshold ? x : (Math.max(beta * x, 0) + Math.log1p(Math.exp(-Math.abs(beta * x)))) / beta,
  partials: [(x, beta, threshold) => select(gt(mul(beta, x), threshold), 1, sigmoid(mul(beta, x))), null, null],
});

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** Sharpness. Default 1. */
  readonly beta?: number;
  /** Above `threshold / beta` the function is `x`. Default 20. */
  readonly threshold?: number;
}

/**
 * `ln(1 + e^(βx)) / β`, a smooth relu, without overflow.
 *
 * @example
 * softplus(0); // 0.6931471805599453
 */
export const softplus: OptionOp<SoftplusOptions> = operation({
  name: 'softplus',
  doc: 'Smooth relu, without overflow; the identity above threshold / β.',
  def: softplusParts.def,
  domain: [{ avoid: [20] }],
  cases: [
    { shapes: [[2, 3]] },
    { shapes: [[]], call: (x) => softplus(x, { beta: 2 }) },
    { shapes: [[3]], call: (x) => softplus(x, { beta: 3, threshold: 4 }), domain: [{ avoid: [4 / 3] }] },
  ],
  call: ((x: Operand, { beta = 1, threshold = 20 }: SoftplusOptions = {}) =>
    softplusParts.apply(x, beta, threshold)) as OptionOp<SoftplusOptions>,
});
