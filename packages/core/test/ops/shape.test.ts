/**
 * What is special about the operations on shapes. Their derivatives are held to
 * the laws of the table in `invariants.test.ts`.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  arange,
  expand,
  flatten,
  flip,
  grad,
  jvp,
  mul,
  type Operand,
  permute,
  reshape,
  squeeze,
  sum,
  Tensor,
  tensor,
  to,
  transpose,
  unsqueeze,
  type Value,
  value,
  vjp,
  zeros,
} from '../../src/index.ts';

const shapes = fc.array(fc.nat(3), { maxLength: 4 });

/** 0, 1, 2, … in `shape`. */
function counted(shape: readonly number[]): Tensor {
  return reshape(arange(shape.reduce((n, extent) => n * extent, 1)), shape);
}

describe('reshape', () => {
  it('keeps the row-major order, whatever the strides', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(reshape(transpose(x), [6]).toArray()).toEqual([1, 4, 2, 5, 3, 6]);
    expect(reshape(flip(x), [3, -1]).toArray()).toEqual([
      [6, 5],
      [4, 3],
      [2, 1],
    ]);
    expect(reshape(flip(x), [1, 2, 1, 3]).toArray()).toEqual([[[[6, 5, 4]], [[3, 2, 1]]]]);
    expect(reshape(expand(tensor([1, 2]), [2, 2]), [4]).toArray()).toEqual([1, 2, 1, 2]);
  });

  it('copies nothing where only extents of 1 come and go', () => {
    const x = transpose(zeros([2, 3]));
    expect(reshape(x, [3, 1, 2, 1]).buffer).toBe(x.buffer);
    expect(squeeze(unsqueeze(x, 1)).strides).toEqual(x.strides);
  });

  it('works out one extent', () => {
    expect(reshape(zeros([2, 6]), [3, -1, 2]).shape).toEqual([3, 2, 2]);
    expect(() => reshape(zeros([6]), [4, -1])).toThrow(/the -1 in \[4,-1\] does not follow/);
    expect(() => reshape(zeros([0]), [0, -1])).toThrow(/does not follow/);
    expect(() => reshape(zeros([6]), [-1, -1])).toThrow(/whole numbers/);
  });

  it('takes numbers: to rank 0 they stay numbers', () => {
    expect(reshape(3, [])).toBe(3);
    expect(reshape(3, [1, 1])).toBeInstanceOf(Tensor);
    expect(reshape(3, [-1]).toArray()).toEqual([3]);
    expect(reshape(tensor([[7]]), [])).toBeInstanceOf(Tensor);
    expect(grad((x) => sum(mul(reshape(x, [1]), tensor([2]))))(3)).toBe(2);
  });

  it('refuses other sizes and what is no list', () => {
    expect(() => reshape(zeros([2, 3]), [4])).toThrow('reshape: [2,3] has 6 elements, [4] 4; the sizes must be equal');
    expect(() => reshape(zeros([6]), 6 as never)).toThrow(/a shape is a list/);
    expect(() => reshape([1, 2] as never, [2])).toThrow(
      'reshape: operands are numbers, tensors and values, got an array; wrap it',
    );
  });

  it('is not disturbed when the caller changes the list', () => {
    const shape = [2, 3];
    const y = reshape(zeros([6]), shape);
    shape[0] = 9;
    expect(y.shape).toEqual([2, 3]);
  });
});

describe('flatten', () => {
  it('joins a run of axes', () => {
    expect(flatten(zeros([2, 3, 4])).shape).toEqual([24]);
    expect(flatten(zeros([2, 3, 4]), { startAxis: 1 }).shape).toEqual([2, 12]);
    expect(flatten(zeros([2, 3, 4]), { endAxis: -2 }).shape).toEqual([6, 4]);
    expect(flatten(zeros([2, 0, 4])).shape).toEqual([0]);
    expect(flatten(5).toArray()).toEqual([5]);
    expect(() => flatten(zeros([2, 3]), { startAxis: 1, endAxis: 0 })).toThrow(/comes after endAxis/);
  });
});

describe('permute', () => {
  it('is undone by the inverse', () => {
    const order = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray(
          shape.map((_, k) => k),
          { minLength: shape.length },
        ),
      ),
    );
    fc.assert(
      fc.property(order, ([shape, axes]) => {
        const x = counted(shape);
        const y = permute(x, axes);
        expect(y.shape).toEqual(axes.map((axis) => shape[axis]));
        expect(
          permute(
            y,
            axes.map((_, axis) => axes.indexOf(axis)),
          ).toArray(),
        ).toEqual(x.toArray());
      }),
    );
  });

  it('wants each axis once', () => {
    expect(permute(zeros([2, 3]), { axes: [-1, 0] }).shape).toEqual([3, 2]);
    expect(permute(4, [])).toBe(4);
    expect(() => permute(zeros([2, 3]), [0, 0])).toThrow(
      'permute: [0,0] is no order of the 2 axes of [2,3]; name each axis once',
    );
    expect(() => permute(zeros([2, 3]), [0, 2])).toThrow(/there is no axis 2/);
  });
});

