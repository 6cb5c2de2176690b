/**
 * Sums and what is made of them: means, moments, norms, products, scans.
 *
 * Without an axis they reduce everything. f32 accumulates in f64.
 *
 * @module
 */
import {
  cumsum as cumsumKernel,
  type Data,
  isFloat,
  logsumexp as logsumexpKernel,
  prod as prodKernel,
  reducedShape,
  sizeOf,
  sum as sumKernel,
  TapegradError,
} from '@tapegrad/kernels';
import { type ReduceArgument, reduceAxes, singleAxis } from '../axes.ts';
import { general, linear, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, operation, type OptionOp } from '../operation.ts';
import { div, eq, mul, sub, where } from './arithmetic.ts';
import { expandTo } from './broadcast.ts';
import { exp, sqrt, square } from './exponential.ts';
import { productGradient } from './product.ts';
import { reshape, to } from './shape.ts';

beginFamily('Reductions and scans');

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const AXIS_CASES: readonly (readonly [readonly number[], ReduceArgument | undefined])[] = [
  [[2, 3], undefined],
  [[2, 3], { axis: -1 }],
  [[2, 3, 2], { axis: [0, -1], keepDims: true }],
  [[], undefined],
];

/** The usual cases of a reduction. */
export function reductionCases(call: (x: Operand, options?: ReduceArgument) => Operand): {
  readonly shapes: readonly (readonly number[])[];
  readonly call: (x: Operand) => Operand;
}[] {
  return AXIS_CASES.map(([shape, options]) => ({ shapes: [shape], call: (x: Operand) => call(x, options) }));
}

/** Brings a reduced operand back to rank, with extent 1 on the reduced axes, so that it broadcasts. */
export function withAxes(x: Operand, shape: readonly number[], axes: readonly number[]): Operand {
  return reshape(x, reducedShape(shape, axes, true));
}

const sumRow: (x: Operand, r: Reduction) => Operand = linear<Reduction>({
  name: 'sum',
  evaluate: (x, { axes, keepDims }) => (typeof x === 'number' ? x : sumKernel(x, axes, keepDims)),
  transpose: (g, x, { axes }) =>
    typeof x === 'number' ? g : expandTo(withAxes(g, x.shape, axes), x.shape),
});

/**
 * Sum over axes, by default all. An empty sum is 0.
 *
 * @throws `axis` for axes that are not there or are named twice.
 * @example
 * sum(tensor([[1, 2], [3, 4]]), { axis: 0 }).toArray(); // [4, 6]
 */
export const sum: OptionOp<ReduceArgument> = operation({
  name: 'sum',
  doc: 'Sum over axes.',
  formula: '\\sum_i x_i',
  rule: '\\mathrm{expand}(\\bar y)',
  cases: [...reductionCases((x, o) => sum(x, o)), { shapes: [[0, 2]], call: (x: Operand) => sum(x, 0) }],
  call: ((x: Operand, options?: ReduceArgument) =>
    sumRow(x, reduceAxes('sum', options, shapeOfOperand(x).length))) as OptionOp<ReduceArgument>,
});

/** How many elements meet in each result. */
function countOf(op: string, x: Operand, options: ReduceArgument | undefined): number {
  const shape = shapeOfOperand(x);
  return reduceAxes(op, options, shape.length).axes.reduce((n, axis) => n * shape[axis], 1);
}

/** Integers and booleans as f64, for what is no whole number. */
function asFloat(x: Operand): Operand {
  return typeof x === 'number' || isFloat(x.dtype) ? x : to(x, 'f64');
}

/**
 * Arithmetic mean over axes, by default all; NaN of nothing. Integers give f64.
 *
 * @example
 * mean(tensor([1, 2, 6])).item(); // 3
 */
export const mean: OptionOp<ReduceArgument> = operation({
  name: 'mean',
  doc: 'Arithmetic mean over axes.',
  formula: '\\frac{1}{n}\\sum_i x_i',
  rule: '\\mathrm{expand}(\\bar y) / n',
  cases: reductionCases((x, o) => mean(x, o)),
  call: ((x: Operand, options?: ReduceArgument) => {
    const float = asFloat(x);
    return div(sum(float, options), countOf('mean', x, options));
  }) as OptionOp<ReduceArgument>,
});

const prodRow = general<Reduction>({
  name: 'prod',
  evaluate: ([x], { axes, keepDims }) => (typeof x === 'number' ? x : prodKernel(x, axes, keepDims)),
  vjp: (g, [x], y, { axes }) => {
    const shape = shapeOfOperand(x);
    return [mul(withAxes(g, shape, axes), productGradient(x, withAxes(y, shape, axes), axes))];
  },
  jvp: ([t], [x], y, { axes, keepDims }) =>
    sumRow(mul(t!, productGradient(x, withAxes(y, shapeOfOperand(x), axes), axes)), { axes, keepDims }),
});

/**
 * Product over axes, by default all. An empty product is 1. The derivative is right where elements are 0.
 *
 * @example
 * prod(tensor([2, 3, 4])).item(); // 24
 */
export const prod: OptionOp<ReduceArgument> = operation({
  name: 'prod',
  doc: 'Product over axes.',
  formula: '\\prod_i x_i',
  rule: '\\bar y \\prod_{j \\ne i} x_j',
  cases: reductionCases((x, o) => prod(x, o)),
  call: ((x: Operand, options?: ReduceArgument) =>
    prodRow([x], reduceAxes('prod', options, shapeOfOperand(x).length))) as OptionOp<ReduceArgument>,
});

