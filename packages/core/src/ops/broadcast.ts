/**
 * What rules need to undo and repeat broadcasting and promotion. All linear, so
 * a transpose is their whole derivative.
 *
 * @module
 */
import {
  cast,
  type Data,
  type DType,
  expand,
  full,
  type Shape,
  shapeOf,
  sumTo as sumKernel,
  Tensor,
} from '@tapegrad/kernels';
import { dtypeOfOperand, linear, type Operand } from '../op.ts';

/** A number as a tensor of rank 0, for kernels. */
export function asTensor(x: Data): Tensor {
  return typeof x === 'number' ? new Tensor(Float64Array.of(x), 'f64', []) : x;
}

type LinearOp<P> = (x: Operand, params: P) => Operand;

/** Repeats `x` along missing axes and axes of extent 1. The transpose of `sumTo`. */
export const expandTo: LinearOp<Shape> = linear<Shape>({
  name: 'expand',
  evaluate: (x, shape) => (typeof x === 'number' ? full(shape, x) : expand(x, shape)),
  transpose: (g, x) => sumTo(g, shapeOf(x)),
});

/** Sums over the axes along which `shape` would broadcast. The transpose of `expandTo`. */
export const sumTo: LinearOp<Shape> = linear<Shape>({
  name: 'sum',
  evaluate: (x, shape) => (typeof x === 'number' ? x : sumKernel(x, shape)),
  transpose: (g, x) => expandTo(g, shapeOf(x)),
});

/** Another dtype; the cotangent is cast back. */
export const castTo: LinearOp<DType> = linear<DType>({
  name: 'to',
  evaluate: (x, dtype) => cast(asTensor(x), dtype),
  transpose: (g, x) => castTo(g, dtypeOfOperand(x)),
});
