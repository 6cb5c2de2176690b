/**
 * `einsum`: sums of products, by naming axes.
 *
 * Operands are contracted from left to right, two at a time. For each pair the
 * axes fall into four groups:
 *
 * | group | in first | in second | needed later | where it goes in `matmul`        |
 * | ----- | -------- | --------- | ------------ | -------------------------------- |
 * | batch | yes      | yes       | yes          | leading axes, which broadcast    |
 * | left  | yes      | no        | yes          | rows of the first, as one axis   |
 * | inner | yes      | yes       | no           | columns of first, rows of second |
 * | right | no       | yes       | yes          | columns of the second            |
 *
 * An axis that only one of them has and nobody needs is summed before. With no
 * inner axis it is an elementwise product.
 *
 * @module
 */
import { type Data, showShape, sizeOf, TapegradError, type Tensor } from '@tapegrad/kernels';
import { type Operand, shapeOfOperand } from '../op.ts';
import { operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { mul } from './arithmetic.ts';
import { diagonalRow } from './indexing.ts';
import { matmul } from './linalg.ts';
import { sum } from './reduction.ts';
import { expand, extentsOf, permute, reshape } from './shape.ts';

/** An operand whose axes have names. */
interface Named {
  readonly x: Operand;
  readonly names: string;
}

/** `einsum` on any mix of data and values. */
export interface EinsumOp {
  (equation: string, ...operands: Tensor[]): Tensor;
  (equation: string, ...operands: [Value, ...Operand[]]): Value;
  (equation: string, ...operands: Data[]): Data;
  (equation: string, ...operands: Operand[]): Operand;
}

/**
 * Sum of products in Einstein's notation: axes of one letter run together, and letters that the result lacks are
 * summed. `...` stands for any further axes, which broadcast; without `->` the result has the letters that occur
 * once, in alphabetical order. An extent of 1 broadcasts.
 *
 * @throws `argument` for an equation that makes no sense; `shape` for operands that do not fit it.
 * @example
 * einsum('ij,jk->ik', tensor([[1, 2]]), tensor([[3], [4]])).toArray(); // [[11]]
 * einsum('ii', tensor([[1, 2], [3, 4]])).item(); // 5
 */
export const einsum: EinsumOp = operation({
  name: 'einsum',
  doc: 'Sums of products over named axes.',
  formula: '\\sum \\prod_k x^{(k)}_{\\ldots}',
  rule: '\\mathrm{einsum}(\\bar y, \\text{the others})',
  cases: [
    {
      shapes: [
        [2, 3],
        [3, 2],
      ],
      call: (x, y) => einsum('ij,jk->ik', x, y),
    },
    { shapes: [[2, 2]], call: (x) => einsum('ii->i', x) },
    { shapes: [[2, 3]], call: (x) => einsum('ij->', x) },
    {
      shapes: [
        [2, 2, 3],
        [1, 3, 2],
      ],
      call: (x, y) => einsum('...ij,...jk->...ki', x, y),
    },
    { shapes: [[2], [3], [2, 3]], call: (x, y, z) => einsum('i,j,ij->j', x, y, z) },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      call: (x, y) => einsum('ij, ij -> ji', x, y),
    },
    { shapes: [[2], [3]], call: (x, y) => einsum('i,j', x, y) },
    { shapes: [[3, 2, 3], [2]], call: (x, y) => einsum('iji,j->i', x, y) },
    {
      shapes: [
        [2, 1],
        [3, 4],
      ],
      call: (x, y) => einsum('ij,jk->ik', x, y),
    },
    {
      shapes: [
        [2, 0],
        [0, 3],
      ],
      call: (x, y) => einsum('ij,jk', x, y),
    },
    { shapes: [[], [2]], call: (x, y) => einsum(',i->i', x, y) },
  ],
  call: ((equation: string, ...operands: Operand[]) => {
    operands.forEach((x) => extentsOf('einsum', x));
    const { inputs, output } = parse(equation, operands);
    const named = operands.map((x, k) => withoutRepeats({ x, names: inputs[k] }));
    let sofar = named[0];
    for (let k = 1; k < named.length; k++) {
      const later =
        named
          .slice(k + 1)
          .map(({ names }) => names)
          .join('') + output;
      sofar = contract(sofar, named[k], later);
    }
    const summed = reduceTo(sofar, output);
    return permute(
      summed.x,
      [...output].map((name) => summed.names.indexOf(name)),
    );
  }) as EinsumOp,
});

interface Parsed {
  readonly inputs: readonly string[];
  readonly output: string;
}

const TERM = '[a-zA-Z]*(\\.\\.\\.)?[a-zA-Z]*';
const EQUATION = new RegExp(`^${TERM}(,${TERM})*(->${TERM})?$`);

function meaningless(equation: string, why: string): TapegradError {
  return new TapegradError('argument', `einsum: '${equation}' ${why}`);
}

