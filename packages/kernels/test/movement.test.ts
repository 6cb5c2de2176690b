import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { promote } from '../src/dtype.ts';
import { cast, concat, diagEmbed, diagonal, pad, place, slice, triangle } from '../src/movement.ts';
import { Tensor } from '../src/tensor.ts';
import {
  anyDtype,
  anyShape,
  anyTensor,
  anyView,
  at,
  build,
  dot,
  expectError,
  expectSame,
  flat,
  given,
} from './arbitrary.ts';

describe('concat', () => {
  it('puts one tensor after another', () => {
    const drawn = fc
      .tuple(anyShape(1, 3), fc.nat(), fc.array(fc.tuple(fc.nat({ max: 3 }), anyDtype), { minLength: 1, maxLength: 3 }))
      .chain(([shape, which, parts]) => {
        const axis = which % shape.length;
        const views = parts.map(([extent, dtype]) => anyView(shape.with(axis, extent), dtype));
        return fc.tuple(fc.constant(axis), fc.tuple(...views));
      });
    fc.assert(
      fc.property(drawn, ([axis, xs]) => {
        const total = xs.reduce((sum, x) => sum + x.shape[axis], 0);
        const dtype = xs.map((x) => x.dtype).reduce(promote);
        const expected = build(xs[0].shape.with(axis, total), dtype, (index) => {
          let i = index[axis];
          let k = 0;
          while (i >= xs[k].shape[axis]) i -= xs[k++].shape[axis];
          return at(xs[k], index.with(axis, i));
        });
        expectSame(concat(xs, axis), expected);
        expectSame(concat(xs, axis - xs[0].rank), expected);
      }),
    );
  });

  it('names what does not fit', () => {
    expectError(() => concat([], 0), 'argument', /concat: needs at least one tensor/);
    expectError(() => concat([given([1], [])], 0), 'shape', /concat: scalars/);
    expectError(() => concat([given([1, 2], [1, 2]), given([1], [1, 1])], 0), 'shape', /\[1,2\] and \[1,1\].*axis 0/);
    expectError(() => concat([given([1, 2], [1, 2]), given([1])], 0), 'shape', /concat/);
    expectError(() => concat([given([1])], 1), 'axis', /concat: there is no axis 1/);
  });
});

describe('place', () => {
  const drawn = anyTensor(0, 3).chain((x) =>
    fc.tuple(
      fc.constant(x),
      fc.tuple(...x.shape.map(() => fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: 1, max: 3 }), fc.nat({ max: 2 })))),
    ),
  );

  it('is what slice undoes, with zeros elsewhere', () => {
    fc.assert(
      fc.property(drawn, ([x, parts]) => {
        const starts = parts.map(([start]) => start);
        const steps = parts.map(([, step]) => step);
        const stops = parts.map(([start, step], axis) =>
          x.shape[axis] === 0 ? start : start + (x.shape[axis] - 1) * step + 1,
        );
        const shape = parts.map(([, , more], axis) => stops[axis] + more);
        const y = place(x, shape, starts, steps);
        expectSame(slice(y, starts, stops, steps), x);
        const total = (values: number[]): number => values.reduce((sum, value) => sum + Math.abs(value), 0);
        expect(total(flat(y))).toBe(total(flat(x)));
      }),
    );
  });

  it('is the transpose of slice', () => {
    const x = given([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [2, 5]);
    const g = given([3, -1, 4, -2], [2, 2]);
    expect(dot(slice(x, [0, 1], [2, 5], [1, 2]), g)).toBe(dot(x, place(g, [2, 5], [0, 1], [1, 2])));
  });

  it('names what sticks out', () => {
    expectError(
      () => place(given([1, 2]), [3], [1], [2]),
      'shape',
      /place: \[2\] does not fit in \[3\] at axis 0 from 1 by 2/,
    );
    expectError(() => place(given([1, 2]), [3], [-1], [1]), 'shape', /place/);
    expectError(() => place(given([1, 2]), [3], [0], [0]), 'argument', /place: step 0/);
    expectError(() => place(given([1, 2]), [3, 3], [0], [1]), 'argument', /place: rank 1/);
  });
});

