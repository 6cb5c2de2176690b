/**
 * Adding up cotangents in place. The sweep owns the tensors it adds into: no one
 * else has seen them.
 *
 * @module
 */
import { allocate, copyInto, elementsOf, Tensor, type TypedArray } from '@tapegrad/kernels';

/** A row-major copy that may be written to. */
export function ownedCopy(x: Tensor): Tensor {
  const buffer = allocate(x.dtype, x.size);
  copyInto(buffer, x);
  return new Tensor(buffer, x.dtype, x.shape);
}

/** `target += x`, elementwise; returns `target`. Both have one shape. */
export function accumulate(target: Tensor, x: Tensor): Tensor {
  const from = elementsOf(x);
  if (target.dtype === 'f64' && from instanceof Float64Array) add64(target.buffer as Float64Array, from);
  else addMixed(target.buffer, from);
  return target;
}

function add64(target: Float64Array, from: Float64Array): void {
  for (let i = 0; i < from.length; i++) target[i] += from[i];
}

function addMixed(target: TypedArray, from: TypedArray): void {
  for (let i = 0; i < from.length; i++) target[i] += from[i];
}
