import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DType } from '../src/dtype.ts';
import { logSoftmax, softmax } from '../src/softmax.ts';
import { anyTensor, at, build, expectClose, expectError, flat, given } from './arbitrary.ts';

const withAxis = anyTensor(1, 4).chain((x) => fc.tuple(fc.constant(x), fc.constantFrom(...x.shape.keys())));
const floatType = (dtype: DType): DType => (dtype === 'f32' ? 'f32' : 'f64');

describe('softmax and logSoftmax', () => {
  it('are exp(x) / Σ exp(x) and its logarithm', () => {
    fc.assert(
      fc.property(withAxis, ([x, axis]) => {
        const expected = build(x.shape, floatType(x.dtype), (index) => {
          let total = 0;
          for (let i = 0; i < x.shape[axis]; i++) total += Math.exp(at(x, index.with(axis, i)));
          return Math.exp(at(x, index)) / total;
        });
        expectClose(softmax(x, axis), expected);
        expectClose(softmax(x, axis - x.rank), expected);
        const logs = build(x.shape, floatType(x.dtype), (index) => Math.log(at(expected, index)));
        expectClose(logSoftmax(x, axis), logs, x.dtype === 'f32' ? 1e-5 : 1e-12);
      }),
    );
  });

  it('stay finite for large inputs', () => {
    expect(softmax(given([1000, 1000]), 0).toArray()).toEqual([0.5, 0.5]);
    expect(softmax(given([-1000, -2000]), 0).toArray()).toEqual([1, 0]);
    expect(logSoftmax(given([-1000, -3000]), 0).toArray()).toEqual([0, -2000]);
  });

  it('give masked elements exactly 0', () => {
    expect(softmax(given([0, -Infinity]), 0).toArray()).toEqual([1, 0]);
    expect(logSoftmax(given([0, -Infinity]), 0).toArray()).toEqual([0, -Infinity]);
  });

  it.each([[[-Infinity, -Infinity]], [[Infinity, 0]], [[NaN, 0]]])('are NaN for %j', (values) => {
    expect(flat(softmax(given(values), 0)).some(Number.isNaN)).toBe(true);
    expect(flat(logSoftmax(given(values), 0)).some(Number.isNaN)).toBe(true);
  });

  it('take a scalar as one element, and name axes that do not exist', () => {
    expect(softmax(given([3], []), 0).item()).toBe(1);
    expectError(() => softmax(given([1]), 1), 'axis', /softmax: there is no axis 1/);
    expectError(() => logSoftmax(given([1]), -2), 'axis', /logSoftmax/);
  });
});
