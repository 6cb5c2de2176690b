/**
 * Kernels that move elements and compute nothing.
 *
 * Those of `views.ts` only look differently at the same buffer. Those written
 * out here make new tensors, and fill them through such views: concatenating,
 * placing and embedding a diagonal are each "allocate, take a view of the
 * result, fill the view".
 *
 * Linear maps and their transposes come in pairs: `slice` and `place`,
 * `diagonal` and `diagEmbed`, `permute` and its inverse, `flip` and itself.
 *
 * @module
 */
import { allocate, castNumber, type DType, promote } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { checkShape, normaliseAxis, type Shape, showShape, sizeOf, stridesOf } from './shape.ts';
import { copyInto, elementsOf, Tensor } from './tensor.ts';
import { checkStep, checkWhole, diagonal, diagonalLength, type PerAxis, slice } from './views.ts';

export { diagonal, expand, flip, permute, reshape, slice } from './views.ts';

/**
 * The tensors one after another along `axis`, in the widest of their dtypes.
 *
 * Shapes  xs[k] [...s, nk, ...t] → y [...s, Σ nk, ...t]
 * Errors  'argument' for an empty list; 'shape' where other extents differ
 */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  if (xs.length === 0) throw new TapegradError('argument', 'concat: needs at least one tensor, got an empty list');
  const first = xs[0].shape;
  if (first.length === 0)
    throw new TapegradError('shape', 'concat: scalars have no axis to join along; use stack or unsqueeze');
  const along = normaliseAxis('concat', axis, first.length);
  let total = 0;
  for (const { shape } of xs) {
    if (shape.length !== first.length || shape.some((extent, k) => k !== along && extent !== first[k])) {
      throw new TapegradError(
        'shape',
        `concat: shapes ${showShape(first)} and ${showShape(shape)} may differ at axis ${along} only`,
      );
    }
    total += shape[along];
  }
  const y = filled(
    xs.reduce<DType>((dtype, x) => promote(dtype, x.dtype), 'bool'),
    first.map((extent, k) => (k === along ? total : extent)),
  );
  let at = y.offset;
  for (const x of xs) {
    write(y, x, y.strides, at);
    at += x.shape[along] * y.strides[along];
  }
  return y;
}

/**
 * Zeros of `shape`, with `x[i]` at position `starts + i * steps`: the transpose
 * of {@link slice}.
 *
 * Errors  'argument' for lists of another length or steps < 1; 'shape' when x
 *         would stick out
 */
export function place(x: Tensor, shape: Shape, starts: PerAxis, steps: PerAxis): Tensor {
  const { rank } = x;
  checkShape('place', shape);
  if (shape.length !== rank || starts.length !== rank || steps.length !== rank) {
    throw new TapegradError('argument', `place: rank ${rank} needs ${rank} extents, starts and steps`);
  }
  for (let axis = 0; axis < rank; axis++) {
    const [count, start, step] = [x.shape[axis], starts[axis], steps[axis]];
    checkStep('place', step, axis);
    const last = count === 0 ? start - 1 : start + (count - 1) * step;
    if (!Number.isInteger(start) || start < 0 || last >= shape[axis]) {
      throw new TapegradError(
        'shape',
        `place: ${showShape(x.shape)} does not fit in ${showShape(shape)} at axis ${axis} from ${start} by ${step}`,
      );
    }
  }
  const y = filled(x.dtype, shape);
  let at = 0;
  for (let axis = 0; axis < rank; axis++) at += starts[axis] * y.strides[axis];
  const strides = y.strides.map((stride, axis) => stride * steps[axis]);
  return write(y, x, strides, at);
}

/**
 * `x` with `value` around it: `pads[k]` elements before and after axis k. A
 * negative number crops instead: y[i] = x[i - before] where that exists.
 *
 * Errors  'argument' unless there is a pair of whole numbers per axis; 'shape'
 *         when less than nothing would be left
 */
