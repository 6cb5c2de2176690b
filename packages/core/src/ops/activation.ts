/**
 * Activations, and the elementwise functions with a kink. At a kink the derivative
 * is PyTorch's; each entry says which.
 *
 * @module
 */
import { erfc, TapegradError } from '@tapegrad/kernels';
import { type Operand, select } from '../op.ts';
import { beginFamily, binary, operation, type OptionOp, parametric, unary } from '../operation.ts';
import { add, eq, ge, gt, le, logicalAnd, lt, mul, sub } from './arithmetic.ts';
import { exp, sigmoid, square } from './exponential.ts';
import { erf, tanh } from './trigonometric.ts';

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
  // Chosen, not multiplied: exactly 0 even for an infinite cotangent.
  derivative: () => select(0, 0),
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
  examples: [[-1, 0], [2, 2]],
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

const eluParts = parametric({
  name: 'elu',
  notation: { template: '\\begin{cases} x & x > 0 \\\\ y\\,(e^{x} - 1) & \\text{else} \\end{cases}', delimits: true },
  eval: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
  partials: [(x, alpha) => select(gt(x, 0), 1, mul(alpha, exp(x))), null],
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

const geluErf = parametric({
  name: 'gelu',
  notation: { template: 'x\\,\\Phi(x)', precedence: 2 },
  // By erfc, which keeps its digits on the left where 1 + erf would lose them all.
  eval: (x) => (x === -Infinity ? 0 : 0.5 * x * erfc(-x * Math.SQRT1_2)),
  partials: [(x) => add(mul(0.5, add(1, erf(mul(x, Math.SQRT1_2)))), mul(x, density(x)))],
});

const TANH_SCALE = Math.sqrt(2 / Math.PI);
const TANH_CUBE = 0.044715;

const geluTanh = parametric({
  name: 'gelu',
  eval: (x) => 0.5 * x * (1 + Math.tanh(TANH_SCALE * (x + TANH_CUBE * x * x * x))),
  partials: [
    (x) => {
      const t = tanh(mul(TANH_SCALE, add(x, mul(TANH_CUBE, mul(x, square(x))))));
      const slope = mul(TANH_SCALE, add(1, mul(3 * TANH_CUBE, square(x))));
      return add(mul(0.5, add(1, t)), mul(mul(0.5, x), mul(sub(1, square(t)), slope)));
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
  derivative: (x) => mul(sigmoid(x), add(1, mul(x, sub(1, sigmoid(x))))),
  examples: [[0, 0]],
  source: 'Elfwing, Uchibe and Doya 2018',
});

/**
 * The larger of two; NaN if either is. At a tie each gets half of the cotangent.
 *
 * @example
 * maximum(tensor([1, 5]), 3).toArray(); // [3, 5]
 */
export const maximum = binary({
  name: 'maximum',
  doc: 'The larger of two.',
  notation: { template: '\\max(x, y)' },
  result: 'same',
  domain: [{ min: -3, max: 0.4 }, { min: 0.6, max: 3 }],
  eval: Math.max,
  partials: [
    (x, y) => select(eq(x, y), 0.5, select(lt(x, y), 0, 1)),
    (x, y) => select(eq(x, y), 0.5, select(lt(y, x), 0, 1)),
  ],
  examples: [[1, 3, 3]],
  subgradient: 'half each at a tie',
});

/**
 * The smaller of two; NaN if either is. At a tie each gets half of the cotangent.
 *
 * @example
 * minimum(tensor([1, 5]), 3).toArray(); // [1, 3]
 */
export const minimum = binary({
  name: 'minimum',
  doc: 'The smaller of two.',
  notation: { template: '\\min(x, y)' },
  result: 'same',
  domain: [{ min: -3, max: 0.4 }, { min: 0.6, max: 3 }],
  eval: Math.min,
  partials: [
    (x, y) => select(eq(x, y), 0.5, select(gt(x, y), 0, 1)),
    (x, y) => select(eq(x, y), 0.5, select(gt(y, x), 0, 1)),
  ],
  examples: [[1, 3, 1]],
  subgradient: 'half each at a tie',
});

const clampParts = parametric({
  name: 'clamp',
  notation: { template: '\\min(\\max(x, y), z)' },
  result: 'same',
  eval: (x, min, max) => (x !== x ? x : Math.min(Math.max(x, min), max)),
  partials: [(x, min, max) => select(logicalAnd(ge(x, min), le(x, max)), 1), null, null],
});

/** Bounds; at least one. */
export interface ClampOptions {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

type Clamp = OptionOp<ClampOptions> & ((x: Operand, min: number, max: number) => Operand);

/**
 * Limited to `[min, max]`. The derivative is 1 within and at the bounds, exactly 0 outside.
 *
 * @throws `argument` without any bound.
 * @example
 * clamp(tensor([-2, 0.5, 3]), { min: 0, max: 1 }).toArray(); // [0, 0.5, 1]
 */
export const clamp: Clamp = operation({
  name: 'clamp',
  doc: 'Limited to an interval.',
  def: clampParts.def,
  domain: [{ avoid: [-1, 1] }],
  cases: [
    { shapes: [[2, 3]], call: (x) => clamp(x, { min: -1, max: 1 }) },
    { shapes: [[]], call: (x) => clamp(x, { max: 1 }) },
    { shapes: [[3]], call: (x) => clamp(x, -1, 1) },
  ],
  subgradient: '1 at the bounds',
  call: ((x: Operand, bounds: ClampOptions | number | undefined, upper?: number) => {
    const { min, max } = typeof bounds === 'object' ? bounds : { min: bounds, max: upper };
    if (min === undefined && max === undefined) {
      throw new TapegradError('argument', 'clamp: give min, max or both, as in clamp(x, { min: 0 })');
    }
    return clampParts.apply(x, min ?? -Infinity, max ?? Infinity);
  }) as Clamp,
});
