/**
 * Limits on whole gradients.
 *
 * @module
 */
import { type Data, leavesOf, mul, square, sum, TapegradError, treeMap } from 'tapegrad';

/**
 * The Euclidean norm of all elements of a tree together.
 *
 * @example
 * globalNorm({ w: 3, b: 4 }); // 5
 */
export function globalNorm(tree: unknown): number {
  return Math.sqrt(leavesOf(tree).reduce<number>((total, x) => total + Number(sum(square(x as Data))), 0));
}

/**
 * The tree scaled down so that its norm is at most `limit`; as it is if the norm is smaller.
 *
 * @throws `argument` if the limit is not positive, or the norm is not finite: such a gradient has no direction.
 * @example
 * clipByNorm({ w: 3, b: 4 }, 1); // {"w":0.6…,"b":0.8…}
 */
export function clipByNorm<P>(grads: P, limit: number): P {
  if (!(limit > 0)) throw new TapegradError('argument', `clipByNorm: the limit must be positive, got ${limit}`);
  const norm = globalNorm(grads);
  if (!Number.isFinite(norm)) {
    throw new TapegradError(
      'argument',
      `clipByNorm: the gradient has norm ${norm}; look for NaN or overflow in the loss`,
    );
  }
  return norm <= limit ? grads : treeMap((g: Data) => mul(g, limit / norm), grads);
}
