/**
 * Activations, and the elementwise functions with a kink. At a kink the derivative
 * is PyTorch's; each entry says which.
 *
 * @module
 */
import { erfc, TapegradError } from '@tapegrad/kernels';
import { type Operand, select } from '../op.ts';
import { beginFamily, operation, type OptionOp, parametric, unary } from '../operation.ts';
import { add, eq, gt, le, mul, sub } from './arithmetic.ts';
import { minimum } from './bound.ts';
import { exp, sigmoid, square } from './exponential.ts';

export * from './bound.ts';

beginFamily('Kinks and activations');

const KINK_AT_0 = [{ avoid: [0] }];

/**
 * -1, 0 or 1; the derivative is 0 everywhere.
 *
 * @example
 * sign(-2); // -1
 */
export const sign = unary({
  name: 'sign',
  doc: 'Sign; the derivative is 0.',
  notation: { template: '\\operatorname{sgn} x' },
  result: 'same',
  domain: KINK_AT_0,
  eval: Math.sign,
  // Chosen, not multiplied: exactly 0 even for an infinite cotangent. The mask gives it its shape.
  derivative: (x) => select(eq(x, x), 0, 0),
  examples: [[-2, -1]],
  subgradient: '0 everywhere',
});

/**
 * Absolute value; the derivative at 0 is 0.
 *
 * @example
 * abs(-2); // 2
 */
export const abs = unary({
  name: 'abs',
  doc: 'Absolute value.',
  notation: { template: '|x|', delimits: true },
  result: 'same',
  domain: KINK_AT_0,
  eval: Math.abs,
  derivative: (x) => sign(x),
  examples: [[-2, 2]],
  subgradient: '0 at 0',
});

/**
 * `max(x, 0)`; the derivative at 0 is 0, and a cotangent of NaN does not pass a dead unit.
 *
 * @example
 * relu(tensor([-1, 2])).toArray(); // [0, 2]
 */
export const relu = unary({
  name: 'relu',
  doc: 'Positive part.',
  notation: { template: '\\max(x, 0)' },
  result: 'same',
  domain: KINK_AT_0,
  eval: (x) => (x < 0 ? 0 : x),
  derivative: (_, y) => select(le(y, 0), 0, 1),
  examples: [
    [-1, 0],
    [2, 2],
  ],
  subgradient: '0 at 0',
});

const leakyParts = parametric({
  name: 'leakyRelu',
  notation: { template: '\\begin{cases} x & x > 0 \\\\ y\\,x & \\text{else} \\end{cases}', delimits: true },
  eval: (x, slope) => (x > 0 ? x : slope * x),
  partials: [(x, slope) => select(gt(x, 0), 1, slope), null],
});

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Slope below 0. Default 0.01. */
  readonly negativeSlope?: number;
}

/**
 * `x` above 0, `negativeSlope · x` below.
 *
 * @example
 * leakyRelu(-1); // -0.01
 */
export const leakyRelu: OptionOp<LeakyReluOptions> = operation({
  name: 'leakyRelu',
  doc: 'Identity above 0, a small slope below.',
  def: leakyParts.def,
  domain: KINK_AT_0,
  cases: [{ shapes: [[2, 3]] }, { shapes: [[]], call: (x) => leakyRelu(x, { negativeSlope: 0.3 }) }],
  subgradient: 'the slope below at 0',
  call: ((x: Operand, { negativeSlope = 0.01 }: LeakyReluOptions = {}) =>
    leakyParts.apply(x, negativeSlope)) as OptionOp<LeakyReluOptions>,
});

// The exponential on the right of 0 is not used, but were it infinite, second derivatives would be NaN.
const eluParts = parametric({
  name: 'elu',
  notation: { template: '\\begin{cases} x & x > 0 \\\\ y\\,(e^{x} - 1) & \\text{else} \\end{cases}', delimits: true },
  eval: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
  partials: [(x, alpha) => select(gt(x, 0), 1, mul(alpha, exp(minimum(x, 0)))), null],
});

/** Options of {@link elu}. */
export interface EluOptions {
  /** Minus the limit on the left. Default 1. */
  readonly alpha?: number;
}

