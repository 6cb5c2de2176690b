/**
 * Operations as methods of `Tensor` and `Value`: `x.mul(y)` is `mul(x, y)`.
 *
 * The interfaces below are what the compiler and the editor see; the functions
 * come from the table of operations, so that a method cannot differ from its
 * function. A test holds the two lists against each other.
 *
 * @module
 */
import { type Data, type DType, type Generator, type NestedArray, type Shape, Tensor } from '@tapegrad/kernels';
import type { ReduceArgument } from './axes.ts';
import type { Operand } from './op.ts';
import { operations } from './operation.ts';
// The table must be complete before methods are made of it.
import './ops/index.ts';
import type { ConvOptions } from './ops/convolution.ts';
import type { CrossEntropyOptions } from './ops/softmax.ts';
import { Value } from './value.ts';

/** A method with one more operand: a value as soon as either is one. */
interface With<Self> {
  (y: Data): Self;
  (y: Value): Value;
  (y: Operand): Self | Value;
}

type Axis = number | { readonly axis?: number };
type Axes = number | readonly number[] | { readonly axis?: number | readonly number[] };
type Index = Tensor | NestedArray;
type Size2d = number | readonly [number, number];
type Reduction = 'mean' | 'sum' | 'none';

/** All operations on `Self`, each documented at the function of its name. */
export interface Methods<Self> {
  neg(): Self;
  add: With<Self>;
  sub: With<Self>;
  mul: With<Self>;
  div: With<Self>;
  pow: With<Self>;
  eq: With<Self>;
  ne: With<Self>;
  lt: With<Self>;
  le: With<Self>;
  gt: With<Self>;
  ge: With<Self>;
  /** `where(mask, this, other)`. */
  where(mask: Operand, other: Operand): Self;
  exp(): Self;
  log(): Self;
  log1p(): Self;
  expm1(): Self;
  sqrt(): Self;
  rsqrt(): Self;
  square(): Self;
  reciprocal(): Self;
  sin(): Self;
  cos(): Self;
  tan(): Self;
  tanh(): Self;
  erf(): Self;
  atan2: With<Self>;
  sigmoid(): Self;
  softplus(options?: { readonly beta?: number; readonly threshold?: number }): Self;
  abs(): Self;
  sign(): Self;
  relu(): Self;
  leakyRelu(options?: { readonly negativeSlope?: number }): Self;
  elu(options?: { readonly alpha?: number }): Self;
  gelu(options?: { readonly approximate?: 'none' | 'tanh' }): Self;
  silu(): Self;
  maximum: With<Self>;
  minimum: With<Self>;
  clamp(options: { readonly min?: number; readonly max?: number }): Self;
  clamp(min: number, max: number): Self;
  sum(options?: ReduceArgument): Self;
  mean(options?: ReduceArgument): Self;
  prod(options?: ReduceArgument): Self;
  amax(options?: ReduceArgument): Self;
  amin(options?: ReduceArgument): Self;
  max(): Self;
  max(options: { readonly axis: number; readonly keepDims?: boolean }): {
    readonly values: Self;
    readonly indices: Self;
  };
  min(): Self;
  min(options: { readonly axis: number; readonly keepDims?: boolean }): {
    readonly values: Self;
    readonly indices: Self;
  };
  argmax(options?: { readonly axis?: number; readonly keepDims?: boolean }): Self;
  argmin(options?: { readonly axis?: number; readonly keepDims?: boolean }): Self;
  logsumexp(options?: ReduceArgument): Self;
  var(options?: VarOptions): Self;
  std(options?: VarOptions): Self;
  norm(options?: NormOptions): Self;
  cumsum(options?: Axis): Self;
  reshape(shape: Shape): Self;
  flatten(options?: { readonly startAxis?: number; readonly endAxis?: number }): Self;
  permute(axes: readonly number[]): Self;
  transpose(a?: number, b?: number): Self;
  squeeze(axis?: Axes): Self;
  unsqueeze(axis: Axis): Self;
  expand(shape: Shape): Self;
  flip(axis?: Axes): Self;
  to(dtype: DType): Self;
  /** `concat([this, ...others], options)`. */
  concat(others: readonly Operand[], options?: Axis): Self;
  /** `stack([this, ...others], options)`. */
  stack(others: readonly Operand[], options?: Axis): Self;
  split(sizes: number | readonly number[], options?: Axis): Self[];
  slice(start: number, end?: number, options?: { readonly axis?: number; readonly step?: number }): Self;
  slice(options: {
    readonly start?: number;
    readonly end?: number;
    readonly step?: number;
    readonly axis?: number;
  }): Self;
  select(index: number, options?: Axis): Self;
  gather(index: Index, options?: Axis): Self;
  scatterAdd(index: Index, src: Operand, options?: Axis): Self;
  indexSelect(index: Index, options?: Axis): Self;
  pad(padding: readonly number[] | readonly (readonly [number, number])[], options?: PadOptions): Self;
  tril(diagonal?: number | { readonly diagonal?: number }): Self;
  triu(diagonal?: number | { readonly diagonal?: number }): Self;
  diag(diagonal?: number | { readonly diagonal?: number }): Self;
  oneHot(numClasses?: number | { readonly numClasses?: number }): Self;
  matmul: With<Self>;
  dot: With<Self>;
  outer: With<Self>;
  linear(weight: Operand, bias?: Operand): Self;
  softmax(options?: Axis): Self;
  logSoftmax(options?: Axis): Self;
  crossEntropy(target: Operand | NestedArray, options?: CrossEntropyOptions): Self;
  mseLoss(target: Operand, options?: { readonly reduction?: Reduction }): Self;
  huberLoss(target: Operand, options?: { readonly reduction?: Reduction; readonly delta?: number }): Self;
  bceWithLogits(
    target: Operand,
    options?: { readonly reduction?: Reduction; readonly weight?: Operand; readonly posWeight?: Operand },
  ): Self;
  layerNorm(
    shape: number | Shape,
    options?: { readonly weight?: Operand; readonly bias?: Operand; readonly eps?: number },
  ): Self;
  conv1d(weight: Operand, bias?: Operand | null, options?: ConvOptions): Self;
  conv2d(weight: Operand, bias?: Operand | null, options?: ConvOptions): Self;
  maxPool2d(
    kernelSize: Size2d,
    options?: { readonly stride?: Size2d; readonly padding?: Size2d; readonly dilation?: Size2d },
  ): Self;
  avgPool2d(
    kernelSize: Size2d,
    options?: { readonly stride?: Size2d; readonly padding?: Size2d; readonly countIncludePad?: boolean },
  ): Self;
  /** `embedding(this, weight)`: the receiver holds the indices. */
  embedding(weight: Operand): Self | Value;
  dropout(options?: { readonly p?: number; readonly training?: boolean; readonly generator?: Generator }): Self;
}

