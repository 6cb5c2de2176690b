/**
 * Identities, half axes, limits and the origin.
 */
import { describe, expect, it } from '@jest/globals';
import { atan2, cos, erf, grad, hvp, sin, sum, tan, tanh, tensor, type Tensor, vjp } from '../../src/index.ts';

describe('sin and cos', () => {
  it('are each other’s derivative, to the fourth', () => {
    let f: (x: never) => unknown = sin;
    for (const expected of [cos(0.7), -sin(0.7), -cos(0.7), sin(0.7)]) {
      f = grad(f as never);
      expect((f as (x: number) => number)(0.7)).toBeCloseTo(expected, 15);
    }
  });
});

describe('tan and tanh', () => {
  it('have their slopes from the output', () => {
    expect(grad(tan)(0.7)).toBeCloseTo(1 / Math.cos(0.7) ** 2, 14);
    expect(grad(tanh)(0.7)).toBeCloseTo(1 / Math.cosh(0.7) ** 2, 15);
  });

  it('saturate without NaN', () => {
    const x = tensor([-Infinity, -400, 0, 400, Infinity]);
    expect(grad((v) => sum(tanh(v)))(x).toArray()).toEqual([0, 0, 1, 0, 0]);
    expect(grad(tanh)(15)).toBeCloseTo(1 / Math.cosh(15) ** 2, 15);
  });
});

describe('atan2', () => {
  it('knows all four quadrants and both half axes', () => {
    const y = tensor([1, 1, -1, -1, 0, 0]);
    const x = tensor([1, -1, -1, 1, 1, -1]);
    const eighth = Math.PI / 4;
    expect(atan2(y, x).toArray()).toEqual([eighth, 3 * eighth, -3 * eighth, -eighth, 0, Math.PI]);
    const [, pull] = vjp(atan2)(y, x);
    const [dy, dx] = pull(tensor([1, 1, 1, 1, 1, 1])) as unknown as Tensor[];
    expect(dy.toArray()).toEqual([0.5, -0.5, -0.5, 0.5, 1, -1]);
    expect(dx.toArray()).toEqual([-0.5, -0.5, 0.5, 0.5, -0, -0]);
  });

  it('has derivatives 0 at the origin, as in PyTorch', () => {
    expect(grad((y) => atan2(y, 0))(0)).toBe(0);
    const [, pull] = vjp(atan2)(tensor([0]), tensor([0]));
    for (const d of pull(tensor([1])) as unknown as Tensor[]) expect(d.add(0).toArray()).toEqual([0]);
    expect(grad(grad((y) => atan2(y, 0)))(0)).toBe(0);
  });

  it('is the angle: its derivative along the circle is 1, and radially 0', () => {
    const [y, x] = [0.6, 0.8];
    const dy = grad((v) => atan2(v, x))(y);
    const dx = grad((v) => atan2(y, v))(x);
    expect(dy * x - dx * y).toBeCloseTo(1, 15);
    expect(dy * y + dx * x).toBeCloseTo(0, 15);
  });
});

describe('erf', () => {
  it('is odd, and reaches its limits', () => {
    expect(erf(tensor([-Infinity, -6, 6, Infinity])).toArray()).toEqual([-1, -1, 1, 1]);
    expect(erf(-0.3)).toBe(-erf(0.3));
    expect(erf(1e-300)).toBeCloseTo((2 / Math.sqrt(Math.PI)) * 1e-300, 310);
  });

  it('has the bell for its slope, and its slope', () => {
    expect(grad(erf)(0)).toBe(2 / Math.sqrt(Math.PI));
    expect(grad(erf)(Infinity)).toBe(0);
    expect(hvp(erf)(0.5, 1)).toBeCloseTo((-2 / Math.sqrt(Math.PI)) * Math.exp(-0.25), 14);
  });
});
