/**
 * Reading and adding at positions that another tensor holds.
 *
 * Three families, each a linear map with its transpose; duplicates add up:
 *
 * | read          | y                                | add            |
 * | ------------- | -------------------------------- | -------------- |
 * | `gather`      | y[i, j] = x[i, index[i, j]]      | `scatterInto`  |
 * | `indexSelect` | y[i, j] = x[i, index[j]]         | `indexAddInto` |
 * | `takeFlat`    | y[k] = x.flat[index[k]]          | `putFlat`      |
 *
 * In the last two families a negative index counts from the end; in the first,
 * as in PyTorch, it is an error.
 *
 * @module
 */
import { narrowed, zeroDoubles } from './doubles.ts';
import { allocate, type DType, promote, type TypedArray } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { checkShape, normaliseAxis, sameShape, type Shape, showShape, sizeOf, stridesOf } from './shape.ts';
import { elementsOf, Tensor } from './tensor.ts';

/** The elements of an index tensor, in row-major order; floats must be whole. */
function indicesOf(op: string, index: Tensor): TypedArray {
  const elements = elementsOf(index);
  if (index.dtype === 'i32') return elements;
  if (index.dtype !== 'bool' && elements.every((i) => (i | 0) === i)) return Int32Array.from(elements);
  throw new TapegradError('dtype', `${op}: the index must be i32, got ${index.dtype}; cast it to 'i32'`);
}

function outside(op: string, index: Tensor, k: number, value: number, low: number, extent: number): TapegradError {
  const position = index.rank === 0 ? '' : ` at ${showShape(unravel(k, index.shape))}`;
  const range = extent === 0 ? 'there is nothing to index' : `use ${low} to ${extent - 1}`;
  return new TapegradError('index', `${op}: index ${value}${position} is outside extent ${extent}; ${range}`);
}

function unravel(k: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(k / stride) % shape[axis]);
}

/** `value` counted from the front. */
function fromFront(op: string, index: Tensor, k: number, value: number, extent: number): number {
  if (value < -extent || value >= extent) throw outside(op, index, k, value, -extent, extent);
  return value < 0 ? value + extent : value;
}

/**
 * Where sums are collected: doubles for f32 too, unless the target is so much
 * larger than the source that clearing it twice would dominate.
 */
function accumulator(dtype: DType, size: number, sourceSize: number): TypedArray {
  return dtype === 'f32' && size <= 8 * sourceSize + 1024 ? zeroDoubles(size) : allocate(dtype, size);
}

function finish(data: TypedArray, dtype: DType, shape: Shape): Tensor {
  return dtype === 'f32' && data instanceof Float64Array
    ? narrowed(data, dtype, shape)
    : new Tensor(data, dtype, shape);
}

// ---- one index per element

/** Flat positions, in a tensor of `shape`, of the elements that `index` names along `axis`. */
function positions(op: string, index: Tensor, shape: Shape, strides: Shape, offset: number, axis: number): Int32Array {
  const along = normaliseAxis(op, axis, shape.length);
  const { rank, size } = index;
  if (rank !== shape.length || index.shape.some((extent, k) => k !== along && extent > shape[k])) {
    throw new TapegradError(
      'shape',
      `${op}: an index of shape ${showShape(index.shape)} does not fit ${showShape(shape)}; it needs the same rank, ` +
        `and extents at most as large except at axis ${along}`,
    );
  }
  const indices = indicesOf(op, index);
  const at = new Int32Array(size);
  const [extent, stride] = rank === 0 ? [1, 0] : [shape[along], strides[along]];
  const counter = new Array<number>(rank).fill(0);
  for (let k = 0, base = offset; k < size; k++) {
    const i = indices[k];
    if (i < 0 || i >= extent) throw outside(op, index, k, i, 0, extent);
    at[k] = base + i * stride;
    for (let a = rank - 1; a >= 0; a--) {
      const step = a === along ? 0 : strides[a];
      base += step;
      if (++counter[a] < index.shape[a]) break;
      base -= step * index.shape[a];
      counter[a] = 0;
    }
  }
  return at;
}

