import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allocate, bytesOf, castNumber, checkDtype, type DType, isFloat, promote } from '../src/dtype.ts';
import { anyDtype, DTYPES, expectError } from './arbitrary.ts';

describe('promote', () => {
  it('is a maximum: it commutes, associates and keeps equals', () => {
    fc.assert(
      fc.property(anyDtype, anyDtype, anyDtype, (a, b, c) => {
        expect(promote(a, b)).toBe(promote(b, a));
        expect(promote(promote(a, b), c)).toBe(promote(a, promote(b, c)));
        expect(promote(a, a)).toBe(a);
      }),
    );
  });

  it.each<[DType, DType, DType]>([
    ['bool', 'i32', 'i32'],
    ['i32', 'f32', 'f32'],
    ['f32', 'f64', 'f64'],
  ])('of %s and %s is %s', (a, b, expected) => {
    expect(promote(a, b)).toBe(expected);
  });
});

describe('allocate', () => {
  it.each(DTYPES)('gives zeros for %s', (dtype) => {
    const data = allocate(dtype, 5);
    expect([...data]).toEqual([0, 0, 0, 0, 0]);
    expect(data.BYTES_PER_ELEMENT).toBe(bytesOf(dtype));
    expect(allocate(dtype, 0)).toHaveLength(0);
  });

  it('never gives the same memory twice', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyDtype, fc.nat({ max: 40 })), { maxLength: 20 }), (requests) => {
        const all = requests.map(([dtype, size]) => allocate(dtype, size));
        all.forEach((data, k) => data.fill(k + 1));
        all.forEach((data, k) => expect(data.every((value) => value === k + 1)).toBe(true));
      }),
    );
  });
});

describe('castNumber', () => {
  it('is what storing in that dtype gives', () => {
    fc.assert(
      fc.property(fc.double(), anyDtype, (value, dtype) => {
        const data = allocate(dtype, 1);
        data[0] = dtype === 'bool' ? Number(value !== 0) : value;
        expect(castNumber(value, dtype)).toBe(data[0]);
      }),
    );
  });
});

describe('checkDtype and isFloat', () => {
  it('know the four dtypes', () => {
    expect(DTYPES.map((dtype) => checkDtype('op', dtype))).toEqual(DTYPES);
    expect(DTYPES.filter(isFloat)).toEqual(['f64', 'f32']);
  });

  it.each(['f16', '', undefined, null, 64])('reject %j', (dtype) => {
    expectError(
      () => checkDtype('zeros', dtype),
      'dtype',
      /^zeros: unknown dtype .*; use 'f64', 'f32', 'i32' or 'bool'/,
    );
  });
});
