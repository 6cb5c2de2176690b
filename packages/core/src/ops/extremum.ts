/**
 * Largest and smallest, and norms.
 *
 * `amax`, `amin`, and `max` and `min` of everything share the cotangent evenly
 * among ties; `max` and `min` along an axis give it all to the index they return.
 *
 * @module
 */
import {
  argmax as argmaxKernel,
  argmin as argminKernel,
  gather as gatherKernel,
  reshape as reshapeKernel,
  reducedShape,
  scatterInto,
  TapegradError,
  type Tensor,
} from '@tapegrad/kernels';
import { type ReduceArgument, reduceAxes, singleAxis } from '../axes.ts';
import { dtypeOfOperand, general, linear, type Operand, primalOf, shapeOfOperand } from '../op.ts';
import { operation, type OptionOp } from '../operation.ts';
import type { Value } from '../value.ts';
import { abs } from './activation.ts';
import { ne } from './arithmetic.ts';
import { asTensor } from './broadcast.ts';
import { normRow } from './norm.ts';
import { asFloat, checkNotEmpty, reductionCases, sum } from './reduction.ts';
import { reshape, to } from './shape.ts';
import { amaxRow, aminRow, maxRow, minRow } from './ties.ts';

const DISTINCT = [{ distinct: true }];

function extremum(row: typeof amaxRow, op: string, x: Operand, options?: ReduceArgument): Operand {
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

/** One axis, and whether it stays with extent 1. */
export interface ArgOptions {
  readonly axis?: number | undefined;
  readonly keepDims?: boolean | undefined;
}

type ArgArgument = ArgOptions | number;

interface Position {
  /** null: the position in the flattened tensor. */
  readonly axis: number | null;
  readonly keepDims: boolean;
}

type ArgKernel = (x: Tensor, axis: number | null, keepDims: boolean) => Tensor;

function positionRow(name: string, kernel: ArgKernel): (inputs: readonly Operand[], o: Position) => Operand {
  return general<Position>({
    name,
    evaluate: ([x], { axis, keepDims }) => (typeof x === 'number' ? 0 : kernel(x, axis, keepDims)),
    vjp: () => [null],
    jvp: () => null,
  });
}

const argmaxRow = positionRow('argmax', argmaxKernel);
const argminRow = positionRow('argmin', argminKernel);

function position(row: typeof argmaxRow, op: string, x: Operand, argument: ArgArgument = {}): Operand {
  const { axis, keepDims = false } = typeof argument === 'number' ? { axis: argument } : argument;
  const shape = shapeOfOperand(x);
  const at = axis === undefined ? null : singleAxis(op, axis, shape.length);
  checkNotEmpty(op, x, at === null ? [...shape.keys()] : [at]);
  return row([x], { axis: at, keepDims });
}

/**
 * Position of the (first) largest element along an axis, or in the flattened tensor; i32. No derivative.
 *
 * @throws `shape` if there is nothing to choose from.
 * @example
 * argmax(tensor([3, 9, 4])).item(); // 1
 */
export const argmax: OptionOp<ArgArgument> = operation({
  name: 'argmax',
  doc: 'Position of the largest element; i32.',
  formula: '\\arg\\max_i x_i',
  isDifferentiable: false,
  call: ((x: Operand, options?: ArgArgument) => position(argmaxRow, 'argmax', x, options)) as OptionOp<ArgArgument>,
});

/**
 * Position of the (first) smallest element along an axis, or in the flattened tensor; i32. No derivative.
 *
 * @throws `shape` if there is nothing to choose from.
 * @example
 * argmin(tensor([3, 9, 4])).item(); // 0
 */
export const argmin: OptionOp<ArgArgument> = operation({
  name: 'argmin',
  doc: 'Position of the smallest element; i32.',
  formula: '\\arg\\min_i x_i',
  isDifferentiable: false,
  call: ((x: Operand, options?: ArgArgument) => position(argminRow, 'argmin', x, options)) as OptionOp<ArgArgument>,
});

interface Pick {
  /** Positions along the axis, which keeps extent 1. */
  readonly index: Tensor;
  readonly axis: number;
  readonly shape: readonly number[];
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

/** An axis, and whether it stays with extent 1; or just the axis. */
type Along = number | { readonly axis: number; readonly keepDims?: boolean | undefined };

/** All elements: a scalar. Along an axis: values and indices. */
export interface ExtremeOp {
  (x: number): number;
  (x: Tensor): Tensor;
  (x: Value): Value;
  (x: Operand): Operand;
  (x: Tensor, options: Along): Extremes<Tensor>;
  (x: Value, options: Along): Extremes<Value>;
  (x: Operand, options: Along): Extremes<Operand>;
}

function extremes(op: 'max' | 'min', x: Operand, options: ArgArgument = {}): Operand | Extremes<Operand> {
  const { axis, keepDims = false } = typeof options === 'number' ? { axis: options } : options;
  if (axis === undefined) return extremum(op === 'max' ? maxRow : minRow, op, x, { keepDims });
  const shape = shapeOfOperand(x);
  const at = singleAxis(op, axis, shape.length);
  const indices = position(op === 'max' ? argmaxRow : argminRow, op, x, { axis: at, keepDims });
  if (shape.length === 0) return pair(x, indices);
  const index = reshapeKernel(primalOf(indices) as Tensor, reducedShape(shape, [at], true));
  const picked = (op === 'max' ? maxPick : minPick)(x, { index, axis: at, shape });
  return pair(reshape(picked, shapeOfOperand(indices)), indices);
}

function pair(values: Operand, indices: Operand): Extremes<Operand> {
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
  call: ((x: Operand, options?: ArgArgument) => extremes('max', x, options)) as ExtremeOp,
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
  call: ((x: Operand, options?: ArgArgument) => extremes('min', x, options)) as ExtremeOp,
});

/** Axes, and the order of the norm. */
export interface NormOptions {
  readonly axis?: number | readonly number[] | undefined;
  readonly keepDims?: boolean | undefined;
  /** Default 2; any number, 0 (how many are not 0), Infinity and -Infinity. */
  readonly p?: number | undefined;
}

type NormArgument = NormOptions | number | readonly number[];

/**
 * The p-norm over axes, by default of all elements: `(Σ |x|^p)^(1/p)`, without overflow. Integers give f64.
 *
 * @throws `argument` for a p that is no number; `shape` for p = ±Infinity of nothing.
 * @example
 * norm(tensor([3, 4])).item(); // 5
 */
export const norm: OptionOp<NormArgument> = operation({
  name: 'norm',
  doc: 'p-norm over axes, by default the Euclidean norm of all elements.',
  formula: '\\left(\\sum_i |x_i|^p\\right)^{1/p}',
  rule: '\\bar y\\, x |x|^{p-2} / y^{p-1}',
  domain: [{ avoid: [0], distinct: true }],
  cases: [
    { shapes: [[5]] },
    ...[2, 1, 0, 3, 1.5, 0.5, -2, Infinity, -Infinity].map((p) => ({
      shapes: [[2, 3]],
      call: (x: Operand) => norm(x, { p, axis: 1 }),
    })),
    { shapes: [[2, 3, 2]], call: (x: Operand) => norm(x, { axis: [0, -1], keepDims: true }) },
    { shapes: [[2, 0]], call: (x: Operand) => norm(x, -1) },
    { shapes: [[]], call: (x: Operand) => norm(x) },
  ],
  subgradient: '0 where the norm is 0; for p < 2 also where the element is',
  call: ((x: Operand, options?: NormArgument) => {
    const { p = 2 } = (options ?? {}) as NormOptions;
    const reduction = reduceAxes('norm', options, shapeOfOperand(x).length);
    if (typeof p !== 'number' || Number.isNaN(p)) {
      throw new TapegradError('argument', `norm: p is a number or ±Infinity, got ${String(p)}; the default is 2`);
    }
    if (Math.abs(p) === Infinity) checkNotEmpty('norm', x, reduction.axes);
    const float = asFloat(x);
    const over = { axis: reduction.axes, keepDims: reduction.keepDims };
    if (p === 0) return sum(to(ne(float, 0), dtypeOfOperand(float)), over);
    if (p === 1) return sum(abs(float), over);
    if (p === Infinity) return amax(abs(float), over);
    if (p === -Infinity) return amin(abs(float), over);
    return normRow([float], { ...reduction, p });
  }) as OptionOp<NormArgument>,
});
