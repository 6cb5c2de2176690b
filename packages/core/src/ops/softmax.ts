/**
 * Softmax and the losses that stand on it.
 *
 * @module
 */
import {
  type Data,
  isFloat,
  logSoftmax as logSoftmaxKernel,
  type NestedArray,
  showShape,
  softmax as softmaxKernel,
  TapegradError,
  Tensor,
} from '@tapegrad/kernels';
import { singleAxis } from '../axes.ts';
import { general, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, operation, type OptionOp } from '../operation.ts';
import { Value } from '../value.ts';
import { add, div, mul, ne, neg, sub, where } from './arithmetic.ts';
import { exp } from './exponential.ts';
import { asIndex, gather } from './indexing.ts';
import { mean, sum } from './reduction.ts';
import { reshape, unsqueeze } from './shape.ts';

beginFamily('Networks');

type AxisArgument = number | { readonly axis?: number };

/** How a loss puts its elements together. */
export type Reduction = 'mean' | 'sum' | 'none';

/** The mean or the sum of the elements of a loss, or the elements themselves. */
export function reduced(op: string, x: Operand, reduction: Reduction): Operand {
  switch (reduction) {
    case 'mean':
      return mean(x);
    case 'sum':
      return sum(x);
    case 'none':
      return x;
    default:
      throw new TapegradError('argument', `${op}: reduction is 'mean', 'sum' or 'none', got ${String(reduction)}`);
  }
}

const softmaxRow = general<number>({
  name: 'softmax',
  evaluate: ([x], axis): Data => (typeof x === 'number' ? 1 : softmaxKernel(x, axis)),
  vjp: (g, _, y, axis) => [mul(y, sub(g, sum(mul(g, y), { axis, keepDims: true })))],
  jvp: ([t], _, y, axis) => mul(y, sub(t!, sum(mul(t!, y), { axis, keepDims: true }))),
});

const logSoftmaxRow = general<number>({
  name: 'logSoftmax',
  evaluate: ([x], axis): Data => (typeof x === 'number' ? 0 : logSoftmaxKernel(x, axis)),
  vjp: (g, _, y, axis) => [sub(g, mul(exp(y), sum(g, { axis, keepDims: true })))],
  jvp: ([t], _, y, axis) => sub(t!, sum(mul(exp(y), t!), { axis, keepDims: true })),
});

/**
 * `e^x / Σ e^x` along an axis, by default the last, without overflow.
 *
 * @example
 * softmax(tensor([1, 1])).toArray(); // [0.5, 0.5]
 */
export const softmax: OptionOp<AxisArgument> = operation({
  name: 'softmax',
  doc: 'Exponentials along an axis, scaled to sum 1.',
  formula: 'e^{x_i} / \\sum_j e^{x_j}',
  rule: 'y\\,(\\bar y - \\sum_j \\bar y_j y_j)',
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 3]], call: (x) => softmax(x, { axis: 0 }) }],
  call: ((x: Operand, options?: AxisArgument) =>
    softmaxRow([x], singleAxis('softmax', options, shapeOfOperand(x).length, -1))) as OptionOp<AxisArgument>,
});

/**
 * Logarithm of the softmax along an axis, by default the last, without overflow.
 *
 * @example
 * logSoftmax(tensor([1, 1])).toArray(); // [-0.6931471805599453, -0.6931471805599453]
 */
export const logSoftmax: OptionOp<AxisArgument> = operation({
  name: 'logSoftmax',
  doc: 'Logarithm of the softmax.',
  formula: 'x_i - \\ln \\sum_j e^{x_j}',
  rule: '\\bar y - e^y \\sum_j \\bar y_j',
  cases: [{ shapes: [[2, 3]] }, { shapes: [[2, 3]], call: (x) => logSoftmax(x, { axis: 0 }) }],
  call: ((x: Operand, options?: AxisArgument) =>
    logSoftmaxRow([x], singleAxis('logSoftmax', options, shapeOfOperand(x).length, -1))) as OptionOp<AxisArgument>,
});

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Default 'mean': over the targets that are not ignored. */
  readonly reduction?: Reduction;
  /** A class index that contributes nothing. Default -100. */
  readonly ignoreIndex?: number;
  /** How much of the target is spread evenly over all classes, 0 to 1. Default 0. */
  readonly labelSmoothing?: number;
}

