/**
 * Matrix products against three nested loops, for every rank.
 */
import { describe, expect, it } from '@jest/globals';
import { type Data } from '@tapegrad/kernels';
import fc from 'fast-check';
import {
  add,
  dot,
  expand,
  flip,
  grad,
  jvp,
  matmul,
  mul,
  type Operand,
  outer,
  select,
  sum,
  type Tensor,
  tensor,
  transpose,
  type Value,
  value,
  vjp,
  zeros,
} from '../../src/index.ts';
import { assertClose, directional } from '../support/numeric.ts';

const numbers = fc.integer({ min: -9, max: 9 });

function filled(shape: readonly number[]): fc.Arbitrary<Tensor> {
  const length = shape.reduce((n, extent) => n * extent, 1);
  return fc
    .array(numbers, { minLength: length, maxLength: length })
    .map((values) => tensor(Float64Array.from(values), { shape }));
}

/** Two operands that fit: vectors, matrices, and stacks of them that broadcast. */
const pairs: fc.Arbitrary<[Tensor, Tensor]> = fc
  .record({
    stack: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    cuts: fc.tuple(fc.nat(2), fc.nat(2)),
    vectors: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    m: fc.integer({ min: 1, max: 3 }),
    k: fc.nat(3),
    n: fc.nat(3),
  })
  .chain(({ stack, ones, cuts, vectors, m, k, n }) => {
    const lead = (which: 0 | 1): number[] =>
      stack.map((extent, axis) => (ones[2 * which + axis] ? 1 : extent)).slice(cuts[which]);
    return fc.tuple(
      filled(vectors[0] === 0 ? [k] : [...lead(0), m, k]),
      filled(vectors[1] === 0 ? [k] : [...lead(1), k, n]),
    );
  });

/** Element by element, from the definition. */
function naive(a: Tensor, b: Tensor): Data {
  const [m, n] = [a.shape.length === 1 ? [1, ...a.shape] : a.shape, b.shape.length === 1 ? [...b.shape, 1] : b.shape];
  const rank = Math.max(m.length, n.length);
  const pad = (shape: readonly number[]): number[] => [
    ...Array.from({ length: rank - shape.length }, () => 1),
    ...shape,
  ];
  const [p, q] = [pad(m), pad(n)];
  const stack = p.slice(0, -2).map((extent, axis) => (extent === 1 ? q[axis] : extent));
  const [rows, inner, columns] = [p[rank - 2], p[rank - 1], q[rank - 1]];
  const [as, bs] = [a.toTypedArray(), b.toTypedArray()];
  const at = (shape: number[], index: number[]): number =>
    shape.reduce((flat, extent, axis) => flat * extent + (extent === 1 ? 0 : index[axis]), 0);
  const result: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length < stack.length) {
      for (let i = 0; i < stack[index.length]; i++) visit([...index, i]);
      return;
    }
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let total = 0;
        for (let k = 0; k < inner; k++) total += as[at(p, [...index, i, k])] * bs[at(q, [...index, k, j])];
        result.push(total);
      }
    }
  };
  visit([]);
  const shape = [...stack, ...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])];
  return tensor(Float64Array.from(result), { shape });
}

