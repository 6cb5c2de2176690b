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
  showShape,
  sum as sumKernel,
  TapegradError,
} from '@tapegrad/kernels';
import { type ReduceArgument, reduceAxes, singleAxis } from '../axes.ts';
import { general, linear, type Operand, select, shapeOfOperand } from '../op.ts';
import { beginFamily, operation, type OptionOp, parametric } from '../operation.ts';
import { add, div, eq, mul, sub, where } from './arithmetic.ts';
import { expandTo } from './broadcast.ts';
import { exp, square } from './exponential.ts';
import { productGradient } from './product.ts';
import { reshape, to } from './shape.ts';

beginFamily('Reductions and scans');

/** Normalised axes. */
export interface Reduction {
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
  transpose: (g, x, { axes }) => (typeof x === 'number' ? g : expandTo(withAxes(g, x.shape, axes), x.shape)),
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
function countOf(x: Operand, axes: readonly number[]): number {
  const shape = shapeOfOperand(x);
  return axes.reduce((n, axis) => n * shape[axis], 1);
}

/** Integers and booleans as f64, for what is no whole number. */
export function asFloat(x: Operand): Operand {
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
    const reduction = reduceAxes('mean', options, shapeOfOperand(x).length);
    return div(sumRow(asFloat(x), reduction), countOf(x, reduction.axes));
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
  // e^(-∞ - 0) is 0; -∞ - -∞ would be NaN.
  return exp(sub(x, where(eq(total, -Infinity), 0, total)));
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
  readonly axis?: number | readonly number[] | undefined;
  readonly keepDims?: boolean | undefined;
  /** Default 1, Bessel's: the estimate is unbiased. 0 for the variance of the numbers themselves. */
  readonly correction?: number | undefined;
}

type VarArgument = VarOptions | number | readonly number[];

interface Spread extends Reduction {
  /** `n - correction`, and not below 0. */
  readonly divisor: number;
}

function deviations(x: Operand, axes: readonly number[]): Operand {
  return sub(x, div(sumRow(x, { axes, keepDims: true }), countOf(x, axes)));
}

// A row of its own: through the mean, a cotangent would meet rounding errors (at a divisor of 0, ∞ - ∞).
const varRow = general<Spread>({
  name: 'var',
  evaluate: ([x], { axes, keepDims, divisor }) =>
    div(sumRow(square(deviations(x, axes)), { axes, keepDims }), divisor) as Data,
  vjp: (g, [x], _, { axes, divisor }) => {
    const scaled = mul(withAxes(g, shapeOfOperand(x), axes), 2 / divisor);
    return [mul(scaled, deviations(x, axes))];
  },
  jvp: ([t], [x], _, { axes, keepDims, divisor }) =>
    mul(sumRow(mul(t!, deviations(x, axes)), { axes, keepDims }), 2 / divisor),
});

function varianceOf(op: string, x: Operand, options: VarArgument | undefined): Operand {
  const reduction = reduceAxes(op, options, shapeOfOperand(x).length);
  const { correction = 1 } = (options ?? {}) as VarOptions;
  return varRow([asFloat(x)], { ...reduction, divisor: Math.max(0, countOf(x, reduction.axes) - correction) });
}

/**
 * Variance over axes, by default all: `Σ (x - mean)² / (n - correction)`, in two passes. Integers give f64.
 *
 * NaN or Infinity where `correction` leaves nothing to divide by.
 *
 * @example
 * variance(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.25
 */
export const variance: OptionOp<VarArgument> = operation({
  name: 'var',
  doc: 'Variance, with Bessel’s correction by default.',
  formula: '\\frac{1}{n - c}\\sum_i (x_i - \\bar x)^2',
  rule: '\\frac{2}{n - c}(x - \\bar x)\\,\\bar y',
  cases: [
    { shapes: [[5]] },
    { shapes: [[3, 2]], call: (x: Operand) => variance(x, { axis: 0, correction: 0, keepDims: true }) },
    { shapes: [[2, 3, 2]], call: (x: Operand) => variance(x, [0, -1]) },
    { shapes: [[2, 0]], call: (x: Operand) => variance(x, 0) },
    { shapes: [[]], call: (x: Operand) => variance(x, { correction: 0 }) },
  ],
  call: ((x: Operand, options?: VarArgument) => varianceOf('var', x, options)) as OptionOp<VarArgument>,
});

/** The root, but flat at 0, where `√x` is infinitely steep. */
const { apply: flatRoot } = parametric({
  name: 'std',
  eval: Math.sqrt,
  partials: [(_, y) => select(eq(y, 0), 0, div(0.5, add(y, eq(y, 0))))],
});

/**
 * Standard deviation over axes: the root of the variance. Where it is 0 the derivative is 0, as in PyTorch.
 *
 * @example
 * std(tensor([1, 2, 3, 4]), { correction: 0 }).item(); // 1.118033988749895
 */
export const std: OptionOp<VarArgument> = operation({
  name: 'std',
  doc: 'Standard deviation, with Bessel’s correction by default.',
  formula: '\\sqrt{\\mathrm{var}(x)}',
  rule: '\\frac{x - \\bar x}{(n - c)\\,y}\\,\\bar y',
  domain: [{ distinct: true }],
  cases: [
    { shapes: [[5]] },
    { shapes: [[3, 2]], call: (x: Operand) => std(x, { axis: -2, correction: 0 }) },
    { shapes: [[2, 3, 2]], call: (x: Operand) => std(x, { axis: [0, -1], keepDims: true }) },
  ],
  subgradient: '0 where all elements are equal',
  call: ((x: Operand, options?: VarArgument) => flatRoot(varianceOf('std', x, options))) as OptionOp<VarArgument>,
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
    return cumsumRow(x, {
      axis: singleAxis('cumsum', options, length, length <= 1 ? 0 : undefined),
      isReversed: false,
    });
  }) as OptionOp<number | { readonly axis?: number }>,
});

/** Checks that a reduction without a neutral element has something to reduce. */
export function checkNotEmpty(op: string, x: Operand, axes: readonly number[]): void {
  const shape = shapeOfOperand(x);
  if (!axes.some((axis) => shape[axis] === 0)) return;
  throw new TapegradError(
    'shape',
    `${op}: there is nothing to choose from in ${showShape(shape)}; reduce over axes that have elements`,
  );
}