/** `crossEntropy` on data or values. */
export interface CrossEntropyOp {
  (logits: Tensor, target: Tensor | NestedArray, options?: CrossEntropyOptions): Tensor;
  (logits: Value, target: Operand | NestedArray, options?: CrossEntropyOptions): Value;
  (logits: Operand, target: Operand | NestedArray, options?: CrossEntropyOptions): Operand;
}

/**
 * Cross entropy of logits `[n, classes, …]` (or `[classes]`) against class indices `[n, …]`, i32, or against class
 * probabilities in the shape of the logits.
 *
 * @throws `index` for a class that is not there; `shape` if the target does not fit.
 * @example
 * crossEntropy(tensor([[0, 0]]), [1]).item(); // 0.6931471805599453
 */
export const crossEntropy: CrossEntropyOp = operation({
  name: 'crossEntropy',
  doc: 'Cross entropy of logits against classes or probabilities.',
  formula: '-\\ln \\mathrm{softmax}(x)_{t}',
  rule: '(\\mathrm{softmax}(x) - \\delta_t)\\,\\bar y / n',
  cases: [
    { shapes: [[3, 4]], call: (x) => crossEntropy(x, [1, 0, 3]) },
    { shapes: [[3, 4]], call: (x) => crossEntropy(x, [1, -100, 3], { labelSmoothing: 0.1 }) },
    { shapes: [[4]], call: (x) => crossEntropy(x, 2) },
    {
      shapes: [[2, 3, 2]],
      call: (x) =>
        crossEntropy(
          x,
          [
            [0, 1],
            [2, 2],
          ],
          { reduction: 'sum' },
        ),
    },
  ],
  call: ((
    logits: Operand,
    target: Operand | NestedArray,
    { reduction = 'mean', ignoreIndex = -100, labelSmoothing = 0 }: CrossEntropyOptions = {},
  ) => {
    const shape = shapeOfOperand(logits);
    if (shape.length === 0)
      throw new TapegradError('shape', 'crossEntropy: logits are [classes] or [n, classes, …], got a scalar');
    const axis = shape.length === 1 ? 0 : 1;
    const logs = logSoftmax(logits, { axis });
    const classes = shape[axis];
    if (
      (target instanceof Tensor || target instanceof Value) &&
      isFloat(target.dtype) &&
      target.rank === shape.length
    ) {
      const smooth = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / classes);
      const losses = neg(sum(mul(logs, smooth), { axis }));
      return reduced('crossEntropy', losses, reduction);
    }
    const index = asIndex('crossEntropy', target);
    const expected = shape.filter((_, k) => k !== axis);
    if (showShape(index.shape) !== showShape(expected)) {
      throw new TapegradError(
        'shape',
        `crossEntropy: logits ${showShape(shape)} need class indices of shape ${showShape(expected)} ` +
          `or probabilities of shape ${showShape(shape)}, got ${showShape(index.shape)}`,
      );
    }
    const isUsed = ne(index, ignoreIndex);
    const picked = where(isUsed, index, 0);
    for (const c of picked.toTypedArray()) {
      if (c < 0 || c >= classes)
        throw new TapegradError('index', `crossEntropy: there is no class ${c} among ${classes}`);
    }
    const chosen = reshape(gather(logs, unsqueeze(picked, axis), { axis }), expected);
    const hard = neg(chosen);
    const soft =
      labelSmoothing === 0
        ? hard
        : add(mul(hard, 1 - labelSmoothing), mul(neg(sum(logs, { axis })), labelSmoothing / classes));
    const losses = where(isUsed, soft, 0);
    if (reduction !== 'mean') return reduced('crossEntropy', losses, reduction);
    return div(sum(losses), sum(isUsed));
  }) as CrossEntropyOp,
});
