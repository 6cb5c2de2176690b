/**
 * Reductions and cumulative sums.
 *
 * Every kernel sees three nested extents, `[outer, n, inner]`, and reduces the
 * middle one; `blocks.ts` arranges that. Sums of whole rows (inner = 1) are
 * pairwise, with an error that grows with log n; the others run down the
 * columns of a block. All of them accumulate in double precision.
 *
 * @module
 */
import { blocksAlong, blocksOf } from './blocks.ts';
import { zeroDoubles } from './doubles.ts';
import { allocate, type DType, isFloat, type TypedArray } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { normaliseAxes, normaliseAxis, reducedShape, sameShape, type Shape, showShape } from './shape.ts';
import { Tensor } from './tensor.ts';
import { reshape } from './views.ts';

/** Callers normalise; this catches those that did not. */
function checkAxes(op: string, axes: readonly number[], rank: number): readonly number[] {
  for (let k = 0; k < axes.length; k++) {
    const axis = axes[k];
    if (!(axis >= 0 && axis < rank && Number.isInteger(axis)) || (k > 0 && axis <= axes[k - 1])) {
      return normaliseAxes(op, axes, rank);
    }
  }
  return axes;
}

/** What sums of a dtype are: counts for bool. */
function sumType(dtype: DType): DType {
  return dtype === 'bool' ? 'i32' : dtype;
}

// ---- sums and products

/** Sum of `n` adjacent elements; splits in halves down to runs of 128 in four lanes. */
function pairwiseSum(data: TypedArray, at: number, n: number): number {
  if (n > 128) {
    const half = (n >> 4) << 3;
    return pairwiseSum(data, at, half) + pairwiseSum(data, at + half, n - half);
  }
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const end = at + n;
  for (const whole = end - (n & 3); at < whole; at += 4) {
    s0 += data[at];
    s1 += data[at + 1];
    s2 += data[at + 2];
    s3 += data[at + 3];
  }
  for (; at < end; at++) s0 += data[at];
  return s0 + s1 + (s2 + s3);
}

/**
 * Sum over `axes`; 0 where there is nothing to add.
 *
 * Shapes  x [...s] → y without `axes`, or with 1 in their place
 * Dtypes  f64, f32, i32 (wraps) as they are; bool counts in i32
 */
export function sum(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  const over = checkAxes('sum', axes, x.rank);
  const { data, outer, n, inner } = blocksOf(x, over);
  const dtype = sumType(x.dtype);
  const y = allocate(dtype, outer * inner);
  if (inner === 1) {
    for (let o = 0, at = 0; o < outer; o++, at += n) y[o] = pairwiseSum(data, at, n);
  } else {
    const sums = zeroDoubles(inner);
    for (let o = 0, at = 0; o < outer; o++) {
      sums.fill(0);
      for (let k = 0; k < n; k++, at += inner) for (let i = 0; i < inner; i++) sums[i] += data[at + i];
      y.set(sums, o * inner);
    }
  }
  return new Tensor(y, dtype, reducedShape(x.shape, over, keepDims));
}

/**
 * Sum over the axes along which `shape` would broadcast to the shape of `x`:
 * the transpose of broadcasting. `x` itself where the shapes are equal.
 *
 * Errors  'shape' when `shape` does not broadcast to x
 */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const added = x.rank - shape.length;
  const axes: number[] = [];
  for (let axis = 0; axis < x.rank; axis++) {
    const extent = axis < added ? 1 : shape[axis - added];
    if (axis < added || (extent === 1 && x.shape[axis] !== 1)) axes.push(axis);
    else if (extent !== x.shape[axis]) axes.push(NaN);
  }
  if (added < 0 || axes.some(Number.isNaN)) {
    throw new TapegradError(
      'shape',
      `sumTo: ${showShape(shape)} does not broadcast to ${showShape(x.shape)}, so x cannot be summed to it`,
    );
  }
  return reshape(sum(x, axes, true), shape);
}

/**
 * Product over `axes`; 1 where there is nothing to multiply.
 *
 * Shapes, dtypes  as {@link sum}
 */
export function prod(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  const over = checkAxes('prod', axes, x.rank);
  const { data, outer, n, inner } = blocksOf(x, over);
  const dtype = sumType(x.dtype);
  const y = allocate(dtype, outer * inner);
  const isInteger = dtype === 'i32';
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, to++) {
      let product = 1;
      // Doubles lose the low bits of large integer products, by which they would wrap.
      if (isInteger)
        for (let k = 0, at = o * n * inner + i; k < n; k++, at += inner) product = Math.imul(product, data[at]);
      else for (let k = 0, at = o * n * inner + i; k < n; k++, at += inner) product *= data[at];
      y[to] = product;
    }
  }
  return new Tensor(y, dtype, reducedShape(x.shape, over, keepDims));
}

/**
 * Running sum along `axis`, from the end if `reverse`: y[i] = Σ x[k] over k <= i (k >= i).
 *
 * Shapes  y as x      Dtypes  as {@link sum}
 */
