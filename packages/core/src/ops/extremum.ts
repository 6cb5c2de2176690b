/**
 * Largest and smallest, and norms.
 *
 * `amax`, `amin`, and `max` and `min` of everything share the cotangent evenly
 * among ties; `max` and `min` along an axis give it all to the index they return.
 *
 * @module
 */
import {
  amax as amaxKernel,
  amin as aminKernel,
  argmax as argmaxKernel,
  argmin as argminKernel,
  type Data,
  gather as gatherKernel,
  reshape as reshapeKernel,
  scatterInto,
  type Tensor,
} from '@tapegrad/kernels';
import { type ReduceArgument, reduceAxes, singleAxis } from '../axes.ts';
import { general, linear, type Operand, primalOf, shapeOfOperand } from '../op.ts';
import { operation, type OptionOp } from '../operation.ts';
import type { Value } from '../value.ts';
import { abs } from './activation.ts';
import { div, eq, mul, ne, where } from './arithmetic.ts';
import { asTensor, castTo } from './broadcast.ts';
import { pow, sqrt, square } from './exponential.ts';
import { checkNotEmpty, reductionCases, sum, withAxes } from './reduction.ts';
import { reshape } from './shape.ts';

interface Reduction {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

type Kernel = (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor;

function evenly(name: string, kernel: Kernel): (inputs: readonly Operand[], r: Reduction) => Operand {
  const weights = (x: Operand, y: Operand, axes: readonly number[]): Operand => {
    const mask = castTo(eq(x, withAxes(y, shapeOfOperand(x), axes)), typeof x === 'number' ? 'f64' : x.dtype);
    return div(mask, sum(mask, { axis: axes, keepDims: true }));
  };
  return general<Reduction>({
    name,
    evaluate: ([x], { axes, keepDims }) => (typeof x === 'number' ? x : kernel(x, axes, keepDims)),
    vjp: (g, [x], y, { axes }) =>
      axes.length === 0 ? [g] : [mul(withAxes(g, shapeOfOperand(x), axes), weights(x, y, axes))],
    jvp: ([t], [x], y, { axes, keepDims }) =>
      axes.length === 0 ? t! : sum(mul(t!, weights(x, y, axes)), { axis: axes, keepDims }),
  });
}

const amaxRow = evenly('amax', amaxKernel);
const aminRow = evenly('amin', aminKernel);
const DISTINCT = [{ distinct: true }];

function extremum(row: typeof amaxRow, op: string, x: Operand, options: ReduceArgument | undefined): Operand {
  const reduction = reduceAxes(op, options, shapeOfOperand(x).length);
  checkNotEmpty(op, x, reduction.axes);
  return row([x], reduction);
}

/**
 * Largest element over axes, by default all; NaN if there is one. Ties share the cotangent evenly.
 *
 * @throws `shape` if there is nothing to choose from.
 * @example
 * amax(tensor([[1, 5], [3, 2]]), { axis: 1 }).toArray(); // [5, 3]
 */
export const amax: OptionOp<ReduceArgument> = operation({
  name: 'amax',
  doc: 'Largest element over axes.',
  formula: '\\max_i x_i',
  rule: '\\bar y\\,[x = y] / \\#\\{x = y\\}',
  domain: DISTINCT,
  cases: reductionCases((x, o) => amax(x, o)),
  subgradient: 'ties share evenly',
  call: ((x: Operand, options?: ReduceArgument) => extremum(amaxRow, 'amax', x, options)) as OptionOp<ReduceArgument>,
});

/**
 * Smallest element over axes, by default all; NaN if there is one. Ties share the cotangent evenly.
 *
 * @throws `shape` if there is nothing to choose from.
 * @example
 * amin(tensor([[1, 5], [3, 2]]), { axis: 1 }).toArray(); // [1, 2]
 */
export const amin: OptionOp<ReduceArgument> = operation({
  name: 'amin',
  doc: 'Smallest element over axes.',
  formula: '\\min_i x_i',
  rule: '\\bar y\\,[x = y] / \\#\\{x = y\\}',
  domain: DISTINCT,
  cases: reductionCases((x, o) => amin(x, o)),
  subgradient: 'ties share evenly',
  call: ((x: Operand, options?: ReduceArgument) => extremum(aminRow, 'amin', x, options)) as OptionOp<ReduceArgument>,
});

/** One axis, or all of them as if flattened. */
export interface ArgOptions {
  readonly axis?: number | undefined;
  readonly keepDims?: boolean | undefined;
}

type ArgKernel = (x: Tensor, axis: number | null, keepDims: boolean) => Tensor;

function positionRow(name: string, kernel: ArgKernel): (inputs: readonly Operand[], o: { axis: number | null; keepDims: boolean }) => Operand {
  return general<{ axis: number | null; keepDims: boolean }>({
    name,
    evaluate: ([x], { axis, keepDims }) => kernel(asTensor(x), axis, keepDims),
    vjp: () => [null],
    jvp: () => null,
  });
}

const argmaxRow = positionRow('argmax', argmaxKernel);
const argminRow = positionRow('argmin', argminKernel);

function position(row: typeof argmaxRow, op: string, x: Operand, { axis, keepDims = false }: ArgOptions): Operand {
  const { length } = shapeOfOperand(x);
  const at = axis === undefined ? null : singleAxis(op, axis, length);
  checkNotEmpty(op, x, at === null ? shapeOfOperand(x).map((_, k) => k) : [at]);
  const index = row([x], { axis: at, keepDims });
  return typeof x === 'number' ? 0 : index;
}

/**
 * Position of the (first) largest element along an axis, or in the flattened tensor; i32. No derivative.
 *
 * @throws `shape` if there is nothing to choose from.
 * @example
 * argmax(tensor([3, 9, 4])).item(); // 1
 */
export const argmax: OptionOp<ArgOptions> = operation({
  name: 'argmax',
  doc: 'Position of the largest element; i32.',
  formula: '\\arg\\max_i x_i',
  isDifferentiable: false,
  call: ((x: Operand, options: ArgOptions = {}) => position(argmaxRow, 'argmax', x, options)) as OptionOp<ArgOptions>,
});

/**
 * Position of the (first) smallest element along an axis, or in the flattened tensor; i32. No derivative.
 *
 * @throws `shape` if there is nothing to choose from.
 * @example
 * argmin(tensor([3, 9, 4])).item(); // 0
 */
export const argmin: OptionOp<ArgOptions> = operation({
  name: 'argmin',
  doc: 'Position of the smallest element; i32.',
  formula: '\\arg\\min_i x_i',
  isDifferentiable: false,
  call: ((x: Operand, options: ArgOptions = {}) => position(argminRow, 'argmin', x, options)) as OptionOp<ArgOptions>,
});

interface Pick {
  /** Positions along the axis, which keeps extent 1. */
  readonly index: Tensor;
  readonly axis: number;
  readonly shape: readonly number[];
  readonly name: string;
}

function pickRow(name: string): (x: Operand, p: Pick) => Operand {
  const pick: (x: Operand, p: Pick) => Operand = linear<Pick>({
    name,
    evaluate: (x, { index, axis }) => gatherKernel(asTensor(x), index, axis),
    transpose: (g, _, p) => place(g, p),
  });
  const place: (g: Operand, p: Pick) => Operand = linear<Pick>({
    name: 'scatterInto',
    evaluate: (g, { index, axis, shape }) => scatterInto(shape, asTensor(g).dtype, index, asTensor(g), axis),
    transpose: (h, _, p) => pick(h, p),
  });
  return pick;
}

const maxPick = pickRow('max');
const minPick = pickRow('min');

/** What `max` and `min` along an axis return; also as a pair, `const [values, indices] = …`. */
export interface Extremes<T> extends Iterable<T> {
  readonly values: T;
  readonly indices: T;
}

/** All elements: a scalar. Along an axis: values and indices. */
export interface ExtremeOp {
  (x: number): number;
  (x: Tensor): Tensor;
  (x: Value): Value;
  (x: Operand): Operand;
  (x: Tensor, options: { readonly axis: number; readonly keepDims?: boolean }): Extremes<Tensor>;
  (x: Value, options: { readonly axis: number; readonly keepDims?: boolean }): Extremes<Value>;
  (x: Operand, options: { readonly axis: number; readonly keepDims?: boolean }): Extremes<Operand>;
}

function extremes(
  op: 'max' | 'min',
  x: Operand,
  options: ArgOptions | number | undefined,
): Operand | Extremes<Operand> {
  const { axis, keepDims = false } = typeof options === 'number' ? { axis: options } : (options ?? {});
  if (axis === undefined) return extremum(op === 'max' ? amaxRow : aminRow, op, x, undefined);
  const shape = shapeOfOperand(x);
  const at = singleAxis(op, axis, shape.length);
  checkNotEmpty(op, x, [at]);
  if (shape.length === 0) return pair(x, 0);
  const index = (op === 'max' ? argmaxKernel : argminKernel)(primalOf(x) as Tensor, at, true);
  const picked = (op === 'max' ? maxPick : minPick)(x, { index, axis: at, shape, name: op });
  if (keepDims) return pair(picked, index);
  const reduced = shape.filter((_, k) => k !== at);
  return pair(reshape(picked, reduced), reshapeKernel(index, reduced));
}

function pair(values: Operand, indices: Data): Extremes<Operand> {
  return { values, indices, [Symbol.iterator]: () => [values, indices].values() };
}

/**
 * The largest element of all, ties sharing the cotangent evenly; or with `{ axis }` the largest along that axis with
 * their indices, `{ values, indices }`, the cotangent going to that index alone.
 *
 * @example
 * max(tensor([3, 9, 4])).item(); // 9
 * max(tensor([[3, 9], [7, 4]]), { axis: 1 }).indices.toArray(); // [1, 0]
 */
export const max: ExtremeOp = operation({
  name: 'max',
  doc: 'Largest element; along an axis, values and indices.',
  formula: '\\max_i x_i',
  rule: '\\bar y\\,[i = \\arg\\max]',
  domain: DISTINCT,
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 3]], call: (x) => max(x, { axis: -1 }).values }],
  subgradient: 'ties share evenly; along an axis all goes to the index',
  call: ((x: Operand, o?: ArgOptions) => extremes('max', x, o)) as ExtremeOp,
});

