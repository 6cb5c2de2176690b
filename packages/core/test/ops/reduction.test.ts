/**
 * Reductions against their definitions, and at zeros, ties, infinities, NaN and nothing.
 */
import { describe, expect, it } from '@jest/globals';
import { type Data } from '@tapegrad/kernels';
import fc from 'fast-check';
import {
  amax,
  amin,
  argmax,
  argmin,
  cumsum,
  exp,
  full,
  grad,
  hessian,
  jvp,
  log,
  logsumexp,
  max,
  mean,
  min,
  norm,
  type Operand,
  prod,
  std,
  sum,
  tensor,
  type Tensor,
  variance,
  vjp,
  zeros,
} from '../../src/index.ts';
import { assertClose, flat } from '../support/numeric.ts';

const RUNS = { numRuns: 60 };
const X = tensor([
  [1, 2, 3],
  [4, 5, 9],
]);

function gradient(f: (x: Operand) => Operand, x: readonly number[] | Tensor, seed = 1): unknown {
  const pull = vjp(f)(Array.isArray(x) ? tensor(x as number[]) : (x as Tensor))[1];
  return pull(seed).add(0).toArray();
}

const matrices = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([m, n]) =>
    fc
      .array(fc.integer({ min: -9, max: 9 }), { minLength: m * n, maxLength: m * n })
      .map((values) => tensor(Float64Array.from(values), { shape: [m, n] })),
  );

