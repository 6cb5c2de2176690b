/**
 * Element types and how they mix.
 *
 * | dtype  | elements          | stored in      | differentiable |
 * | ------ | ----------------- | -------------- | -------------- |
 * | `f64`  | double precision  | `Float64Array` | yes            |
 * | `f32`  | single precision  | `Float32Array` | yes            |
 * | `i32`  | 32-bit integers   | `Int32Array`   | no             |
 * | `bool` | 0 or 1            | `Uint8Array`   | no             |
 *
 * Mixing goes to the right: bool, i32, f32, f64. A plain number, and any rank-0
 * f64, is weakly typed: it takes the float dtype of the tensor it meets, as in
 * PyTorch. With i32 or bool tensors a whole number stays integral and a
 * fraction makes the result f64, so that no digit is lost in silence.
 *
 * @module
 */
import { TapegradError } from './errors.ts';

/** Element type of a tensor. */
export type DType = 'f64' | 'f32' | 'i32' | 'bool';

/** The storage of a tensor. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

const ORDER: readonly DType[] = ['bool', 'i32', 'f32', 'f64'];

/** True for the dtypes that carry derivatives. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'f64' || dtype === 'f32';
}

/** The wider of two dtypes. */
export function promote(a: DType, b: DType): DType {
  return ORDER[Math.max(ORDER.indexOf(a), ORDER.indexOf(b))];
}

/** Throws unless `dtype` is one of the four. */
export function checkDtype(op: string, dtype: unknown): DType {
  if (ORDER.includes(dtype as DType)) return dtype as DType;
  throw new TapegradError('dtype', `${op}: unknown dtype ${String(dtype)}; use 'f64', 'f32', 'i32' or 'bool'`);
}

/** Zeroed storage for `size` elements. */
export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case 'f64':
      return new Float64Array(size);
    case 'f32':
      return new Float32Array(size);
    case 'i32':
      return new Int32Array(size);
    case 'bool':
      return new Uint8Array(size);
  }
}

/** Bytes of one element. */
export function bytesOf(dtype: DType): number {
  return dtype === 'f64' ? 8 : dtype === 'bool' ? 1 : 4;
}

/** `value` as an element of `dtype`: rounded for f32, wrapped for i32, 0 or 1 for bool. */
export function castNumber(value: number, dtype: DType): number {
  switch (dtype) {
    case 'f64':
      return value;
    case 'f32':
      return Math.fround(value);
    case 'i32':
      return value | 0;
    case 'bool':
      return value !== 0 ? 1 : 0;
  }
}
