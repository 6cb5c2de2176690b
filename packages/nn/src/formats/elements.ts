/**
 * Elements as files hold them, and as tensors do.
 *
 * Files know more element types than the four dtypes. Every one is read into
 * the dtype that holds it exactly; 64-bit and unsigned integers only if each
 * element fits into i32, since losing digits in silence is worse than an error.
 *
 * | in the file             | dtype         |
 * | ----------------------- | ------------- |
 * | f64                     | f64           |
 * | f32, f16, bf16          | f32           |
 * | i8, u8, i16, u16, i32   | i32           |
 * | u32, i64, u64           | i32, if it fits |
 * | bool (a byte, 0 or 1)   | bool          |
 *
 * @module
 */
import { type DType, type Shape, TapegradError, type Tensor, type TypedArray } from 'tapegrad';
import { badFile } from './platform.ts';

/** Element types of files. */
export type Kind =
  'f64' | 'f32' | 'f16' | 'bf16' | 'i64' | 'u64' | 'i32' | 'u32' | 'i16' | 'u16' | 'i8' | 'u8' | 'bool';

interface Layout {
  readonly dtype: DType;
  readonly bytes: number;
  readonly load: (buffer: ArrayBuffer) => TypedArray | ArrayLike<number | bigint>;
}

const layouts: Readonly<Record<Kind, Layout>> = {
  f64: { dtype: 'f64', bytes: 8, load: (buffer) => new Float64Array(buffer) },
  f32: { dtype: 'f32', bytes: 4, load: (buffer) => new Float32Array(buffer) },
  f16: { dtype: 'f32', bytes: 2, load: (buffer) => Float32Array.from(new Uint16Array(buffer), half) },
  bf16: { dtype: 'f32', bytes: 2, load: (buffer) => brain(new Uint16Array(buffer)) },
  i64: { dtype: 'i32', bytes: 8, load: (buffer) => new BigInt64Array(buffer) },
  u64: { dtype: 'i32', bytes: 8, load: (buffer) => new BigUint64Array(buffer) },
  i32: { dtype: 'i32', bytes: 4, load: (buffer) => new Int32Array(buffer) },
  u32: { dtype: 'i32', bytes: 4, load: (buffer) => new Uint32Array(buffer) },
  i16: { dtype: 'i32', bytes: 2, load: (buffer) => new Int32Array(new Int16Array(buffer)) },
  u16: { dtype: 'i32', bytes: 2, load: (buffer) => new Int32Array(new Uint16Array(buffer)) },
  i8: { dtype: 'i32', bytes: 1, load: (buffer) => new Int32Array(new Int8Array(buffer)) },
  u8: { dtype: 'i32', bytes: 1, load: (buffer) => new Int32Array(new Uint8Array(buffer)) },
  bool: { dtype: 'bool', bytes: 1, load: (buffer) => new Uint8Array(buffer) },
};

/** The dtype that elements of this kind are read into. */
export function dtypeOf(kind: Kind): DType {
  return layouts[kind].dtype;
}

/** Bytes of one element in the file. */
export function widthOf(kind: Kind): number {
  return layouts[kind].bytes;
}

const hostIsLittle = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** All of `bytes` as elements. The caller has checked that the length fits. Always a copy. */
export function readElements(op: string, what: string, kind: Kind, bytes: Uint8Array, little = true): TypedArray {
  const { dtype, bytes: width, load } = layouts[kind];
  const copy = bytes.slice();
  if (little !== hostIsLittle) swapBytes(copy, width);
  const elements = load(copy.buffer);
  if (dtype === 'bool' && (elements as Uint8Array).some((byte) => byte > 1)) {
    throw badFile(op, `${what} is boolean but has a byte other than 0 and 1`);
  }
  if (kind === 'u32' || kind === 'i64' || kind === 'u64') return narrow(op, what, kind, elements);
  return elements as TypedArray;
}

/** The elements of `x` in row-major order as little-endian bytes. */
export function writeElements(x: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = x.toTypedArray();
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  if (!hostIsLittle) swapBytes(bytes, BYTES_PER_ELEMENT);
  return bytes;
}

// More than NumPy or PyTorch can make; keeps absurd headers from costing time.
const MAX_RANK = 64;

/**
 * Number of elements of a shape out of a file. Throws `format` unless the
 * extents are whole, not negative and their product is exact. Zeros do not
 * excuse the others, because strides are products too.
 */
export function countOf(op: string, what: string, shape: readonly unknown[]): number {
  const show = (): string => `[${shape.slice(0, 8).map(String).join(',')}${shape.length > 8 ? ',…' : ''}]`;
  if (shape.length > MAX_RANK) throw badFile(op, `${what} has ${shape.length} axes; at most ${MAX_RANK} are read`);
  let span = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || (extent as number) < 0) {
      throw badFile(op, `${what} has shape ${show()}; extents must be whole numbers >= 0`);
    }
    span *= Math.max(extent as number, 1);
  }
  if (!Number.isSafeInteger(span)) throw badFile(op, `${what} has shape ${show()}, more elements than can be counted`);
  return (shape as Shape).includes(0) ? 0 : span;
}

// ---- conversions

function swapBytes(bytes: Uint8Array, width: number): void {
  if (width > 1) for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

function narrow(op: string, what: string, kind: Kind, elements: ArrayLike<number | bigint>): Int32Array {
  const result = new Int32Array(elements.length);
  for (let i = 0; i < result.length; i++) {
    const value = Number(elements[i]);
    result[i] = value;
    if (result[i] !== value) {
      throw new TapegradError(
        'dtype',
        `${op}: ${what} holds ${kind} elements, which are read into i32 only if all fit; ` +
          `element ${i} is ${elements[i]} (convert the file to a float type)`,
      );
    }
  }
  return result;
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** bfloat16: the upper half of an f32. */
function brain(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (upper) => upper << 16).buffer);
}