describe('reductions', () => {
  const naive: Record<string, [(x: Tensor, axis: number) => Tensor, (xs: number[]) => number]> = {
    sum: [(x, axis) => sum(x, axis), (xs) => xs.reduce((a, b) => a + b, 0)],
    mean: [(x, axis) => mean(x, { axis }), (xs) => xs.reduce((a, b) => a + b, 0) / xs.length],
    prod: [(x, axis) => prod(x, [axis]), (xs) => xs.reduce((a, b) => a * b, 1)],
    amax: [(x, axis) => amax(x, axis), (xs) => Math.max(...xs)],
    amin: [(x, axis) => amin(x, { axis }), (xs) => Math.min(...xs)],
    argmax: [(x, axis) => argmax(x, { axis }), (xs) => xs.indexOf(Math.max(...xs))],
    argmin: [(x, axis) => argmin(x, axis), (xs) => xs.indexOf(Math.min(...xs))],
    max: [(x, axis) => max(x, axis).values, (xs) => Math.max(...xs)],
    min: [(x, axis) => min(x, { axis }).values, (xs) => Math.min(...xs)],
    logsumexp: [(x, axis) => logsumexp(x, axis), (xs) => Math.log(xs.reduce((a, b) => a + Math.exp(b), 0))],
    norm: [(x, axis) => norm(x, axis), (xs) => Math.hypot(...xs)],
    'norm of order 3': [
      (x, axis) => norm(x, { p: 3, axis }),
      (xs) => Math.cbrt(xs.reduce((a, b) => a + Math.abs(b) ** 3, 0)),
    ],
    'norm of order 0': [(x, axis) => norm(x, { p: 0, axis }), (xs) => xs.filter((v) => v !== 0).length],
    variance: [
      (x, axis) => variance(x, { axis, correction: 0 }),
      (xs) => {
        const m = xs.reduce((a, b) => a + b, 0) / xs.length;
        return xs.reduce((a, b) => a + (b - m) ** 2, 0) / xs.length;
      },
    ],
  };

  it.each(Object.keys(naive))('%s is its definition, row by row and column by column', (name) => {
    const [f, g] = naive[name];
    fc.assert(
      fc.property(matrices, (x) => {
        const rows = x.toArray() as number[][];
        const columns = rows[0].map((_, k) => rows.map((row) => row[k]));
        assertClose(f(x, -1).to('f64'), tensor(rows.map(g)), 1e-13);
        assertClose(f(x, 0).to('f64'), tensor(columns.map(g)), 1e-13);
      }),
      RUNS,
    );
  });

  it('reduce all axes by default and for an empty list, and keep axes on demand', () => {
    expect([sum(X).item(), sum(X, []).item(), prod(X).item()]).toEqual([24, 24, 1080]);
    expect(mean(X, { keepDims: true }).toArray()).toEqual([[4]]);
    expect(max(X, { axis: 1, keepDims: true }).values.toArray()).toEqual([[3], [9]]);
    expect(argmax(X, { keepDims: true }).toArray()).toEqual([[5]]);
  });

  it('make numbers of numbers and scalars of scalars', () => {
    const all = [sum, mean, prod, amax, amin, max, min, logsumexp, norm, cumsum] as ((x: Operand) => Operand)[];
    for (const f of all) {
      expect(f(3)).toBe(3);
      expect(f(tensor(3))).toMatchObject({ shape: [] });
      expect(grad(f)(3)).toBe(1);
    }
    expect([argmax(3), argmin(3), variance(3, { correction: 0 }), std(3, { correction: 0 })]).toEqual([0, 0, 0, 0]);
    expect(max(3, { axis: 0 })).toMatchObject({ values: 3, indices: 0 });
  });

  it('count in i32, average in f64', () => {
    const [i, b] = [tensor([1, 2], { dtype: 'i32' }), tensor([true, true])];
    for (const x of [i, b]) {
      expect([sum, prod, cumsum].map((f) => (f as typeof sum)(x).dtype)).toEqual(['i32', 'i32', 'i32']);
      expect([mean, variance, std, norm, logsumexp].map((f) => (f as typeof sum)(x).dtype)).toEqual(
        Array(5).fill('f64'),
      );
    }
    expect([mean(i).item(), amax(i).dtype, argmax(i).dtype]).toEqual([1.5, 'i32', 'i32']);
  });

  it('of nothing are the neutral element, or an error that names the operation', () => {
    const none = zeros([2, 0]);
    expect([sum(none).item(), prod(none).item(), mean(none).item(), logsumexp(none).item()]).toEqual([
      0,
      1,
      NaN,
      -Infinity,
    ]);
    expect([norm(none).item(), variance(none).item()]).toEqual([0, NaN]);
    for (const f of [amax, amin, max, min, argmax, argmin] as ((x: Tensor) => unknown)[]) {
      expect(() => f(none)).toThrow(`there is nothing to choose from in [2,0]`);
    }
    expect(() => max(none)).toThrow(/^max: /);
    expect(() => max(none, 1)).toThrow(/^max: /);
    expect(() => norm(none, { p: Infinity })).toThrow(/^norm: /);
    expect(amax(none, 0).shape).toEqual([0]);
    expect(grad((x) => sum(prod(x, 1)))(none).shape).toEqual([2, 0]);
  });

  it('name themselves in errors about axes', () => {
    const all = { sum, mean, prod, amax, amin, max, min, argmax, argmin, logsumexp, var: variance, std, norm, cumsum };
    for (const [name, f] of Object.entries(all)) {
      expect(() => (f as unknown as (x: Tensor, o: object) => unknown)(X, { axis: 2 })).toThrow(
        new RegExp(`^${name}: there is no axis 2`),
      );
    }
    expect(() => cumsum(X)).toThrow(/^cumsum: which axis/);
    expect(() => norm(X, { p: NaN })).toThrow(/^norm: p is a number/);
  });
});

