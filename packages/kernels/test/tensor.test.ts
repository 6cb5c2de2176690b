import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SCALAR, stridesOf } from '../src/shape.ts';
import { contiguous, copyInto, elementsOf, type NestedArray, shapeOf, Tensor } from '../src/tensor.ts';
import { anyTensor, at, expectError, expectSame, flat, given } from './arbitrary.ts';

describe('Tensor', () => {
  it('knows its rank, size and layout', () => {
    fc.assert(
      fc.property(anyTensor(), (x) => {
        expect(x.rank).toBe(x.shape.length);
        expect(x.size).toBe(flat(x).length);
        // Row-major without gaps: the strides agree wherever there is something to step over.
        const strides = stridesOf(x.shape);
        const isRowMajor = x.shape.every((extent, axis) => extent === 1 || x.strides[axis] === strides[axis]);
        expect(x.isContiguous).toBe(isRowMajor || x.size === 0);
      }),
    );
  });

  it('gives nested lists', () => {
    const element = (nested: NestedArray, index: number[]): NestedArray =>
      index.length === 0 ? nested : element((nested as NestedArray[])[index[0]], index.slice(1));
    fc.assert(
      fc.property(anyTensor(), (x) => {
        const nested = x.toArray();
        const leaves = ([nested] as unknown[]).flat(Infinity);
        expect(leaves.map(Number)).toEqual(flat(x));
        expect(leaves.every((leaf) => typeof leaf === (x.dtype === 'bool' ? 'boolean' : 'number'))).toBe(true);
        if (x.size > 0)
          expect(
            Number(
              element(
                nested,
                x.shape.map(() => 0),
              ),
            ),
          ).toBe(
            at(
              x,
              x.shape.map(() => 0),
            ),
          );
        expect(JSON.parse(JSON.stringify(x))).toEqual(nested);
      }),
    );
  });

  it('keeps extents of 0 in nested lists', () => {
    expect(given([], [2, 0]).toArray()).toEqual([[], []]);
    expect(given([], [0, 2]).toArray()).toEqual([]);
  });

  it('shares no memory with toTypedArray', () => {
    fc.assert(
      fc.property(anyTensor(), (x) => {
        const before = flat(x);
        const copy = x.toTypedArray();
        expect([...copy]).toEqual(before);
        expect(copy.constructor).toBe(x.buffer.constructor);
        copy.fill(7);
        expect(flat(x)).toEqual(before);
      }),
    );
  });

  it('gives its only element', () => {
    expect(given([5], [1, 1]).item()).toBe(5);
    expect(new Tensor(new Float64Array([1, 2, 3]), 'f64', [], [], 2).item()).toBe(3);
    expectError(() => given([1, 2]).item(), 'shape', /item: needs exactly one element, got shape \[2\]/);
    expectError(() => given([]).item(), 'shape', /item/);
  });

  it('has the one SCALAR for the shape of rank 0', () => {
    expect(given([1], []).shape).toBe(SCALAR);
  });

  it('is a number where it has rank 0, a text in templates, and refuses elsewhere', () => {
    const scalar = given([2], []) as unknown as number;
    expect(scalar * 3).toBe(6);
    expect(`${given([2], [])}`).toBe('Tensor [] f64 2');
    expectError(
      () => +(given([1, 2]) as unknown as number),
      'coercion',
      /shape \[2\] is not a number; write add\(x, y\)/,
    );
    expect(Object.prototype.toString.call(given([1]))).toBe('[object Tensor]');
  });

  it('prints itself in the console of Node', () => {
    const inspect = Symbol.for('nodejs.util.inspect.custom') as unknown as '__inspect';
    const x = given([1]) as Tensor & { __inspect: () => string };
    expect(x[inspect]()).toBe(x.toString());
  });
});

describe('elementsOf, contiguous and copyInto', () => {
  it('put the elements in row-major order', () => {
    fc.assert(
      fc.property(anyTensor(), (x) => {
        expect([...elementsOf(x)]).toEqual(flat(x));
        expectSame(contiguous(x), x);
        expect(contiguous(x).isContiguous).toBe(true);
        const target = new Float64Array(x.size + 4).fill(-99);
        copyInto(target, x, 3);
        expect([...target]).toEqual([-99, -99, -99, ...flat(x), -99]);
      }),
      { numRuns: 200 },
    );
  });

  it('copy nothing that is contiguous already', () => {
    const x = given([1, 2, 3]);
    expect(contiguous(x)).toBe(x);
    expect(elementsOf(x)).toBe(x.buffer);
    expect(elementsOf(new Tensor(x.buffer, 'f64', [2], [1], 1)).buffer).toBe(x.buffer.buffer);
  });
});

describe('shapeOf', () => {
  it('takes numbers too', () => {
    expect([shapeOf(3), shapeOf(given([1, 2]))]).toEqual([SCALAR, [2]]);
  });
});
