/**
 * Stochastic diagonal Levenberg-Marquardt: each parameter has a rate of its own,
 * `eta / (mu + h)`, with `h` its curvature, the diagonal of the Gauss-Newton
 * matrix averaged over some patterns.
 *
 * Source: LeCun et al. 1989; LeCun et al. 1998, "Efficient BackProp", section 9.1.
 *
 * @module
 */
import { add, type Data, div, mul, sub, TapegradError, treeMap } from 'tapegrad';

/** The two constants of the rate. */
export interface DiagonalOptions {
  /** The numerator of every rate. */
  readonly eta: number;
  /** Added to the curvature, so that flat directions do not run away. */
  readonly mu: number;
}

/** Rates for a tree of parameters, and the step that uses them. */
export interface DiagonalRule {
  /** `eta / (mu + h)` from the curvatures of some patterns, each in the shape of the parameters. */
  rates<P>(curvatures: Iterable<P>): P;
  /** `p - rate * g`. */
  step<P>(params: P, grads: NoInfer<P>, rates: NoInfer<P>): P;
}

/**
 * The rule with its constants; `gaussNewtonDiagonal` gives the curvature of a pattern.
 *
 * @throws `argument` for constants that are not positive.
 * @example
 * const rule = diagonalLevenbergMarquardt({ eta: 1, mu: 1 });
 * rule.step({ w: 5 }, { w: 2 }, rule.rates([{ w: 3 }])); // {"w":4.5}
 */
export function diagonalLevenbergMarquardt({ eta, mu }: DiagonalOptions): DiagonalRule {
  if (!(eta > 0) || !(mu > 0)) {
    throw new TapegradError(
      'argument',
      `diagonalLevenbergMarquardt: eta and mu must be positive, got ${eta} and ${mu}`,
    );
  }
  return {
    rates: <P>(curvatures: Iterable<P>): P => {
      let count = 0;
      let total: P | undefined;
      for (const h of curvatures) {
        total = total === undefined ? h : treeMap((a: Data, b: Data) => add(a, b), total, h);
        count++;
      }
      if (total === undefined)
        throw new TapegradError('argument', 'rates: needs the curvature of at least one pattern');
      return treeMap((h: Data) => div(eta, add(mu, div(h, count))), total);
    },
    step: (params, grads, rates) =>
      treeMap((p: Data, g: Data, rate: Data) => sub(p, mul(g, rate)), params, grads, rates),
  };
}