/** Names for each axis of each operand. An ellipsis becomes names that no letter has, one an axis, aligned at the last. */
function parse(equation: string, operands: readonly Operand[]): Parsed {
  const compact = String(equation).replace(/\s/g, '');
  if (!EQUATION.test(compact)) throw meaningless(equation, "is no equation; write letters, commas, '...' and one '->'");
  const [left, right] = compact.split('->') as [string, string | undefined];
  const terms = left.split(',');
  if (terms.length !== operands.length) {
    throw meaningless(equation, `names ${terms.length} operands, got ${operands.length}; commas separate them`);
  }
  const spare = terms.map((term, k) => {
    const shape = shapeOfOperand(operands[k]);
    const named = term.replace('...', '').length;
    const count = shape.length - named;
    if (count === 0 || (count > 0 && term.includes('...'))) return count;
    throw new TapegradError(
      'shape',
      `einsum: '${term}' names ${named} axes, but operand ${k} of '${equation}' has shape ${showShape(shape)}; ` +
        "name each axis, or write '...' for the rest",
    );
  });
  const widest = Math.max(0, ...spare);
  const dots = String.fromCharCode(...Array.from({ length: widest }, (_, k) => 0x100 + k));
  const inputs = terms.map((term, k) => term.replace('...', dots.slice(widest - spare[k])));
  const letters = [...terms.join('').replaceAll('.', '')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
  const output = right === undefined ? dots + once.join('') : right.replace('...', dots);
  [...(right ?? '').replaceAll('.', '')].forEach((letter, k, all) => {
    if (!letters.includes(letter)) throw meaningless(equation, `has '${letter}' in its result, but no operand has it`);
    if (all.indexOf(letter) !== k) throw meaningless(equation, `has '${letter}' twice in its result; name it once`);
  });
  checkExtents(equation, inputs, operands);
  return { inputs, output };
}

/** Axes of one name have one extent within an operand, and that or 1 in others. */
function checkExtents(equation: string, inputs: readonly string[], operands: readonly Operand[]): void {
  const known = new Map<string, { readonly extent: number; readonly k: number }>();
  inputs.forEach((names, k) => {
    const shape = shapeOfOperand(operands[k]);
    [...names].forEach((name, axis) => {
      const extent = shape[axis];
      const twin = { extent: shape[names.indexOf(name)], k };
      const before = known.get(name) ?? twin;
      const other = twin.extent !== extent ? twin : before;
      if (twin.extent !== extent || (before.extent !== extent && before.extent !== 1 && extent !== 1)) {
        throw new TapegradError(
          'shape',
          `einsum: axis ${name < '\x7f' ? `'${name}'` : "of '...'"} of '${equation}' has extent ${other.extent} in operand ` +
            `${other.k}, but ${extent} in operand ${k}; extents must be equal${other.k === k ? '' : ' or 1'}`,
        );
      }
      if (before.extent === 1 || before === twin) known.set(name, { extent, k });
    });
  });
}

/** Axes of one name within an operand become their diagonal. */
function withoutRepeats({ x, names }: Named): Named {
  const twice = [...names].find((name, axis) => names.indexOf(name) !== axis);
  if (twice === undefined) return { x, names };
  const [first, second] = [names.indexOf(twice), names.lastIndexOf(twice)];
  const rest = [...names].flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]));
  const moved = permute(x, [...rest, first, second]);
  const shape = shapeOfOperand(moved);
  const [rows, columns] = shape.slice(-2);
  const diagonal = diagonalRow(moved, { offset: 0, rows, columns });
  return withoutRepeats({ x: diagonal, names: rest.map((axis) => names[axis]).join('') + twice });
}

/** Sums over the axes that `needed` does not name. */
function reduceTo({ x, names }: Named, needed: string): Named {
  const spent = [...names].flatMap((name, axis) => (needed.includes(name) ? [] : [axis]));
  if (spent.length === 0) return { x, names };
  return { x: sum(x, { axis: spent }), names: [...names].filter((name) => needed.includes(name)).join('') };
}

function contract(first: Named, second: Named, needed: string): Named {
  const a = reduceTo(first, needed + second.names);
  const b = reduceTo(second, needed + first.names);
  const shared = [...a.names].filter((name) => b.names.includes(name));
  const batch = shared.filter((name) => needed.includes(name));
  const inner = shared.filter((name) => !needed.includes(name));
  const left = [...a.names].filter((name) => !shared.includes(name));
  const right = [...b.names].filter((name) => !shared.includes(name));
  const names = [...batch, ...left, ...right];
  const ones = (list: readonly string[]): number[] => list.map(() => 1);

  if (inner.length === 0) {
    const A = ordered(a, [...batch, ...left]);
    const B = ordered(b, [...batch, ...right]);
    const columns = [...extents(a, batch), ...extents(a, left), ...ones(right)];
    const rows = [...extents(b, batch), ...ones(left), ...extents(b, right)];
    return { x: mul(reshape(A, columns), reshape(B, rows)), names: names.join('') };
  }

  // Along an inner axis, 1 against n repeats.
  const joint = extents(a, inner).map((extent, k) => (extent === 1 ? extents(b, inner)[k] : extent));
  const A = expand(ordered(a, [...batch, ...left, ...inner]), [...extents(a, batch), ...extents(a, left), ...joint]);
  const B = expand(ordered(b, [...batch, ...inner, ...right]), [...extents(b, batch), ...joint, ...extents(b, right)]);
  const product = matmul(
    reshape(A, [...extents(a, batch), sizeOf(extents(a, left)), sizeOf(joint)]),
    reshape(B, [...extents(b, batch), sizeOf(joint), sizeOf(extents(b, right))]),
  );
  const lead = shapeOfOperand(product).slice(0, -2);
  return { x: reshape(product, [...lead, ...extents(a, left), ...extents(b, right)]), names: names.join('') };
}

function ordered({ x, names }: Named, order: readonly string[]): Operand {
  return permute(
    x,
    order.map((name) => names.indexOf(name)),
  );
}

function extents({ x, names }: Named, of: readonly string[]): number[] {
  return of.map((name) => shapeOfOperand(x)[names.indexOf(name)]);
}
