/**
 * How tensors are printed:
 *
 *     Tensor [2,3] f64
 *     [[1, 2.5, 3],
 *      [4,   5, 6]]
 *
 * @module
 */
import type { Shape } from './shape.ts';

/** The part of a tensor that printing reads. */
interface Printable {
  readonly shape: Shape;
  readonly strides: Shape;
  readonly offset: number;
  readonly dtype: string;
  readonly buffer: ArrayLike<number>;
  readonly size: number;
}

/** Tensors with more elements are shortened to `EDGE` elements at both ends of each axis. */
const MAX_ELEMENTS = 1000;
const EDGE = 3;

export function formatNumber(x: number): string {
  if (Number.isInteger(x) || !Number.isFinite(x)) return Object.is(x, -0) ? '-0' : String(x);
  const short = x.toPrecision(6);
  return short.includes('e') ? String(Number(short)) : short.replace(/\.?0+$/, '');
}

export function formatTensor(x: Printable): string {
  const { shape, strides, buffer, dtype, size } = x;
  const show = (value: number): string => (dtype === 'bool' ? String(value !== 0) : formatNumber(value));
  const shorten = size > MAX_ELEMENTS;
  const visible = (extent: number): (number | null)[] => {
    if (!shorten || extent <= 2 * EDGE) return Array.from({ length: extent }, (_, i) => i);
    const ends = Array.from({ length: EDGE }, (_, i) => i);
    return [...ends, null, ...ends.map((i) => extent - EDGE + i)];
  };
  const texts: string[] = [];
  const collect = (axis: number, at: number): void => {
    if (axis === shape.length) texts.push(show(buffer[at]));
    else for (const i of visible(shape[axis])) if (i !== null) collect(axis + 1, at + i * strides[axis]);
  };
  collect(0, x.offset);
  const width = shape.length === 0 ? 0 : Math.max(0, ...texts.map((text) => text.length));
  let next = 0;
  const nest = (axis: number): string => {
    if (axis === shape.length) return texts[next++].padStart(width);
    const parts = visible(shape[axis]).map((i) => (i === null ? '…' : nest(axis + 1)));
    const separator =
      axis === shape.length - 1 ? ', ' : `,${'\n'.repeat(shape.length - axis - 1)}${' '.repeat(axis + 1)}`;
    return `[${parts.join(separator)}]`;
  };
  const head = `Tensor [${shape.join(',')}] ${dtype}`;
  return shape.length === 0 ? `${head} ${nest(0)}` : `${head}\n${nest(0)}`;
}
