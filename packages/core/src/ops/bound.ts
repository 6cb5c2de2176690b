/**
 * The larger, the smaller, and what lies between bounds.
 *
 * @module
 */
import { type DType, TapegradError, type Tensor } from '@tapegrad/kernels';
import { dtypeOfOperand, type Operand, select } from '../op.ts';
import { beginFamily, binary, operation, type OptionOp, parametric } from '../operation.ts';
import type { Value } from '../value.ts';
import { eq, ge, gt, le, lt } from './arithmetic.ts';

beginFamily('Kinks and activations');

/**
 * The larger of two; NaN if either is. At a tie each gets half of the cotangent.
 *
 * @example
 * maximum(tensor([1, 5]), 3).toArray(); // [3, 5]
 */
export const maximum = binary({
  name: 'maximum',
  doc: 'The larger of two.',
  notation: { template: '\\max(x, y)' },
  result: 'same',
  domain: [
    { min: -3, max: 0.4 },
    { min: 0.6, max: 3 },
  ],
  eval: Math.max,
  partials: [
    (x, y) => select(eq(x, y), 0.5, select(lt(x, y), 0, 1)),
    (x, y) => select(eq(x, y), 0.5, select(lt(y, x), 0, 1)),
  ],
  examples: [[1, 3, 3]],
  subgradient: 'half each at a tie',
});

/**
 * The smaller of two; NaN if either is. At a tie each gets half of the cotangent.
 *
 * @example
 * minimum(tensor([1, 5]), 3).toArray(); // [1, 3]
 */
export const minimum = binary({
  name: 'minimum',
  doc: 'The smaller of two.',
  notation: { template: '\\min(x, y)' },
  result: 'same',
  domain: [
    { min: -3, max: 0.4 },
    { min: 0.6, max: 3 },
  ],
  eval: Math.min,
  partials: [
    (x, y) => select(eq(x, y), 0.5, select(gt(x, y), 0, 1)),
    (x, y) => select(eq(x, y), 0.5, select(gt(y, x), 0, 1)),
  ],
  examples: [[1, 3, 1]],
  subgradient: 'half each at a tie',
});

const clampParts = parametric({
  name: 'clamp',
  notation: { template: '\\min(\\max(x, y), z)' },
  result: 'same',
  eval: (x, min, max) => Math.min(Math.max(x, min), max),
  partials: [(x, min, max) => select(ge(x, min), select(le(x, max), 1)), null, null],
});

/** A bound that an element can attain, so that it counts as within; no bound is a whole number for integers. */
function boundOf(dtype: DType, bound: number): number {
  if (dtype === 'f32') return Math.fround(bound);
  return dtype === 'f64' ? bound : Math.max(-(2 ** 31), Math.min(bound, 2 ** 31 - 1));
}

/** Bounds; at least one. */
export interface ClampOptions {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Bounds by name or in order. */
interface Clamp extends OptionOp<ClampOptions> {
  (x: number, min: number, max: number): number;
  (x: Tensor, min: number, max: number): Tensor;
  (x: Value, min: number, max: number): Value;
  (x: Operand, min: number, max: number): Operand;
}

/**
 * Limited to `[min, max]`. The derivative is 1 within and at the bounds, exactly 0 outside.
 *
 * @throws `argument` without any bound.
 * @example
 * clamp(tensor([-2, 0.5, 3]), { min: 0, max: 1 }).toArray(); // [0, 0.5, 1]
 */
export const clamp: Clamp = operation({
  name: 'clamp',
  doc: 'Limited to an interval.',
  def: clampParts.def,
  domain: [{ avoid: [-1, 1] }],
  cases: [
    { shapes: [[2, 3]], call: (x) => clamp(x, { min: -1, max: 1 }) },
    { shapes: [[]], call: (x) => clamp(x, { max: 1 }) },
    { shapes: [[3]], call: (x) => clamp(x, -1, 1) },
  ],
  subgradient: '1 at the bounds',
  call: ((x: Operand, bounds: ClampOptions | number | undefined, upper?: number) => {
    const { min, max } = typeof bounds === 'object' ? bounds : { min: bounds, max: upper };
    if (min === undefined && max === undefined) {
      throw new TapegradError('argument', 'clamp: give min, max or both, as in clamp(x, { min: 0 })');
    }
    const dtype = dtypeOfOperand(x);
    return clampParts.apply(x, boundOf(dtype, min ?? -Infinity), boundOf(dtype, max ?? Infinity));
  }) as Clamp,
});
