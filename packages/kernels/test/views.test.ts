import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { diagonal, expand, flip, permute, reshape, slice } from '../src/views.ts';
import {
  anyDtype,
  anyShape,
  anyTensor,
  anyView,
  at,
  build,
  expectError,
  expectSame,
  flat,
  given,
} from './arbitrary.ts';

describe('reshape', () => {
  it('keeps the elements in row-major order', () => {
    fc.assert(
      fc.property(anyTensor(), (x) => {
        const y = reshape(x, [x.size]);
        expect(flat(y)).toEqual(flat(x));
        expectSame(reshape(y, x.shape), x);
      }),
    );
  });

  it('is a view of contiguous tensors, also from an offset', () => {
    const x = slice(given([1, 2, 3, 4, 5, 6]), [2], [6], [1]);
    const y = reshape(x, [2, 2]);
    expect(y.buffer).toBe(x.buffer);
    expect(y.toArray()).toEqual([
      [3, 4],
      [5, 6],
    ]);
  });

  it('infers one extent of -1', () => {
    expect(reshape(given([1, 2, 3, 4, 5, 6]), [2, -1]).shape).toEqual([2, 3]);
    expect(reshape(given([]), [-1, 3]).shape).toEqual([0, 3]);
  });

  it('gives x itself for its own shape', () => {
    const x = given([1, 2]);
    expect(reshape(x, [2])).toBe(x);
  });

  it.each([
    [[4], /reshape: \[2,3\] has 6 elements, \[4\] 4; the sizes must be equal/],
    [[4, -1], /the -1 in \[4,-1\] does not follow/],
    [[0, -1], /does not follow/],
    [[-1, -1], /whole numbers >= 0/],
    [[2.5, 2], /whole numbers >= 0/],
  ])('rejects %j', (shape, message) => {
    expectError(() => reshape(given([1, 2, 3, 4, 5, 6], [2, 3]), shape), 'shape', message);
  });
});

describe('permute', () => {
  it('reorders the axes, and its inverse restores them', () => {
    const drawn = anyTensor().chain((x) =>
      fc.tuple(fc.constant(x), fc.shuffledSubarray([...x.shape.keys()], { minLength: x.rank, maxLength: x.rank })),
    );
    fc.assert(
      fc.property(drawn, ([x, axes]) => {
        const y = permute(x, axes);
        const shape = axes.map((axis) => x.shape[axis]);
        expectSame(
          y,
          build(shape, x.dtype, (index) =>
            at(
              x,
              x.shape.map((_, axis) => index[axes.indexOf(axis)]),
            ),
          ),
        );
        const inverse = axes.map((_, axis) => axes.indexOf(axis));
        expectSame(permute(y, inverse), x);
      }),
    );
  });

  it('takes negative axes and shares the buffer', () => {
    const x = given([1, 2, 3, 4, 5, 6], [2, 3]);
    const y = permute(x, [-1, 0]);
    expect(y.shape).toEqual([3, 2]);
    expect(y.buffer).toBe(x.buffer);
  });

  it.each([[[0]], [[0, 0]], [[0, -2]], [[0, 1, 2]]])('rejects %j for rank 2', (axes) => {
    expectError(() => permute(given([1], [1, 1]), axes), 'axis', /permute: /);
  });
});

describe('expand', () => {
  it('repeats axes of extent 1 and new leading axes', () => {
    const drawn = fc
      .tuple(anyShape(0, 3), anyShape(0, 2), anyDtype)
      .chain(([shape, added, dtype]) =>
        fc
          .tuple(...shape.map((extent) => fc.constantFrom(extent, 1)))
          .chain((from) => fc.tuple(fc.constant([...added, ...shape]), anyView(from, dtype))),
      );
    fc.assert(
      fc.property(drawn, ([shape, x]) => {
        const added = shape.length - x.rank;
        expectSame(
          expand(x, shape),
          build(shape, x.dtype, (index) =>
            at(
              x,
              x.shape.map((n, axis) => (n === 1 ? 0 : index[axis + added])),
            ),
          ),
        );
      }),
    );
  });

  it('keeps extents given as -1', () => {
    expect(expand(given([1, 2], [2, 1]), [4, -1, 3]).shape).toEqual([4, 2, 3]);
  });

  it('gives x itself for its own shape, and takes extents of 0', () => {
    const x = given([1, 2]);
    expect(expand(x, [2])).toBe(x);
    expect(expand(x, [0, 2]).toArray()).toEqual([]);
  });

  it.each([[[3]], [[2]], [[4, 3]], [[-1, 2, 3]], [[2, 3.5]]])('rejects %j for [2,3]', (shape) => {
    expectError(() => expand(given([1, 2, 3, 4, 5, 6], [2, 3]), shape), 'shape', /expand: /);
  });
});