/**
 * Elements of `x` at `index` along `axis`: y[i, j, k] = x[i, index[i, j, k], k] for axis 1.
 *
 * Shapes  index: rank of x, extents at most those of x except at `axis`; y as index
 * Errors  'index' outside 0 to extent - 1; 'shape'; 'dtype' unless i32
 */
export function gather(x: Tensor, index: Tensor, axis: number): Tensor {
  const at = positions('gather', index, x.shape, x.strides, x.offset, axis);
  const y = allocate(x.dtype, at.length);
  const { buffer } = x;
  for (let k = 0; k < at.length; k++) y[k] = buffer[at[k]];
  return new Tensor(y, x.dtype, index.shape);
}

function scatter(
  op: string,
  base: Tensor | null,
  shape: Shape,
  dtype: DType,
  index: Tensor,
  src: Tensor,
  axis: number,
) {
  const at = positions(op, index, shape, stridesOf(shape), 0, axis);
  if (src.rank !== index.rank || index.shape.some((extent, k) => extent > src.shape[k])) {
    throw new TapegradError(
      'shape',
      `${op}: the source ${showShape(src.shape)} must be at least as large as the index ${showShape(index.shape)}`,
    );
  }
  // The leading corner of the source that the index covers.
  const corner = sameShape(src.shape, index.shape)
    ? src
    : new Tensor(src.buffer, src.dtype, index.shape, src.strides, src.offset);
  const from = elementsOf(corner);
  const data = accumulator(dtype, sizeOf(shape), at.length);
  if (base) data.set(elementsOf(base));
  for (let k = 0; k < at.length; k++) data[at[k]] += from[k];
  return finish(data, dtype, shape);
}

/**
 * A copy of `x` with `src` added: y[i, index[i, j, k], k] += src[i, j, k] for axis 1.
 *
 * Shapes  index: as for {@link gather}, and at most src; y as x      Dtypes  the wider of x and src
 * Errors  'index' outside 0 to extent - 1; 'shape'; 'dtype' unless the index is i32
 */
export function scatterAdd(x: Tensor, index: Tensor, src: Tensor, axis: number): Tensor {
  return scatter('scatterAdd', x, x.shape, promote(x.dtype, src.dtype), index, src, axis);
}

/** {@link scatterAdd} to zeros of `shape`: the transpose of {@link gather}. */
export function scatterInto(shape: Shape, dtype: DType, index: Tensor, src: Tensor, axis: number): Tensor {
  return scatter('scatterInto', null, checkShape('scatterInto', shape), dtype, index, src, axis);
}

// ---- one index per slice of an axis

interface Selection {
  readonly rows: Int32Array;
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  readonly selected: Shape;
}

function selection(op: string, shape: Shape, index: Tensor, axis: number): Selection {
  if (index.rank > 1) {
    throw new TapegradError(
      'shape',
      `${op}: the index must have rank 0 or 1, got ${showShape(index.shape)}; flatten it`,
    );
  }
  const along = normaliseAxis(op, axis, shape.length);
  const full = shape.length === 0 ? [1] : shape;
  const extent = full[along];
  const rows = Int32Array.from(indicesOf(op, index));
  for (let k = 0; k < rows.length; k++) rows[k] = fromFront(op, index, k, rows[k], extent);
  return {
    rows,
    outer: sizeOf(full.slice(0, along)),
    extent,
    inner: sizeOf(full.slice(along + 1)),
    selected: full.map((n, k) => (k === along ? rows.length : n)),
  };
}

/**
 * The slices of `x` that `index` names along `axis`, in that order.
 *
 * Shapes  x [...s, n, ...t], index [m] or [] → y [...s, m, ...t] (m = 1 for rank 0)
 * Errors  'index' outside -n to n - 1; 'shape' for index ranks above 1; 'dtype' unless i32
 */
