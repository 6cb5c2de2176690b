/**
 * Extremes and norms at ties, zeros, NaN, and the ends of the range of numbers.
 * That they are what they are by definition, `reduction.test.ts` holds.
 */
import { describe, expect, it } from '@jest/globals';
import {
  amax,
  amin,
  argmax,
  grad,
  hessian,
  jvp,
  log,
  max,
  min,
  mul,
  norm,
  type Operand,
  sum,
  tensor,
  type Tensor,
  value,
  Value,
  vjp,
  zeros,
} from '../../src/index.ts';
import { assertClose } from '../support/numeric.ts';

function gradient(f: (x: Operand) => Operand, x: readonly number[] | Tensor, seed = 1): unknown {
  const pull = vjp(f)(Array.isArray(x) ? tensor(x as number[]) : (x as Tensor))[1];
  return pull(seed).add(0).toArray();
}

describe('amax, amin, and max and min of all', () => {
  it('share evenly among ties, even an infinite cotangent', () => {
    for (const f of [amax, max] as ((x: Operand) => Operand)[]) {
      expect(gradient(f, [2, 1, 2])).toEqual([0.5, 0, 0.5]);
      expect(gradient(f, [2, 1, 2], Infinity)).toEqual([Infinity, 0, Infinity]);
    }
    for (const f of [amin, min] as ((x: Operand) => Operand)[]) expect(gradient(f, [2, 1, 1])).toEqual([0, 0.5, 0.5]);
    expect(
      gradient(
        (x) => sum(amax(x, { axis: 0 })),
        tensor([
          [1, 5],
          [1, 2],
        ]),
      ),
    ).toEqual([
      [0.5, 1],
      [0.5, 0],
    ]);
    expect(jvp(amax)(tensor([2, 1, 2]), tensor([10, 1, 20]))[1]).toBe(15);
  });

  it('return NaN if there is one, and give the cotangent to it', () => {
    expect([max(tensor([1, NaN, 3])).item(), amin(tensor([1, NaN])).item()]).toEqual([NaN, NaN]);
    expect(gradient(max, [NaN, 1, NaN])).toEqual([0.5, 0, 0.5]);
  });
});

describe('max and min along an axis', () => {
  const x = tensor([
    [3, 9, 9],
    [7, 4, 7],
  ]);

  it('give values and indices, as properties and as a pair', () => {
    const { values, indices } = max(x, { axis: 1 });
    expect([values.toArray(), indices.toArray(), indices.dtype]).toEqual([[9, 7], [1, 0], 'i32']);
    const [least, at] = min(x, { axis: 1 });
    expect([least.toArray(), at.toArray()]).toEqual([
      [3, 4],
      [0, 1],
    ]);
    expect(max(x, -1).indices.toArray()).toEqual([1, 0]);
  });

  it('give the whole cotangent to the index', () => {
    expect(gradient((v) => sum(max(v, { axis: 1 }).values), x)).toEqual([
      [0, 1, 0],
      [1, 0, 0],
    ]);
    expect(gradient((v) => sum(max(v, { axis: 0 }).values), tensor([[NaN], [1], [NaN]]))).toEqual([[1], [0], [0]]);
    const t = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect((jvp((v) => max(v, { axis: 1 }).values)(x, t)[1] as Tensor).toArray()).toEqual([2, 4]);
    expect(grad(grad((s) => sum(max(mul(x, mul(s, s)), { axis: 1 }).values)))(3)).toBe(32);
  });

  it('make values of values; the indices have no derivative', () => {
    const { values, indices } = max(value(x), { axis: 1 });
    expect([values instanceof Value, indices instanceof Value, indices.dtype]).toEqual([true, true, 'i32']);
    expect(argmax(value(x), { axis: 0 })).toBeInstanceOf(Value);
    expect(gradient((v) => sum(mul(v, argmax(v))), [1, 5])).toEqual([1, 1]);
  });
});

describe('norm', () => {
  const orders = [0.5, 1, 1.5, 2, 3, Infinity, -Infinity, -1];

  it('has gradient 0 where it is 0', () => {
    for (const p of [0, ...orders]) {
      expect(gradient((x) => norm(x, { p }), [0, 0])).toEqual([0, 0]);
      expect(gradient((x) => norm(x, { p }), zeros([0, 2]).reshape([2, 0]).sum(1))).toEqual([0, 0]);
    }
    expect(gradient((x) => log(norm(x)), [0, 0])).toEqual([0, 0]);
    expect(
      hessian((x) => norm(x))(tensor([0, 0]))
        .add(0)
        .toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('has PyTorch’s gradient where an element is 0, and at ties', () => {
    const expected: Record<string, number[]> = { '-Infinity': [0, 0], '-1': [0, 0] };
    for (const p of orders) {
      expect(gradient((x) => norm(x, { p }), [0, -3])).toEqual(
        (expected[p] ?? [0, -1]).map((v) => expect.closeTo(v, 14)),
      );
    }
    expect(gradient((x) => norm(x, { p: Infinity }), [3, -3])).toEqual([0.5, -0.5]);
    expect(gradient((x) => norm(x, { p: -1 }), [3, -3])).toEqual([0.25, -0.25]);
    expect(gradient((x) => norm(x, { p: 3 }), [3, -3])).toEqual(
      [1, -1].map((v) => expect.closeTo(v * 0.6299605249474367, 14)),
    );
  });

  it('neither overflows nor underflows, nor do its derivatives', () => {
    for (const scale of [1e200, 1e-200]) {
      for (const p of [2, 3, -2]) {
        const [y, pull] = vjp((x) => norm(x, { p }))(tensor([3 * scale, 4 * scale]));
        const [unit, pullUnit] = vjp((x) => norm(x, { p }))(tensor([3, 4]));
        expect((y as number) / scale).toBeCloseTo(unit as number, 12);
        assertClose(pull(1), pullUnit(1), 1e-13);
      }
    }
    const small = norm(tensor([3e30, 4e30], { dtype: 'f32' }));
    expect([small.dtype, small.item()]).toEqual(['f32', Math.fround(5e30)]);
    expect(
      norm(
        tensor([
          [3e200, 4e200],
          [0, 0],
          [3, 4],
        ]),
        1,
      ).toArray(),
    ).toEqual([expect.closeTo(5e200, -187), 0, 5]);
  });

  it('propagates NaN and infinity', () => {
    expect(norm(tensor([NaN, 1])).item()).toBe(NaN);
    expect(norm(tensor([1, -Infinity])).item()).toBe(Infinity);
    expect(norm(tensor([NaN, 1]), { p: Infinity }).item()).toBe(NaN);
  });
});
