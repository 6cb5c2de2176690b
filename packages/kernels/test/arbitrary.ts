/**
 * Random tensors for property tests, and the slow ways to read them.
 *
 * A view is drawn as its shape first, then for each axis a step through the
 * buffer (negative: flipped, 0: expanded, 2: sliced) and the order of the axes
 * in memory (permuted): every kind of view, without the kernels under test.
 * Elements are small whole numbers, so that sums and products are exact and
 * tests may compare with `toEqual`.
 */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { allocate, type DType } from '../src/dtype.ts';
import { type ErrorCode, TapegradError } from '../src/errors.ts';
import type { Shape } from '../src/shape.ts';
import { Tensor } from '../src/tensor.ts';

export const DTYPES: readonly DType[] = ['f64', 'f32', 'i32', 'bool'];

export const anyDtype = fc.constantFrom(...DTYPES);
export const anyFloat = fc.constantFrom<DType>('f64', 'f32');

/** Extents 0 to 4, rarely 0. */
export const anyExtent = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constant(0));

export function anyShape(minRank = 0, maxRank = 4): fc.Arbitrary<number[]> {
  return fc.array(anyExtent, { minLength: minRank, maxLength: maxRank });
}

function elements(dtype: DType): fc.Arbitrary<number> {
  return dtype === 'bool' ? fc.integer({ min: 0, max: 1 }) : fc.integer({ min: -9, max: 9 });
}

/** A tensor of this shape with any strides. */
export function anyView(shape: Shape, dtype: DType): fc.Arbitrary<Tensor> {
  const steps = fc.tuple(...shape.map(() => fc.constantFrom(1, 1, 1, 2, -1, -2, 0)));
  const order = fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length });
  const kind = fc.constantFrom('contiguous', 'view', 'view');
  return fc.tuple(steps, order, kind, fc.integer({ min: 0, max: 3 })).chain(([drawn, axes, isView, gap]) => {
    const step = (axis: number): number => (isView === 'view' ? drawn[axis] : 1);
    const strides = new Array<number>(shape.length).fill(0);
    let size = 1;
    let offset = gap;
    for (const axis of isView === 'view' ? axes : [...shape.keys()].reverse()) {
      strides[axis] = size * step(axis);
      if (step(axis) < 0) offset -= (shape[axis] - 1) * strides[axis];
      size *= step(axis) === 0 ? 1 : Math.max(1, shape[axis]) * Math.abs(step(axis));
    }
    return fc.array(elements(dtype), { minLength: size + 2 * gap, maxLength: size + 2 * gap }).map((values) => {
      const buffer = allocate(dtype, values.length);
      buffer.set(values);
      return new Tensor(buffer, dtype, shape, strides, Math.max(0, offset));
    });
  });
}

/** A view of any shape and dtype. */
export function anyTensor(minRank = 0, maxRank = 4, dtypes: fc.Arbitrary<DType> = anyDtype): fc.Arbitrary<Tensor> {
  return fc.tuple(anyShape(minRank, maxRank), dtypes).chain(([shape, dtype]) => anyView(shape, dtype));
}

/** All indices of a shape, in row-major order. */
export function indices(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (found, extent) => found.flatMap((index) => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  );
}

/** One element, by the definition of strides. */
export function at(x: Tensor, index: readonly number[]): number {
  return x.buffer[index.reduce((sum, i, axis) => sum + i * x.strides[axis], x.offset)];
}

/** The elements in row-major order. */
export function flat(x: Tensor): number[] {
  return indices(x.shape).map((index) => at(x, index));
}

/** A tensor whose elements a function of the index gives. */
export function build(shape: Shape, dtype: DType, element: (index: number[]) => number): Tensor {
  const data = allocate(
    dtype,
    shape.reduce((size, extent) => size * extent, 1),
  );
  data.set(indices(shape).map(element));
  return new Tensor(data, dtype, shape);
}

/** A row-major tensor of these elements. */
export function given(values: readonly number[], shape: Shape = [values.length], dtype: DType = 'f64'): Tensor {
  const data = allocate(dtype, values.length);
  data.set(values);
  return new Tensor(data, dtype, shape);
}

/** -0 counts as 0: which zero a sum gives is not specified. */
const unsigned = (x: number): number => (x === 0 ? 0 : x);

/** Same shape, dtype and elements. */
export function expectSame(actual: Tensor, expected: Tensor): void {
  expect({ dtype: actual.dtype, shape: [...actual.shape], elements: flat(actual).map(unsigned) }).toEqual({
    dtype: expected.dtype,
    shape: [...expected.shape],
    elements: flat(expected).map(unsigned),
  });
}

/** Same shape and dtype, elements up to a relative error. */
export function expectClose(
  actual: Tensor,
  expected: Tensor,
  tolerance = expected.dtype === 'f32' ? 1e-6 : 1e-13,
): void {
  expect([actual.dtype, ...actual.shape]).toEqual([expected.dtype, ...expected.shape]);
  const wanted = flat(expected);
  flat(actual).forEach((value, k) => {
    const isSame =
      Object.is(value, wanted[k]) || Math.abs(value - wanted[k]) <= tolerance * Math.max(1, Math.abs(wanted[k]));
    if (!isSame) expect(value).toBe(wanted[k]);
  });
}

/** Σ x · y. */
export function dot(x: Tensor, y: Tensor): number {
  expect([...x.shape]).toEqual([...y.shape]);
  const other = flat(y);
  return flat(x).reduce((sum, value, k) => sum + value * other[k], 0);
}

/** Checks code and message of what `act` throws. */
export function expectError(act: () => unknown, code: ErrorCode, message: RegExp): void {
  let caught: unknown;
  try {
    act();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(TapegradError);
  expect((caught as TapegradError).code).toBe(code);
  expect((caught as TapegradError).message).toMatch(message);
}