/** Axes, and the correction of the divisor: `n - correction`. */
export interface VarOptions {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
  readonly correction?: number;
}

/** Axes, and the order of the norm. */
export interface NormOptions {
  readonly axis?: number | readonly number[];
  readonly keepDims?: boolean;
  readonly p?: number;
}

/** How `pad` fills. */
export interface PadOptions {
  readonly mode?: 'constant' | 'reflect' | 'replicate' | 'circular';
  readonly value?: number;
}

declare module './value.ts' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merges the methods into the class
  interface Value extends Methods<Value> {}
}

declare module '@tapegrad/kernels' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merges the methods into the class
  interface Tensor extends Methods<Tensor> {}
}

type Call = (...args: unknown[]) => unknown;

/** Methods whose receiver is not simply the first argument. */
const special: Readonly<Record<string, (call: Call) => Call>> = {
  concat: collecting,
  stack: collecting,
  where: (call) =>
    function (this: unknown, mask, other) {
      return call(mask, this, other);
    },
  einsum: (call) =>
    function (this: unknown, equation, ...others) {
      return call(equation, this, ...others);
    },
};

function collecting(call: Call): Call {
  return function (this: unknown, others, ...rest) {
    return call([this, ...(others as readonly unknown[])], ...rest);
  };
}

function plain(call: Call): Call {
  return function (this: unknown, ...args) {
    return call(this, ...args);
  };
}

/** Methods of one or no argument need no argument list, which keeps the scalar path fast. */
function short(call: Call, arity: number): Call {
  return arity === 1
    ? function (this: unknown) {
        return call(this);
      }
    : function (this: unknown, y) {
        return call(this, y);
      };
}

for (const { name, call, def } of operations.values()) {
  const f = call as unknown as Call;
  const method = special[name]?.(f) ?? (def !== undefined && def.arity <= 2 ? short(f, def.arity) : plain(f));
  for (const prototype of [Tensor.prototype, Value.prototype]) {
    Object.defineProperty(prototype, name, { value: method, writable: true, configurable: true });
  }
}