/**
 * The smallest element of all, or with `{ axis }` values and indices along that axis; see {@link max}.
 *
 * @example
 * min(tensor([3, 9, 4])).item(); // 3
 */
export const min: ExtremeOp = operation({
  name: 'min',
  doc: 'Smallest element; along an axis, values and indices.',
  formula: '\\min_i x_i',
  rule: '\\bar y\\,[i = \\arg\\min]',
  domain: DISTINCT,
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 3]], call: (x) => min(x, { axis: 0, keepDims: true }).values }],
  subgradient: 'ties share evenly; along an axis all goes to the index',
  call: ((x: Operand, o?: ArgOptions) => extremes('min', x, o)) as ExtremeOp,
});

/** Axes, and the order of the norm. */
export interface NormOptions {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
  /** Default 2; any number, 0 (how many are not 0), Infinity and -Infinity. */
  readonly p?: number;
}

/** A root whose slope at 0 is taken as 0, so that the norm of nothing but zeros has gradient 0. */
const rootRow = general<undefined>({
  name: 'norm',
  evaluate: ([x]) => sqrt(x) as Data,
  vjp: (g, _, y) => [where(eq(y, 0), 0, div(g, mul(2, y)))],
  jvp: ([t], _, y) => where(eq(y, 0), 0, div(t!, mul(2, y))),
});

