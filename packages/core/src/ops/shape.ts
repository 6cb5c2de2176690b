/**
 * Operations that look at the same elements in another shape. All are linear, and
 * views: no element is copied where strides can say the same.
 *
 * @module
 */
import {
  cast,
  type Data,
  type DType,
  checkDtype,
  flip as flipKernel,
  isFloat,
  normaliseAxes,
  normaliseAxis,
  permute as permuteKernel,
  reshape as reshapeKernel,
  sameShape,
  type Shape,
  shapeOf,
  showShape,
  TapegradError,
  type Tensor,
} from '@tapegrad/kernels';
import { general, linear, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { asTensor, castTo, expandTo } from './broadcast.ts';

beginFamily('Shape');

/** An operation with one further argument. */
export interface ArgumentOp<A extends unknown[]> {
  (x: Data, ...args: A): Tensor;
  (x: Value, ...args: A): Value;
  (x: Operand, ...args: A): Operand;
}

/** One axis or several, or an object that names them. */
export type AxesArgument = number | readonly number[] | { readonly axis?: number | readonly number[]; readonly axes?: readonly number[] };

function axesIn(argument: AxesArgument | undefined): number | readonly number[] | undefined {
  if (argument === undefined || typeof argument === 'number' || Array.isArray(argument)) return argument as number | undefined;
  const options = argument as { readonly axis?: number | readonly number[]; readonly axes?: readonly number[] };
  return options.axes ?? options.axis;
}

type LinearRow<P> = (x: Operand, params: P) => Operand;

const reshapeRow: LinearRow<Shape> = linear<Shape>({
  name: 'reshape',
  evaluate: (x, shape) => reshapeKernel(asTensor(x), shape),
  transpose: (g, x) => reshapeRow(g, shapeOf(x)),
});

/**
 * The same elements, in row-major order, in another shape. One extent may be -1: what is left.
 *
 * @throws `shape` if the sizes differ.
 * @example
 * reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray(); // [[1, 2], [3, 4]]
 */
export const reshape: ArgumentOp<[shape: Shape]> = operation({
  name: 'reshape',
  doc: 'The same elements in another shape; -1 is what is left.',
  formula: '\\mathrm{reshape}(x, s)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [
    { shapes: [[2, 3]], call: (x) => reshape(x, [3, 2]) },
    { shapes: [[2, 3]], call: (x) => reshape(x, [-1]) },
    { shapes: [[]], call: (x) => reshape(x, [1, 1]) },
    { shapes: [[0, 3]], call: (x) => reshape(x, [3, 0]) },
  ],
  call: ((x: Operand, shape: Shape) =>
    sameShape(shapeOfOperand(x), shape) ? x : reshapeRow(x, shape)) as ArgumentOp<[shape: Shape]>,
});

/** Which axes `flatten` joins. */
export interface FlattenOptions {
  readonly startAxis?: number;
  readonly endAxis?: number;
}

/**
 * Axes `startAxis` to `endAxis` joined into one; by default all of them.
 *
 * @example
 * flatten(zeros([2, 3, 4]), { startAxis: 1 }).shape; // [2, 12]
 */
export const flatten: ArgumentOp<[options?: FlattenOptions]> = operation({
  name: 'flatten',
  doc: 'Neighbouring axes joined into one.',
  formula: '\\mathrm{flatten}(x)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 2, 2]], call: (x) => flatten(x, { startAxis: 1 }) }, { shapes: [[]] }],
  call: ((x: Operand, { startAxis = 0, endAxis = -1 }: FlattenOptions = {}) => {
    const shape = shapeOfOperand(x);
    const [from, to] = [startAxis, endAxis].map((axis) => normaliseAxis('flatten', axis, shape.length));
    if (from > to) throw new TapegradError('axis', `flatten: startAxis ${startAxis} comes after endAxis ${endAxis}; swap them`);
    const joined = shape.slice(from, to + 1).reduce((n, extent) => n * extent, 1);
    return reshape(x, [...shape.slice(0, from), joined, ...shape.slice(to + 1)]);
  }) as ArgumentOp<[options?: FlattenOptions]>,
});

