/**
 * `einsum`: sums of products, by naming axes.
 *
 * Operands are contracted from left to right, two at a time. For each pair the
 * axes fall into four groups: batch (in both, still needed), left, right, and
 * summed; a permute and a reshape make it one batched `matmul`.
 *
 * @module
 */
import { showShape, sizeOf, TapegradError, type Tensor } from '@tapegrad/kernels';
import { type Operand, shapeOfOperand } from '../op.ts';
import { operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { diagonalRow } from './indexing.ts';
import { matmul } from './linalg.ts';
import { sum } from './reduction.ts';
import { expand, permute, reshape } from './shape.ts';

/** An operand whose axes have names. */
interface Named {
  readonly x: Operand;
  readonly names: string;
}

/** `einsum` on any mix of data and values. */
export interface EinsumOp {
  (equation: string, ...operands: Tensor[]): Tensor;
  (equation: string, ...operands: Operand[]): Value | Tensor;
}

/**
 * Sum of products in Einstein's notation: axes of one letter run together, and letters that the result lacks are
 * summed. `...` stands for any further axes, which broadcast; without `->` the result has the letters that occur
 * once, in alphabetical order.
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
    { shapes: [[2, 3], [3, 2]], call: (x, y) => einsum('ij,jk->ik', x, y) },
    { shapes: [[2, 2]], call: (x) => einsum('ii->i', x) },
    { shapes: [[2, 3]], call: (x) => einsum('ij->', x) },
    { shapes: [[2, 2, 3], [1, 3, 2]], call: (x, y) => einsum('...ij,...jk->...ki', x, y) },
    { shapes: [[2], [3], [2, 3]], call: (x, y, z) => einsum('i,j,ij->j', x, y, z) },
  ],
  call: ((equation: string, ...operands: Operand[]) => {
    const { inputs, output } = parse(equation, operands);
    const named = operands.map((x, k) => withoutRepeats({ x, names: inputs[k] }));
    let sofar = named[0];
    for (let k = 1; k < named.length; k++) {
      const later = named.slice(k + 1).map(({ names }) => names).join('') + output;
      sofar = contract(sofar, named[k], later);
    }
    const summed = reduceTo(sofar, output);
    return permute(summed.x, [...output].map((name) => summed.names.indexOf(name)));
  }) as EinsumOp,
});

interface Parsed {
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Ellipses become upper code points, one an axis, aligned at the last. */
function parse(equation: string, operands: readonly Operand[]): Parsed {
  const compact = equation.replaceAll(' ', '');
  const [left, right] = compact.split('->') as [string, string | undefined];
  const terms = left.split(',');
  if (!/^[a-zA-Z.,]*(->[a-zA-Z.]*)?$/.test(compact) || !terms.concat(right ?? '').every((t) => /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(t))) {
    throw new TapegradError('argument', `einsum: '${equation}' is no equation; write letters, commas, one '->', and '...'`);
  }
  if (terms.length !== operands.length) {
    throw new TapegradError('argument', `einsum: '${equation}' names ${terms.length} operands, got ${operands.length}`);
  }
  const spare = operands.map((x, k) => shapeOfOperand(x).length - terms[k].replace('...', '').length);
  spare.forEach((count, k) => {
    if (count === 0 || (count > 0 && terms[k].includes('...'))) return;
    throw new TapegradError('shape', `einsum: operand ${k} has shape ${showShape(shapeOfOperand(operands[k]))}, '${terms[k]}' names ${terms[k].replace('...', '').length} axes`);
  });
  const widest = Math.max(0, ...spare.filter((_, k) => terms[k].includes('...')));
  const dots = Array.from({ length: widest }, (_, k) => String.fromCharCode(0x100 + k)).join('');
  const inputs = terms.map((term, k) => term.replace('...', dots.slice(widest - spare[k])));
  const once = [...new Set(terms.join('').replaceAll('.', ''))].filter((name) => terms.join('').split(name).length === 2).sort();
  const output = right === undefined ? dots + once.join('') : right.replace('...', dots);
  const extents = checkExtents(inputs, operands);
  for (const name of output) {
    if (!extents.has(name) || output.split(name).length > 2) {
      throw new TapegradError('argument', `einsum: the result of '${equation}' names '${name}' ${extents.has(name) ? 'twice' : 'but no operand does'}`);
    }
  }
  return { inputs, output };
}

function checkExtents(inputs: readonly string[], operands: readonly Operand[]): Map<string, number> {
  const extents = new Map<string, number>();
  inputs.forEach((names, k) => {
    const shape = shapeOfOperand(operands[k]);
    [...names].forEach((name, axis) => {
      const known = extents.get(name);
      if (known === undefined || known === 1) extents.set(name, shape[axis]);
      else if (shape[axis] !== known && shape[axis] !== 1) {
        throw new TapegradError('shape', `einsum: axis '${name}' has extent ${known} before, and ${shape[axis]} in operand ${k}`);
      }
    });
  });
  return extents;
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
  // What only one of them has, and nobody needs, is summed before.
  const a = reduceTo(first, needed + second.names);
  const b = reduceTo(second, needed + first.names);
  const shared = [...a.names].filter((name) => b.names.includes(name));
  const batch = shared.filter((name) => needed.includes(name));
  const inner = shared.filter((name) => !needed.includes(name));
  const left = [...a.names].filter((name) => !shared.includes(name));
  const right = [...b.names].filter((name) => !shared.includes(name));
  const extent = (name: string): number => Math.max(...[a, b].map(({ x, names }) => shapeOfOperand(x)[names.indexOf(name)] ?? 0));
  const size = (names: readonly string[]): number => sizeOf(names.map(extent));
  const grouped = ({ x, names }: Named, order: readonly string[], shape: readonly number[]): Operand => {
    const moved = permute(x, order.map((name) => names.indexOf(name)));
    return reshape(expand(moved, order.map(extent)), shape);
  };
  const A = grouped(a, [...batch, ...left, ...inner], [size(batch), size(left), size(inner)]);
  const B = grouped(b, [...batch, ...inner, ...right], [size(batch), size(inner), size(right)]);
  const names = [...batch, ...left, ...right];
  return { x: reshape(matmul(A, B), names.map(extent)), names: names.join('') };
}
