/**
 * How reductions see a tensor: three nested extents, `[outer, n, inner]`, in
 * row-major order, of which the middle one is reduced. A contiguous tensor
 * whose reduced axes are adjacent is that already:
 *
 *     [2, 3, 4, 5] over axes 1, 2   is   outer 2, n 12, inner 5
 *
 * Anything else is copied once, with the reduced axes moved to the end, so
 * that inner = 1.
 *
 * @module
 */
import type { TypedArray } from './dtype.ts';
import { elementsOf, type Tensor } from './tensor.ts';
import { permute } from './views.ts';

/** Elements in row-major order, of which the middle extent is to be reduced. */
export interface Blocks {
  readonly data: TypedArray;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** `x` as `[outer, n, inner]`, where n runs over `axes` (normalised). */
export function blocksOf(x: Tensor, axes: readonly number[]): Blocks {
  const { shape, rank } = x;
  const isReduced = (axis: number): boolean => axes.includes(axis);
  let outer = 1;
  let n = 1;
  let inner = 1;
  let isAdjacent = x.isContiguous;
  let hasStarted = false;
  for (let axis = 0; axis < rank; axis++) {
    const extent = shape[axis];
    if (isReduced(axis)) {
      if (inner !== 1) isAdjacent = false;
      n *= extent;
      hasStarted = true;
    } else if (hasStarted) inner *= extent;
    else outer *= extent;
  }
  if (isAdjacent) return { data: elementsOf(x), outer, n, inner };
  const order = [...shape.keys()];
  const moved = permute(x, [...order.filter((axis) => !isReduced(axis)), ...order.filter(isReduced)]);
  return { data: elementsOf(moved), outer: outer * inner, n, inner: 1 };
}

/** `x` in row-major order as `[outer, n, inner]` with n the extent of one axis, for results of the same shape. */
export function blocksAlong(x: Tensor, axis: number): Blocks {
  const { shape } = x;
  let outer = 1;
  let inner = 1;
  for (let k = 0; k < axis; k++) outer *= shape[k];
  for (let k = axis + 1; k < shape.length; k++) inner *= shape[k];
  return { data: elementsOf(x), outer, n: shape.length === 0 ? 1 : shape[axis], inner };
}