describe('matmul', () => {
  it('agrees with the definition, for all ranks and strides', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        assertClose(matmul(a, b), naive(a, b));
        assertClose(matmul(flip(a), flip(b)), naive(tensor(flip(a)), tensor(flip(b))));
      }),
    );
  });

  it('has the gradient that differences show', () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const f = (x: Operand, y: Operand): Operand => sum(mul(matmul(x, y), matmul(x, y)));
        const [ga, gb] = grad(f as (x: Value, y: Value) => Operand, { argnums: [0, 1] })(a, b);
        expect([ga.shape, gb.shape]).toEqual([a.shape, b.shape]);
        const slope = directional(
          ([x, y]) => (f(x, y) as Tensor).item(),
          [a, b],
          [b, a].map((_, k) => [ga, gb][k]),
        );
        assertClose(slope, sum(mul(ga, ga)).item() + sum(mul(gb, gb)).item(), 1e-5);
      }),
      { numRuns: 200 },
    );
  });

  it('follows the product rule forwards', () => {
    const [a, b] = [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([5, 6]),
    ];
    const both = jvp((x: Value, y: Value) => matmul(x, y));
    expect((both(a, b, zeros([2, 2]), tensor([1, 0]))[1] as Tensor).toArray()).toEqual([1, 3]);
    expect(
      (
        both(
          a,
          b,
          tensor([
            [1, 0],
            [0, 1],
          ]),
          zeros([2]),
        )[1] as Tensor
      ).toArray(),
    ).toEqual([5, 6]);
  });

  it('gives two vectors a scalar', () => {
    expect(matmul(tensor([1, 2]), tensor([3, 4])).item()).toBe(11);
    expect(matmul(value(tensor([1, 2])), tensor([3, 4])).data).toBe(11);
    expect(matmul(zeros([0]), zeros([0])).item()).toBe(0);
    expect(matmul(zeros([2, 0]), zeros([0, 2])).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('sums the gradient of one matrix over the stack that it multiplies', () => {
    const x = tensor([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
      [
        [9, 0],
        [1, 2],
      ],
    ]);
    const [w, g] = [
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
      tensor([
        [1, 0, 2],
        [0, 3, 1],
      ]),
    ];
    const stacked = grad((v: Value) => sum(mul(matmul(x, v), g)))(w);
    const parts = [0, 1, 2].map((k) => matmul(transpose(select(x, k)), g));
    expect(stacked.toArray()).toEqual(parts.reduce((a, b) => add(a, b)).toArray());
    expect(stacked.toArray()).toEqual([
      [15, 33, 41],
      [8, 42, 30],
    ]);
  });

  it('sums the gradient of a broadcast matrix over the stack', () => {
    const x = expand(
      tensor([
        [1, 2],
        [3, 4],
      ]),
      [3, 2, 2],
    );
    const g = grad((w: Value) => sum(matmul(x, w)))(tensor([[1], [1]]));
    expect(g.toArray()).toEqual([[12], [18]]);
    expect(grad((v: Value) => sum(matmul(v, transpose(x))))(tensor([1, 1])).toArray()).toEqual([12, 18]);
  });

  it('mixes dtypes, and gives each operand its gradient in its own', () => {
    const [a, b] = [tensor([[1, 2]], { dtype: 'f32' }), tensor([[3], [4]])];
    expect(matmul(a, b).dtype).toBe('f64');
    const [y, pull] = vjp((x: Value, w: Value) => matmul(x, w))(a, b);
    expect((pull(y as never) as Tensor[]).map(({ dtype }) => dtype)).toEqual(['f32', 'f64']);
    const whole = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'i32' },
    );
    expect(matmul(whole, whole).toArray()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(matmul(whole, whole).dtype).toBe('i32');
  });

  it('lets NaN and infinity through, also against 0', () => {
    expect(matmul(tensor([[0, 1]]), tensor([[Infinity], [1]])).item()).toBeNaN();
    expect(grad((x: Value) => sum(matmul(x, tensor([[NaN], [1]]))))(tensor([[0, 0]])).toArray()).toEqual([[NaN, 1]]);
  });

  it('names both shapes in errors', () => {
    expect(() => matmul(zeros([2, 3]), zeros([2, 3]))).toThrow(
      'matmul: [2,3] · [2,3]: the inner extents 3 and 2 must be equal',
    );
    expect(() => matmul(zeros([3]), zeros([2]))).toThrow('matmul: [3] · [2]: the inner extents 3 and 2');
    expect(() => matmul(zeros([2, 1, 3]), zeros([3, 3, 1]))).toThrow(/matmul: \[2,1,3\] · \[3,3,1\]: .*broadcast/);
    expect(() => matmul(2, zeros([2]))).toThrow('matmul: [] · [2]: a scalar is no matrix; use mul');
    expect(() => matmul([[1]] as never, zeros([1, 1]))).toThrow(/wrap it/);
  });
});

describe('dot', () => {
  it('is the inner product of vectors', () => {
    expect(dot(tensor([1, 2]), flip(tensor([3, 4]))).item()).toBe(10);
    expect(dot(zeros([0]), zeros([0])).item()).toBe(0);
    expect(grad((x: Value) => dot(x, x))(tensor([1, 2])).toArray()).toEqual([2, 4]);
    expect(() => dot(tensor([1]), tensor([1, 2]))).toThrow('dot: [1] and [2]: the vectors must have the same length');
    expect(() => dot(zeros([1, 1]), tensor([1]))).toThrow(/needs two vectors, got \[1,1\] and \[1\]/);
  });
});

describe('outer', () => {
  it('is all products of two vectors', () => {
    expect(outer(tensor([1, 2]), tensor([3, 4, 5])).toArray()).toEqual([
      [3, 4, 5],
      [6, 8, 10],
    ]);
    expect(outer(zeros([0]), tensor([1, 2])).shape).toEqual([0, 2]);
    expect(grad((x: Value) => sum(outer(x, x)))(tensor([1, 2])).toArray()).toEqual([6, 6]);
    expect(() => outer(2, tensor([1]))).toThrow(/needs two vectors, got \[\] and \[1\]/);
  });
});
