/**
 * Kinks, ties, NaN and infinities: the conventions, on the scalar path and on the fused one.
 */
import { describe, expect, it } from '@jest/globals';
import {
  abs,
  clamp,
  elu,
  gelu,
  grad,
  jvp,
  leakyRelu,
  maximum,
  minimum,
  mul,
  type Operand,
  relu,
  sign,
  silu,
  sum,
  tensor,
  type Tensor,
  vjp,
} from '../../src/index.ts';

type Elementwise = (x: Operand) => Operand;

/** `g` times the slope at each of `xs`; scalars, fused tensors and forward mode must agree. */
function slopes(f: Elementwise, xs: readonly number[], g = 1): number[] {
  const plain = (t: Tensor): number[] => t.add(0).toArray() as number[];
  const seeds = tensor(xs.map(() => g));
  const scalar = xs.map((x) => vjp(f)(x)[1](g) + 0);
  expect(plain(vjp(f)(tensor(xs))[1](seeds))).toEqual(scalar);
  expect(plain(jvp(f)(tensor(xs), seeds)[1] as Tensor)).toEqual(scalar);
  return scalar;
}

describe('sign and abs', () => {
  it('are flat, or bent, at 0', () => {
    expect(slopes(sign, [-2, 0, 2])).toEqual([0, 0, 0]);
    expect(slopes(abs, [-2, 0, 2])).toEqual([-1, 0, 1]);
  });

  it('sign stops infinite and NaN cotangents', () => {
    expect(slopes(sign, [-2, 0, 2], Infinity)).toEqual([0, 0, 0]);
    expect(slopes(sign, [-2, 0, 2], NaN)).toEqual([0, 0, 0]);
  });

  it('sign keeps shape and dtype in its gradient, f32 too', () => {
    const found = grad((x) => sum(sign(x)))(tensor([[1, -1]], { dtype: 'f32' }));
    expect([found.dtype, found.shape]).toEqual(['f32', [1, 2]]);
  });

  it('keep integers', () => {
    expect(abs(tensor([-3, 2], { dtype: 'i32' })).dtype).toBe('i32');
  });
});

describe('relu and its kin', () => {
  it('relu is dead at 0 and below, whatever comes back', () => {
    expect(slopes(relu, [-1, 0, 2])).toEqual([0, 0, 1]);
    expect(slopes(relu, [-1, 0], NaN)).toEqual([0, 0]);
    expect([relu(NaN), ...slopes(relu, [NaN])]).toEqual([NaN, 1]);
  });

  it('leakyRelu and elu take the left slope at 0', () => {
    expect(slopes((x) => leakyRelu(x), [-1, 0, 2])).toEqual([0.01, 0.01, 1]);
    expect(slopes((x) => leakyRelu(x, { negativeSlope: 0.2 }), [-1, 0, 2])).toEqual([0.2, 0.2, 1]);
    expect(slopes((x) => elu(x), [-Infinity, 0, 1000])).toEqual([0, 1, 1]);
    expect(slopes((x) => elu(x, { alpha: 0.5 }), [-1, 0])).toEqual([0.5 * Math.exp(-1), 0.5]);
  });

  it('elu has a second derivative of 0, not NaN, where e^x overflows', () => {
    expect(grad(grad((x) => elu(x)))(1000)).toBe(0);
  });
});

describe('gelu', () => {
  it('keeps its digits far on the left', () => {
    // x Φ(x) and Φ(x) + x φ(x) at -10, from tables of Φ.
    expect(gelu(-10) / -7.6198530241605e-23).toBeCloseTo(1, 12);
    expect(grad((x) => gelu(x))(-10) / -7.6184000964648e-22).toBeCloseTo(1, 10);
    expect(gelu(tensor([-Infinity, -40, Infinity])).toArray()).toEqual([0, gelu(-40), Infinity]);
    expect(gelu(-37)).toBeLessThan(0);
  });

  it('by tanh differs little, and does not cancel either', () => {
    for (const x of [-3, -1, 0.5, 2]) expect(Math.abs(gelu(x, { approximate: 'tanh' }) - gelu(x))).toBeLessThan(5e-4);
    expect(gelu(1, { approximate: 'tanh' })).toBeCloseTo(0.8411919906082768, 15);
    expect(gelu(-8, { approximate: 'tanh' })).toBeLessThan(0);
    expect(grad((x) => gelu(x, { approximate: 'tanh' }))(1)).toBeCloseTo(1.0829640838457826, 14);
  });

  it('refuses another approximation', () => {
    expect(() => gelu(1, { approximate: 'sigmoid' as never })).toThrow(/'none' or 'tanh', got sigmoid/);
  });
});

