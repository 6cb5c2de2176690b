import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  broadcastShapes,
  checkShape,
  normaliseAxes,
  normaliseAxis,
  reducedShape,
  sameShape,
  SCALAR,
  showShape,
  sizeOf,
  stridesOf,
} from '../src/shape.ts';
import { anyShape, expectError, indices } from './arbitrary.ts';

describe('sizeOf and stridesOf', () => {
  it('count the elements, and step through them in row-major order', () => {
    fc.assert(
      fc.property(anyShape(), (shape) => {
        const all = indices(shape);
        expect(sizeOf(shape)).toBe(all.length);
        const strides = stridesOf(shape);
        const positions = all.map((index) => index.reduce((sum, i, axis) => sum + i * strides[axis], 0));
        expect(positions).toEqual([...all.keys()]);
      }),
    );
  });

  it('give 1 and no strides for rank 0', () => {
    expect([sizeOf(SCALAR), stridesOf(SCALAR)]).toEqual([1, []]);
  });
});

describe('sameShape', () => {
  it('compares extents', () => {
    fc.assert(
      fc.property(anyShape(), anyShape(), (a, b) => {
        expect(sameShape(a, [...a])).toBe(true);
        expect(sameShape(a, b)).toBe(showShape(a) === showShape(b));
      }),
    );
  });
});

describe('checkShape', () => {
  it('gives the shape back, and the one SCALAR for rank 0', () => {
    const shape = [2, 0, 3];
    expect(checkShape('op', shape)).toBe(shape);
    expect(checkShape('op', [])).toBe(SCALAR);
  });

  it.each([[[-1]], [[1.5]], [[NaN]], [[Infinity]], ['23'], [3], [undefined]])('rejects %j', (shape) => {
    expectError(
      () => checkShape('zeros', shape as number[]),
      'shape',
      /^zeros: a shape is a list of whole numbers >= 0, got/,
    );
  });
});

describe('broadcastShapes', () => {
  it('is the shape in which both repeat their axes of extent 1', () => {
    fc.assert(
      fc.property(anyShape(), fc.infiniteStream(fc.boolean()), fc.nat({ max: 4 }), (shape, coins, drop) => {
        const coin = (): boolean => coins.next().value === true;
        const ones = shape.map((extent) => (coin() ? 1 : extent));
        const others = shape.map((extent, axis) => (ones[axis] === 1 || coin() ? extent : 1));
        expect([...broadcastShapes('op', ones, others)]).toEqual(shape);
        expect([...broadcastShapes('op', others, ones)]).toEqual(shape);
        expect([...broadcastShapes('op', shape, shape.slice(Math.min(drop, shape.length)))]).toEqual(shape);
      }),
    );
  });

  it('gives the very shape that needs no broadcasting', () => {
    const shape = [2, 3];
    expect(broadcastShapes('op', shape, [2, 3])).toBe(shape);
    expect(broadcastShapes('op', SCALAR, shape)).toBe(shape);
    expect(broadcastShapes('op', shape, SCALAR)).toBe(shape);
  });

  it('lets an extent of 0 meet 1, and nothing else', () => {
    expect(broadcastShapes('op', [0], [1])).toEqual([0]);
    expectError(() => broadcastShapes('add', [0], [2]), 'shape', /^add/);
  });

  it('names the operation, both shapes, the axis and the mend', () => {
    expectError(
      () => broadcastShapes('add', [2, 3], [4, 3, 3]),
      'shape',
      /^add: shapes \[2,3\] and \[4,3,3\] do not broadcast: 2 against 3 at axis -2; .*reshape/,
    );
  });
});

describe('normaliseAxis', () => {
  it('counts from the front', () => {
    expect([normaliseAxis('op', 1, 3), normaliseAxis('op', -1, 3), normaliseAxis('op', -3, 3)]).toEqual([1, 2, 0]);
  });

  it('lets scalars have one axis', () => {
    expect([normaliseAxis('op', 0, 0), normaliseAxis('op', -1, 0)]).toEqual([0, 0]);
  });

  it.each([[3], [-4], [0.5], [NaN]])('rejects axis %d of rank 3', (axis) => {
    expectError(() => normaliseAxis('sum', axis, 3), 'axis', /^sum: there is no axis .* in rank 3; .* from -3 to 2/);
  });
});

describe('normaliseAxes', () => {
  it('sorts, and takes all axes for undefined', () => {
    expect(normaliseAxes('op', [-1, 0], 3)).toEqual([0, 2]);
    expect(normaliseAxes('op', 1, 3)).toEqual([1]);
    expect(normaliseAxes('op', undefined, 3)).toEqual([0, 1, 2]);
    expect(normaliseAxes('op', [], 3)).toEqual([]);
    expect(normaliseAxes('op', 0, 0)).toEqual([]);
  });

  it('rejects an axis that is named twice', () => {
    expectError(() => normaliseAxes('sum', [0, -2], 2), 'axis', /^sum: axes \[0,-2\] name an axis twice/);
  });
});

describe('reducedShape', () => {
  it('drops axes, or keeps them as 1', () => {
    expect(reducedShape([2, 3, 4], [0, 2], false)).toEqual([3]);
    expect(reducedShape([2, 3, 4], [0, 2], true)).toEqual([1, 3, 1]);
    expect(reducedShape([2], [0], false)).toBe(SCALAR);
  });
});