describe('pad', () => {
  it('is x[i - before] where that exists, else the value', () => {
    const drawn = anyTensor(0, 3).chain((x) =>
      fc.tuple(
        fc.constant(x),
        fc.tuple(...x.shape.map(() => fc.tuple(fc.integer({ min: -4, max: 3 }), fc.integer({ min: -4, max: 3 })))),
      ),
    );
    fc.assert(
      fc.property(drawn, ([x, pads]) => {
        const shape = x.shape.map((extent, axis) => extent + pads[axis][0] + pads[axis][1]);
        fc.pre(shape.every((extent) => extent >= 0));
        const expected = build(shape, x.dtype, (index) => {
          const from = index.map((i, axis) => i - pads[axis][0]);
          return from.every((i, axis) => i >= 0 && i < x.shape[axis]) ? at(x, from) : 1;
        });
        expectSame(pad(x, pads, 1), expected);
      }),
    );
  });

  it('names pads that make no sense', () => {
    expectError(() => pad(given([1]), [], 0), 'argument', /pad: \[1\] needs 1 pairs/);
    expectError(() => pad(given([1]), [[0.5, 0]], 0), 'argument', /pad/);
    expectError(() => pad(given([1]), [[-1, -1]], 0), 'shape', /leaves less than nothing/);
  });
});

describe('diagEmbed', () => {
  it('puts x on a diagonal, and diagonal reads it back', () => {
    const drawn = fc
      .tuple(anyShape(0, 2), fc.nat({ max: 4 }), fc.nat({ max: 4 }), fc.integer({ min: -5, max: 5 }), anyDtype)
      .chain(([shape, rows, cols, offset, dtype]) => {
        const length = Math.max(0, Math.min(rows, rows + offset, cols, cols - offset));
        return fc.tuple(anyView([...shape, length], dtype), fc.constant({ rows, cols, offset }));
      });
    fc.assert(
      fc.property(drawn, ([x, { rows, cols, offset }]) => {
        const y = diagEmbed(x, offset, rows, cols);
        const expected = build([...x.shape.slice(0, -1), rows, cols], x.dtype, (index) => {
          const [i, j] = index.slice(-2);
          return j - i === offset ? at(x, [...index.slice(0, -2), Math.min(i, j)]) : 0;
        });
        expectSame(y, expected);
        expectSame(diagonal(y, offset, -2, -1), x);
      }),
    );
  });

  it('names the length it needs', () => {
    expectError(
      () => diagEmbed(given([1, 2]), 1, 2, 2),
      'shape',
      /diagonal 1 of a \[2,2\] matrix has 1 elements; x is \[2\]/,
    );
    expectError(() => diagEmbed(given([1], []), 0, 1, 1), 'shape', /diagEmbed/);
  });
});

describe('triangle', () => {
  it('keeps one side of a diagonal', () => {
    fc.assert(
      fc.property(anyTensor(2, 4), fc.integer({ min: -5, max: 5 }), fc.boolean(), (x, diagonalAt, isLower) => {
        const expected = build(x.shape, x.dtype, (index) => {
          const [i, j] = index.slice(-2);
          return (isLower ? j - i <= diagonalAt : j - i >= diagonalAt) ? at(x, index) : 0;
        });
        expectSame(triangle(x, diagonalAt, isLower ? 'lower' : 'upper'), expected);
      }),
    );
  });

  it('leaves exact zeros where there was NaN', () => {
    expect(triangle(given([1, NaN, 2, 3], [2, 2]), 0, 'lower').toArray()).toEqual([
      [1, 0],
      [2, 3],
    ]);
  });

  it('needs matrices', () => {
    expectError(() => triangle(given([1]), 0, 'lower'), 'shape', /triangle: needs matrices, rank >= 2, got \[1\]/);
    expectError(() => triangle(given([1], [1, 1]), NaN, 'upper'), 'argument', /triangle: diagonal/);
  });
});

describe('cast', () => {
  it('keeps small whole numbers in any dtype but bool', () => {
    fc.assert(
      fc.property(anyTensor(), anyDtype, (x, dtype) => {
        const expected = build(x.shape, dtype, (index) =>
          dtype === 'bool' ? Number(at(x, index) !== 0) : at(x, index),
        );
        expectSame(cast(x, dtype), expected);
        if (dtype === x.dtype) expect(cast(x, dtype)).toBe(x);
      }),
    );
  });

  it('rounds to f32, truncates to i32, and tells 0 from the rest for bool', () => {
    const x = given([0.1, -1.9, 1.9, NaN, -0, 2 ** 32 + 5]);
    expect(flat(cast(x, 'f32'))).toEqual([Math.fround(0.1), Math.fround(-1.9), Math.fround(1.9), NaN, -0, 2 ** 32]);
    expect(flat(cast(x, 'i32'))).toEqual([0, -1, 1, 0, 0, 5]);
    expect(cast(x, 'bool').toArray()).toEqual([true, true, true, true, false, true]);
    expect(cast(new Tensor(new Float64Array([0.5]), 'f64', []), 'bool').item()).toBe(1);
  });
});