describe('silu', () => {
  it('is stable at both ends', () => {
    expect(silu(tensor([-Infinity, 800, Infinity])).toArray()).toEqual([0, 800, Infinity]);
    expect(slopes(silu, [-Infinity, -800, 0, 800])).toEqual([0, 0, 0.5, 1]);
    expect(silu(-40)).toBeCloseTo(-40 * Math.exp(-40), 30);
  });
});

describe('maximum and minimum', () => {
  const [xs, ys] = [tensor([NaN, 1, 2, 3]), tensor([1, NaN, 2, 1])];

  it('propagate NaN', () => {
    expect(maximum(xs, ys).toArray()).toEqual([NaN, NaN, 2, 3]);
    expect(minimum(xs, ys).toArray()).toEqual([NaN, NaN, 2, 1]);
  });

  it('share at ties and give NaN to both, as in PyTorch', () => {
    const pulled = (f: typeof maximum): unknown[] => {
      const found = vjp(f)(xs, ys)[1](tensor([1, 1, 1, 1])) as unknown as Tensor[];
      return found.map((t) => t.toArray());
    };
    expect(pulled(maximum)).toEqual([
      [1, 1, 0.5, 1],
      [1, 1, 0.5, 0],
    ]);
    expect(pulled(minimum)).toEqual([
      [1, 1, 0.5, 0],
      [1, 1, 0.5, 1],
    ]);
  });

  it('pass no NaN cotangent to the operand not taken', () => {
    const [, pull] = vjp(maximum)(tensor([1, 5]), tensor([3, 3]));
    expect((pull(tensor([NaN, 1])) as unknown as Tensor[]).map((t) => t.toArray())).toEqual([
      [0, 1],
      [NaN, 0],
    ]);
  });

  it('sum what broadcasting repeated', () => {
    expect(grad((y) => sum(maximum(tensor([1, 3, 5]), y)))(3)).toBe(1.5);
  });
});

describe('clamp', () => {
  it('limits on either side or both', () => {
    const x = tensor([-2, 0.5, 3, NaN]);
    expect(clamp(x, { min: 0, max: 1 }).toArray()).toEqual([0, 0.5, 1, NaN]);
    expect(clamp(x, 0, 1).toArray()).toEqual([0, 0.5, 1, NaN]);
    expect(clamp(x, { min: 0 }).toArray()).toEqual([0, 0.5, 3, NaN]);
    expect(clamp(x, { max: 1 }).toArray()).toEqual([-2, 0.5, 1, NaN]);
    expect(clamp(5, { min: 2, max: 1 })).toBe(1);
  });

  it('has slope 1 within and at the bounds, exactly 0 outside', () => {
    expect(slopes((x) => clamp(x, -1, 1), [-2, -1, 0, 1, 2])).toEqual([0, 1, 1, 1, 0]);
    expect(slopes((x) => clamp(x, { min: -1 }), [-2, -1, 2])).toEqual([0, 1, 1]);
    expect(slopes((x) => clamp(x, -1, 1), [-2, 2], Infinity)).toEqual([0, 0]);
    expect(grad(grad((x) => mul(clamp(x, -1, 1), x)))(0.5)).toBe(2);
  });

  it('counts a bound as attained in f32, where 0.1 is another number', () => {
    expect(grad((x) => sum(clamp(x, { max: 0.1 })))(tensor([0.1], { dtype: 'f32' })).toArray()).toEqual([1]);
  });

  it('keeps integers', () => {
    const y = clamp(tensor([-5, 5], { dtype: 'i32' }), { min: 0 });
    expect([y.dtype, y.toArray()]).toEqual(['i32', [0, 5]]);
  });

  it('asks for a bound', () => {
    expect(() => clamp(1, {})).toThrow(/give min, max or both/);
  });
});
