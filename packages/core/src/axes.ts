/**
 * Axis arguments, in the forms people's fingers know: `{ axis: 1 }`, `{ axis: [0, -1] }`, or just `1`.
 *
 * @module
 */
import { normaliseAxes, normaliseAxis, TapegradError } from '@tapegrad/kernels';

/** One axis, counted from the front or (negative) from the back. */
export interface AxisOption {
  readonly axis?: number;
}

/** Axes to reduce over (default all), and whether they stay with extent 1. */
export interface ReduceOptions {
  readonly axis?: number | readonly number[] | undefined;
  readonly keepDims?: boolean | undefined;
}

/** Either the options or the axis itself. */
export type ReduceArgument = ReduceOptions | number | readonly number[];

/** Normalised axes to reduce, and `keepDims`. No axis means all of them; an empty list too, as in PyTorch. */
export function reduceAxes(
  op: string,
  argument: ReduceArgument | undefined,
  rank: number,
): { axes: number[]; keepDims: boolean } {
  const { axis, keepDims = false } = isAxis(argument) ? { axis: argument } : (argument ?? {});
  checkAxis(op, axis);
  const isAll = axis === undefined || (typeof axis !== 'number' && axis.length === 0);
  return { axes: normaliseAxes(op, isAll ? undefined : axis, rank), keepDims };
}

/** A single normalised axis from `{ axis }` or a number; `fallback` if there is none, else an error. */
export function singleAxis(
  op: string,
  argument: { readonly axis?: number | undefined } | number | undefined,
  rank: number,
  fallback?: number,
): number {
  const axis = (typeof argument === 'number' ? argument : argument?.axis) ?? fallback;
  if (axis === undefined) {
    throw new TapegradError('axis', `${op}: which axis? Give { axis }, from ${-rank} to ${rank - 1}`);
  }
  checkAxis(op, axis);
  return normaliseAxis(op, axis, rank);
}

function isAxis(argument: unknown): argument is number | readonly number[] {
  return typeof argument === 'number' || Array.isArray(argument);
}

function checkAxis(op: string, axis: unknown): void {
  if (axis === undefined || typeof axis === 'number' || Array.isArray(axis)) return;
  throw new TapegradError('axis', `${op}: an axis is a whole number or a list of them, got ${JSON.stringify(axis)}`);
}