describe('transpose', () => {
  it('swaps two axes of any rank', () => {
    expect(transpose(zeros([2, 3, 4])).shape).toEqual([2, 4, 3]);
    expect(transpose(zeros([2, 3, 4]), 0, -1).shape).toEqual([4, 3, 2]);
    expect(transpose(zeros([2]), 0, 0).shape).toEqual([2]);
    expect(() => transpose(zeros([2]))).toThrow(/\[2\] has no two axes to swap/);
  });
});

describe('squeeze and unsqueeze', () => {
  it('drop and make axes of extent 1', () => {
    expect(squeeze(zeros([1, 2, 1])).shape).toEqual([2]);
    expect(squeeze(zeros([1, 2, 1]), { axis: 0 }).shape).toEqual([2, 1]);
    expect(squeeze(zeros([1, 2, 1]), [1, -1]).shape).toEqual([1, 2]);
    expect(squeeze(zeros([1, 2]), []).shape).toEqual([1, 2]);
    expect(squeeze(3)).toBe(3);
    expect(unsqueeze(3, 0).toArray()).toEqual([3]);
    expect(unsqueeze(zeros([2, 3]), { axis: -3 }).shape).toEqual([1, 2, 3]);
    expect(() => unsqueeze(zeros([2]), 2)).toThrow(/no axis 2/);
    expect(() => unsqueeze(zeros([2]), {} as never)).toThrow('Give one axis, from -2 to 1');
  });
});

describe('expand', () => {
  it('repeats without a copy', () => {
    const x = tensor([[1], [2]]);
    expect(expand(x, [2, -1, 3]).toArray()).toEqual([
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
    ]);
    expect(expand(x, [2, 3]).buffer).toBe(x.buffer);
    expect(expand(2, [2]).toArray()).toEqual([2, 2]);
    expect(expand(2, [])).toBe(2);
  });

  it('refuses to change other extents', () => {
    expect(() => expand(zeros([2]), [3])).toThrow('expand: [2] does not expand to [3]; only axes of extent 1 repeat');
    expect(() => expand(zeros([1, 2]), [2])).toThrow(/does not expand/);
    expect(() => expand(zeros([2]), [-1, 2])).toThrow(/does not expand/);
  });
});

describe('flip', () => {
  it('reverses the named axes', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(flip(x).toArray()).toEqual([
      [4, 3],
      [2, 1],
    ]);
    expect(flip(x, 1).toArray()).toEqual([
      [2, 1],
      [4, 3],
    ]);
    expect(flip(flip(x, { axis: [0, -1] })).toArray()).toEqual(x.toArray());
    expect(flip(x, [])).toBe(x);
    expect(flip(3)).toBe(3);
    expect(() => flip(x, [0, 0])).toThrow(/twice/);
  });
});

describe('to', () => {
  it('converts as PyTorch does', () => {
    expect(to(tensor([1.7, -1.7, 0]), 'i32').toArray()).toEqual([1, -1, 0]);
    expect(to(tensor([0.1, 0, NaN]), 'bool').toArray()).toEqual([true, false, true]);
    expect(to(0.1, 'f32').item()).toBe(Math.fround(0.1));
    expect(to(3, 'f64')).toBe(3);
    expect(() => to(3, 'float' as never)).toThrow(/unknown dtype float/);
  });

  it('casts the cotangent back, and cuts it at integers', () => {
    const [y, pull] = vjp((x) => to(x as Operand, 'f32'))(tensor([1, 2])) as unknown as [Tensor, (g: Tensor) => Tensor];
    expect(y.dtype).toBe('f32');
    expect(pull(to(tensor([1, 0.1]), 'f32')).dtype).toBe('f64');
    const cut = (x: Value): Operand => sum(mul(to(x, 'i32'), x));
    expect(grad(cut)(tensor([1.5, -2.5])).toArray()).toEqual([1, -2]);
    expect(jvp((x) => to(x as Operand, 'i32') as Value)(1.5, 1)[1]).toBe(0);
    expect(to(value(1.5), 'i32').dtype).toBe('i32');
  });
});
