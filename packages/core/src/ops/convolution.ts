/**
 * Convolutions (cross-correlations, as in PyTorch).
 *
 * The convolution, its transpose in the images and its transpose in the weights
 * are one trilinear form seen from its three sides. Each is a row operation, and
 * the rules of each are the other two: any order of derivative stays among them.
 *
 * @module
 */
import {
  conv2d as conv2dKernel,
  conv2dInput,
  type ConvOptions as KernelOptions,
  conv2dWeight,
  type Shape,
  showShape,
  TapegradError,
  type Tensor,
} from '@tapegrad/kernels';
import { general, type Maybe, type Operand, shapeOfOperand } from '../op.ts';
import { operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { add } from './arithmetic.ts';
import { pad } from './joining.ts';
import { reshape, squeeze, unsqueeze } from './shape.ts';

type Row<P> = (inputs: readonly Operand[], params: P) => Operand;

interface ToInput {
  readonly o: KernelOptions;
  readonly xShape: Shape;
}

interface ToWeight {
  readonly o: KernelOptions;
  readonly wShape: Shape;
}

/** The sum of two bilinear terms, of which either may be missing. */
function both(a: Operand | null, b: Operand | null): Maybe {
  return a === null ? b : b === null ? a : add(a, b);
}

const convRow: Row<KernelOptions> = general<KernelOptions>({
  name: 'conv2d',
  evaluate: ([x, w], o) => conv2dKernel(x as Tensor, w as Tensor, o),
  vjp: (g, [x, w], _, o, wanted) => [
    wanted[0] ? inputRow([g, w], { o, xShape: shapeOfOperand(x) }) : null,
    wanted[1] ? weightRow([g, x], { o, wShape: shapeOfOperand(w) }) : null,
  ],
  jvp: ([s, t], [x, w], _, o) => both(s && convRow([s, w], o), t && convRow([x, t], o)),
});

const inputRow: Row<ToInput> = general<ToInput>({
  name: 'conv2dInput',
  evaluate: ([g, w], { o, xShape }) => conv2dInput(g as Tensor, w as Tensor, xShape, o),
  vjp: (h, [g, w], _, { o }, wanted) => [
    wanted[0] ? convRow([h, w], o) : null,
    wanted[1] ? weightRow([g, h], { o, wShape: shapeOfOperand(w) }) : null,
  ],
  jvp: ([s, t], [g, w], _, p) => both(s && inputRow([s, w], p), t && inputRow([g, t], p)),
});

const weightRow: Row<ToWeight> = general<ToWeight>({
  name: 'conv2dWeight',
  evaluate: ([g, x], { o, wShape }) => conv2dWeight(g as Tensor, x as Tensor, wShape, o),
  vjp: (h, [g, x], _, { o }, wanted) => [
    wanted[0] ? convRow([x, h], o) : null,
    wanted[1] ? inputRow([g, h], { o, xShape: shapeOfOperand(x) }) : null,
  ],
  jvp: ([s, t], [g, x], _, p) => both(s && weightRow([s, x], p), t && weightRow([g, t], p)),
});

/** A number for both axes, or one for each. */
export type Size2d = number | readonly [number, number];

/** How the filters lie on the input. */
export interface ConvOptions {
  /** Step between windows. Default 1. */
  readonly stride?: Size2d;
  /** Zeros around the input; 'same' keeps the extents (stride 1 only), 'valid' is 0. Default 0. */
  readonly padding?: Size2d | 'same' | 'valid';
  /** Step between the elements of a filter. Default 1. */
  readonly dilation?: Size2d;
  /** Channels and filters fall into this many groups that do not see each other. Default 1. */
  readonly groups?: number;
}

/** `conv1d` and `conv2d` on any mix of data and values. */
export interface ConvOp {
  (x: Tensor, weight: Tensor, bias?: Tensor | null, options?: ConvOptions): Tensor;
  (x: Operand, weight: Operand, bias?: Operand | null | ConvOptions, options?: ConvOptions): Value | Tensor;
}

export function pairOf(size: Size2d): readonly [number, number] {
  return typeof size === 'number' ? [size, size] : size;
}

/** A third argument that is neither number, tensor nor value holds the options. */
function isOptions(x: unknown): x is ConvOptions {
  return typeof x === 'object' && x !== null && !('dtype' in x);
}

interface Padded {
  readonly x: Operand;
  readonly padding: readonly [number, number];
}

/** 'same' may need one more zero at the end than at the start. */
function padded(op: string, x: Operand, weight: Shape, options: ConvOptions): Padded {
  const { padding = 0, stride = 1, dilation = 1 } = options;
  if (padding === 'valid') return { x, padding: [0, 0] };
  if (padding !== 'same') return { x, padding: pairOf(padding) };
  if (pairOf(stride).some((step) => step !== 1)) {
    throw new TapegradError(
      'argument',
      `${op}: padding 'same' needs stride 1, got ${JSON.stringify(stride)}; give numbers`,
    );
  }
  const totals = pairOf(dilation).map((step, k) => step * (weight[2 + k] - 1));
  const [rows, columns] = totals.map((total) => Math.floor(total / 2));
  const extra = totals.map((total) => total % 2);
  return { x: extra.some((n) => n > 0) ? pad(x, [0, extra[1], 0, extra[0]]) : x, padding: [rows, columns] };
}

function convolve(
  op: string,
  x: Operand,
  weight: Operand,
  bias: Operand | null | undefined,
  options: ConvOptions,
): Operand {
  const [m, n] = [shapeOfOperand(x), shapeOfOperand(weight)];
  const { groups = 1, stride = 1, dilation = 1 } = options;
  if (n.length !== 4 || m.length !== 4 || m[1] !== n[1] * groups || n[0] % groups !== 0) {
    throw new TapegradError(
      'shape',
      `${op}: input ${showShape(m)} does not fit weight ${showShape(n)} in ${groups} group(s); ` +
        'need [n, channels, h, w] and [filters, channels / groups, kh, kw]',
    );
  }
  const around = padded(op, x, n, options);
  const y = convRow([around.x, weight], {
    stride: pairOf(stride),
    padding: around.padding,
    dilation: pairOf(dilation),
    groups,
  });
  if (bias === undefined || bias === null) return y;
  const b = shapeOfOperand(bias);
  if (b.length !== 1 || b[0] !== n[0]) {
    throw new TapegradError('shape', `${op}: bias ${showShape(b)} does not fit ${n[0]} filters; need [${n[0]}]`);
  }
  return add(y, reshape(bias, [n[0], 1, 1]));
}

/**
 * Images `[n, channels, h, w]` (or one, `[channels, h, w]`) with filters `[filters, channels / groups, kh, kw]`, not
 * flipped, plus a bias `[filters]`: `[n, filters, h', w']`.
 *
 * @throws `shape` if channels, groups, bias or window do not fit.
 * @example
 * conv2d(ones([1, 1, 3, 3]), ones([1, 1, 2, 2])).toArray(); // [[[[4, 4], [4, 4]]]]
 */
export const conv2d: ConvOp = operation({
  name: 'conv2d',
  doc: 'Cross-correlation of images with filters.',
  formula: 'x \\star w + b',
  rule: '\\bar y * w,\\ \\bar y \\star x,\\ \\sum \\bar y',
  cases: [
    { shapes: [[2, 2, 4, 3], [3, 2, 2, 2], [3]], call: (x, w, b) => conv2d(x, w, b) },
    {
      shapes: [
        [1, 1, 5, 5],
        [2, 1, 3, 3],
      ],
      call: (x, w) => conv2d(x, w, null, { stride: 2, padding: [1, 2] }),
    },
    {
      shapes: [
        [4, 5, 4],
        [2, 2, 2, 2],
      ],
      call: (x, w) => conv2d(x, w, null, { groups: 2, dilation: 2 }),
    },
    {
      shapes: [
        [1, 1, 3, 3],
        [1, 1, 2, 3],
      ],
      call: (x, w) => conv2d(x, w, { padding: 'same' }),
    },
  ],
  call: ((x: Operand, weight: Operand, bias?: Operand | null | ConvOptions, options: ConvOptions = {}) => {
    const given = isOptions(bias) ? bias : options;
    const b = isOptions(bias) ? null : bias;
    if (shapeOfOperand(x).length !== 3) return convolve('conv2d', x, weight, b, given);
    return squeeze(convolve('conv2d', unsqueeze(x, 0), weight, b, given), 0);
  }) as ConvOp,
});

/**
 * Signals `[n, channels, w]` (or one, `[channels, w]`) with filters `[filters, channels / groups, k]`; see {@link conv2d}.
 *
 * @throws `shape` if channels, groups, bias or window do not fit.
 * @example
 * conv1d(ones([1, 1, 3]), ones([1, 1, 2])).toArray(); // [[[2, 2]]]
 */
export const conv1d: ConvOp = operation({
  name: 'conv1d',
  doc: 'Cross-correlation of signals with filters.',
  formula: 'x \\star w + b',
  rule: '\\bar y * w,\\ \\bar y \\star x,\\ \\sum \\bar y',
  cases: [
    { shapes: [[2, 2, 5], [3, 2, 2], [3]], call: (x, w, b) => conv1d(x, w, b, { stride: 2, padding: 1 }) },
    {
      shapes: [
        [2, 5],
        [2, 1, 3],
      ],
      call: (x, w) => conv1d(x, w, { groups: 2 }),
    },
  ],
  call: ((x: Operand, weight: Operand, bias?: Operand | null | ConvOptions, options: ConvOptions = {}) => {
    const { stride = 1, padding = 0, dilation = 1, groups = 1 } = isOptions(bias) ? bias : options;
    const b = isOptions(bias) ? null : bias;
    const [m, n] = [shapeOfOperand(x), shapeOfOperand(weight)];
    if ((m.length !== 2 && m.length !== 3) || n.length !== 3) {
      throw new TapegradError(
        'shape',
        `conv1d: input ${showShape(m)}, weight ${showShape(n)}; need [n, channels, w] and [filters, channels / groups, k]`,
      );
    }
    const along = (size: Size2d, other: number): readonly [number, number] => [other, pairOf(size)[1]];
    const batched = m.length === 2 ? unsqueeze(x, 0) : x;
    const y = convolve('conv1d', unsqueeze(batched, 2), unsqueeze(weight, 2), b, {
      stride: along(stride, 1),
      padding: typeof padding === 'string' ? padding : along(padding, 0),
      dilation: along(dilation, 1),
      groups,
    });
    const flat = squeeze(y, 2);
    return m.length === 2 ? squeeze(flat, 0) : flat;
  }) as ConvOp,
});