export function indexSelect(x: Tensor, index: Tensor, axis: number): Tensor {
  const { rows, outer, extent, inner, selected } = selection('indexSelect', x.shape, index, axis);
  const from = elementsOf(x);
  const y = allocate(x.dtype, sizeOf(selected));
  for (let o = 0, to = 0; o < outer; o++) {
    for (let k = 0; k < rows.length; k++, to += inner) {
      const at = (o * extent + rows[k]) * inner;
      // A call of `set` costs about as much as copying 30 elements.
      if (inner > 30) y.set(from.subarray(at, at + inner), to);
      else for (let i = 0; i < inner; i++) y[to + i] = from[at + i];
    }
  }
  return new Tensor(y, x.dtype, selected);
}

/**
 * Zeros of `shape` to which the slices of `src` are added where `index` says:
 * the transpose of {@link indexSelect}.
 *
 * Errors  as {@link indexSelect}; 'shape' unless src has the shape that indexSelect gives
 */
export function indexAddInto(shape: Shape, dtype: DType, index: Tensor, src: Tensor, axis: number): Tensor {
  checkShape('indexAddInto', shape);
  const { rows, outer, extent, inner, selected } = selection('indexAddInto', shape, index, axis);
  if (!sameShape(src.shape, selected)) {
    throw new TapegradError(
      'shape',
      `indexAddInto: ${rows.length} indices into ${showShape(shape)} need a source of shape ${showShape(selected)}, ` +
        `got ${showShape(src.shape)}`,
    );
  }
  const from = elementsOf(src);
  const data = accumulator(dtype, sizeOf(shape), src.size);
  for (let o = 0, at = 0; o < outer; o++) {
    for (let k = 0; k < rows.length; k++, at += inner) {
      const to = (o * extent + rows[k]) * inner;
      for (let i = 0; i < inner; i++) data[to + i] += from[at + i];
    }
  }
  return finish(data, dtype, shape);
}

// ---- one index per element of the flattened tensor

/**
 * y[k] = x.flat[index[k]], with x in row-major order.
 *
 * Shapes  x any; y as index
 * Errors  'index' outside the size of x; 'dtype' unless i32
 */
export function takeFlat(x: Tensor, index: Tensor): Tensor {
  const from = elementsOf(x);
  const indices = indicesOf('takeFlat', index);
  const y = allocate(x.dtype, index.size);
  for (let k = 0; k < y.length; k++) y[k] = from[fromFront('takeFlat', index, k, indices[k], from.length)];
  return new Tensor(y, x.dtype, index.shape);
}

/**
 * Zeros of `shape` with y.flat[index[k]] += g[k]: the transpose of {@link takeFlat}.
 *
 * Shapes  g as index → y [shape]
 * Errors  'index' outside the size of `shape`; 'shape' unless g and index agree; 'dtype' unless i32
 */
export function putFlat(g: Tensor, index: Tensor, shape: Shape): Tensor {
  checkShape('putFlat', shape);
  if (!sameShape(g.shape, index.shape)) {
    throw new TapegradError(
      'shape',
      `putFlat: values ${showShape(g.shape)} and index ${showShape(index.shape)} must have the same shape`,
    );
  }
  const from = elementsOf(g);
  const indices = indicesOf('putFlat', index);
  const data = accumulator(g.dtype, sizeOf(shape), g.size);
  for (let k = 0; k < from.length; k++) data[fromFront('putFlat', index, k, indices[k], data.length)] += from[k];
  return finish(data, g.dtype, shape);
}

/**
 * 1 at the position that each index names, 0 elsewhere.
 *
 * Shapes  index [...s] → y [...s, classes]
 * Errors  'index' outside 0 to classes - 1; 'dtype' unless i32
 */
export function oneHot(index: Tensor, classes: number, dtype: DType): Tensor {
  const shape = checkShape('oneHot', [...index.shape, classes]);
  const indices = indicesOf('oneHot', index);
  const y = allocate(dtype, sizeOf(shape));
  for (let k = 0; k < index.size; k++) {
    const i = indices[k];
    if (i < 0 || i >= classes) throw outside('oneHot', index, k, i, 0, classes);
    y[k * classes + i] = 1;
  }
  return new Tensor(y, dtype, shape);
}