const permuteRow: LinearRow<readonly number[]> = linear<readonly number[]>({
  name: 'permute',
  evaluate: (x, axes) => permuteKernel(asTensor(x), axes),
  transpose: (g, _, axes) => permuteRow(g, inverse(axes)),
});

function inverse(axes: readonly number[]): number[] {
  const result = new Array<number>(axes.length);
  axes.forEach((axis, position) => (result[axis] = position));
  return result;
}

/**
 * The axes in another order: axis `k` of the result is axis `axes[k]` of `x`.
 *
 * @throws `axis` if `axes` is not a permutation.
 * @example
 * permute(zeros([2, 3, 4]), [2, 0, 1]).shape; // [4, 2, 3]
 */
export const permute: ArgumentOp<[axes: readonly number[] | { readonly axes: readonly number[] }]> = operation({
  name: 'permute',
  doc: 'The axes in another order.',
  formula: '\\mathrm{permute}(x, p)',
  rule: '\\mathrm{permute}(\\bar y, p^{-1})',
  cases: [{ shapes: [[2, 3, 4]], call: (x) => permute(x, [2, 0, -2]) }, { shapes: [[]], call: (x) => permute(x, []) }],
  call: ((x: Operand, argument: AxesArgument) => {
    const { length } = shapeOfOperand(x);
    const given = axesIn(argument);
    const axes = (typeof given === 'number' ? [given] : (given ?? [])).map((axis) => normaliseAxis('permute', axis, length));
    if (axes.length !== length || new Set(axes).size !== length) {
      throw new TapegradError('axis', `permute: ${JSON.stringify(given)} is no order of ${length} axes; name each axis once`);
    }
    return permuteRow(x, axes);
  }) as ArgumentOp<[axes: readonly number[] | { readonly axes: readonly number[] }]>,
});

/**
 * Two axes swapped, by default the last two.
 *
 * @throws `axis` for axes that are not there.
 * @example
 * transpose(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 3], [2, 4]]
 */
export const transpose: ArgumentOp<[a?: number, b?: number]> = operation({
  name: 'transpose',
  doc: 'Two axes swapped, by default the last two.',
  formula: 'x^{\\mathsf T}',
  rule: '\\bar y^{\\mathsf T}',
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 3, 4]], call: (x) => transpose(x, 0, -1) }],
  call: ((x: Operand, a = -2, b = -1) => {
    const { length } = shapeOfOperand(x);
    const [first, second] = [a, b].map((axis) => normaliseAxis('transpose', axis, length));
    const axes = Array.from({ length }, (_, axis) => (axis === first ? second : axis === second ? first : axis));
    return permuteRow(x, axes);
  }) as ArgumentOp<[a?: number, b?: number]>,
});

/**
 * Without the named axes of extent 1 (others are left alone), or without all of them.
 *
 * @example
 * squeeze(zeros([1, 3, 1])).shape; // [3]
 */
export const squeeze: ArgumentOp<[axis?: AxesArgument]> = operation({
  name: 'squeeze',
  doc: 'Without axes of extent 1.',
  formula: '\\mathrm{squeeze}(x)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [{ shapes: [[1, 3, 1]] }, { shapes: [[1, 3, 1]], call: (x) => squeeze(x, -1) }],
  call: ((x: Operand, argument?: AxesArgument) => {
    const shape = shapeOfOperand(x);
    const axes = normaliseAxes('squeeze', axesIn(argument), shape.length);
    return reshape(
      x,
      shape.filter((extent, axis) => extent !== 1 || !axes.includes(axis)),
    );
  }) as ArgumentOp<[axis?: AxesArgument]>,
});

/**
 * With a new axis of extent 1 at `axis` of the result.
 *
 * @example
 * unsqueeze(zeros([3]), -1).shape; // [3, 1]
 */