const logsumexpRow = general<Reduction>({
  name: 'logsumexp',
  evaluate: ([x], { axes, keepDims }) => (typeof x === 'number' ? x : logsumexpKernel(x, axes, keepDims)),
  vjp: (g, [x], y, { axes }) => [mul(withAxes(g, shapeOfOperand(x), axes), shares(x, y, axes))],
  jvp: ([t], [x], y, { axes, keepDims }) => sumRow(mul(t!, shares(x, y, axes)), { axes, keepDims }),
});

/** The softmax over the reduced axes; 0, not NaN, where all is -Infinity. */
function shares(x: Operand, y: Operand, axes: readonly number[]): Operand {
  const total = withAxes(y, shapeOfOperand(x), axes);
  return where(eq(total, -Infinity), 0, exp(sub(x, where(eq(total, -Infinity), 0, total))));
}

/**
 * `ln Σ e^x` over axes, by default all, without overflow.
 *
 * @example
 * logsumexp(tensor([1000, 1000])).item(); // 1000.6931471805599
 */
export const logsumexp: OptionOp<ReduceArgument> = operation({
  name: 'logsumexp',
  doc: 'Logarithm of the sum of exponentials, without overflow.',
  formula: '\\ln \\sum_i e^{x_i}',
  rule: '\\bar y\\, e^{x - y}',
  cases: reductionCases((x, o) => logsumexp(x, o)),
  subgradient: '0 where all elements are -∞',
  source: 'Blanchard, Higham and Higham 2021',
  call: ((x: Operand, options?: ReduceArgument) =>
    logsumexpRow([asFloat(x)], reduceAxes('logsumexp', options, shapeOfOperand(x).length))) as OptionOp<ReduceArgument>,
});

/** Axes, and the correction of the divisor `n - correction`. */
export interface VarOptions {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
  /** Default 1, Bessel's: the estimate is unbiased. 0 for the variance of the numbers themselves. */
  readonly correction?: number;
}

/**
 * Variance over axes, by default all: `Σ (x - mean)² / (n - correction)`, in two passes.
 *
 * @example
 * variance(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.25
 */
export const variance: OptionOp<VarOptions> = operation({
  name: 'var',
  doc: 'Variance, with Bessel’s correction by default.',
  formula: '\\frac{1}{n - c}\\sum_i (x_i - \\bar x)^2',
  rule: '\\frac{2}{n - c}(x - \\bar x)\\,\\bar y',
  cases: [
    { shapes: [[5]] },
    { shapes: [[3, 2]], call: (x) => variance(x, { axis: 0, correction: 0, keepDims: true }) },
  ],
  call: ((x: Operand, { axis, keepDims, correction = 1 }: VarOptions = {}) => {
    const float = asFloat(x);
    const deviations = sub(float, mean(float, { axis, keepDims: true }));
    const divisor = Math.max(0, countOf('var', x, { axis }) - correction);
    return div(sum(square(deviations), { axis, keepDims }), divisor);
  }) as OptionOp<VarOptions>,
});

const stdRow = general<undefined>({
  name: 'std',
  evaluate: ([x]) => sqrt(x) as Data,
  vjp: (g, _, y) => [where(eq(y, 0), 0, div(g, mul(2, y)))],
  jvp: ([t], _, y) => where(eq(y, 0), 0, div(t!, mul(2, y))),
});

/**
 * Standard deviation over axes: the root of the variance. Where it is 0 the derivative is 0, as in PyTorch.
 *
 * @example
 * std(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.118033988749895
 */
export const std: OptionOp<VarOptions> = operation({
  name: 'std',
  doc: 'Standard deviation, with Bessel’s correction by default.',
  formula: '\\sqrt{\\mathrm{var}(x)}',
  rule: '\\frac{x - \\bar x}{(n - c)\\,y}\\,\\bar y',
  cases: [{ shapes: [[5]] }, { shapes: [[3, 2]], call: (x) => std(x, { axis: -2, correction: 0 }) }],
  subgradient: '0 where all elements are equal',
  call: ((x: Operand, options?: VarOptions) => stdRow([variance(x, options)], undefined)) as OptionOp<VarOptions>,
});

interface Scan {
  readonly axis: number;
  readonly isReversed: boolean;
}

const cumsumRow: (x: Operand, s: Scan) => Operand = linear<Scan>({
  name: 'cumsum',
  evaluate: (x, { axis, isReversed }): Data => (typeof x === 'number' ? x : cumsumKernel(x, axis, isReversed)),
  transpose: (g, _, { axis, isReversed }) => cumsumRow(g, { axis, isReversed: !isReversed }),
});

/**
 * Running sums along an axis.
 *
 * @throws `axis` if there are several axes and none is named.
 * @example
 * cumsum(tensor([1, 2, 3])).toArray(); // [1, 3, 6]
 */
export const cumsum: OptionOp<number | { readonly axis?: number }> = operation({
  name: 'cumsum',
  doc: 'Running sums along an axis.',
  formula: 'y_i = \\sum_{j \\le i} x_j',
  rule: '\\bar x_i = \\sum_{j \\ge i} \\bar y_j',
  cases: [{ shapes: [[4]] }, { shapes: [[2, 3]], call: (x) => cumsum(x, { axis: -2 }) }],
  call: ((x: Operand, options?: number | { readonly axis?: number }) => {
    const { length } = shapeOfOperand(x);
    return cumsumRow(x, { axis: singleAxis('cumsum', options, length, length <= 1 ? 0 : undefined), isReversed: false });
  }) as OptionOp<number | { readonly axis?: number }>,
});

/** Checks that a reduction without a neutral element has something to reduce. */
export function checkNotEmpty(op: string, x: Operand, axes: readonly number[]): void {
  const shape = shapeOfOperand(x);
  if (axes.some((axis) => shape[axis] === 0) && sizeOf(shape) === 0) {
    throw new TapegradError('shape', `${op}: there is no element to choose in [${shape.join(',')}]; check the input is not empty`);
  }
}