describe('prod', () => {
  it('has the product of the others for its gradient, where there are zeros too', () => {
    expect(gradient(prod, [2, 3, 4])).toEqual([12, 8, 6]);
    expect(gradient(prod, [0, 2, 3])).toEqual([6, 0, 0]);
    expect(gradient(prod, [0, 0, 3])).toEqual([0, 0, 0]);
    expect(gradient(prod, [-0, 2])).toEqual([2, 0]);
    expect(gradient(prod, [0])).toEqual([1]);
  });

  it('agrees with exclusive products for every length, axis and zero', () => {
    const others = (xs: number[]): number[] => xs.map((_, i) => xs.reduce((a, b, j) => (i === j ? a : a * b), 1));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 9 }), (xs) => {
        expect(gradient(prod, xs)).toEqual(others(xs).map((v) => v + 0));
        const column = tensor(xs)
          .reshape([xs.length, 1])
          .mul(tensor([1, 2]));
        const expected = others(xs).map((v) => [v + 0, v * 2 ** (xs.length - 1) + 0]);
        expect(gradient((x) => sum(prod(x, 0)), column)).toEqual(expected);
      }),
      RUNS,
    );
  });

  it('can be differentiated again at zeros', () => {
    expect(hessian((x) => prod(x))(tensor([0, 2, 3])).toArray()).toEqual([
      [0, 3, 2],
      [3, 0, 0],
      [2, 0, 0],
    ]);
    expect(hessian((x) => prod(x))(tensor([0, 0, 3])).toArray()).toEqual([
      [0, 3, 0],
      [3, 0, 0],
      [0, 0, 0],
    ]);
    expect(jvp(prod)(tensor([0, 2, 3]), tensor([1, 1, 1]))[1]).toBe(6);
    expect(grad(grad((x) => prod(x)))(0)).toBe(0);
  });

  it('keeps f32 at zeros', () => {
    const found = grad((x) => prod(x))(tensor([0, 2], { dtype: 'f32' }));
    expect([found.dtype, found.toArray()]).toEqual(['f32', [2, 0]]);
  });
});

describe('logsumexp', () => {
  it('is stable, and its gradient the softmax', () => {
    expect(logsumexp(tensor([1000, 1000])).item()).toBe(1000 + Math.LN2);
    expect(gradient(logsumexp, [1000, 1000])).toEqual([0.5, 0.5].map((v) => expect.closeTo(v, 12)));
    expect(gradient(logsumexp, [-Infinity, 0])).toEqual([0, 1]);
  });

  it('of -∞ alone is -∞, with gradient 0', () => {
    expect(gradient(logsumexp, [-Infinity, -Infinity])).toEqual([0, 0]);
    const rows = tensor([
      [-Infinity, -Infinity],
      [0, 0],
    ]);
    expect(gradient((x) => sum(exp(logsumexp(x, 1))), rows)).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe('var and std', () => {
  it('correct as PyTorch does', () => {
    const x = tensor([1, 3]);
    expect([0, 1, 2].map((correction) => variance(x, { correction }).item())).toEqual([1, 2, Infinity]);
    expect([0, 1, 2].map((correction) => gradient((v) => variance(v, { correction }), x))).toEqual([
      [-1, 1],
      [-2, 2],
      [-Infinity, Infinity],
    ]);
    expect(gradient(std, x)).toEqual([-Math.SQRT1_2, Math.SQRT1_2].map((v) => expect.closeTo(v, 15)));
    expect([variance(tensor([1])).item(), gradient(variance, [1])]).toEqual([NaN, [NaN]]);
  });

  it('do not cancel for a large mean', () => {
    expect(variance(tensor([1e9, 1e9 + 1, 1e9 + 2])).item()).toBe(1);
    expect(variance(tensor([4, 7, 13, 16].map((v) => v + 1e9))).item()).toBe(30);
  });

  it('std has gradient 0 where it is 0, and second derivative 0, not NaN', () => {
    expect(gradient(std, [2, 2, 2])).toEqual([0, 0, 0]);
    expect(gradient((x) => log(std(x)), [2, 2])).toEqual([0, 0]);
    expect(
      hessian((x) => std(x))(tensor([2, 2]))
        .add(0)
        .toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('take a bare axis', () => {
    expect(variance(X, 1).toArray()).toEqual([1, 7]);
    expect(std(X, [0]).shape).toEqual([3]);
  });
});

describe('cumsum', () => {
  it('runs along an axis, and back in the gradient', () => {
    expect(cumsum(X, 1).toArray()).toEqual([
      [1, 3, 6],
      [4, 9, 18],
    ]);
    expect(cumsum(X, { axis: 0 }).toArray()).toEqual([
      [1, 2, 3],
      [5, 7, 12],
    ]);
    const [, pull] = vjp((x) => cumsum(x))(tensor([1, 2, 3]));
    expect(pull(tensor([1, 10, 100])).toArray()).toEqual([111, 110, 100]);
    expect(flat(cumsum(full([0], 1)) as Data)).toEqual([]);
  });
});
