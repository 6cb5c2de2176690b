/**
 * Joining, splitting and padding, against plain lists and PyTorch's numbers.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  concat,
  flip,
  grad,
  mul,
  type Operand,
  pad,
  reshape,
  select,
  split,
  stack,
  sum,
  Tensor,
  tensor,
  transpose,
  type Value,
  value,
  zeros,
} from '../../src/index.ts';

describe('concat', () => {
  it('joins lists of any lengths', () => {
    const lists = fc.array(fc.array(fc.double({ noNaN: true })), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(lists, (xs) => expect(concat(xs.map((x) => tensor(x))).toArray()).toEqual(xs.flat())));
  });

  it('joins along any axis, and views', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(concat([x, flip(x)], 1).toArray()).toEqual([
      [1, 2, 4, 3],
      [3, 4, 2, 1],
    ]);
    expect(concat([transpose(x), zeros([0, 2])], { axis: -2 }).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it('takes the widest dtype, and gives each its gradient in its own', () => {
    const [a, b] = [tensor([1], { dtype: 'f32' }), tensor([2])];
    expect(concat([a, b]).dtype).toBe('f64');
    expect(concat([a, tensor([1], { dtype: 'i32' })]).dtype).toBe('f32');
    const [ga, gb] = grad((x: Value, y: Value) => sum(mul(concat([x, y, x]), tensor([1, 2, 3]))), { argnums: [0, 1] })(
      a,
      b,
    );
    expect([ga.dtype, ga.toArray(), gb.dtype, gb.toArray()]).toEqual(['f32', [4], 'f64', [2]]);
  });

  it('names what does not fit', () => {
    expect(() => concat([])).toThrow('concat: needs a list of at least one operand, got none');
    expect(() => concat(zeros([2]) as never)).toThrow(/needs a list/);
    expect(() => concat([1, 2])).toThrow('concat: scalars have no axis to join along; use stack');
    expect(() => concat([[1], [2]] as never)).toThrow(/wrap it/);
    expect(() => concat([zeros([2, 3]), zeros([2, 4])])).toThrow(
      'concat: [2,3] and [2,4] must have the same rank and may differ at axis 0 only',
    );
    expect(() => concat([zeros([2]), zeros([2, 1])])).toThrow(/same rank/);
    expect(() => concat([zeros([2])], 1)).toThrow(/no axis 1/);
  });
});

describe('stack', () => {
  it('makes a new axis', () => {
    const [x, y] = [tensor([1, 2]), tensor([3, 4])];
    expect(stack([x, y]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(stack([x, y], -1).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(stack([x, y], { axis: 1 }).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(stack([zeros([0]), zeros([0])]).shape).toEqual([2, 0]);
    expect(() => stack([x, zeros([3])])).toThrow('stack: [2] and [3] differ; all shapes must be the same');
  });

  it('makes vectors of numbers and scalar values', () => {
    expect(stack([1, 2, 3]).toArray()).toEqual([1, 2, 3]);
    expect(grad((x) => sum(mul(stack([x, 1, mul(x, x)]), tensor([1, 10, 100]))))(3)).toBe(601);
  });

  it('lets numbers take the dtype of what they meet', () => {
    const x = select(tensor([0.5], { dtype: 'f32' }), 0);
    expect(stack([x, 1]).dtype).toBe('f32');
    expect(stack([x, value(2)]).dtype).toBe('f32');
    expect(stack([select(tensor([1], { dtype: 'i32' }), 0), 2]).dtype).toBe('i32');
    expect(stack([1, 2]).dtype).toBe('f64');
  });
});

describe('split', () => {
  it('is undone by concat', () => {
    const pieces = fc.array(fc.nat(3), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pieces, (sizes) => {
        const x = tensor(Float64Array.from({ length: 2 * sizes.reduce((a, b) => a + b, 0) }, (_, k) => k));
        const matrix = reshape(x, [2, x.size / 2]);
        const parts = split(matrix, sizes, { axis: 1 });
        expect(parts.map((part) => part.shape[1])).toEqual(sizes);
        expect(concat(parts, 1).toArray()).toEqual(matrix.toArray());
      }),
    );
  });

  it('makes pieces of one size, the last perhaps smaller', () => {
    expect(split(tensor([1, 2, 3, 4, 5]), 2).map((part) => part.toArray())).toEqual([[1, 2], [3, 4], [5]]);
    expect(split(zeros([0]), 2).map((part) => part.shape)).toEqual([[0]]);
    expect(split(zeros([2]), 5)).toHaveLength(1);
  });

  it('gives pieces nobody uses a gradient of zero', () => {
    expect(grad((x: Value) => sum(split(x, [1, 2])[1]))(tensor([1, 2, 3])).toArray()).toEqual([0, 1, 1]);
  });

  it('refuses sizes that do not fit', () => {
    expect(() => split(zeros([3]), [1, 1])).toThrow(/add up to extent 3 of axis 0/);
    expect(() => split(zeros([3]), [4, -1])).toThrow(/whole numbers >= 0/);
    expect(() => split(zeros([3]), [0.5, 2.5])).toThrow(/whole numbers >= 0/);
    expect(() => split(zeros([3]), 0)).toThrow(/whole size > 0/);
    expect(() => split(3, 1)).toThrow('split: a scalar has no axis to split');
  });
});

describe('pad', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it("reads PyTorch's list from the last axis, pairs from the first", () => {
    const expected = [
      [0, 1, 2, 3],
      [0, 4, 5, 6],
      [0, 0, 0, 0],
    ];
    expect(pad(x, [1, 0, 0, 1]).toArray()).toEqual(expected);
    expect(
      pad(x, [
        [0, 1],
        [1, 0],
      ]).toArray(),
    ).toEqual(expected);
    expect(pad(x, [1, 0]).toArray()).toEqual([
      [0, 1, 2, 3],
      [0, 4, 5, 6],
    ]);
    expect(pad(x, [])).toBe(x);
    expect(pad(2, [])).toBe(2);
  });

  it('crops where numbers are negative', () => {
    expect(pad(x, [-1, 1, -1, 0], { value: 9 }).toArray()).toEqual([[5, 6, 9]]);
    expect(pad(x, [-3, 0]).shape).toEqual([2, 0]);
    expect(() => pad(x, [-2, -2])).toThrow(/less than nothing/);
    expect(() => pad(x, [-2, -2], { mode: 'circular' })).toThrow(/less than nothing/);
  });

  it.each([
    ['reflect', [3, 2, 1, 2, 3, 2]],
    ['replicate', [1, 1, 1, 2, 3, 3]],
    ['circular', [2, 3, 1, 2, 3, 1]],
    ['constant', [0, 0, 1, 2, 3, 0]],
  ] as const)('fills by %s', (mode, expected) => {
    expect(pad(flip(tensor([3, 2, 1])), [2, 1], { mode }).toArray()).toEqual(expected);
  });

  it('sums the gradients of copies', () => {
    const slope = (mode: 'reflect' | 'replicate' | 'circular') =>
      grad((v: Value) => sum(mul(pad(v, [2, 1], { mode }), tensor([1, 2, 4, 8, 16, 32]))))(tensor([1, 2, 3])).toArray();
    expect(slope('reflect')).toEqual([4, 42, 17]);
    expect(slope('replicate')).toEqual([7, 8, 48]);
    expect(slope('circular')).toEqual([36, 9, 18]);
  });

  it('does not differentiate the filling', () => {
    const f = (v: Value): Operand => sum(pad(v, [1, 1], { value: Infinity }));
    expect(grad(f)(tensor([1, 2])).toArray()).toEqual([1, 1]);
    expect(grad((v: Value) => sum(mul(pad(v, [1, 1]), pad(v, [1, 1]))))(tensor([1, 2])).toArray()).toEqual([2, 4]);
  });

  it('refuses what does not fit', () => {
    expect(() => pad(x, [1])).toThrow(/does not fit \[2,3\]/);
    expect(() => pad(x, [1, 1, 1, 1, 1, 1])).toThrow(/does not fit/);
    expect(() => pad(x, [[1, 1]])).toThrow('or a list of 2 pairs, first axis first');
    expect(() => pad(x, [0.5, 1])).toThrow(/whole numbers/);
    expect(() =>
      pad(x, [
        [1, 1, 1],
        [0, 0],
      ] as never),
    ).toThrow(/does not fit/);
    expect(() => pad(x, [3, 0], { mode: 'reflect' })).toThrow(
      'pad: reflect padding of 3 and 0 is too wide for extent 3; at most 2',
    );
    expect(() => pad(x, [4, 0], { mode: 'circular' })).toThrow(/at most 3/);
    expect(() => pad(zeros([0]), [1, 0], { mode: 'replicate' })).toThrow(/at most 0/);
    expect(() => pad(x, [1, 1], { mode: 'edge' as never })).toThrow(/no mode 'edge'; use 'constant'/);
  });

  it('leaves plain data plain', () => {
    expect(pad(x, [1, 1])).toBeInstanceOf(Tensor);
  });
});
