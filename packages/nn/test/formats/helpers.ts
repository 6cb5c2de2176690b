/** Random tensors, fixtures, and what hostile bytes may do. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type DType, TapegradError, Tensor, type TypedArray } from 'tapegrad';

const elements: Readonly<Record<DType, fc.Arbitrary<number>>> = {
  f64: fc.double(),
  f32: fc.float(),
  i32: fc.integer(),
  bool: fc.nat(1),
};

const storage: Readonly<Record<DType, (numbers: number[]) => TypedArray>> = {
  f64: (numbers) => new Float64Array(numbers),
  f32: (numbers) => new Float32Array(numbers),
  i32: (numbers) => new Int32Array(numbers),
  bool: (numbers) => new Uint8Array(numbers),
};

/** Tensors of all dtypes, of rank 0 to 3, some empty, some transposed. */
export const tensors: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom<DType>('f64', 'f32', 'i32', 'bool'), fc.array(fc.nat(3), { maxLength: 3 }), fc.boolean())
  .chain(([dtype, shape, isTransposed]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return fc.array(elements[dtype], { minLength: size, maxLength: size }).map((numbers) => {
      const x = new Tensor(storage[dtype](numbers), dtype, shape);
      return isTransposed ? new Tensor(x.buffer, dtype, shape.toReversed(), x.strides.toReversed()) : x;
    });
  });

/** All that two equal tensors share; NaN and -0 count. */
export function content(x: Tensor): unknown {
  return { dtype: x.dtype, shape: [...x.shape], elements: x.toTypedArray() };
}

export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
}

/** 'ok', or the code of the error. Any error but a TapegradError is thrown on. */
export async function outcome(f: () => unknown): Promise<string> {
  try {
    await f();
    return 'ok';
  } catch (error) {
    if (error instanceof TapegradError) return error.code;
    throw error;
  }
}

/** The file cut at each length, and with each byte changed in several ways. */
export function* damaged(file: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < file.length; length++) yield file.slice(0, length);
  for (let at = 0; at < file.length; at++) {
    for (const change of [1, 2, 16, 128, 255]) {
      const copy = file.slice();
      copy[at] ^= change;
      yield copy;
    }
  }
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