export function cumsum(x: Tensor, axis: number, reverse: boolean): Tensor {
  const { data, outer, n, inner } = blocksAlong(x, normaliseAxis('cumsum', axis, x.rank));
  const dtype = sumType(x.dtype);
  const y = allocate(dtype, x.size);
  const step = reverse ? -inner : inner;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let at = o * n * inner + i + (reverse ? (n - 1) * inner : 0);
      let total = 0;
      for (let k = 0; k < n; k++, at += step) {
        total += data[at];
        y[at] = total;
      }
    }
  }
  return new Tensor(y, dtype, x.shape);
}

// ---- extremes

/**
 * Largest element over `axes`; NaN if any is NaN.
 *
 * Shapes  as {@link sum}      Dtypes  y as x
 * Errors  'shape' where there is no element to choose
 */
export function amax(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  return extreme('amax', x, axes, keepDims);
}

/** Smallest element over `axes`; otherwise as {@link amax}. */
export function amin(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  return extreme('amin', x, axes, keepDims);
}

function extreme(op: 'amax' | 'amin', x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  const over = checkAxes(op, axes, x.rank);
  const { data, outer, n, inner } = blocksOf(x, over);
  checkNotEmpty(op, x, n);
  const y = allocate(x.dtype, outer * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, to++) {
      const from = o * n * inner + i;
      y[to] = data[from + inner * (op === 'amax' ? largest(data, from, n, inner) : smallest(data, from, n, inner))];
    }
  }
  return new Tensor(y, x.dtype, reducedShape(x.shape, over, keepDims));
}

function checkNotEmpty(op: string, x: Tensor, n: number): void {
  if (n > 0) return;
  throw new TapegradError(
    'shape',
    `${op}: nothing to choose from in ${showShape(x.shape)}; it needs an element per result`,
  );
}

/** Which of `n` elements is the first largest, or the first NaN. */
function largest(data: TypedArray, at: number, n: number, step: number): number {
  let best = data[at];
  let where = 0;
  for (let k = 1, p = at + step; k < n; k++, p += step) {
    // Not "data[p] > best": that would pass by a NaN. A NaN that is best stays so.
    if (!(data[p] <= best) && best === best) {
      best = data[p];
      where = k;
    }
  }
  return where;
}

function smallest(data: TypedArray, at: number, n: number, step: number): number {
  let best = data[at];
  let where = 0;
  for (let k = 1, p = at + step; k < n; k++, p += step) {
    if (!(data[p] >= best) && best === best) {
      best = data[p];
      where = k;
    }
  }
  return where;
}

/**
 * Position of the largest element along `axis`, or in the flattened tensor for
 * `null`; of the first among equals, and of the first NaN if there is one.
 *
 * Shapes  as {@link sum} (all axes for null)     Dtypes  i32
 * Errors  'shape' where there is no element to choose
 */
export function argmax(x: Tensor, axis: number | null, keepDims: boolean): Tensor {
  return positionOf('argmax', x, axis, keepDims, largest);
}

/** Position of the smallest element; otherwise as {@link argmax}. */
export function argmin(x: Tensor, axis: number | null, keepDims: boolean): Tensor {
  return positionOf('argmin', x, axis, keepDims, smallest);
}

function positionOf(op: string, x: Tensor, axis: number | null, keepDims: boolean, find: typeof largest): Tensor {
  const axes = normaliseAxes(op, axis ?? undefined, x.rank);
  const { data, outer, n, inner } = blocksOf(x, axes);
  checkNotEmpty(op, x, n);
  const y = allocate('i32', outer * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, to++) y[to] = find(data, o * n * inner + i, n, inner);
  }
  return new Tensor(y, 'i32', reducedShape(x.shape, axes, keepDims));
}

/**
 * log Σ exp x over `axes`, with the largest element taken out first, so that
 * nothing overflows.
 *
 * Shapes  as {@link sum}      Dtypes  f32 as it is, others f64
 * Edge    -∞ for nothing or only -∞; +∞ if any is +∞; NaN if any is NaN
 */
export function logsumexp(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  const over = checkAxes('logsumexp', axes, x.rank);
  const { data, outer, n, inner } = blocksOf(x, over);
  const dtype = isFloat(x.dtype) ? x.dtype : 'f64';
  const y = allocate(dtype, outer * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, to++) {
      const from = o * n * inner + i;
      const top = n === 0 ? -Infinity : data[from + inner * largest(data, from, n, inner)];
      let total = 0;
      for (let k = 0, at = from; k < n; k++, at += inner) total += Math.exp(data[at] - top);
      // ∞ - ∞ is NaN; the largest element is the answer then.
      y[to] = Math.abs(top) === Infinity ? top : top + Math.log(total);
    }
  }
  return new Tensor(y, dtype, reducedShape(x.shape, over, keepDims));
}
