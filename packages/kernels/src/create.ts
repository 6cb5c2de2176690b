/**
 * Making tensors from numbers.
 *
 * @module
 */
import { allocate, bytesOf, castNumber, checkDtype, type DType, type TypedArray } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { cast } from './movement.ts';
import { checkShape, SCALAR, sameShape, type Shape, showShape, sizeOf } from './shape.ts';
import { contiguous, type Data, type NestedArray, shapeOf, Tensor } from './tensor.ts';

/** How a tensor is made: element type, and shape where that is not plain from the data. */
export interface TensorOptions {
  readonly shape?: Shape;
  /** Default: that of a typed array or tensor, `bool` for booleans, else `f64`. */
  readonly dtype?: DType;
}

/**
 * A tensor from nested lists, a typed array, a number or another tensor. Its elements are copied.
 *
 * Float32Array gives f32, Float64Array f64, integer arrays i32, booleans bool, all else f64,
 * unless `dtype` says otherwise.
 *
 * @throws `shape` for ragged lists, or if `shape` does not hold the elements; `dtype` if an i32
 * would lose a fraction or overflow.
 * @example
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor(new Float32Array(6), { shape: [2, 3] }).dtype; // 'f32'
 */
export function tensor(data: NestedArray | ArrayLike<number> | Tensor, { shape, dtype }: TensorOptions = {}): Tensor {
  if (dtype !== undefined) checkDtype('tensor', dtype);
  if (shape !== undefined) checkShape('tensor', shape);
  const source = data instanceof Tensor ? data : ArrayBuffer.isView(data) ? fromTypedArray(data) : fromNested(data);
  const target = dtype ?? source.dtype;
  if (target === 'i32' && source.dtype !== 'i32' && source.dtype !== 'bool') checkWhole(source);
  const result = cast(source, target);
  if (shape === undefined || sameShape(shape, result.shape)) return result;
  if (sizeOf(shape) !== result.size) {
    throw new TapegradError(
      'shape',
      `tensor: shape ${showShape(shape)} holds ${sizeOf(shape)} elements, the data have ${result.size}`,
    );
  }
  const { buffer, offset } = contiguous(result);
  return new Tensor(buffer, target, shape, undefined, offset);
}

/** A tensor of zeros. */
export function zeros(shape: Shape, { dtype = 'f64' }: { readonly dtype?: DType } = {}): Tensor {
  checkShape('zeros', shape);
  return new Tensor(allocate(checkDtype('zeros', dtype), sizeOf(shape)), dtype, shape);
}

/** A tensor of ones. */
export function ones(shape: Shape, options: { readonly dtype?: DType } = {}): Tensor {
  return full(shape, 1, options);
}

/** A tensor with every element `value`. */
export function full(shape: Shape, value: number, { dtype = 'f64' }: { readonly dtype?: DType } = {}): Tensor {
  checkShape('full', shape);
  const buffer = allocate(checkDtype('full', dtype), sizeOf(shape));
  return new Tensor(buffer.fill(castNumber(value, dtype)), dtype, shape);
}

/** Zeros in the shape and dtype of `x`. */
export function zerosLike(x: Data): Data {
  return typeof x === 'number' ? 0 : zeros(x.shape, { dtype: x.dtype });
}

/** Ones in the shape and dtype of `x`. */
export function onesLike(x: Data): Data {
  return typeof x === 'number' ? 1 : ones(x.shape, { dtype: x.dtype });
}

/**
 * `start, start + step, …` up to but without `stop`; `arange(n)` counts 0 … n-1.
 *
 * @throws `argument` if step is 0 or an argument is not finite.
 */
export function arange(
  start: number,
  stop?: number,
  { step = 1, dtype = 'f64' }: { readonly step?: number; readonly dtype?: DType } = {},
): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (step === 0 || ![from, to, step].every(Number.isFinite)) {
    throw new TapegradError(
      'argument',
      `arange: needs finite bounds and a step other than 0, got ${from}, ${to}, ${step}`,
    );
  }
  const length = Math.max(0, Math.ceil((to - from) / step));
  const buffer = allocate(checkDtype('arange', dtype), length);
  for (let i = 0; i < length; i++) buffer[i] = from + i * step;
  return new Tensor(buffer, dtype, [length]);
}

