/**
 * The derivative of a product in each factor: the product of the others.
 *
 * @module
 */
import { type Data, elementsOf, sizeOf } from '@tapegrad/kernels';
import { type Operand, primalOf, shapeOfOperand } from '../op.ts';
import { div, mul } from './arithmetic.ts';
import { expandTo } from './broadcast.ts';
import { slice } from './indexing.ts';
import { concat } from './joining.ts';
import { permute, reshape } from './shape.ts';

/** `Π_{j≠i} x_j` for each element, over `axes`; `y` is the product itself, broadcastable to `x`. */
export function productGradient(x: Operand, y: Operand, axes: readonly number[]): Operand {
  return hasZero(primalOf(x)) ? exclusive(x, axes) : div(expandTo(y, shapeOfOperand(x)), x);
}

function hasZero(x: Data): boolean {
  return typeof x === 'number' ? x === 0 : (elementsOf(x) as Float64Array).includes(0);
}

/** Reduced axes last and joined into one, the exclusive products along it, and back. */
function exclusive(x: Operand, axes: readonly number[]): Operand {
  const shape = shapeOfOperand(x);
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const order = [...kept, ...axes];
  const moved = permute(x, order);
  const rows = sizeOf(kept.map((axis) => shape[axis]));
  const length = sizeOf(axes.map((axis) => shape[axis]));
  const products = reshape(alongRows(reshape(moved, [rows, length]), rows, length), shapeOfOperand(moved));
  const back = order.map((_, axis) => order.indexOf(axis));
  return permute(products, back);
}

/**
 * Without a division, so that zeros are no trouble: pairs are multiplied, the problem of half the length is solved,
 * and each gets its partner times what lies outside the pair.
 */
function alongRows(x: Operand, rows: number, length: number): Operand {
  if (length === 1) return expandTo(1, [rows, 1]);
  if (length % 2 === 1) {
    // One factor too many for pairs: fold it in by hand.
    const head = slice(x, 0, length - 1, { axis: 1 });
    const last = slice(x, length - 1, length, { axis: 1 });
    const others = alongRows(head, rows, length - 1);
    const whole = mul(slice(others, 0, 1, { axis: 1 }), slice(head, 0, 1, { axis: 1 }));
    return concat([mul(others, last), whole], { axis: 1 });
  }
  const even = slice(x, 0, length, { axis: 1, step: 2 });
  const odd = slice(x, 1, length, { axis: 1, step: 2 });
  const outside = alongRows(mul(even, odd), rows, length / 2);
  const pairs = [mul(outside, odd), mul(outside, even)].map((half) => reshape(half, [rows, length / 2, 1]));
  return reshape(concat(pairs, { axis: 2 }), [rows, length]);
}