/**
 * `x` above 0, `α (e^x - 1)` below.
 *
 * @example
 * elu(2); // 2
 */
export const elu: OptionOp<EluOptions> = operation({
  name: 'elu',
  doc: 'Exponential linear unit.',
  def: eluParts.def,
  domain: KINK_AT_0,
  cases: [{ shapes: [[2, 3]] }, { shapes: [[]], call: (x) => elu(x, { alpha: 0.5 }) }],
  subgradient: 'α at 0',
  source: 'Clevert, Unterthiner and Hochreiter 2016',
  call: ((x: Operand, { alpha = 1 }: EluOptions = {}) => eluParts.apply(x, alpha)) as OptionOp<EluOptions>,
});

/** Density of the standard normal. */
function density(x: Operand): Operand {
  return mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, square(x))));
}

/** By erfc, which keeps its digits on the left where 1 + erf would lose them all. */
function normalCdf(x: number): number {
  return 0.5 * erfc(-x * Math.SQRT1_2);
}

/** Distribution function of the standard normal. */
const { apply: distribution } = parametric({
  name: 'normalCdf',
  notation: { template: '\\Phi(x)' },
  eval: normalCdf,
  partials: [(x) => density(x)],
});

const geluErf = parametric({
  name: 'gelu',
  notation: { template: 'x\\,\\Phi(x)', precedence: 2 },
  eval: (x) => (x === -Infinity ? 0 : x * normalCdf(x)),
  partials: [(x) => add(distribution(x), mul(x, density(x)))],
});

/** 2 √(2/π): twice the factor in the tanh. */
const TANH_SCALE = 2 * Math.sqrt(2 / Math.PI);
const TANH_CUBE = 0.044715;

const geluTanh = parametric({
  name: 'gelu',
  // (1 + tanh u) / 2 = σ(2u), which does not cancel on the left.
  eval: (x) => (x === -Infinity ? 0 : x / (1 + Math.exp(-TANH_SCALE * (x + TANH_CUBE * x * x * x)))),
  partials: [
    (x, y) => {
      const s = sigmoid(mul(TANH_SCALE, add(x, mul(TANH_CUBE, mul(x, square(x))))));
      const slope = mul(TANH_SCALE, add(1, mul(3 * TANH_CUBE, square(x))));
      return add(s, mul(y, mul(sub(1, s), slope)));
    },
  ],
});

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** Exact, or by tanh as in the first implementations. Default 'none'. */
  readonly approximate?: 'none' | 'tanh';
}

/**
 * `x Φ(x)`, with the distribution function of the standard normal.
 *
 * @throws `argument` for another approximation than 'none' or 'tanh'.
 * @example
 * gelu(0); // 0
 */
export const gelu: OptionOp<GeluOptions> = operation({
  name: 'gelu',
  doc: 'Gaussian error linear unit.',
  def: geluErf.def,
  cases: [{ shapes: [[2, 3]] }, { shapes: [[3]], call: (x) => gelu(x, { approximate: 'tanh' }) }],
  source: 'Hendrycks and Gimpel 2016',
  call: ((x: Operand, { approximate = 'none' }: GeluOptions = {}) => {
    if (approximate !== 'none' && approximate !== 'tanh') {
      throw new TapegradError('argument', `gelu: approximate is 'none' or 'tanh', got ${String(approximate)}`);
    }
    return (approximate === 'tanh' ? geluTanh : geluErf).apply(x);
  }) as OptionOp<GeluOptions>,
});

/**
 * `x σ(x)`, also called swish.
 *
 * @example
 * silu(0); // 0
 */
export const silu = unary({
  name: 'silu',
  doc: 'Identity times logistic function.',
  notation: { template: 'x\\,\\sigma(x)', precedence: 2 },
  eval: (x) => (x === -Infinity ? 0 : x / (1 + Math.exp(-x))),
  derivative: (x, y) => add(sigmoid(x), mul(y, sub(1, sigmoid(x)))),
  examples: [[0, 0]],
  source: 'Elfwing, Uchibe and Doya 2018',
});
