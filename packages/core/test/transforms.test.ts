import { describe, expect, it } from '@jest/globals';
import {
  add,
  checkpoint,
  customOp,
  div,
  grad,
  gt,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  mul,
  noGrad,
  type Operand,
  sin,
  stopGradient,
  tensor,
  type Tensor,
  Value,
  value,
  valueAndGrad,
  vjp,
  where,
} from '../src/index.ts';

const cube = (x: Value): Value => x.mul(x).mul(x);

describe('grad', () => {
  it('nests to any order', () => {
    expect(grad(cube)(2)).toBe(12);
    expect(grad(grad(cube))(2)).toBe(12);
    expect(grad(grad(grad(cube)))(2)).toBe(6);
  });

  it('keeps the inner and the outer variable apart', () => {
    expect(grad((x) => x.mul(grad((y: Value) => add(x, y))(value(1)).detach()))(1)).toBe(1);
    expect(grad((x) => mul(x, grad((y: Value) => mul(x, y.mul(y)))(3)))(2)).toBe(24);
  });

  it('follows the shape of a tree', () => {
    const loss = (p: { w: Value; b: Value[] }, x: Tensor): Value => p.w.mul(x).sum().add(p.b[0].mul(p.b[1]));
    const g = grad(loss)({ w: tensor([1, 2]), b: [3, 4] }, tensor([5, 6]));
    expect(g.w.toArray()).toEqual([5, 6]);
    expect(g.b).toEqual([4, 3]);
  });

  it('takes other arguments by argnums, and hands aux through', () => {
    const f = (x: Value, y: Value): Value => x.mul(y);
    expect(grad(f, { argnums: [0, 1] })(2, 3)).toEqual([3, 2]);
    const aux = valueAndGrad((x: Value) => [x.mul(x), { y: x }] as const, { hasAux: true });
    expect(aux(3)).toEqual([[9, { y: 3 }], 6]);
  });

  it('gives zeros for what is not used', () => {
    expect(grad((p: { x: Value; unused: Value }) => p.x)({ x: 1, unused: tensor([1, 2]) }).unused.toArray()).toEqual([
      0, 0,
    ]);
  });

  it('refuses results that are no scalar, and says what to do', () => {
    expect(() => grad((x) => x)(tensor([1, 2]))).toThrow(/needs a scalar.*sum/);
  });

  it('leaves no trace of a function that throws', () => {
    const x = value(2);
    const y = x.mul(x);
    expect(() =>
      grad(() => {
        throw new Error('no');
      })(1),
    ).toThrow('no');
    y.backward();
    expect(x.grad).toBe(4);
  });

  it('gives the branch of a where that was not taken exactly 0', () => {
    expect(grad((x) => where(gt(x, 0), x, x.mul(0)).mul(Infinity))(1)).toBe(Infinity);
    expect(grad((x) => where(gt(x, 0), 0, x).add(where(gt(x, 0), x, NaN)))(1)).toBe(1);
  });
});

describe('products with Jacobians', () => {
  it('jvp and vjp', () => {
    expect(jvp(cube)(2, 1)).toEqual([8, 12]);
    expect(jvp((x: Value, y: Value) => x.mul(y))(3, 4, 1, 0)).toEqual([12, 4]);
    const [y, pull] = vjp(cube)(2);
    expect([y, pull(10), pull(1)]).toEqual([8, 120, 12]);
    const [, push] = linearize(cube)(2);
    expect(push(10)).toBe(120);
    expect(grad((g) => mul(pull(g) as Operand, g))(3)).toBe(72);
  });

  it('jacobian, hessian, hvp', () => {
    const x = tensor([1, 2]);
    expect(jacobian((v) => v.mul(v))(x).toArray()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    expect(jacobian((v) => v.mul(v), { mode: 'forward' })(x).toArray()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    expect(hessian((v) => cube(v).sum())(x).toArray()).toEqual([
      [6, 0],
      [0, 12],
    ]);
    expect(hvp(cube)(2, 10)).toBe(120);
  });
});

describe('checkpoint, stopGradient, noGrad', () => {
  it('recomputes with the same gradient, through captured values too', () => {
    const w = value(3);
    const block = checkpoint((x: Value) => sin(x).mul(w));
    const x = value(0.5);
    block(x).backward();
    expect(x.grad).toBeCloseTo(3 * Math.cos(0.5), 14);
    expect(w.grad).toBeCloseTo(Math.sin(0.5), 14);
    expect(grad(grad(checkpoint(cube)))(2)).toBe(12);
  });

  it('cut what they say', () => {
    expect(grad((x) => x.mul(stopGradient(x)))(3)).toBe(3);
    expect(noGrad(() => value(2).mul(3)).data).toBe(6);
  });
});

describe('customOp', () => {
  it('is on a par with the built-in operations', () => {
    const square = customOp({ name: 'mySquare', forward: (x) => mul(x, x), vjp: (g, [x]) => [mul(g, mul(2, x))] });
    expect(grad((x) => square(x))(3)).toBe(6);
    expect(grad(grad((x) => square(x)))(3)).toBe(2);
    expect(jvp((x: Value) => square(x))(3, 1)).toEqual([9, 6]);
  });

  it('is held to its contract', () => {
    const bad = customOp({ name: 'bad', forward: (x) => x, vjp: () => [] });
    expect(() => grad((x) => bad(x))(3)).toThrow(/bad: vjp must return a list of 1/);
  });
});

describe('backward', () => {
  it('accumulates, and consumes the tape', () => {
    const x = value(3);
    for (let i = 0; i < 3; i++) x.mul(x).backward();
    expect(x.grad).toBe(18);
    const y = div(1, x);
    y.backward();
    expect(() => y.backward()).toThrow(/consumed.*keepTape/);
    x.zeroGrad();
    expect(x.grad).toBeUndefined();
  });

  it('keeps the tape on demand', () => {
    const x = value(3);
    const y = x.mul(x);
    y.backward(1, { keepTape: true });
    y.backward();
    expect(x.grad).toBe(12);
  });

  it('goes a million operations deep', () => {
    const x = value(1);
    let y = x;
    for (let i = 0; i < 1_000_000; i++) y = y.mul(1);
    y.backward();
    expect(x.grad).toBe(1);
  });

  it('takes a value used a thousand times, and a hundred thousand inputs', () => {
    const x = value(2);
    const many = Array.from({ length: 100_000 }, () => value(1));
    let y = many.reduce((a, b) => a.add(b));
    for (let i = 0; i < 1000; i++) y = y.add(x);
    y.backward();
    expect(x.grad).toBe(1000);
    expect(many[77_777].grad).toBe(1);
  });

  it('goes through tensors too', () => {
    const w = value(tensor([1, 2, 3]));
    const b = value(2);
    w.mul(w).mul(b).sum().backward();
    expect((w.grad as Tensor).toArray()).toEqual([4, 8, 12]);
    expect(b.grad).toBe(14);
  });
});

describe('Value', () => {
  it('refuses to become a number by accident', () => {
    const v = value(2) as unknown as number;
    expect(() => v + 1).toThrow(/v.add\(1\)/);
    expect(() => v > 1).toThrow(/v.gt\(0\)/);
    expect(`${v}`).toBe('Value 2');
    expect(value(2)).toBeInstanceOf(Value);
  });
});
