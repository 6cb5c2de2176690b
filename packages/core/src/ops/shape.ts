/**
 * Operations that look at the same elements in another shape. All are linear, and all but `to` are views
 * where the strides can say it: new axes, lost axes of extent 1, other orders and repeats copy nothing.
 *
 * @module
 */
import {
  cast,
  checkDtype,
  checkShape,
  type Data,
  type DType,
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
  Tensor,
} from '@tapegrad/kernels';
import { dtypeOfOperand, general, linear, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, operation } from '../operation.ts';
import { isOperand } from '../tree.ts';
import type { Value } from '../value.ts';
import { asTensor, castTo, expandTo } from './broadcast.ts';

beginFamily('Shape');

/** An operation of one operand and further arguments; `N` is what it makes of a plain number. */
export interface ArgumentOp<A extends unknown[], N extends Data = Tensor> {
  (x: number, ...args: A): N;
  (x: Tensor, ...args: A): Tensor;
  (x: Value, ...args: A): Value;
  (x: Data, ...args: A): N | Tensor;
  (x: Operand, ...args: A): Operand;
}

/** An operation to a given shape: a number stays one only where the shape has no axes. */
export interface ShapeOp extends ArgumentOp<[shape: Shape]> {
  (x: number, shape: readonly []): number;
}

/** Axes by name. */
export interface AxesOptions {
  readonly axis?: number | readonly number[];
}

/** One axis or several, or an object that names them. */
export type AxesArgument = number | readonly number[] | AxesOptions;

/** The shape of an operand, after a look at whether it is one. @internal */
export function extentsOf(op: string, x: Operand): Shape {
  if (isOperand(x)) return shapeOfOperand(x);
  const [found, mend] = Array.isArray(x) ? ['an array', 'wrap it: tensor([…])'] : [typeof x, 'pass one of those'];
  throw new TapegradError('argument', `${op}: operands are numbers, tensors and values, got ${found}; ${mend}`);
}

function isList(x: unknown): x is readonly number[] {
  return Array.isArray(x);
}

/** The axes of an argument in any of its forms; `undefined` is all of them, an empty list none. */
function axesOf(op: string, argument: AxesArgument | undefined, rank: number): number[] {
  const axes = typeof argument === 'number' || isList(argument) ? argument : argument?.axis;
  return normaliseAxes(op, axes, rank);
}

type LinearRow<P> = (x: Operand, params: P) => Operand;

/** Other axes of extent 1 are a view whatever the strides; any other shape wants the elements in a row. @internal */
export function reshaped(x: Tensor, shape: Shape): Tensor {
  const steps = x.strides.filter((_, axis) => x.shape[axis] !== 1);
  const isSqueezed = sameShape(
    shape.filter((extent) => extent !== 1),
    x.shape.filter((extent) => extent !== 1),
  );
  if (x.isContiguous || !isSqueezed) return reshapeKernel(x, shape);
  let next = 0;
  const strides = shape.map((extent) => (extent === 1 ? 0 : steps[next++]));
  return new Tensor(x.buffer, x.dtype, shape, strides, x.offset);
}

const reshapeRow: LinearRow<Shape> = linear<Shape>({
  name: 'reshape',
  evaluate: (x, shape) => reshaped(asTensor(x), shape),
  transpose: (g, x) => reshape(g, shapeOf(x)),
});

/**
 * The same elements, in row-major order, in another shape. One extent may be -1: what is left.
 *
 * @throws `shape` if the sizes differ.
 * @example
 * reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray(); // [[1, 2], [3, 4]]
 */
