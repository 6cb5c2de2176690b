import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { promote } from '../src/dtype.ts';
import {
  gather,
  indexAddInto,
  indexSelect,
  oneHot,
  putFlat,
  scatterAdd,
  scatterInto,
  takeFlat,
} from '../src/gather.ts';
import { cast } from '../src/movement.ts';
import {
  anyDtype,
  anyTensor,
  anyView,
  at,
  build,
  dot,
  expectError,
  expectSame,
  flat,
  given,
  indices,
} from './arbitrary.ts';

/** x, an index along an axis of it, and the axis; the index is a permuted, flipped or expanded view too. */
const drawn = anyTensor(0, 3)
  .filter((x) => x.size > 0)
  .chain((x) => fc.tuple(fc.constant(x), fc.nat({ max: Math.max(0, x.rank - 1) })))
  .chain(([x, axis]) =>
    fc
      .tuple(...x.shape.map((n, k) => fc.integer({ min: 1, max: k === axis ? 5 : n })))
      .chain((shape) => anyView(shape, 'i32'))
      .map((index) => {
        const extent = x.shape[axis] ?? 1;
        return { x, axis, index: build(index.shape, 'i32', (i) => ((at(index, i) % extent) + extent) % extent) };
      }),
  );

const along = (index: number[], axis: number, i: number): number[] => (index.length === 0 ? [] : index.with(axis, i));

describe('gather and scatterInto', () => {
  it('read x[.., index[..], ..]', () => {
    fc.assert(
      fc.property(drawn, ({ x, axis, index }) => {
        const expected = build(index.shape, x.dtype, (i) => at(x, along(i, axis, at(index, i))));
        expectSame(gather(x, index, axis), expected);
        expectSame(gather(x, cast(index, 'f64'), axis - Math.max(1, x.rank)), expected);
      }),
    );
  });

  it('are transposes of each other', () => {
    fc.assert(
      fc.property(drawn, fc.integer(), ({ x, axis, index }, seed) => {
        const g = build(index.shape, 'f64', (i) => i.reduce((sum, k) => (sum * 3 + k + seed) % 7, 1));
        const y = scatterInto(x.shape, 'f64', index, g, axis);
        expect(dot(gather(x, index, axis), g)).toBe(dot(x, y));
      }),
    );
  });

  it('take an empty index', () => {
    expect(gather(given([1, 2]), given([], [0], 'i32'), 0).shape).toEqual([0]);
    expect(scatterInto([2], 'f32', given([], [0], 'i32'), given([]), 0).toArray()).toEqual([0, 0]);
  });

  it('name the index, its position and the extent', () => {
    const x = given([1, 2, 3, 4], [2, 2]);
    const index = given([0, 1, 2, 0], [2, 2], 'i32');
    expectError(() => gather(x, index, 1), 'index', /gather: index 2 at \[1,0\] is outside extent 2; use 0 to 1/);
    expectError(() => gather(given([1]), given([-1], [1], 'i32'), 0), 'index', /gather: index -1 at \[0\]/);
    expectError(() => scatterInto([2, 2], 'f64', index, x, 0), 'index', /scatterInto: index 2/);
    expectError(
      () => gather(x, given([0], [1], 'i32'), 0),
      'shape',
      /gather: an index of shape \[1\] does not fit \[2,2\]/,
    );
    expectError(() => gather(x, given([0, 0, 0], [1, 3], 'i32'), 0), 'shape', /gather/);
    expectError(() => gather(given([1]), given([0.5]), 0), 'dtype', /gather: the index must be i32, got f64; cast it/);
    expectError(() => gather(given([1]), given([0], [1], 'bool'), 0), 'dtype', /got bool/);
    expectError(() => gather(x, index, 2), 'axis', /gather: there is no axis 2/);
  });
});

describe('scatterAdd', () => {
  it('adds to a copy, duplicates too', () => {
    const withSource = drawn.chain((all) =>
      anyDtype
        .chain((dtype) =>
          anyView(
            all.index.shape.map((n, k) => n + (k % 2)),
            dtype,
          ),
        )
        .map((src) => ({ ...all, src })),
    );
    fc.assert(
      fc.property(withSource, ({ x, axis, index, src }) => {
        const before = flat(x);
        const values = new Map(indices(x.shape).map((i) => [String(i), at(x, i)]));
        for (const i of indices(index.shape)) {
          const key = String(along(i, axis, at(index, i)));
          values.set(key, values.get(key)! + at(src, i));
        }
        expectSame(
          scatterAdd(x, index, src, axis),
          build(x.shape, promote(x.dtype, src.dtype), (i) => values.get(String(i))!),
        );
        expect(flat(x)).toEqual(before);
      }),
    );
  });

  it('adds up duplicates of f32 in double precision', () => {
    const index = given([0, 0, 0], [3], 'i32');
    const y = scatterAdd(given([2 ** 24], [1], 'f32'), index, given([1, 1, 2], [3], 'f32'), 0);
    expect(y.toArray()).toEqual([2 ** 24 + 4]);
    expect(y.dtype).toBe('f32');
  });

  it('needs a source as large as the index', () => {
    const index = given([0, 0], [2], 'i32');
    expectError(
      () => scatterAdd(given([1]), index, given([1]), 0),
      'shape',
      /source \[1\] must be at least as large as the index \[2\]/,
    );
    expectError(() => scatterAdd(given([1]), index, given([1, 1], [1, 2]), 0), 'shape', /scatterAdd/);
  });
});

