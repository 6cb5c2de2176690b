/**
 * A `Value` is a handle to one row of a tape: what is differentiated, and all
 * that user code sees of the tape.
 *
 * The handle of a scalar holds no number; the tape does. The handle of a tensor
 * holds its tensor too, so that results outlive a consumed tape. A leaf owns its
 * data and gradient, and its handle moves to each tape on which it is used.
 *
 * Operations are methods too (`x.mul(y)`), see `methods.ts`.
 *
 * @module
 */
import {
  type Data,
  type DType,
  checkDtype,
  formatTensor,
  isFloat,
  SCALAR,
  type Shape,
  shapeOf,
  showShape,
  TapegradError,
  Tensor,
  tensor as makeTensor,
} from '@tapegrad/kernels';
import { NOWHERE } from './recorder.ts';
import { type Leaf, type Tape, unusable } from './tape.ts';

export class Value {
  /** @internal */
  tape: Tape;
  /** @internal */
  id: number;
  /** The result of a tensor row; null marks a scalar f64, whose number the tape holds. @internal */
  readonly tensor: Tensor | null;
  /** @internal */
  readonly leaf: Leaf | null;

  /** @internal */
  constructor(tape: Tape, id: number, tensor: Tensor | null, leaf: Leaf | null) {
    this.tape = tape;
    this.id = id;
    this.tensor = tensor;
    this.leaf = leaf;
  }

  /** The result as operations see it: a number for a scalar f64, else a tensor. @internal */
  get primal(): Data {
    if (this.tensor !== null) return this.tensor;
    if (this.leaf !== null) return this.leaf.data;
    if (this.tape.state === 'ended') throw unusable('data', 'ended');
    return this.tape.numbers[this.id];
  }

  /** The computed result: a number for rank 0, a {@link Tensor} otherwise. */
  get data(): Data {
    const { primal } = this;
    return typeof primal !== 'number' && primal.shape.length === 0 ? primal.item() : primal;
  }

  get shape(): Shape {
    return this.tensor === null ? SCALAR : this.tensor.shape;
  }

  get dtype(): DType {
    return this.tensor === null ? 'f64' : this.tensor.dtype;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.tensor === null ? 1 : this.tensor.size;
  }

  /** The name given to a leaf. */
  get name(): string | undefined {
    return this.leaf?.name;
  }

  /** True for what `value()` made: the inputs that receive a `.grad`. */
  get isLeaf(): boolean {
    return this.leaf?.isDifferentiable === true;
  }

  /**
   * The gradient that `backward()` calls have accumulated in a leaf, in its shape and dtype;
   * undefined before the first, and for anything but a leaf.
   */
  get grad(): Data | undefined {
    const grad = this.leaf?.grad;
    return grad instanceof Tensor && grad.shape.length === 0 ? grad.item() : grad;
  }

  /** Forgets the accumulated gradient of a leaf. */
  zeroGrad(): void {
    if (this.leaf !== null) this.leaf.grad = undefined;
  }

  /** The only element, as a number. Throws `shape` if there are more or none. */
  item(): number {
    const { primal } = this;
    return typeof primal === 'number' ? primal : primal.item();
  }

  /** The nested lists of the elements; a number for rank 0. */
  toArray(): ReturnType<Tensor['toArray']> {
    const { primal } = this;
    return typeof primal === 'number' ? primal : primal.toArray();
  }

  /** The same data, cut off from what led to it: nothing flows back through it. */
  detach(): Value {
    return detached(this.primal);
  }

  toString(): string {
    const { primal } = this;
    const label = this.name === undefined ? 'Value' : `Value '${this.name}'`;
    return typeof primal === 'number' ? `${label} ${primal}` : formatTensor(primal).replace('Tensor', label);
  }

  /** Refuses silent conversion: `v + 1` and `v > 0` would leave the tape. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    throw new TapegradError(
      'coercion',
      'a Value is not a number: operators would leave the tape. Write v.add(1) for v + 1, v.gt(0) for v > 0; ' +
        'to leave the tape on purpose, v.item() gives the plain number',
    );
  }

  /** The nested lists, so that `JSON.stringify` shows elements. */
  toJSON(): ReturnType<Tensor['toArray']> {
    return this.toArray();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** How a leaf is made. */
export interface ValueOptions {
  /** Shown when the value is printed or inspected. */
  readonly name?: string;
  readonly dtype?: DType;
}

/**
 * A leaf: an input that is differentiated. `backward()` accumulates into its `.grad`.
 *
 * @throws `dtype` for i32 and bool, which carry no derivatives.
 * @example
 * const x = value(2);
 * const y = x.mul(x);
 * y.backward();
 * x.grad; // 4
 */
export function value(data: Parameters<typeof makeTensor>[0] | Value, { name, dtype }: ValueOptions = {}): Value {
  if (dtype !== undefined) checkDtype('value', dtype);
  const source = data instanceof Value ? data.primal : data;
  const isPlainNumber = typeof source === 'number' && (dtype === undefined || dtype === 'f64');
  const made = isPlainNumber ? source : scalarised(makeTensor(source, dtype === undefined ? {} : { dtype }));
  if (made instanceof Tensor && !isFloat(made.dtype)) {
    throw new TapegradError(
      'dtype',
      `value: ${made.dtype} ${showShape(made.shape)} has no derivative; give { dtype: 'f64' } or 'f32', or use it as plain data`,
    );
  }
  return leafValue({ data: made, name, isDifferentiable: true, grad: undefined });
}

/** A value that is not on any tape and gets no gradient. */
export function detached(data: Data): Value {
  return leafValue({ data: scalarised(data), name: undefined, isDifferentiable: false, grad: undefined });
}

/** `x` as a value; plain data becomes a detached one. */
export function asValue(x: Data | Value): Value {
  return x instanceof Value ? x : detached(x);
}

function leafValue(leaf: Leaf): Value {
  return new Value(NOWHERE, -1, typeof leaf.data === 'number' ? null : leaf.data, leaf);
}

/** On a tape a rank-0 f64 is always a plain number. */
export function scalarised(data: Data): Data {
  return typeof data !== 'number' && data.dtype === 'f64' && shapeOf(data).length === 0 ? data.item() : data;
}
