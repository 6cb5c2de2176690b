/**
 * Whole Jacobians and Hessians: one recording, one sweep for each row or column.
 *
 * @module
 */
import { type Data, sizeOf, type Tensor, zeros } from '@tapegrad/kernels';
import { resultOf, withCall } from './differentiate.ts';
import { dtypeOfOperand, type Operand, primalOf, shapeOfOperand } from './op.ts';
import { stack } from './ops/joining.ts';
import { reshape } from './ops/shape.ts';
import type { Span } from './span.ts';
import { grad } from './transforms.ts';
import { leavesOf, mapTree, type TreeLike } from './tree.ts';
import type { Value } from './value.ts';

/** Which way to sweep. */
export interface JacobianOptions {
  /** Default: forward where there are fewer inputs than results, else reverse. */
  readonly mode?: 'forward' | 'reverse';
}

/** A matrix of derivatives: a number for scalars, a tensor else, a tree where arguments or results are. */
export type JacobianOf<A, Out> = Out extends Operand
  ? A extends number
    ? Data
    : A extends Tensor
      ? Tensor
      : A extends Value
        ? Value
        : { -readonly [K in keyof A]: JacobianOf<A[K], Out> }
  : { -readonly [K in keyof Out]: JacobianOf<A, Out[K]> };

/**
 * The Jacobian of `f` in its first argument: shape of the result, followed by the shape of the argument.
 *
 * For trees: a tree like the result, with trees like the argument in it.
 *
 * @example
 * jacobian((x) => x.mul(x))(tensor([1, 2])).toArray(); // [[2, 0], [0, 4]]
 */
export function jacobian<P = Value, R extends unknown[] = [], Out = Operand>(
  f: (x: P, ...rest: R) => Out,
  { mode }: JacobianOptions = {},
): <A extends TreeLike<P>>(x: A, ...rest: { [K in keyof R]: TreeLike<R[K]> }) => JacobianOf<A, Out> {
  return (...args: readonly unknown[]) =>
    withCall('jacobian', f as (...xs: never[]) => unknown, args, [0], (span, result, points) => {
      const outputs = leavesOf(result);
      const inputSize = points.leaves.reduce<number>((n, x) => n + sizeOf(shapeOfOperand(x)), 0);
      const outputSize = outputs.reduce<number>((n, x) => n + sizeOf(shapeOfOperand(x)), 0);
      const isForward = (mode ?? (inputSize < outputSize ? 'forward' : 'reverse')) === 'forward';
      const matrices = isForward ? columns(span, points.leaves, outputs) : rows(span, points.leaves, outputs);
      let next = 0;
      return mapTree(result, () => points.rebuild(matrices[next++])[0]);
    }) as never;
}

/** By results: one reverse sweep for each element of each output. */
function rows(span: Span, points: readonly Operand[], outputs: readonly Operand[]): Operand[][] {
  return outputs.map((output) => {
    const gradients = units(output).map((unit) => span.reverse([[output, unit]]));
    return points.map((point, k) =>
      assemble(
        span,
        gradients.map((list) => list[k]),
        point,
        0,
        output,
        point,
      ),
    );
  });
}

/** By inputs: one forward sweep for each element of each point. */
function columns(span: Span, points: readonly Operand[], outputs: readonly Operand[]): Operand[][] {
  const byPoint = points.map((point, k) =>
    units(point).map((unit) => {
      const tangents = points.map((_, j) => (j === k ? unit : null));
      return span.forward(tangents, outputs);
    }),
  );
  return outputs.map((output, j) =>
    points.map((point, k) =>
      assemble(
        span,
        byPoint[k].map((list) => list[j] ?? undefined),
        output,
        -1,
        output,
        point,
      ),
    ),
  );
}

/** Slices of a Jacobian, each like `like`, stacked along the axis of the units and shaped. */
function assemble(
  span: Span,
  slices: readonly (Operand | undefined)[],
  like: Operand,
  axis: 0 | -1,
  output: Operand,
  point: Operand,
): Operand {
  const shape = [...shapeOfOperand(output), ...shapeOfOperand(point)];
  const zero = zeros(shapeOfOperand(like), { dtype: dtypeOfOperand(like) });
  const isScalar = shape.length === 0 && typeof point === 'number';
  const whole =
    slices.length === 0
      ? zeros(shape, { dtype: dtypeOfOperand(like) })
      : isScalar
        ? (slices[0] ?? 0)
        : reshape(
            stack(
              slices.map((slice) => slice ?? zero),
              { axis },
            ),
            shape,
          );
  return isScalar ? resultOf(span, whole) : resultTensor(span, whole);
}

/** As `resultOf`, but a rank-0 tensor stays one. */
function resultTensor(span: Span, x: Operand): Operand {
  return span.isDifferentiable ? resultOf(span, x) : primalOf(x);
}

/** The unit vectors in the space of `x`. */
function units(x: Operand): Operand[] {
  const shape = shapeOfOperand(x);
  const size = sizeOf(shape);
  const dtype = dtypeOfOperand(x);
  if (shape.length === 0 && dtype === 'f64') return [1];
  return Array.from({ length: size }, (_, i) => {
    const unit = zeros(shape, { dtype });
    unit.buffer[i] = 1;
    return unit;
  });
}

/**
 * The Hessian of a scalar function in its first argument: shape of the argument, twice. Forward over reverse.
 *
 * @example
 * hessian((x) => x.mul(x).mul(x).sum())(tensor([1, 2])).toArray(); // [[6, 0], [0, 12]]
 */
export function hessian<P = Value, R extends unknown[] = []>(
  f: (x: P, ...rest: R) => Operand,
): <A extends TreeLike<P>>(x: A, ...rest: { [K in keyof R]: TreeLike<R[K]> }) => JacobianOf<A, A> {
  return jacobian(grad(f) as (x: P, ...rest: R) => unknown, { mode: 'forward' }) as never;
}
