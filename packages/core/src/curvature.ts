/**
 * The diagonal of the Gauss-Newton matrix, by a backward pass of its own.
 *
 * Curvature propagates like cotangents, but through squared partials: if
 * `y = f(x)`, then `h_x = Σ (∂y/∂x)² h_y`. This neglects what outputs of one
 * layer share, as LeCun et al. did, and costs one sweep.
 *
 * Source: LeCun, Y., Simard, P. and Pearlmutter, B. 1993, "Automatic learning
 * rate maximization by on-line estimation of the Hessian's eigenvectors"; Becker,
 * S. and LeCun, Y. 1989, "Improving the convergence of back-propagation learning
 * with second order methods", equation 8.
 *
 * @module
 */
import { onesLike, sameShape, TapegradError } from '@tapegrad/kernels';
import { checkLike, gradientsOf, withCall } from './differentiate.ts';
import { type Maybe, type OpDef, type Operand, primalOf, Select, shapeOfOperand } from './op.ts';
import { mul, where } from './ops/arithmetic.ts';
import { sumTo } from './ops/broadcast.ts';
import { leavesOf, type GradOf, type TreeLike } from './tree.ts';
import type { Value } from './value.ts';

/** Row operations whose matrix holds only zeros and ones, so that squaring it changes nothing. */
const SELECTING = new Set([
  'sum',
  'expand',
  'reshape',
  'permute',
  'flip',
  'slice',
  'place',
  'select',
  'gather',
  'scatterInto',
  'indexSelect',
  'indexAddInto',
  'diagonal',
  'diagEmbed',
  'tril',
  'triu',
  'concat',
  'pad',
  'cumsum',
  'to',
  'maxPool2d',
]);

/** Products of two operands, linear in each. */
const BILINEAR = new Set(['matmul', 'conv2d', 'conv1d']);

/** The rule of the squared sweep, in the place of the pullback. */
export function curvaturePullback(
  def: OpDef,
  h: Operand,
  inputs: readonly Operand[],
  output: Operand,
  params: unknown,
  wanted: readonly boolean[],
): readonly Maybe[] {
  if (def.kind === 'elementwise') {
    return def.partials.map((partial, k) =>
      partial === null || !wanted[k] ? null : fit(squaredScale(h, partial(...inputs, output)), inputs[k]),
    );
  }
  if (def.kind === 'linear' && SELECTING.has(def.name)) return [def.transpose(h, primalOf(inputs[0]), params as never)];
  if (def.kind === 'general' && SELECTING.has(def.name)) return def.vjp(h, inputs, output, params as never, wanted);
  if (def.kind === 'general' && BILINEAR.has(def.name)) {
    return def.vjp(
      h,
      inputs.map((x) => mul(x, x)),
      output,
      params as never,
      wanted,
    );
  }
  throw new TapegradError(
    'rule',
    `gaussNewtonDiagonal: there is no squared rule for '${def.name}'; use elementwise operations, sums, matmul and convolutions, ` +
      'or the exact diagonal by one vjp for each output',
  );
}

function squaredScale(h: Operand, partial: Operand | Select): Operand {
  if (partial instanceof Select) {
    const branch = (factor: Operand | Select): Operand => (factor === 0 ? 0 : squaredScale(h, factor));
    return where(partial.mask, branch(partial.factor), branch(partial.otherwise));
  }
  return mul(h, mul(partial, partial));
}

function fit(h: Operand, like: Operand): Operand {
  const shape = shapeOfOperand(like);
  return sameShape(shapeOfOperand(h), shape) ? h : sumTo(h, shape);
}

/**
 * The diagonal of the Gauss-Newton matrix `Jᵀ diag(h) J` of a function in its first argument, as the squared backward
 * pass estimates it. `curvature` is `h`, the second derivative of the loss in each result: for the mean of `n`
 * squared errors, `2 / n`.
 *
 * @returns A function giving the diagonal, in the shape of the argument.
 * @throws `rule` for operations that have no squared rule.
 * @example
 * gaussNewtonDiagonal((w: Value) => w.mul(tensor([3, 4])).sum(), 2)(tensor([1, 1])).toArray(); // [18, 32]
 */
export function gaussNewtonDiagonal<P = Value, R extends unknown[] = []>(
  f: (x: P, ...rest: R) => Operand,
  curvature: number,
): <A extends TreeLike<P>>(x: A, ...rest: { [K in keyof R]: TreeLike<R[K]> }) => GradOf<A> {
  return (...args: readonly unknown[]) =>
    withCall('gaussNewtonDiagonal', f as (...xs: never[]) => unknown, args, [0], (span, result, points) => {
      const seeds = leavesOf(result).map((output) => {
        const h = mul(curvature, onesLike(primalOf(output)));
        return [output, checkLike('gaussNewtonDiagonal', 'curvature', h, output)] as const;
      });
      const found = span.reverse(seeds, { isPlain: true, pullback: curvaturePullback });
      return points.rebuild(gradientsOf(span, points.leaves, found))[0];
    }) as never;
}
