/**
 * Views: another shape, other strides and another offset on the same buffer,
 * in constant time, whatever the size.
 *
 * @module
 */
import { TapegradError } from './errors.ts';
import { checkShape, normaliseAxes, normaliseAxis, sameShape, type Shape, showShape, sizeOf } from './shape.ts';
import { elementsOf, Tensor } from './tensor.ts';

/** A start, stop or step for each axis. */
export type PerAxis = readonly number[];

/**
 * The same elements in row-major order under another shape. One extent may be
 * -1 and follows from the others.
 *
 * Shapes  x [...s] → y [shape], of equal size    View  where x is contiguous
 * Errors  'shape' when the sizes differ
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const wanted = shape.includes(-1) ? inferExtent(x, shape) : checkShape('reshape', shape);
  if (sameShape(wanted, x.shape)) return x;
  if (sizeOf(wanted) !== x.size) throw misfit(x, shape);
  return x.isContiguous
    ? new Tensor(x.buffer, x.dtype, wanted, undefined, x.offset)
    : new Tensor(elementsOf(x), x.dtype, wanted);
}

function inferExtent(x: Tensor, shape: Shape): Shape {
  const hole = shape.indexOf(-1);
  const rest = sizeOf(
    checkShape(
      'reshape',
      shape.filter((_, axis) => axis !== hole),
    ),
  );
  if (rest === 0 || x.size % rest !== 0) throw misfit(x, shape);
  return shape.map((extent, axis) => (axis === hole ? x.size / rest : extent));
}

function misfit(x: Tensor, shape: Shape): TapegradError {
  const given = `reshape: ${showShape(x.shape)} has ${x.size} elements, `;
  if (!shape.includes(-1)) {
    return new TapegradError('shape', `${given}${showShape(shape)} ${sizeOf(shape)}; the sizes must be equal`);
  }
  return new TapegradError('shape', `${given}from which the -1 in ${showShape(shape)} does not follow; write it out`);
}

/**
 * A view with the axes in another order: axis k of the result is axis
 * `axes[k]` of `x`.
 *
 * Errors  'axis' when `axes` is not a permutation of all axes
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const { rank, shape, strides } = x;
  const order = axes.map((axis) => normaliseAxis('permute', axis, rank));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new TapegradError('axis', `permute: axes [${axes.join(',')}] must name each of the ${rank} axes once`);
  }
  const extents = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  return new Tensor(x.buffer, x.dtype, extents, steps, x.offset);
}

/**
 * A view in which axes of extent 1, and new leading axes, repeat. An extent of
 * -1 keeps what `x` has.
 *
 * Errors  'shape' when an extent other than 1 would change
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  const added = shape.length - x.rank;
  const fail = (): TapegradError =>
    new TapegradError(
      'shape',
      `expand: ${showShape(x.shape)} does not expand to ${showShape(shape)}; only axes of extent 1 repeat, ` +
        `new axes come first, and -1 keeps the extent of an axis`,
    );
  if (added < 0) throw fail();
  const wanted = shape.map((extent, axis) => {
    if (extent !== -1) return extent;
    if (axis < added) throw fail();
    return x.shape[axis - added];
  });
  checkShape('expand', wanted);
  if (sameShape(wanted, x.shape)) return x;
  const strides = wanted.map((extent, axis) => {
    if (axis < added) return 0;
    if (x.shape[axis - added] === extent) return x.strides[axis - added];
    if (x.shape[axis - added] !== 1) throw fail();
    return 0;
  });
  return new Tensor(x.buffer, x.dtype, wanted, strides, x.offset);
}

/**
 * A view of every `steps[k]`-th element from `starts[k]` to before `stops[k]`
 * on each axis k. Nothing is normalised here: 0 <= start, stop <= extent.
 *
 * Errors  'argument' for lists of another length or steps < 1; 'index' for
 *         bounds outside the axis
 */
export function slice(x: Tensor, starts: PerAxis, stops: PerAxis, steps: PerAxis): Tensor {
  const { rank } = x;
  if (starts.length !== rank || stops.length !== rank || steps.length !== rank) {
    throw new TapegradError('argument', `slice: rank ${rank} needs ${rank} starts, stops and steps`);
  }
  const shape = new Array<number>(rank);
  const strides = new Array<number>(rank);
  let offset = x.offset;
  for (let axis = 0; axis < rank; axis++) {
    const extent = x.shape[axis];
    const [start, stop, step] = [starts[axis], stops[axis], steps[axis]];
    checkStep('slice', step, axis);
    for (const bound of [start, stop]) {
      if (!Number.isInteger(bound) || bound < 0 || bound > extent) {
        throw new TapegradError('index', `slice: ${bound} is not a bound of axis ${axis}; use 0 to ${extent}`);
      }
    }
    shape[axis] = Math.max(0, Math.ceil((stop - start) / step));
    strides[axis] = x.strides[axis] * step;
    offset += start * x.strides[axis];
  }
  return new Tensor(x.buffer, x.dtype, shape, strides, offset);
}

/** Throws unless `step` is whole and >= 1. */
export function checkStep(op: string, step: number, axis: number): void {
  if (Number.isInteger(step) && step >= 1) return;
  throw new TapegradError(
    'argument',
    `${op}: step ${step} on axis ${axis}; steps are whole numbers >= 1 (flip reverses)`,
  );
}

/**
 * A view with the order along `axes` reversed.
 *
 * Errors  'axis' for axes that do not exist or repeat
 */
export function flip(x: Tensor, axes: readonly number[]): Tensor {
  const strides = [...x.strides];
  let offset = x.offset;
  for (const axis of normaliseAxes('flip', axes, x.rank)) {
    offset += Math.max(0, x.shape[axis] - 1) * strides[axis];
    strides[axis] = -strides[axis];
  }
  return new Tensor(x.buffer, x.dtype, x.shape, strides, offset);
}

/**
 * A view of the diagonal through two axes, which becomes the last axis. A
 * positive offset lies above the main diagonal: y[..., i] = x[.., i, .., i + offset, ..].
 *
 * Errors  'axis' for axes that do not exist or are equal
 */
export function diagonal(x: Tensor, offset: number, axis1: number, axis2: number): Tensor {
  checkWhole('diagonal', 'offset', offset);
  const row = normaliseAxis('diagonal', axis1, x.rank);
  const column = normaliseAxis('diagonal', axis2, x.rank);
  if (x.rank < 2 || row === column) {
    throw new TapegradError(
      'axis',
      `diagonal: needs two different axes of ${showShape(x.shape)}, got ${axis1} and ${axis2}`,
    );
  }
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== row && axis !== column);
  const length = diagonalLength(x.shape[row], x.shape[column], offset);
  const from = offset >= 0 ? offset * x.strides[column] : -offset * x.strides[row];
  return new Tensor(
    x.buffer,
    x.dtype,
    [...others.map((axis) => x.shape[axis]), length],
    [...others.map((axis) => x.strides[axis]), x.strides[row] + x.strides[column]],
    length === 0 ? x.offset : x.offset + from,
  );
}

/** Elements of diagonal `offset` of a matrix. For kernels. */
export function diagonalLength(rows: number, columns: number, offset: number): number {
  return Math.max(0, Math.min(rows + Math.min(0, offset), columns - Math.max(0, offset)));
}

/** Throws unless `value` is whole. */
export function checkWhole(op: string, what: string, value: number): void {
  if (!Number.isInteger(value))
    throw new TapegradError('argument', `${op}: ${what} must be a whole number, got ${value}`);
}
