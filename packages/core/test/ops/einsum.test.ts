/**
 * `einsum` against the sum it stands for, written out.
 */
import { describe, expect, it } from '@jest/globals';
import { type Data, sizeOf } from '@tapegrad/kernels';
import fc from 'fast-check';
import {
  einsum,
  flip,
  grad,
  mul,
  type Operand,
  sum,
  type Tensor,
  tensor,
  transpose,
  value,
  zeros,
} from '../../src/index.ts';
import { assertClose } from '../support/numeric.ts';

interface Problem {
  readonly terms: readonly string[];
  readonly output: string;
  readonly operands: readonly Tensor[];
}

/** Random equations over four letters; now and then an operand has extent 1 where others have more. */
const problems: fc.Arbitrary<Problem> = fc
  .record({
    terms: fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'D'), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
    extents: fc.record({ a: fc.nat(3), b: fc.integer({ min: 1, max: 3 }), c: fc.constant(2), D: fc.constant(1) }),
    ones: fc.array(fc.constantFrom('', '', 'a', 'b', 'c'), { minLength: 3, maxLength: 3 }),
    seed: fc.integer(),
  })
  .chain(({ terms, extents, ones, seed }) => {
    const operands = terms.map((term, k) => {
      const shape = term.map((letter) => (letter === ones[k] ? 1 : extents[letter]));
      return tensor(
        Float64Array.from({ length: sizeOf(shape) }, (_, i) => (seed + 7 * k + i * i) % 5),
        { shape },
      );
    });
    return fc.record({
      terms: fc.constant(terms.map((term) => term.join(''))),
      output: fc.shuffledSubarray([...new Set(terms.flat())]).map((letters) => letters.join('')),
      operands: fc.constant(operands),
    });
  });

/** Loops over all letters at once. */
function naive({ terms, output, operands }: Problem): Data {
  const letters = [...new Set(terms.join(''))];
  const extentOf = (letter: string): number => {
    const found = terms.flatMap((term, k) =>
      [...term].flatMap((l, axis) => (l === letter ? [operands[k].shape[axis]] : [])),
    );
    return found.find((extent) => extent !== 1) ?? 1;
  };
  const shape = [...output].map(extentOf);
  const result = new Float64Array(sizeOf(shape));
  const flats = operands.map((x) => x.toTypedArray());
  const visit = (k: number, at: Record<string, number>): void => {
    if (k < letters.length) {
      for (let i = 0; i < extentOf(letters[k]); i++) visit(k + 1, { ...at, [letters[k]]: i });
      return;
    }
    const product = operands.reduce((total, x, o) => {
      const flat = x.shape.reduce((place, extent, axis) => place * extent + (extent === 1 ? 0 : at[terms[o][axis]]), 0);
      return total * flats[o][flat];
    }, 1);
    result[[...output].reduce((place, letter, axis) => place * shape[axis] + at[letter], 0)] += product;
  };
  visit(0, {});
  return tensor(result, { shape });
}

const x = tensor([
  [1, 2],
  [3, 4],
]);

