/**
 * Losses, element by element.
 *
 * @module
 */
import { TapegradError, type Tensor } from '@tapegrad/kernels';
import { type Operand, select } from '../op.ts';
import { operation, parametric } from '../operation.ts';
import type { Value } from '../value.ts';
import { abs, sign } from './activation.ts';
import { add, lt, mul, neg, sub } from './arithmetic.ts';
import { softplus, square } from './exponential.ts';
import { reduced, type Reduction } from './softmax.ts';

/** A loss of a prediction against a target. */
export interface LossOp<O> {
  (x: number, target: number, options?: O): number;
  (x: Value, target: Operand, options?: O): Value;
  (x: Operand, target: Value, options?: O): Value;
  (x: Tensor, target: Tensor | number, options?: O): Tensor;
  (x: Operand, target: Operand, options?: O): Operand;
}

/** How the elements are put together. */
export interface LossOptions {
  /** Default 'mean'. */
  readonly reduction?: Reduction;
}

/**
 * Mean (or sum) of the squared differences.
 *
 * @example
 * mseLoss(tensor([1, 2]), tensor([1, 4])).item(); // 2
 */
export const mseLoss: LossOp<LossOptions> = operation({
  name: 'mseLoss',
  doc: 'Mean of squared differences.',
  formula: '\\frac{1}{n}\\sum (x - y)^2',
  rule: '\\pm\\tfrac{2}{n}(x - y)\\,\\bar z',
  cases: [
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
    },
    { shapes: [[2, 3], [3]], call: (x, y) => mseLoss(x, y, { reduction: 'sum' }) },
    { shapes: [[3], [3]], call: (x, y) => mseLoss(x, y, { reduction: 'none' }) },
  ],
  call: ((x: Operand, target: Operand, { reduction = 'mean' }: LossOptions = {}) =>
    reduced('mseLoss', square(sub(x, target)), reduction)) as LossOp<LossOptions>,
});

const huber = parametric({
  name: 'huberLoss',
  notation: {
    template: '\\begin{cases} \\frac12 x^2 & |x| < y \\\\ y(|x| - \\frac12 y) & \\text{else} \\end{cases}',
    delimits: true,
  },
  eval: (d, delta) => (Math.abs(d) < delta ? 0.5 * d * d : delta * (Math.abs(d) - 0.5 * delta)),
  partials: [(d, delta) => select(lt(abs(d), delta), d, mul(delta, sign(d))), null],
});

/** Options of {@link huberLoss}. */
export interface HuberOptions extends LossOptions {
  /** Where the square ends and the line begins. Default 1. */
  readonly delta?: number;
}

/**
 * Half the square of small differences, linear in large ones.
 *
 * @throws `argument` for a delta that is not positive.
 * @example
 * huberLoss(3, 0); // 2.5
 */
export const huberLoss: LossOp<HuberOptions> = operation({
  name: 'huberLoss',
  doc: 'Quadratic for small differences, linear for large ones.',
  formula: '\\frac{1}{n}\\sum h_\\delta(x - y)',
  rule: '\\pm\\mathrm{clamp}(x - y, -\\delta, \\delta)\\,\\bar z / n',
  cases: [
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
    },
    { shapes: [[3], []], call: (x, y) => huberLoss(x, y, { delta: 0.5, reduction: 'none' }) },
  ],
  source: 'Huber 1964',
  call: ((x: Operand, target: Operand, { reduction = 'mean', delta = 1 }: HuberOptions = {}) => {
    if (!(delta > 0)) throw new TapegradError('argument', `huberLoss: delta must be positive, got ${delta}`);
    return reduced('huberLoss', huber.apply(sub(x, target), delta), reduction);
  }) as LossOp<HuberOptions>,
});

/** Options of {@link bceWithLogits}. */
export interface BceOptions extends LossOptions {
  /** A factor for each element. */
  readonly weight?: Operand;
  /** A factor for the positive part. */
  readonly posWeight?: Operand;
}

/**
 * Binary cross entropy of logits against probabilities, `max(x, 0) - x t + ln(1 + e^-|x|)`, without overflow.
 *
 * @example
 * bceWithLogits(0, 1); // 0.6931471805599453
 */
export const bceWithLogits: LossOp<BceOptions> = operation({
  name: 'bceWithLogits',
  doc: 'Binary cross entropy of logits, without overflow.',
  formula: '\\frac1n \\sum -t \\ln \\sigma(x) - (1 - t)\\ln(1 - \\sigma(x))',
  rule: '(\\sigma(x) - t)\\,\\bar y / n',
  domain: [{ avoid: [0] }, { min: 0, max: 1 }],
  cases: [
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
    },
    { shapes: [[3], [3]], call: (x, t) => bceWithLogits(x, t, { posWeight: 3, weight: 0.5, reduction: 'sum' }) },
  ],
  call: ((x: Operand, t: Operand, { reduction = 'mean', weight, posWeight }: BceOptions = {}) => {
    // -ln σ(x) = softplus(-x), which has no overflow; with posWeight p: (1 - t) x + (1 + (p - 1) t) softplus(-x).
    const tail = softplus(neg(x), { threshold: Infinity });
    const factor = posWeight === undefined ? 1 : add(1, mul(sub(posWeight, 1), t));
    const losses = add(mul(sub(1, t), x), mul(factor, tail));
    return reduced('bceWithLogits', weight === undefined ? losses : mul(losses, weight), reduction);
  }) as LossOp<BceOptions>,
});
