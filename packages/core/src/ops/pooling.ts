/**
 * Pools over windows of images.
 *
 * The largest element of each window is found once, on the data; given its
 * position, the pool is a linear choice, which derivatives of any order pass.
 *
 * @module
 */
import {
  avgPool2d as avgPoolKernel,
  avgPool2dTranspose,
  maxPool2dIndex,
  type PoolOptions as KernelOptions,
  putFlat,
  type Shape,
  showShape,
  takeFlat,
  TapegradError,
  type Tensor,
} from '@tapegrad/kernels';
import { linear, type Operand, primalOf, shapeOfOperand } from '../op.ts';
import { operation } from '../operation.ts';
import { pairOf, type Size2d } from './convolution.ts';
import { type ArgumentOp, squeeze, unsqueeze } from './shape.ts';

type LinearRow<P> = (x: Operand, params: P) => Operand;

interface Chosen {
  readonly index: Tensor;
  readonly shape: Shape;
}

const takeRow: LinearRow<Chosen> = linear<Chosen>({
  name: 'maxPool2d',
  evaluate: (x, { index }) => takeFlat(x as Tensor, index),
  transpose: (g, _, chosen) => putRow(g, chosen),
});

const putRow: LinearRow<Chosen> = linear<Chosen>({
  name: 'scatterInto',
  evaluate: (g, { index, shape }) => putFlat(g as Tensor, index, shape),
  transpose: (h, _, chosen) => takeRow(h, chosen),
});

/** How the windows lie. */
export interface PoolOptions {
  /** Step between windows. Default: their size. */
  readonly stride?: Size2d;
  /** Positions around the image that are never chosen. At most half the window. Default 0. */
  readonly padding?: Size2d;
  /** Step between the elements of a window. Default 1; `maxPool2d` only. */
  readonly dilation?: Size2d;
  /** Whether padding counts in the mean. Default true; `avgPool2d` only. */
  readonly countIncludePad?: boolean;
}

type PoolOp = ArgumentOp<[kernelSize: Size2d, options?: PoolOptions]>;

function windows(kernelSize: Size2d, { stride = kernelSize, padding = 0, dilation = 1 }: PoolOptions): KernelOptions {
  return { kernel: pairOf(kernelSize), stride: pairOf(stride), padding: pairOf(padding), dilation: pairOf(dilation) };
}

/** Runs a pool of `[n, channels, h, w]` on that, or on one image without `n`. */
function batched(op: string, x: Operand, pool: (x: Operand) => Operand): Operand {
  const shape = shapeOfOperand(x);
  if (shape.length === 4) return pool(x);
  if (shape.length === 3) return squeeze(pool(unsqueeze(x, 0)), 0);
  throw new TapegradError(
    'shape',
    `${op}: needs images [n, channels, h, w] or [channels, h, w], got ${showShape(shape)}`,
  );
}

/**
 * The largest element of each window of images `[n, channels, h, w]`; the first one at ties.
 *
 * @throws `shape` if a window does not fit; `argument` for padding above half the window.
 * @example
 * maxPool2d(tensor([[[1, 2], [3, 4]]]), 2).toArray(); // [[[4]]]
 */
export const maxPool2d: PoolOp = operation({
  name: 'maxPool2d',
  doc: 'Largest element of each window.',
  formula: '\\max_{j \\in W_i} x_j',
  rule: '\\bar y_i \\text{ at the largest of } W_i',
  domain: [{ distinct: true }],
  cases: [
    { shapes: [[1, 2, 4, 4]], call: (x) => maxPool2d(x, 2) },
    { shapes: [[2, 4, 5]], call: (x) => maxPool2d(x, [2, 3], { stride: 1, padding: 1 }) },
  ],
  subgradient: 'all to the first of equal elements',
  call: ((x: Operand, kernelSize: Size2d, options: PoolOptions = {}) =>
    batched('maxPool2d', x, (images) => {
      const index = maxPool2dIndex(primalOf(images) as Tensor, windows(kernelSize, options));
      return takeRow(images, { index, shape: shapeOfOperand(images) });
    })) as PoolOp,
});

interface Averaged {
  readonly o: KernelOptions;
  readonly countIncludePad: boolean;
  readonly shape: Shape;
}

const averageRow: LinearRow<Averaged> = linear<Averaged>({
  name: 'avgPool2d',
  evaluate: (x, { o, countIncludePad }) => avgPoolKernel(x as Tensor, o, countIncludePad),
  transpose: (g, _, p) => spreadRow(g, p),
});

const spreadRow: LinearRow<Averaged> = linear<Averaged>({
  name: 'avgPool2dTranspose',
  evaluate: (g, { o, countIncludePad, shape }) => avgPool2dTranspose(g as Tensor, shape, o, countIncludePad),
  transpose: (h, _, p) => averageRow(h, p),
});

/**
 * The mean of each window of images `[n, channels, h, w]`.
 *
 * @throws `shape` if a window does not fit.
 * @example
 * avgPool2d(tensor([[[1, 2], [3, 4]]]), 2).toArray(); // [[[2.5]]]
 */
export const avgPool2d: PoolOp = operation({
  name: 'avgPool2d',
  doc: 'Mean of each window.',
  formula: '\\frac{1}{|W_i|}\\sum_{j \\in W_i} x_j',
  rule: '\\bar y_i / |W_i| \\text{ over } W_i',
  cases: [
    { shapes: [[1, 2, 4, 4]], call: (x) => avgPool2d(x, 2) },
    { shapes: [[2, 4, 5]], call: (x) => avgPool2d(x, [2, 3], { stride: 1, padding: 1, countIncludePad: false }) },
  ],
  call: ((x: Operand, kernelSize: Size2d, { countIncludePad = true, ...options }: PoolOptions = {}) =>
    batched('avgPool2d', x, (images) =>
      averageRow(images, { o: windows(kernelSize, options), countIncludePad, shape: shapeOfOperand(images) }),
    )) as PoolOp,
});
