/**
 * Softmax and its logarithm, stable for any inputs: the largest element of a
 * row is subtracted before the exponentials, which changes nothing in exact
 * arithmetic. Both compute in double precision whatever the dtype.
 *
 * @module
 */
import { blocksAlong } from './blocks.ts';
import { narrowed, zeroDoubles } from './doubles.ts';
import { normaliseAxis } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * exp(x) / Σ exp(x) along `axis`.
 *
 * Shapes  y as x      Dtypes  f32 as it is, others f64
 * Edge    rows with +∞ or NaN, or with only -∞, are NaN as in PyTorch
 */
export function softmax(x: Tensor, axis: number): Tensor {
  return alongRows('softmax', x, axis, false);
}

/**
 * x - log Σ exp(x) along `axis`.
 *
 * Shapes, dtypes, edge  as {@link softmax}
 */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  return alongRows('logSoftmax', x, axis, true);
}

function alongRows(op: string, x: Tensor, axis: number, isLog: boolean): Tensor {
  const { data, outer, n, inner } = blocksAlong(x, normaliseAxis(op, axis, x.rank));
  const y = zeroDoubles(x.size);
  const span = n * inner;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const from = o * span + i;
      const end = from + span;
      // A NaN need not be found here: it makes the sum NaN.
      let top = -Infinity;
      for (let at = from; at < end; at += inner) if (data[at] > top) top = data[at];
      let total = 0;
      for (let at = from; at < end; at += inner) {
        const e = Math.exp(data[at] - top);
        total += e;
        y[at] = e;
      }
      if (isLog) {
        const log = Math.log(total);
        for (let at = from; at < end; at += inner) y[at] = data[at] - top - log;
      } else for (let at = from; at < end; at += inner) y[at] /= total;
    }
  }
  return narrowed(y, x.dtype === 'f32' ? 'f32' : 'f64', x.shape);
}