describe('indexSelect and indexAddInto', () => {
  const selection = anyTensor(0, 3)
    .filter((x) => x.size > 0)
    .chain((x) => {
      const axis = fc.nat({ max: Math.max(0, x.rank - 1) });
      return axis.chain((a) => {
        const extent = x.shape[a] ?? 1;
        const rows = fc.array(fc.integer({ min: -extent, max: extent - 1 }), { maxLength: 5 });
        return rows.map((list) => ({ x, axis: a, list }));
      });
    });

  it('read slices, counting negative indices from the end', () => {
    fc.assert(
      fc.property(selection, ({ x, axis, list }) => {
        const full = x.rank === 0 ? [1] : x.shape;
        const expected = build(full.with(axis, list.length), x.dtype, (i) => {
          const k = list[i[axis]];
          return at(x, x.rank === 0 ? [] : i.with(axis, k < 0 ? k + full[axis] : k));
        });
        expectSame(indexSelect(x, given(list, [list.length], 'i32'), axis), expected);
      }),
    );
  });

  it('are transposes of each other', () => {
    fc.assert(
      fc.property(selection, ({ x, axis, list }) => {
        const index = given(list, [list.length], 'i32');
        const y = indexSelect(x, index, axis);
        const g = build(y.shape, 'f64', (i) => i.reduce((sum, k) => (5 * sum + k) % 11, 2));
        expect(dot(y, g)).toBe(dot(x, indexAddInto(x.shape, 'f64', index, g, axis)));
      }),
    );
  });

  it('copy long rows whole', () => {
    const x = build([3, 50], 'f32', ([i, j]) => 100 * i + j);
    expect(flat(indexSelect(x, given([2], [1], 'i32'), 0))).toEqual(flat(x).slice(100));
  });

  it('keep the axis for an index of rank 0', () => {
    expect(indexSelect(given([1, 2, 3, 4], [2, 2]), given([1], [], 'i32'), 0).toArray()).toEqual([[3, 4]]);
  });

  it('use f32 throughout where the target is much larger than the source', () => {
    const y = indexAddInto([100_000], 'f32', given([5, 5], [2], 'i32'), given([1, 2]), 0);
    expect(y.dtype).toBe('f32');
    expect(at(y, [5])).toBe(3);
  });

  it('name what does not fit', () => {
    const x = given([1, 2, 3]);
    expectError(
      () => indexSelect(x, given([3], [1], 'i32'), 0),
      'index',
      /indexSelect: index 3 at \[0\] is outside extent 3; use -3 to 2/,
    );
    expectError(() => indexSelect(x, given([-4], [], 'i32'), 0), 'index', /index -4 is outside extent 3/);
    expectError(() => indexSelect(given([]), given([0], [1], 'i32'), 0), 'index', /nothing to index/);
    expectError(() => indexSelect(x, given([0], [1, 1], 'i32'), 0), 'shape', /must have rank 0 or 1, got \[1,1\]/);
    expectError(
      () => indexAddInto([3], 'f64', given([0], [1], 'i32'), x, 0),
      'shape',
      /indexAddInto: 1 indices into \[3\].*\[1\], got \[3\]/,
    );
  });
});

describe('takeFlat and putFlat', () => {
  const positions = anyTensor(0, 3)
    .filter((x) => x.size > 0)
    .chain((x) =>
      anyTensor(0, 2, fc.constant('i32' as const)).map((index) => ({
        x,
        index: build(index.shape, 'i32', (i) => at(index, i) % x.size),
      })),
    );

  it('read the flattened tensor', () => {
    fc.assert(
      fc.property(positions, ({ x, index }) => {
        const elements = flat(x);
        expectSame(
          takeFlat(x, index),
          build(index.shape, x.dtype, (i) => elements.at(at(index, i))!),
        );
      }),
    );
  });

  it('are transposes of each other', () => {
    fc.assert(
      fc.property(positions, ({ x, index }) => {
        const g = build(index.shape, 'f64', (i) => i.reduce((sum, k) => (5 * sum + k) % 11, 2));
        expect(dot(takeFlat(x, index), g)).toBe(dot(x, putFlat(g, index, x.shape)));
      }),
    );
  });

  it('keep the dtype', () => {
    expect(putFlat(given([1, 2], [2], 'f32'), given([0, 0], [2], 'i32'), [2, 1]).dtype).toBe('f32');
  });

  it('name what does not fit', () => {
    expectError(() => takeFlat(given([1, 2]), given([2], [1], 'i32')), 'index', /takeFlat: index 2/);
    expectError(() => putFlat(given([1]), given([2], [1], 'i32'), [2]), 'index', /putFlat: index 2/);
    expectError(() => putFlat(given([1]), given([0], [], 'i32'), [2]), 'shape', /putFlat: values \[1\] and index \[\]/);
  });
});

describe('oneHot', () => {
  it('is 1 at each index', () => {
    const y = oneHot(given([2, 0], [2], 'i32'), 3, 'bool');
    expect(y.dtype).toBe('bool');
    expect(y.toArray()).toEqual([
      [false, false, true],
      [true, false, false],
    ]);
    expect(oneHot(given([1], []), 2, 'f32').toArray()).toEqual([0, 1]);
  });

  it('names classes that do not exist', () => {
    expectError(() => oneHot(given([3], [], 'i32'), 3, 'f64'), 'index', /oneHot: index 3 is outside extent 3/);
    expectError(() => oneHot(given([-1], [1], 'i32'), 3, 'f64'), 'index', /oneHot: index -1 at \[0\]/);
    expectError(() => oneHot(given([0], [], 'i32'), -1, 'f64'), 'shape', /oneHot/);
  });
});