describe('einsum', () => {
  it('is the sum it stands for', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { terms, output, operands } = problem;
        assertClose(einsum(`${terms.join(',')}->${output}`, ...operands), naive(problem), 1e-12);
      }),
      { numRuns: 500 },
    );
  });

  it('is linear in each operand, so its gradient contracts to its value', () => {
    fc.assert(
      fc.property(problems, ({ terms, output, operands }) => {
        const f = (...xs: Operand[]): Operand => sum(einsum(`${terms.join(',')}->${output}`, ...xs));
        const gradients = grad(f, { argnums: operands.map((_, k) => k) })(...operands);
        gradients.forEach((g, k) => {
          expect(g.shape).toEqual(operands[k].shape);
          assertClose(sum(mul(g, operands[k])).item(), (f(...operands) as Tensor).item(), 1e-10);
        });
      }),
    );
  });

  it('works out the result where the arrow is missing', () => {
    expect(einsum('ij', x).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(einsum('ba', x).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(einsum('ii', x).item()).toBe(5);
    expect(einsum('ij,jk', x, x).toArray()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(einsum('bA', x).toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(einsum('...j,j', x, tensor([1, 1])).toArray()).toEqual([3, 7]);
  });

  it('takes diagonals, traces and sums of one operand', () => {
    expect(einsum('ii->i', transpose(x)).toArray()).toEqual([1, 4]);
    expect(einsum('ij->', flip(x)).item()).toBe(10);
    expect(einsum('ij -> j', x).toArray()).toEqual([4, 6]);
    expect(
      einsum(
        'iii->i',
        tensor([
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ]),
      ).toArray(),
    ).toEqual([1, 8]);
    expect(einsum('ii->i', zeros([0, 0])).shape).toEqual([0]);
  });

  it('broadcasts what the ellipsis stands for', () => {
    const y = zeros([3, 1, 2, 4]);
    expect(einsum('...ij,...jk->...ik', zeros([5, 3, 2]), y).shape).toEqual([3, 5, 3, 4]);
    expect(einsum('i...,...->...i', zeros([4, 2]), zeros([3, 1])).shape).toEqual([3, 2, 4]);
    expect(einsum('...i->i', zeros([2, 3, 4])).shape).toEqual([4]);
    expect(einsum('...', 2)).toBe(2);
  });

  it('takes numbers and scalar values', () => {
    expect(einsum(',', 2, 3)).toBe(6);
    expect((einsum(',ij->ji', 2, x) as Tensor).toArray()).toEqual([
      [2, 6],
      [4, 8],
    ]);
    expect(grad((s) => einsum(',i->', s, tensor([1, 2])))(5)).toBe(3);
    expect(einsum('i,i', value(tensor([1, 2])), tensor([3, 4])).data).toBe(11);
  });

  it('keeps the dtype', () => {
    const whole = tensor([1, 2], { dtype: 'i32' });
    expect(einsum('i,i->i', whole, whole).dtype).toBe('i32');
    expect(einsum('i,i', whole, whole).dtype).toBe('i32');
    expect(einsum('i,j', tensor([1], { dtype: 'f32' }), tensor([1], { dtype: 'f32' })).dtype).toBe('f32');
  });

  it.each([
    ['ij->ik', [x], "has 'k' in its result, but no operand has it"],
    ['ij->ii', [x], "has 'i' twice in its result"],
    ['ij,jk', [x], 'names 2 operands, got 1'],
    ['ijk', [x], "'ijk' names 3 axes, but operand 0 of 'ijk' has shape [2,2]"],
    ['i', [x], "'i' names 1 axes"],
    ['...ijk', [x], "'...ijk' names 3 axes"],
    ['ij,jk->ik', [x, zeros([3, 2])], "axis 'j' of 'ij,jk->ik' has extent 2 in operand 0, but 3 in operand 1"],
    ['ii', [zeros([2, 1])], "axis 'i' of 'ii' has extent 2 in operand 0, but 1 in operand 0; extents must be equal"],
    ['i,ii', [zeros([3]), zeros([1, 3])], "axis 'i' of 'i,ii' has extent 1 in operand 1, but 3 in operand 1"],
    ['...i,...i', [zeros([2, 1]), zeros([3, 1])], "axis of '...' of '...i,...i' has extent 2 in operand 0, but 3"],
    ['ij=>i', [x], 'is no equation'],
    ['ij->i->j', [x], 'is no equation'],
    ['i..j', [x], 'is no equation'],
    ['...i...', [x], 'is no equation'],
    ['i1', [x], 'is no equation'],
    ['ij', [[[1]] as never], 'wrap it: tensor([…])'],
  ])("explains what is wrong with '%s'", (equation, operands, message) => {
    expect(() => einsum(equation, ...operands)).toThrow(message);
  });
});