export const reshape: ShapeOp = operation({
  name: 'reshape',
  doc: 'The same elements in another shape; -1 is what is left.',
  formula: '\\mathrm{reshape}(x, s)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [
    { shapes: [[2, 3]], call: (x) => reshape(x, [3, 2]) },
    { shapes: [[2, 3]], call: (x) => reshape(x, [-1]) },
    { shapes: [[]], call: (x) => reshape(x, [1, 1]) },
    { shapes: [[1, 1]], call: (x) => reshape(x, []) },
    { shapes: [[0, 3]], call: (x) => reshape(x, [3, 0]) },
    { shapes: [[2, 3]], call: (x) => reshape(transpose(x), [2, 1, 3]) },
  ],
  call: ((x: Operand, shape: Shape) => {
    const given = extentsOf('reshape', x);
    if (!isList(shape)) checkShape('reshape', shape);
    // A copy: the list is the caller's, and the row keeps it.
    return sameShape(given, shape) ? x : reshapeRow(x, [...shape]);
  }) as ShapeOp,
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
  cases: [
    { shapes: [[2, 3]] },
    { shapes: [[]] },
    { shapes: [[0, 2]] },
    { shapes: [[2, 1, 2]], call: (x) => flatten(x, { startAxis: 1 }) },
    { shapes: [[2, 3, 2]], call: (x) => flatten(x, { startAxis: -3, endAxis: 1 }) },
  ],
  call: ((x: Operand, { startAxis = 0, endAxis = -1 }: FlattenOptions = {}) => {
    const shape = extentsOf('flatten', x);
    const [from, to] = [startAxis, endAxis].map((axis) => normaliseAxis('flatten', axis, shape.length));
    if (from > to) {
      throw new TapegradError('axis', `flatten: startAxis ${startAxis} comes after endAxis ${endAxis}; swap them`);
    }
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

function permuted(x: Operand, axes: readonly number[]): Operand {
  return axes.every((axis, position) => axis === position) ? x : permuteRow(x, axes);
}

type Order = readonly number[] | { readonly axes: readonly number[] };

/**
 * The axes in another order: axis `k` of the result is axis `axes[k]` of `x`.
 *
 * @throws `axis` if `axes` is not a permutation.
 * @example
 * permute(zeros([2, 3, 4]), [2, 0, 1]).shape; // [4, 2, 3]
 */
export const permute: ArgumentOp<[axes: Order], number> = operation({
  name: 'permute',
  doc: 'The axes in another order.',
  formula: '\\mathrm{permute}(x, p)',
  rule: '\\mathrm{permute}(\\bar y, p^{-1})',
  cases: [
    { shapes: [[2, 3, 4]], call: (x) => permute(x, [2, 0, -2]) },
    { shapes: [[2, 1, 0]], call: (x) => permute(x, { axes: [1, 2, 0] }) },
    { shapes: [[]], call: (x) => permute(x, []) },
  ],
  call: ((x: Operand, order: Order) => {
    const shape = extentsOf('permute', x);
    const given = isList(order) ? order : order.axes;
    const axes = isList(given) ? given.map((axis) => normaliseAxis('permute', axis, shape.length)) : [];
    if (axes.length !== shape.length || new Set(axes).size !== shape.length) {
      throw new TapegradError(
        'axis',
        `permute: ${JSON.stringify(order)} is no order of the ${shape.length} axes of ${showShape(shape)}; name each axis once`,
      );
    }
    return permuted(x, axes);
  }) as ArgumentOp<[axes: Order], number>,
});

/**
 * Two axes swapped, by default the last two.
 *
 * @throws `axis` for axes that are not there; `shape` if there is only one and none is named.
 * @example
 * transpose(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 3], [2, 4]]
 */
export const transpose: ArgumentOp<[a?: number, b?: number]> = operation({
  name: 'transpose',
  doc: 'Two axes swapped, by default the last two.',
  formula: 'x^{\\mathsf T}',
  rule: '\\bar y^{\\mathsf T}',
  cases: [
    { shapes: [[2, 3]] },
    { shapes: [[2, 3, 4]], call: (x) => transpose(x, 0, -1) },
    { shapes: [[3]], call: (x) => transpose(x, 0, 0) },
    { shapes: [[0, 2]] },
  ],
  call: ((x: Operand, a?: number, b?: number) => {
    const shape = extentsOf('transpose', x);
    if (a === undefined && shape.length < 2) {
      throw new TapegradError('shape', `transpose: ${showShape(shape)} has no two axes to swap; unsqueeze it first`);
    }
    const [first, second] = [a ?? -2, b ?? -1].map((axis) => normaliseAxis('transpose', axis, shape.length));
    const axes = shape.map((_, axis) => (axis === first ? second : axis === second ? first : axis));
    return permuted(x, axes);
  }) as ArgumentOp<[a?: number, b?: number]>,
});

/**
 * Without the named axes of extent 1 (others are left alone), or without all of them.
 *
 * @example
 * squeeze(zeros([1, 3, 1])).shape; // [3]
 */
export const squeeze: ArgumentOp<[axis?: AxesArgument], number> = operation({
  name: 'squeeze',
  doc: 'Without axes of extent 1.',
  formula: '\\mathrm{squeeze}(x)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [
    { shapes: [[1, 3, 1]] },
    { shapes: [[1, 3, 1]], call: (x) => squeeze(x, -1) },
    { shapes: [[1, 3, 1]], call: (x) => squeeze(x, { axis: [0, 1] }) },
    { shapes: [[]], call: (x) => squeeze(x) },
  ],
  call: ((x: Operand, argument?: AxesArgument) => {
    const shape = extentsOf('squeeze', x);
    const axes = axesOf('squeeze', argument, shape.length);
    const kept = shape.filter((extent, axis) => extent !== 1 || !axes.includes(axis));
    return reshape(x, kept);
  }) as ArgumentOp<[axis?: AxesArgument], number>,
});

type OneAxis = number | { readonly axis: number };

/**
 * With a new axis of extent 1 at `axis` of the result.
 *
 * @example
 * unsqueeze(zeros([3]), -1).shape; // [3, 1]
 */
export const unsqueeze: ArgumentOp<[axis: OneAxis]> = operation({
  name: 'unsqueeze',
  doc: 'With a new axis of extent 1.',
  formula: '\\mathrm{unsqueeze}(x, a)',
  rule: '\\mathrm{reshape}(\\bar y)',
  cases: [
    { shapes: [[3]], call: (x) => unsqueeze(x, 0) },
    { shapes: [[2, 3]], call: (x) => unsqueeze(x, { axis: -2 }) },
    { shapes: [[]], call: (x) => unsqueeze(x, -1) },
  ],
  call: ((x: Operand, argument?: OneAxis) => {
    const shape = extentsOf('unsqueeze', x);
    const axis = typeof argument === 'number' ? argument : argument?.axis;
    if (typeof axis !== 'number') {
      const range = `${-shape.length - 1} to ${shape.length}`;
      throw new TapegradError('axis', `unsqueeze: where does the new axis go? Give one axis, from ${range}`);
    }
    const at = normaliseAxis('unsqueeze', axis, shape.length + 1);
    return reshape(x, [...shape.slice(0, at), 1, ...shape.slice(at)]);
  }) as ArgumentOp<[axis: OneAxis]>,
});

/**
 * Repeated along axes of extent 1 and new leading axes, as a view. -1 keeps an extent.
 *
 * @throws `shape` if an axis of another extent would have to change.
 * @example
 * expand(tensor([[1], [2]]), [2, 3]).toArray(); // [[1, 1, 1], [2, 2, 2]]
 */
export const expand: ShapeOp = operation({
  name: 'expand',
  doc: 'Repeated along axes of extent 1 and new leading axes.',
  formula: '\\mathrm{expand}(x, s)',
  rule: '\\textstyle\\sum \\bar y',
  cases: [
    { shapes: [[2, 1]], call: (x) => expand(x, [3, -1, 4]) },
    { shapes: [[]], call: (x) => expand(x, [2]) },
    { shapes: [[1, 3]], call: (x) => expand(x, [0, 3]) },
  ],
  call: ((x: Operand, shape: Shape) => {
    const from = extentsOf('expand', x);
    const lead = isList(shape) ? shape.length - from.length : -1;
    const target =
      lead < 0 ? [] : shape.map((extent, axis) => (extent === -1 && axis >= lead ? from[axis - lead] : extent));
    const fits = lead >= 0 && from.every((extent, axis) => extent === target[axis + lead] || extent === 1);
    if (!fits || target.some((extent) => !Number.isInteger(extent) || extent < 0)) {
      throw new TapegradError(
        'shape',
        `expand: ${showShape(from)} does not expand to ${JSON.stringify(shape)}; only axes of extent 1 repeat, ` +
          'new axes come first, and -1 keeps the extent of an axis',
      );
    }
    return sameShape(from, target) ? x : expandTo(x, target);
  }) as ShapeOp,
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
export const flip: ArgumentOp<[axis?: AxesArgument], number> = operation({
  name: 'flip',
  doc: 'In reverse order along axes.',
  formula: '\\mathrm{flip}(x)',
  rule: '\\mathrm{flip}(\\bar y)',
  cases: [
    { shapes: [[2, 3]] },
    { shapes: [[2, 3]], call: (x) => flip(x, -1) },
    { shapes: [[2, 3, 2]], call: (x) => flip(x, { axis: [0, -1] }) },
    { shapes: [[]], call: (x) => flip(x) },
    { shapes: [[0, 2]], call: (x) => flip(x, 0) },
  ],
  call: ((x: Operand, argument?: AxesArgument) => {
    const axes = axesOf('flip', argument, extentsOf('flip', x).length);
    return axes.length === 0 ? x : flipRow(x, axes);
  }) as ArgumentOp<[axis?: AxesArgument], number>,
});

const cutCast = general<DType>({
  name: 'to',
  evaluate: ([x], dtype) => cast(asTensor(x), dtype),
  vjp: () => [null],
  jvp: () => null,
});

/** `to`; a number is f64 already. */
export interface ToOp extends ArgumentOp<[dtype: DType]> {
  (x: number, dtype: 'f64'): number;
}

/**
 * The same numbers in another dtype: rounded to f32, truncated to i32, compared with 0 for bool. The cotangent is
 * cast back; integers and booleans have none.
 *
 * @throws `dtype` for a name that is none of the four.
 * @example
 * to(tensor([1.7, -1.7]), 'i32').toArray(); // [1, -1]
 */
export const to: ToOp = operation({
  name: 'to',
  doc: 'Another dtype; to i32 and bool without a derivative.',
  formula: '\\mathrm{to}(x)',
  rule: '\\mathrm{to}(\\bar y)',
  cases: [
    { shapes: [[2, 3]], call: (x) => to(x, 'f64') },
    { shapes: [[]], call: (x) => to(x, 'f64') },
  ],
  call: ((x: Operand, dtype: DType) => {
    extentsOf('to', x);
    if (dtypeOfOperand(x) === checkDtype('to', dtype)) return x;
    return isFloat(dtype) ? castTo(x, dtype) : cutCast([x], dtype);
  }) as ToOp,
});