/** `count` numbers from `start` to `stop`, both included, equally spaced. */
export function linspace(
  start: number,
  stop: number,
  count: number,
  { dtype = 'f64' }: { readonly dtype?: DType } = {},
): Tensor {
  checkShape('linspace', [count]);
  const buffer = allocate(checkDtype('linspace', dtype), count);
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  // From both ends, so that the last element is exactly `stop`.
  for (let i = 0; i < count; i++) buffer[i] = i < count / 2 ? start + i * step : stop - (count - 1 - i) * step;
  return new Tensor(buffer, dtype, [count]);
}

/** The identity matrix, `rows` by `columns` (default square). */
export function eye(rows: number, columns = rows, { dtype = 'f64' }: { readonly dtype?: DType } = {}): Tensor {
  checkShape('eye', [rows, columns]);
  const buffer = allocate(checkDtype('eye', dtype), rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) buffer[i * columns + i] = 1;
  return new Tensor(buffer, dtype, [rows, columns]);
}

function fromTypedArray(view: ArrayBufferView): Tensor {
  const values = view as unknown as TypedArray;
  if (view instanceof DataView || typeof values[0] === 'bigint') {
    throw new TapegradError(
      'dtype',
      'tensor: needs an array of numbers, got a DataView or BigInt array; convert it first',
    );
  }
  const dtype = values instanceof Float64Array ? 'f64' : values instanceof Float32Array ? 'f32' : 'i32';
  // A whole-number array that i32 cannot hold is checked as f64 by the caller.
  if (view instanceof Uint32Array) return new Tensor(Float64Array.from(values), 'f64', [values.length]);
  const buffer = allocate(dtype, values.length);
  buffer.set(values);
  return new Tensor(buffer, dtype, [values.length]);
}

function fromNested(data: NestedArray | ArrayLike<number>): Tensor {
  const shape: number[] = [];
  for (let level: unknown = data; isList(level); level = level[0]) shape.push(level.length);
  const buffer = new Float64Array(sizeOf(shape));
  let at = 0;
  let booleans = 0;
  const fill = (item: unknown, axis: number): void => {
    if (isList(item)) {
      if (axis === shape.length || item.length !== shape[axis]) throw ragged(axis, item.length, shape);
      for (const part of Array.from(item)) fill(part, axis + 1);
    } else {
      if (axis !== shape.length) throw ragged(axis, 'a single element', shape);
      if (typeof item === 'boolean') booleans++;
      else if (typeof item !== 'number') {
        throw new TapegradError('argument', `tensor: elements are numbers or booleans, got ${describe(item)}`);
      }
      buffer[at++] = Number(item);
    }
  };
  fill(data, 0);
  const result = new Tensor(buffer, 'f64', shape.length === 0 ? SCALAR : shape);
  return booleans > 0 && booleans === buffer.length ? cast(result, 'bool') : result;
}

function isList(x: unknown): x is ArrayLike<unknown> {
  return Array.isArray(x) || (ArrayBuffer.isView(x) && !(x instanceof DataView));
}

function ragged(axis: number, found: number | string, shape: Shape): TapegradError {
  return new TapegradError(
    'shape',
    `tensor: ragged lists: at depth ${axis} found ${found} where shape ${showShape(shape)} was begun; ` +
      'lists of one depth must have one length',
  );
}

function describe(x: unknown): string {
  return x === null ? 'null' : typeof x === 'object' ? (x.constructor?.name ?? 'an object') : typeof x;
}

function checkWhole(x: Tensor): void {
  const { buffer, offset, size } = contiguous(x);
  for (let i = offset; i < offset + size; i++) {
    if (buffer[i] !== (buffer[i] | 0)) {
      throw new TapegradError('dtype', `tensor: ${buffer[i]} does not fit i32; round it first, or use a float dtype`);
    }
  }
}

/** Bytes that the elements of `x` take. */
export function byteSize(x: Data): number {
  return typeof x === 'number' ? 8 : sizeOf(shapeOf(x)) * bytesOf(x.dtype);
}