export function pad(x: Tensor, pads: readonly (readonly [number, number])[], value: number): Tensor {
  if (pads.length !== x.rank || !pads.every((pair) => pair.length === 2 && pair.every(Number.isInteger))) {
    throw new TapegradError(
      'argument',
      `pad: ${showShape(x.shape)} needs ${x.rank} pairs of whole numbers [before, after]`,
    );
  }
  const shape = x.shape.map((extent, axis) => extent + pads[axis][0] + pads[axis][1]);
  if (shape.some((extent) => extent < 0)) {
    throw new TapegradError(
      'shape',
      `pad: cropping ${showShape(x.shape)} by ${JSON.stringify(pads)} leaves less than nothing`,
    );
  }
  const starts = pads.map(([before]) => Math.max(0, -before));
  const stops = x.shape.map((extent, axis) => Math.min(extent, shape[axis] - pads[axis][0]));
  const y = filled(x.dtype, shape, value);
  if (starts.some((start, axis) => start >= stops[axis])) return y;
  let at = 0;
  for (let axis = 0; axis < x.rank; axis++) at += Math.max(0, pads[axis][0]) * y.strides[axis];
  const ones = x.shape.map(() => 1);
  return write(y, slice(x, starts, stops, ones), y.strides, at);
}

/**
 * Matrices that are zero but for diagonal `offset`, where the last axis of `x`
 * lies: the transpose of {@link diagonal} on the last two axes.
 *
 * Shapes  x [...s, n] → y [...s, rows, cols]
 * Errors  'shape' when n is not the length of that diagonal
 */
export function diagEmbed(x: Tensor, offset: number, rows: number, cols: number): Tensor {
  checkWhole('diagEmbed', 'offset', offset);
  const shape = checkShape('diagEmbed', [...x.shape.slice(0, -1), rows, cols]);
  const length = diagonalLength(rows, cols, offset);
  if (x.rank === 0 || x.shape[x.rank - 1] !== length) {
    throw new TapegradError(
      'shape',
      `diagEmbed: diagonal ${offset} of a [${rows},${cols}] matrix has ${length} elements; x is ${showShape(x.shape)}`,
    );
  }
  const y = filled(x.dtype, shape);
  const target = diagonal(y, offset, -2, -1);
  return write(y, x, target.strides, target.offset);
}

/**
 * The lower or upper triangle of the last two axes: elements beyond `diagonal`
 * become exactly 0, whatever they were.
 *
 * Errors  'shape' below rank 2
 */
export function triangle(x: Tensor, diagonal: number, keep: 'lower' | 'upper'): Tensor {
  checkWhole('triangle', 'diagonal', diagonal);
  if (x.rank < 2) throw new TapegradError('shape', `triangle: needs matrices, rank >= 2, got ${showShape(x.shape)}`);
  const [rows, cols] = x.shape.slice(-2);
  const data = x.toTypedArray();
  for (let row = 0, at = 0; at < data.length; row = (row + 1) % rows, at += cols) {
    const bound = Math.min(cols, Math.max(0, row + diagonal + (keep === 'lower' ? 1 : 0)));
    if (keep === 'lower') data.fill(0, at + bound, at + cols);
    else data.fill(0, at, at + bound);
  }
  return new Tensor(data, x.dtype, x.shape);
}

/**
 * `x` in another dtype: rounded for f32, truncated towards 0 (and wrapped) for
 * i32, "is not 0" for bool. `x` itself where it has that dtype already.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const from = elementsOf(x);
  const to = allocate(dtype, x.size);
  if (dtype === 'bool') for (let i = 0; i < to.length; i++) to[i] = from[i] !== 0 ? 1 : 0;
  else to.set(from);
  return new Tensor(to, dtype, x.shape);
}

function filled(dtype: DType, shape: Shape, value = 0): Tensor {
  const data = allocate(dtype, sizeOf(shape));
  if (value !== 0) data.fill(castNumber(value, dtype));
  return new Tensor(data, dtype, shape);
}

/** Fills the part of the new tensor `y` that lies at `at` with `strides` and has the shape of `x`. */
function write(y: Tensor, x: Tensor, strides: Shape, at: number): Tensor {
  const { shape, rank, size } = x;
  if (size === 0) return y;
  const target = y.buffer;
  // A target without gaps, as for concatenation along axis 0, takes everything at once.
  if (stridesOf(shape).every((stride, axis) => stride === strides[axis] || shape[axis] === 1)) {
    copyInto(target, x, at);
    return y;
  }
  const source = x.buffer;
  const inner = shape[rank - 1];
  const sourceStep = x.strides[rank - 1];
  const targetStep = strides[rank - 1];
  const index = new Array<number>(rank).fill(0);
  for (let left = size, from = x.offset, to = at; left > 0; left -= inner) {
    for (let k = 0, p = from, q = to; k < inner; k++, p += sourceStep, q += targetStep) target[q] = source[p];
    for (let axis = rank - 2; axis >= 0; axis--) {
      from += x.strides[axis];
      to += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= x.strides[axis] * shape[axis];
      to -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return y;
}
