/**
 * Shapes, strides and axes: arithmetic on small lists of integers.
 *
 * A shape is a list of extents; rank 0 is the empty list. Broadcasting is
 * NumPy's and PyTorch's: shapes are aligned at their last axis, and an extent
 * of 1 (or a missing axis) repeats.
 *
 * @module
 */
import { TapegradError } from './errors.ts';

/** Extents, one an axis. */
export type Shape = readonly number[];

/** The shape of rank 0. Compared by identity on hot paths, so always this very object. */
export const SCALAR: Shape = Object.freeze([]);

/** Number of elements of a tensor of this shape; 1 for rank 0. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** `[2,3]`, as messages print shapes. */
export function showShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** Throws unless `shape` is a list of whole extents that are not negative. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new TapegradError('shape', `${op}: a shape is a list of whole numbers >= 0, got ${JSON.stringify(shape)}`);
  }
  return shape.length === 0 ? SCALAR : shape;
}

/** The shape that both shapes broadcast to. Throws, naming `op`, if there is none. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let k = 1; k <= rank; k++) {
    const m = k <= a.length ? a[a.length - k] : 1;
    const n = k <= b.length ? b[b.length - k] : 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new TapegradError(
        'shape',
        `${op}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast: ${m} against ${n} at axis -${k}; ` +
          `extents must be equal or 1 (reshape, unsqueeze or expand one of them)`,
      );
    }
    shape[rank - k] = m === 1 ? n : m;
  }
  return shape;
}

/** A single axis, counted from the front: -1 is the last. */
export function normaliseAxis(op: string, axis: number, rank: number): number {
  // As in PyTorch, a scalar counts as having one axis here.
  const extent = Math.max(rank, 1);
  if (!Number.isInteger(axis) || axis < -extent || axis >= extent) {
    throw new TapegradError(
      'axis',
      `${op}: there is no axis ${axis} in rank ${rank}; use a whole number from ${-extent} to ${extent - 1}`,
    );
  }
  return axis < 0 ? axis + extent : axis;
}

/** Sorted axes counted from the front; `undefined` is all of them. */
export function normaliseAxes(op: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => normaliseAxis(op, axis, rank));
  if (new Set(list).size !== list.length) {
    throw new TapegradError('axis', `${op}: axes ${JSON.stringify(axes)} name an axis twice; name each once`);
  }
  return list.filter((axis) => axis < rank).sort((a, b) => a - b);
}

/** What is left of `shape` when `axes` (normalised) are reduced. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const kept = keepDims
    ? shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : shape.filter((_, axis) => !axes.includes(axis));
  return kept.length === 0 ? SCALAR : kept;
}
