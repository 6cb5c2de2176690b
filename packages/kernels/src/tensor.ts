/**
 * `Tensor`: a strided view of a typed array.
 *
 * Element `[i, j]` lies at `offset + i * strides[0] + j * strides[1]` of the
 * buffer. Transposes, slices, flips and broadcasts are views that share the
 * buffer, which is safe because nobody writes to a tensor once it is made.
 * Strides may be 0 (broadcast) or negative (flip).
 *
 * Operations are methods too (`x.mul(y)`); the core package installs them.
 *
 * @module
 */
import { allocate, type DType, type TypedArray } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { formatTensor } from './format.ts';
import { SCALAR, type Shape, showShape, sizeOf, stridesOf } from './shape.ts';

/** What an operation computes with: plain numbers and tensors, never recorded. */
export type Data = number | Tensor;

/** Nested lists of numbers or booleans, as `toArray` gives and `tensor` takes. */
export type NestedArray = number | boolean | readonly NestedArray[];

/**
 * An n-dimensional array of numbers of one dtype. Immutable: operations make new ones.
 * Make one with {@link tensor}, `zeros`, `arange`, ….
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Elements to step per axis. For kernels. */
  readonly strides: Shape;
  /** Position of the first element in the buffer. For kernels. */
  readonly offset: number;
  /** The storage, perhaps shared with other views. For kernels: read `toTypedArray()` instead. */
  readonly buffer: TypedArray;
  /** Number of elements. */
  readonly size: number;
  /** True where the elements lie in row-major order without gaps. */
  readonly isContiguous: boolean;

  /** For kernels; users call {@link tensor}. Without strides, `buffer` is row-major from `offset`. */
  constructor(buffer: TypedArray, dtype: DType, shape: Shape, strides?: Shape, offset = 0) {
    this.shape = shape.length === 0 ? SCALAR : shape;
    this.dtype = dtype;
    this.strides = strides ?? stridesOf(shape);
    this.offset = offset;
    this.buffer = buffer;
    this.size = sizeOf(shape);
    this.isContiguous = strides === undefined || isRowMajor(shape, strides);
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** The only element, as a number. Throws `shape` if there are more or none. */
  item(): number {
    if (this.size === 1) return this.buffer[this.offset];
    throw new TapegradError('shape', `item: needs exactly one element, got shape ${showShape(this.shape)}`);
  }

  /** Nested lists, as deep as the rank; a plain number for rank 0. Elements of bool tensors are booleans. */
  toArray(): NestedArray {
    const { shape, strides, buffer, dtype } = this;
    const nest = (axis: number, at: number): NestedArray => {
      if (axis === shape.length) return dtype === 'bool' ? buffer[at] !== 0 : buffer[at];
      return Array.from({ length: shape[axis] }, (_, i) => nest(axis + 1, at + i * strides[axis]));
    };
    return nest(0, this.offset);
  }

  /** A fresh row-major copy of the elements; writing to it does not change the tensor. */
  toTypedArray(): TypedArray {
    const { buffer, offset, size } = this;
    return this.isContiguous ? buffer.slice(offset, offset + size) : elementsOf(this);
  }

  /** Shape, dtype and elements, large tensors shortened. */
  toString(): string {
    return formatTensor(this);
  }

  /** The nested lists, so that `JSON.stringify` shows elements. */
  toJSON(): NestedArray {
    return this.toArray();
  }

  /** A tensor of one element is a number where JavaScript wants one; others refuse. */
  [Symbol.toPrimitive](hint: string): number | string {
    if (hint === 'string') return this.toString();
    if (this.shape.length === 0) return this.item();
    throw new TapegradError(
      'coercion',
      `a tensor of shape ${showShape(this.shape)} is not a number; write add(x, y), gt(x, y), … instead of operators`,
    );
  }

  /** Printing in Node's console. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  // A getter, so that no instance carries the field.
  // eslint-disable-next-line @typescript-eslint/class-literal-property-style
  get [Symbol.toStringTag](): string {
    return 'Tensor';
  }
}

function isRowMajor(shape: Shape, strides: Shape): boolean {
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return sizeOf(shape) === 0;
    stride *= shape[axis];
  }
  return true;
}

/** The elements in row-major order. May be the buffer itself: read only. */
export function elementsOf(x: Tensor): TypedArray {
  const { buffer, offset, size } = x;
  if (x.isContiguous) return offset === 0 && buffer.length === size ? buffer : buffer.subarray(offset, offset + size);
  const copy = allocate(x.dtype, size);
  copyInto(copy, x);
  return copy;
}

/** Writes the elements of `x` in row-major order to `target`, from `at` on. */
export function copyInto(target: TypedArray, x: Tensor, at = 0): void {
  const { shape, strides, buffer } = x;
  if (x.isContiguous) {
    target.set(buffer.subarray(x.offset, x.offset + x.size), at);
    return;
  }
  const rank = shape.length;
  const inner = shape[rank - 1];
  const step = strides[rank - 1];
  const index = new Array<number>(rank).fill(0);
  let from = x.offset;
  for (let i = at, end = at + x.size; i < end;) {
    for (let k = 0, p = from; k < inner; k++, p += step) target[i++] = buffer[p];
    for (let axis = rank - 2; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** `x` itself if it is row-major, else a row-major copy. */
export function contiguous(x: Tensor): Tensor {
  return x.isContiguous ? x : new Tensor(elementsOf(x), x.dtype, x.shape);
}

/** The shape of a number or tensor. */
export function shapeOf(x: Data): Shape {
  return typeof x === 'number' ? SCALAR : x.shape;
}
