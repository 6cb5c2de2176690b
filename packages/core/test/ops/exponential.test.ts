/**
 * What is special about powers, exponentials and logarithms: limits, tails, zeros.
 * That they are right elsewhere, `invariants.test.ts` holds.
 */
import { describe, expect, it } from '@jest/globals';
import {
  exp,
  expm1,
  grad,
  jvp,
  log,
  log1p,
  type Operand,
  pow,
  reciprocal,
  rsqrt,
  sigmoid,
  softplus,
  sqrt,
  square,
  sum,
  tensor,
  type Tensor,
  vjp,
} from '../../src/index.ts';

/** Derivatives at each of `xs`, by the scalar path and by the fused tensor path, which must agree. */
function slopes(f: (x: Operand) => Operand, xs: readonly number[]): number[] {
  // Adding 0 removes the sign of a zero, which is not fixed.
  const scalar = xs.map((x) => grad(f)(x) + 0);
  const fused = grad((x) => sum(f(x)))(tensor(xs)).add(0);
  expect(fused.toArray()).toEqual(scalar);
  return scalar;
}

describe('roots, powers and logarithms', () => {
  it('have the slopes of their limits at the end of the domain', () => {
    expect(slopes(sqrt, [0, 4])).toEqual([Infinity, 0.25]);
    expect(slopes(rsqrt, [0, Infinity])).toEqual([-Infinity, 0]);
    expect(slopes(log, [0, Infinity])).toEqual([Infinity, 0]);
    expect(slopes(log1p, [-1, 0])).toEqual([Infinity, 1]);
    expect(slopes(reciprocal, [2, Infinity])).toEqual([-0.25, 0]);
  });

  it('keep their digits near 0', () => {
    expect([log1p(1e-20), expm1(1e-20)]).toEqual([1e-20, 1e-20]);
    expect(slopes(expm1, [0, 1e-20])).toEqual([1, 1]);
  });

  it('keep integers only where the result is one', () => {
    const x = tensor([1, 2], { dtype: 'i32' });
    expect([square(x), pow(x, 2), sqrt(x), exp(x), pow(x, 0.5)].map((y) => y.dtype)).toEqual([
      'i32',
      'i32',
      'f64',
      'f64',
      'f64',
    ]);
  });
});

describe('pow', () => {
  const [bases, exponents] = [
    [0, 0, 0, -1, 0, 2, -2],
    [0, 2, -1, 2, 0.5, 0, 3],
  ];

  it('has the derivatives of PyTorch at zeros, ones and negative bases', () => {
    const inBase = [0, 0, -Infinity, -2, Infinity, 0, 12];
    const inExponent = [0, 0, -Infinity, NaN, 0, Math.LN2, NaN];
    const [, pull] = vjp(pow)(tensor(bases), tensor(exponents));
    const [dx, dy] = pull(tensor(bases.map(() => 1))) as unknown as Tensor[];
    expect(dx.toArray()).toEqual(inBase);
    expect(dy.toArray()).toEqual(inExponent);
    bases.forEach((x, k) => {
      expect(grad((b) => pow(b, exponents[k]))(x)).toBe(inBase[k]);
      expect(grad((e) => pow(x, e))(exponents[k])).toBe(inExponent[k]);
    });
  });

  it('passes nothing, not even NaN, to a base whose exponent is 0', () => {
    const [, pull] = vjp((x) => pow(x, 0))(tensor([2, 0]));
    expect(pull(tensor([NaN, Infinity])).toArray()).toEqual([0, 0]);
  });

  it('has higher derivatives of polynomials, at 0 too', () => {
    const cube = (x: Operand): Operand => pow(x, 3);
    expect(grad(grad(cube))(0)).toBe(0);
    expect(grad(grad(grad(cube)))(0)).toBe(6);
    expect(grad(grad(grad(grad(cube))))(0)).toBe(0);
  });

  it('broadcasts, forwards and backwards', () => {
    const [y, pull] = vjp(pow)(tensor([[2], [3]]), tensor([1, 2, 3]));
    expect((y as Tensor).toArray()).toEqual([
      [2, 4, 8],
      [3, 9, 27],
    ]);
    const [dx] = pull(tensor([1, 1, 1, 1, 1, 1], { shape: [2, 3] })) as unknown as Tensor[];
    expect(dx.toArray()).toEqual([[1 + 4 + 12], [1 + 6 + 27]]);
  });
});

describe('sigmoid', () => {
  it('neither overflows nor loses its left tail', () => {
    expect([-800, -745, 800, -Infinity, Infinity].map((x) => sigmoid(x))).toEqual([0, 5e-324, 1, 0, 1]);
    expect(sigmoid(-40)).toBe(Math.exp(-40));
  });

  it('has finite slopes everywhere', () => {
    expect(slopes(sigmoid, [-Infinity, -800, 0, 800, Infinity])).toEqual([0, 0, 0.25, 0, 0]);
    expect(slopes(sigmoid, [-40])[0]).toBeCloseTo(Math.exp(-40), 30);
    expect(grad(grad(sigmoid))(-800)).toBe(0);
  });
});

describe('softplus', () => {
  it('is stable at both ends, and linear above the threshold', () => {
    expect(softplus(tensor([-Infinity, -800, 20, 20.5, Infinity])).toArray()).toEqual([
      0,
      0,
      20.000000002061153,
      20.5,
      Infinity,
    ]);
    expect(softplus(-40)).toBe(Math.log1p(Math.exp(-40)));
    expect(softplus(30, { threshold: Infinity })).toBe(30 + Math.log1p(Math.exp(-30)));
    expect(softplus(1, { beta: 3, threshold: 2 })).toBe(1);
  });

  it('has the sigmoid for its slope, and 1 above the threshold', () => {
    expect(slopes((x) => softplus(x), [-800, 0, 20, 20.5])).toEqual([0, 0.5, sigmoid(20), 1]);
    expect(slopes((x) => softplus(x, { beta: 2 }), [0.3])).toEqual([sigmoid(0.6)]);
    expect(jvp((x) => softplus(x, { beta: 2 }))(0.3, 2)[1]).toBe(2 * sigmoid(0.6));
  });
});