/**
 * The p-norm over axes, by default of all elements: `(Σ |x|^p)^(1/p)`.
 *
 * @example
 * norm(tensor([3, 4])).item(); // 5
 */
export const norm: OptionOp<NormOptions> = operation({
  name: 'norm',
  doc: 'p-norm over axes, by default the Euclidean norm of all elements.',
  formula: '\\left(\\sum_i |x_i|^p\\right)^{1/p}',
  rule: '\\bar y\\, x |x|^{p-2} / y^{p-1}',
  domain: [{ avoid: [0], distinct: true }],
  cases: [2, 1, 3, 0.5, Infinity].map((p) => ({ shapes: [[2, 3]], call: (x: Operand) => norm(x, { p, axis: 1 }) })),
  subgradient: '0 where the norm is 0',
  call: ((x: Operand, { axis, keepDims = false, p = 2 }: NormOptions = {}) => {
    const over = { axis, keepDims };
    if (p === 2) return rootRow([sum(square(x), over)], undefined);
    if (p === 1) return sum(abs(x), over);
    if (p === 0) return sum(castTo(ne(x, 0), typeof x === 'number' ? 'f64' : x.dtype), over);
    if (p === Infinity) return amax(abs(x), over);
    if (p === -Infinity) return amin(abs(x), over);
    const powers = sum(pow(abs(x), p), over);
    // As with the root: no slope at 0.
    return where(eq(powers, 0), 0, pow(where(eq(powers, 0), 1, powers), 1 / p));
  }) as OptionOp<NormOptions>,
});
