/**
 * Slices, indices, triangles and diagonals, against plain lists.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  diag,
  expand,
  flip,
  gather,
  grad,
  indexSelect,
  jvp,
  mul,
  oneHot,
  type Operand,
  reshape,
  scatterAdd,
  select,
  slice,
  sum,
  Tensor,
  tensor,
  transpose,
  tril,
  triu,
  type Value,
  value,
  zeros,
} from '../../src/index.ts';

const matrix = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

/** Gradient of the sum of `f`, weighted by 1, 2, 4, … */
function slopes(f: (x: Value) => Operand, x: Tensor): unknown {
  const weighted = (v: Value): Operand => {
    const y = reshape(f(v), [-1]) as Value;
    return sum(mul(y, tensor(Float64Array.from({ length: y.shape[0] }, (_, k) => 2 ** k))));
  };
  return grad(weighted)(x).toArray();
}

describe('slice', () => {
  it('agrees with lists, negative and far positions included', () => {
    const position = fc.integer({ min: -7, max: 7 });
    fc.assert(
      fc.property(
        fc.array(fc.integer()),
        position,
        fc.option(position, { nil: undefined }),
        fc.integer({ min: 1, max: 3 }),
        (list, start, end, step) => {
          const expected = list.slice(start, end).filter((_, k) => k % step === 0);
          expect(slice(tensor(list), start, end, { step }).toArray()).toEqual(expected);
          expect(flip(slice(flip(flip(tensor(list))), { start, end, step })).toArray()).toEqual(expected.reverse());
        },
      ),
    );
  });

  it('takes any axis', () => {
    expect(slice(matrix, 1, undefined, { axis: 1 }).toArray()).toEqual([
      [2, 3],
      [5, 6],
    ]);
    expect(slice(matrix, 0, -1, -1).toArray()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(slice(transpose(matrix), { start: 1, step: 2 }).toArray()).toEqual([[2, 5]]);
    expect(slice(matrix, { end: -1, axis: 1 }).toArray()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(slice(matrix, {})).toBe(matrix);
    expect(slice(matrix, -Infinity, Infinity)).toBe(matrix);
  });

  it('puts the gradient in place', () => {
    expect(slopes((x) => slice(x, { start: 1, step: 2 }), tensor([1, 2, 3, 4, 5]))).toEqual([0, 1, 0, 2, 0]);
    expect(slopes((x) => slice(x, 2, 1), tensor([1, 2, 3]))).toEqual([0, 0, 0]);
  });

  it('refuses what it cannot do', () => {
    expect(() => slice(matrix, 0, 2, { step: -1 })).toThrow(/whole number > 0, got -1; flip goes backwards/);
    expect(() => slice(matrix, 0.5)).toThrow(/positions are whole numbers, got 0.5/);
    expect(() => slice(matrix, NaN)).toThrow(/positions are whole numbers/);
    expect(() => slice(3, 0)).toThrow('slice: a scalar has no axis to slice');
    expect(() => slice(matrix, 0, 1, { axis: 2 })).toThrow(/no axis 2/);
  });
});

describe('select', () => {
  it('drops the axis, as a view', () => {
    expect(select(matrix, 1).toArray()).toEqual([4, 5, 6]);
    expect(select(matrix, -1, { axis: 1 }).toArray()).toEqual([3, 6]);
    expect(select(flip(matrix), 0, 1).toArray()).toEqual([6, 3]);
    expect(select(matrix, 0).buffer).toBe(matrix.buffer);
    expect(select(tensor([7]), 0)).toBeInstanceOf(Tensor);
  });

  it('gives scalar values of vectors', () => {
    const f = (x: Value): Value => mul(select(x, 0), select(x, -1));
    expect(grad(f)(tensor([2, 0, 5])).toArray()).toEqual([5, 0, 2]);
    expect(select(value(tensor([2, 3])), 1).data).toBe(3);
  });

  it('knows what is there', () => {
    expect(() => select(matrix, 2)).toThrow(
      'select: there is no position 2 on axis 0 of [2,3]; use a whole number from -2 to 1',
    );
    expect(() => select(matrix, -3)).toThrow(expect.objectContaining({ code: 'index' }));
    expect(() => select(matrix, 0.5)).toThrow(/no position 0.5/);
    expect(() => select(zeros([0]), 0)).toThrow(/nothing to select/);
    expect(() => select(3, 0)).toThrow(/a scalar has no axis/);
  });
});

describe('gather', () => {
  it('reads by index along an axis', () => {
    expect(
      gather(matrix, [
        [0, 1, 0],
        [1, 1, 1],
      ]).toArray(),
    ).toEqual([
      [1, 5, 3],
      [4, 5, 6],
    ]);
    expect(gather(matrix, [[2], [0]], { axis: 1 }).toArray()).toEqual([[3], [4]]);
    expect(gather(flip(matrix), tensor([[2, 2]], { dtype: 'i32' }), -1).toArray()).toEqual([[4, 4]]);
    expect(gather(matrix, [[], []], 1).shape).toEqual([2, 0]);
    expect(gather(tensor([5, 6]), Int32Array.of(1) as never).toArray()).toEqual([6]);
  });

  it('adds up the gradients of elements read twice', () => {
    expect(slopes((x) => gather(x, [[0, 0, 2]], { axis: 1 }), matrix)).toEqual([
      [3, 0, 4],
      [0, 0, 0],
    ]);
  });

  it('takes a value for its numbers only', () => {
    const f = (x: Value, i: Value): Value => sum(gather(x, i as never));
    expect(grad(f, { argnums: [0, 1] })(tensor([5, 7]), tensor([1, 1])).map((g) => g.toArray())).toEqual([
      [0, 2],
      [0, 0],
    ]);
  });

  it('names bad indices', () => {
    expect(() => gather(matrix, [[2, 0, 0]])).toThrow(/gather: index 2 at \[0,0\] is outside extent 2/);
    expect(() => gather(matrix, [[-1, 0, 0]])).toThrow(/outside/);
    expect(() => gather(matrix, [0, 1])).toThrow(/needs the same rank/);
    expect(() => gather(matrix, [[0.5, 0, 0]])).toThrow(/0.5 does not fit i32/);
    expect(() => gather(matrix, tensor([[true, false, true]]))).toThrow(/is a mask, not indices/);
    expect(() => gather(matrix, 'ab' as never)).toThrow(/list of whole numbers, got string/);
  });
});

describe('scatterAdd', () => {
  it('adds at indices, and repeats add up', () => {
    expect(scatterAdd(tensor([10, 20]), [1, 1, 0], tensor([1, 2, 3])).toArray()).toEqual([13, 23]);
    expect(
      scatterAdd(
        zeros([2, 2]),
        [[1], [0]],
        tensor([
          [5, 9],
          [6, 9],
        ]),
        { axis: 1 },
      ).toArray(),
    ).toEqual([
      [0, 5],
      [6, 0],
    ]);
    expect(scatterAdd(zeros([2]), [0], tensor([1], { dtype: 'f32' })).dtype).toBe('f64');
  });

  it('is the transpose of gather in its source, and the identity in x', () => {
    const f = (x: Value, src: Value): Value => sum(mul(scatterAdd(x, [1, 1], src), tensor([3, 5])));
    const [gx, gs] = grad(f, { argnums: [0, 1] })(tensor([0, 0]), tensor([1, 1, 1]));
    expect([gx.toArray(), gs.toArray()]).toEqual([
      [3, 5],
      [5, 5, 0],
    ]);
    expect(
      (jvp((s: Value) => scatterAdd(tensor([1, 1]), [1, 1], s))(tensor([1, 2]), tensor([1, 1]))[1] as Tensor).toArray(),
    ).toEqual([0, 2]);
  });

  it('names itself in errors', () => {
    expect(() => scatterAdd(zeros([2]), [2], tensor([1]))).toThrow(/^scatterAdd: index 2/);
    expect(() => scatterAdd(zeros([2]), [0, 1], tensor([1]))).toThrow(/^scatterAdd: the source \[1\]/);
    expect(() => scatterAdd(zeros([2]), [0, 1], [1, 2] as never)).toThrow(/wrap it/);
  });
});

describe('indexSelect', () => {
  it('takes slices, negative positions too', () => {
    expect(indexSelect(matrix, [1, 0, 1]).toArray()).toEqual([
      [4, 5, 6],
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(indexSelect(transpose(matrix), [-1], { axis: 0 }).toArray()).toEqual([[3, 6]]);
    expect(indexSelect(matrix, [], 1).shape).toEqual([2, 0]);
    expect(slopes((x) => indexSelect(x, [1, 1], 1), matrix)).toEqual([
      [0, 3, 0],
      [0, 12, 0],
    ]);
    expect(() => indexSelect(matrix, [2])).toThrow(expect.objectContaining({ code: 'index' }));
    expect(() => indexSelect(matrix, [[0]])).toThrow(/rank 0 or 1/);
    expect(() => indexSelect(3, [0])).toThrow(/a scalar has no axis/);
  });
});

describe('tril and triu', () => {
  it('share the matrix out', () => {
    const size = fc.nat(4);
    fc.assert(
      fc.property(size, size, fc.integer({ min: -5, max: 5 }), (rows, columns, diagonal) => {
        const x = expand(tensor([[1]]), [rows, columns]);
        const [low, high] = [tril(x, diagonal), triu(x, { diagonal: diagonal + 1 })].map(
          (y) => y.toArray() as number[][],
        );
        low.forEach((row, i) =>
          row.forEach((y, j) => expect([y, high[i][j]]).toEqual(j - i <= diagonal ? [1, 0] : [0, 1])),
        );
      }),
    );
  });

  it('leaves exactly 0, whatever was there', () => {
    expect(
      tril(
        tensor([
          [1, NaN],
          [2, Infinity],
        ]),
      ).toArray(),
    ).toEqual([
      [1, 0],
      [2, Infinity],
    ]);
    expect(
      slopes(
        (x) => triu(x),
        tensor([
          [1, NaN],
          [NaN, 1],
        ]),
      ),
    ).toEqual([
      [1, 2],
      [0, 8],
    ]);
    expect(() => tril(tensor([1]))).toThrow('tril: needs matrices, rank 2 or more, got [1]');
    expect(() => triu(matrix, 0.5)).toThrow(/whole number, got 0.5/);
  });
});

describe('diag', () => {
  it('goes from vector to matrix and back', () => {
    expect(diag(tensor([1, 2]), 1).toArray()).toEqual([
      [0, 1, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]);
    expect(diag(flip(tensor([1, 2])), { diagonal: -1 }).toArray()).toEqual([
      [0, 0, 0],
      [2, 0, 0],
      [0, 1, 0],
    ]);
    expect(diag(matrix).toArray()).toEqual([1, 5]);
    expect(diag(matrix, 1).toArray()).toEqual([2, 6]);
    expect(diag(matrix, -2).toArray()).toEqual([]);
    expect(diag(zeros([0])).shape).toEqual([0, 0]);
    expect(slopes((x) => diag(x), matrix)).toEqual([
      [1, 0, 0],
      [0, 2, 0],
    ]);
    expect(() => diag(zeros([1, 1, 1]))).toThrow(/a vector or a matrix, got \[1,1,1\]/);
    expect(() => diag(3)).toThrow(/a vector or a matrix/);
  });
});

describe('oneHot', () => {
  it('makes i32 rows', () => {
    expect(oneHot([0, 2], 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(oneHot([[1]]).toArray()).toEqual([[[0, 1]]]);
    expect(oneHot([1]).dtype).toBe('i32');
    expect(oneHot(1, { numClasses: 2, dtype: 'f32' }).toArray()).toEqual([0, 1]);
    expect(oneHot(value(tensor([1])), 2).toArray()).toEqual([[0, 1]]);
    expect(oneHot([], 4).shape).toEqual([0, 4]);
    expect(() => oneHot([3], 3)).toThrow(/outside extent 3/);
    expect(() => oneHot([-1])).toThrow(/outside/);
    expect(() => oneHot([])).toThrow(/give numClasses/);
  });
});
