/**
 * To double precision and back, for kernels that compute in nothing else:
 * their inner loops then see one kind of array only, which V8 compiles best.
 *
 * @module
 */
import { allocate, type DType } from './dtype.ts';
import { type Shape } from './shape.ts';
import { elementsOf, Tensor } from './tensor.ts';

/** Zeros. */
export function zeroDoubles(size: number): Float64Array {
  return allocate('f64', size) as Float64Array;
}

/** The elements of `x` in row-major order. May be its buffer: read only. */
export function doublesOf(x: Tensor): Float64Array {
  const elements = elementsOf(x);
  if (elements instanceof Float64Array) return elements;
  const copy = zeroDoubles(elements.length);
  // Not `set`, which converts small arrays more slowly.
  for (let i = 0; i < copy.length; i++) copy[i] = elements[i];
  return copy;
}

/** A tensor of `dtype` with these elements. */
export function narrowed(data: Float64Array, dtype: DType, shape: Shape): Tensor {
  if (dtype === 'f64') return new Tensor(data, dtype, shape);
  const copy = allocate(dtype, data.length);
  for (let i = 0; i < copy.length; i++) copy[i] = data[i];
  return new Tensor(copy, dtype, shape);
}