export const unsqueeze: ArgumentOp<[axis: number | { readonly axis?: number }]> = operation({
  name: 'unsqueeze',
  doc: 'With a new axis of extent 1.',
  formula: '\\mathrm{unsqueeze}(x, a)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [{ shapes: [[3]], call: (x) => unsqueeze(x, 0) }, { shapes: [[]], call: (x) => unsqueeze(x, -1) }],
  call: ((x: Operand, argument: AxesArgument) => {
    const shape = shapeOfOperand(x);
    const axis = axesIn(argument);
    if (typeof axis !== 'number') throw new TapegradError('axis', `unsqueeze: where? Give one axis, from ${-shape.length - 1} to ${shape.length}`);
    const at = normaliseAxis('unsqueeze', axis, shape.length + 1);
    return reshape(x, [...shape.slice(0, at), 1, ...shape.slice(at)]);
  }) as ArgumentOp<[axis: number | { readonly axis?: number }]>,
});

/**
 * Repeated along axes of extent 1 and new leading axes, as a view. -1 keeps an extent.
 *
 * @throws `shape` if an axis of another extent would have to change.
 * @example
 * expand(tensor([[1], [2]]), [2, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
 */
export const expand: ArgumentOp<[shape: Shape]> = operation({
  name: 'expand',
  doc: 'Repeated along axes of extent 1 and new leading axes.',
  formula: '\\mathrm{expand}(x, s)',
  rule: '\\textstyle\\sum \\bar y',
  cases: [
    { shapes: [[2, 1]], call: (x) => expand(x, [3, -1, 4]) },
    { shapes: [[]], call: (x) => expand(x, [2]) },
  ],
  call: ((x: Operand, shape: Shape) => {
    const from = shapeOfOperand(x);
    const lead = shape.length - from.length;
    const target = shape.map((extent, axis) => (extent === -1 && axis >= lead ? from[axis - lead] : extent));
    const fits = lead >= 0 && from.every((extent, axis) => extent === target[axis + lead] || extent === 1);
    if (!fits || target.some((extent) => !Number.isInteger(extent) || extent < 0)) {
      throw new TapegradError('shape', `expand: ${showShape(from)} does not expand to ${showShape(shape)}; only extents of 1 and new leading axes can`);
    }
    return expandTo(x, target);
  }) as ArgumentOp<[shape: Shape]>,
});

const flipRow: LinearRow<readonly number[]> = linear<readonly number[]>({
  name: 'flip',
  evaluate: (x, axes) => flipKernel(asTensor(x), axes),
  transpose: (g, _, axes) => flipRow(g, axes),
});

/**
 * In reverse order along the named axes, or along all.
 *
 * @example
 * flip(tensor([1, 2, 3])).toArray(); // [3, 2, 1]
 */
export const flip: ArgumentOp<[axis?: AxesArgument]> = operation({
  name: 'flip',
  doc: 'In reverse order along axes.',
  formula: '\\mathrm{flip}(x)',
  rule: '\\mathrm{flip}(\\bar y)',
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 3]], call: (x) => flip(x, -1) }],
  call: ((x: Operand, argument?: AxesArgument) =>
    flipRow(x, normaliseAxes('flip', axesIn(argument), shapeOfOperand(x).length))) as ArgumentOp<[axis?: AxesArgument]>,
});

const cutCast = general<DType>({
  name: 'to',
  evaluate: ([x], dtype) => cast(asTensor(x), dtype),
  vjp: () => [null],
  jvp: () => null,
});

/**
 * The same numbers in another dtype: rounded to f32, truncated to i32, compared with 0 for bool. The cotangent is
 * cast back; integers and booleans have none.
 *
 * @example
 * to(tensor([1.7, -1.7]), 'i32').toArray(); // [1, -1]
 */
export const to: ArgumentOp<[dtype: DType]> = operation({
  name: 'to',
  doc: 'Another dtype.',
  formula: '\\mathrm{to}(x)',
  rule: '\\mathrm{to}(\\bar y)',
  cases: [{ shapes: [[2, 3]], call: (x) => to(x, 'f64') }],
  call: ((x: Operand, dtype: DType) =>
    isFloat(checkDtype('to', dtype)) ? castTo(x, dtype) : cutCast([x], dtype)) as ArgumentOp<[dtype: DType]>,
});
