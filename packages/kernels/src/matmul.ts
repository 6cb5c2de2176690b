/**
 * Matrix products of stacks of matrices: shapes, broadcasting and dtypes. The
 * arithmetic is in `gemm.ts`.
 *
 * @module
 */
import { allocate, promote } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { addsOnce, gemm } from './gemm.ts';
import { broadcastShapes, type Shape, showShape, sizeOf } from './shape.ts';
import { Tensor } from './tensor.ts';

/**
 * Matrix product over the last two axes; leading axes broadcast.
 *
 * Shapes  a [...s, m, k], b [...t, k, n] → y [...broadcast(s, t), m, n]
 * Dtypes  the wider of the two; bool · bool counts in i32; i32 wraps
 * Errors  'shape' below rank 2, when the inner extents differ, or when the leading axes do not broadcast
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const ra = a.shape.length;
  const rb = b.shape.length;
  if (ra < 2 || rb < 2) throw misfit(a, b, 'both must have rank >= 2; unsqueeze vectors to rows or columns');
  const m = a.shape[ra - 2];
  const k = a.shape[ra - 1];
  const n = b.shape[rb - 1];
  if (b.shape[rb - 2] !== k) {
    throw misfit(a, b, `the inner extents ${k} and ${b.shape[rb - 2]} must be equal; transpose one of them`);
  }
  const promoted = promote(a.dtype, b.dtype);
  const dtype = promoted === 'bool' ? 'i32' : promoted;
  const isPlain = ra === 2 && rb === 2;
  const stack = isPlain ? [] : stackShape(a, b);
  const y = allocate(dtype, sizeOf(stack) * m * n);
  // Sums that come in several parts would be rounded to f32 in between.
  const c = dtype === 'f32' && !addsOnce(m, n, k) ? new Float64Array(y.length) : y;
  const [ar, ac] = [a.strides[ra - 2], a.strides[ra - 1]];
  const [br, bc] = [b.strides[rb - 2], b.strides[rb - 1]];
  const product = (aAt: number, bAt: number, to: number): void =>
    gemm(
      m,
      n,
      k,
      { data: a.buffer, at: aAt, row: ar, column: ac },
      { data: b.buffer, at: bAt, row: br, column: bc },
      { data: c, at: to, row: n, column: 1 },
    );
  if (isPlain) product(a.offset, b.offset, 0);
  else forEachPair(a, b, stack, (aAt, bAt, which) => product(aAt, bAt, which * m * n));
  if (c !== y) y.set(c);
  return new Tensor(y, dtype, isPlain ? [m, n] : [...stack, m, n]);
}

function misfit(a: Tensor, b: Tensor, why: string): TapegradError {
  return new TapegradError('shape', `matmul: ${showShape(a.shape)} · ${showShape(b.shape)}: ${why}`);
}

function stackShape(a: Tensor, b: Tensor): Shape {
  return broadcastShapes(
    `matmul: ${showShape(a.shape)} · ${showShape(b.shape)}`,
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
}

/** Calls `visit` with the offsets of each pair of matrices and their number. */
function forEachPair(a: Tensor, b: Tensor, stack: Shape, visit: (a: number, b: number, which: number) => void): void {
  const aSteps = stackStrides(a, stack.length);
  const bSteps = stackStrides(b, stack.length);
  const index = new Array<number>(stack.length).fill(0);
  const count = sizeOf(stack);
  for (let which = 0, p = a.offset, q = b.offset; which < count; which++) {
    visit(p, q, which);
    for (let axis = stack.length - 1; axis >= 0; axis--) {
      p += aSteps[axis];
      q += bSteps[axis];
      if (++index[axis] < stack[axis]) break;
      p -= aSteps[axis] * stack[axis];
      q -= bSteps[axis] * stack[axis];
      index[axis] = 0;
    }
  }
}

/** Strides along the leading axes, 0 where they broadcast. */
function stackStrides(x: Tensor, rank: number): number[] {
  const added = rank - (x.rank - 2);
  return Array.from({ length: rank }, (_, axis) =>
    axis < added || x.shape[axis - added] === 1 ? 0 : x.strides[axis - added],
  );
}