describe('slice', () => {
  it('takes every step-th element from start to before stop', () => {
    const bounds = (n: number): fc.Arbitrary<[number, number, number]> =>
      fc.tuple(fc.integer({ min: 0, max: n }), fc.integer({ min: 0, max: n }), fc.integer({ min: 1, max: 3 }));
    const drawn = anyTensor().chain((x) => fc.tuple(fc.constant(x), fc.tuple(...x.shape.map(bounds))));
    fc.assert(
      fc.property(drawn, ([x, parts]) => {
        const [starts, stops, steps] = [0, 1, 2].map((k) => parts.map((part) => part[k]));
        const lists = parts.map(([start, stop, step]) => {
          const list: number[] = [];
          for (let i = start; i < stop; i += step) list.push(i);
          return list;
        });
        const expected = build(
          lists.map((list) => list.length),
          x.dtype,
          (index) =>
            at(
              x,
              index.map((i, axis) => lists[axis][i]),
            ),
        );
        expectSame(slice(x, starts, stops, steps), expected);
      }),
    );
  });

  it('names bounds and steps that make no sense', () => {
    const x = given([1, 2, 3]);
    expectError(() => slice(x, [0], [4], [1]), 'index', /slice: 4 is not a bound of axis 0; use 0 to 3/);
    expectError(() => slice(x, [-1], [3], [1]), 'index', /-1/);
    expectError(() => slice(x, [0], [3], [0]), 'argument', /slice: step 0 on axis 0.*flip/);
    expectError(() => slice(x, [0, 0], [3], [1]), 'argument', /slice: rank 1 needs 1/);
  });
});

describe('flip', () => {
  it('reverses the order, and twice restores it', () => {
    const drawn = anyTensor().chain((x) => fc.tuple(fc.constant(x), fc.subarray([...x.shape.keys()])));
    fc.assert(
      fc.property(drawn, ([x, axes]) => {
        const y = flip(x, axes);
        expectSame(
          y,
          build(x.shape, x.dtype, (index) =>
            at(
              x,
              index.map((i, axis) => (axes.includes(axis) ? x.shape[axis] - 1 - i : i)),
            ),
          ),
        );
        expectSame(flip(y, axes), x);
      }),
    );
  });

  it('names axes that do not exist or repeat', () => {
    expectError(() => flip(given([1, 2]), [1]), 'axis', /flip: there is no axis 1/);
    expectError(() => flip(given([1, 2]), [0, -1]), 'axis', /flip: .*twice/);
  });
});

describe('diagonal', () => {
  it('makes the diagonal through two axes the last axis', () => {
    const drawn = fc
      .tuple(anyTensor(2, 4), fc.integer({ min: -5, max: 5 }))
      .chain(([x, offset]) =>
        fc.tuple(
          fc.constant(x),
          fc.constant(offset),
          fc.shuffledSubarray([...x.shape.keys()], { minLength: 2, maxLength: 2 }),
        ),
      );
    fc.assert(
      fc.property(drawn, ([x, offset, [row, column]]) => {
        const y = diagonal(x, offset, row, column - x.rank);
        const others = [...x.shape.keys()].filter((axis) => axis !== row && axis !== column);
        let length = 0;
        for (let i = 0; i < x.shape[row]; i++) if (i + offset >= 0 && i + offset < x.shape[column]) length++;
        const first = Math.max(0, -offset);
        const expected = build([...others.map((axis) => x.shape[axis]), length], x.dtype, (index) => {
          const i = first + index[index.length - 1];
          const place = new Array<number>(x.rank);
          others.forEach((axis, k) => (place[axis] = index[k]));
          place[row] = i;
          place[column] = i + offset;
          return at(x, place);
        });
        expectSame(y, expected);
      }),
    );
  });

  it('needs two different axes', () => {
    expectError(() => diagonal(given([1], [1, 1]), 0, 0, -2), 'axis', /diagonal: needs two different axes/);
    expectError(() => diagonal(given([1]), 0, 0, 0), 'axis', /diagonal/);
    expectError(() => diagonal(given([1], [1, 1]), 0.5, 0, 1), 'argument', /diagonal: offset must be a whole number/);
  });
});
