/**
 * Where the windows of convolutions and pools lie: the one place that does
 * this arithmetic.
 *
 * Along one axis, window `o` has its element `k` at
 *
 *     position = o * stride - padding + k * dilation
 *
 * of which those from 0 to extent - 1 exist; the others are padding.
 *
 * @module
 */
import { TapegradError } from './errors.ts';
import { type Shape, showShape } from './shape.ts';

/** One number for the rows, one for the columns. */
export type Pair = readonly [number, number];

/** How windows lie on the last two axes. */
export interface WindowOptions {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
}

/** Throws unless kernel, stride and dilation are whole and >= 1, and padding >= 0. */
export function checkWindow(op: string, o: WindowOptions): void {
  checkPair(op, 'kernel', o.kernel, 1);
  checkPair(op, 'stride', o.stride, 1);
  checkPair(op, 'padding', o.padding, 0);
  checkPair(op, 'dilation', o.dilation, 1);
}

function checkPair(op: string, what: string, pair: Pair, least: number): void {
  const [rows, columns] = pair;
  if (pair.length === 2 && rows >= least && columns >= least && Number.isInteger(rows) && Number.isInteger(columns))
    return;
  throw new TapegradError(
    'argument',
    `${op}: ${what} must be two whole numbers >= ${least}, got ${JSON.stringify(pair)}`,
  );
}

/** Throws unless `shape` has the four axes of a stack of images. */
export function checkImages(op: string, shape: Shape): void {
  if (shape.length === 4) return;
  throw new TapegradError('shape', `${op}: needs images [n, channels, rows, columns], got ${showShape(shape)}`);
}

/** How many windows fit along each of the last two axes of `shape`. */
export function countWindows(op: string, shape: Shape, o: WindowOptions): [number, number] {
  return [count(op, shape, 0, o), count(op, shape, 1, o)];
}

function count(op: string, shape: Shape, axis: 0 | 1, o: WindowOptions): number {
  const padded = shape[2 + axis] + 2 * o.padding[axis];
  const reach = o.dilation[axis] * (o.kernel[axis] - 1) + 1;
  if (padded >= reach) return Math.floor((padded - reach) / o.stride[axis]) + 1;
  throw new TapegradError(
    'shape',
    `${op}: a kernel ${showShape(o.kernel)} that reaches over ${reach} positions does not fit ${showShape(shape)}, ` +
      `which has ${padded} at axis ${2 + axis} with its padding; pad more or take a smaller kernel`,
  );
}

/** The first element of the sequence `from + k * step`, step >= 1, that is >= 0. */
export function firstInside(from: number, step: number): number {
  return from >= 0 ? 0 : Math.ceil(-from / step);
}

/** How many of the first `n` elements of `from + k * step` lie before `extent`. */
export function endInside(from: number, step: number, n: number, extent: number): number {
  return Math.max(0, Math.min(n, Math.ceil((extent - from) / step)));
}
