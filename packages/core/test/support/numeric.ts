/**
 * Numerical yardsticks for the tests.
 */
import { type Data, elementsOf, sameShape, shapeOf, Tensor } from '@tapegrad/kernels';
import { Value } from '../../src/value.ts';

export function flat(x: Data | Value): number[] {
  const plain = x instanceof Value ? x.primal : x;
  return typeof plain === 'number' ? [plain] : Array.from(elementsOf(plain));
}

/** Throws unless shapes are equal and elements are equal up to `tolerance`, relative to the larger of them and 1. */
export function assertClose(actual: Data | Value, expected: Data | Value, tolerance = 1e-6): void {
  const [a, e] = [actual, expected].map((x) => (x instanceof Value ? x.primal : x));
  if (!sameShape(shapeOf(a), shapeOf(e))) {
    throw new Error(`expected shape [${shapeOf(e).join()}], got [${shapeOf(a).join()}]`);
  }
  const [as, es] = [flat(a), flat(e)];
  as.forEach((x, i) => {
    const y = es[i];
    const near = Object.is(x, y) || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x), Math.abs(y));
    if (!near) throw new Error(`expected ${y}, got ${x} at element ${i} (off by ${Math.abs(x - y).toExponential(1)})`);
  });
}

export function dot(x: Data | Value, y: Data | Value): number {
  const ys = flat(y);
  return flat(x).reduce((total, value, i) => total + value * ys[i], 0);
}

/** `x + t d`, element by element, in the form of `x`. */
export function along(x: Data, d: Data, t: number): Data {
  if (typeof x === 'number') return x + t * flat(d)[0];
  const ds = flat(d);
  const values = flat(x).map((value, i) => value + t * ds[i]);
  return new Tensor(x.dtype === 'f32' ? Float32Array.from(values) : Float64Array.from(values), x.dtype, x.shape);
}

/** The derivative of `f` at `x` along `d`, by the five-point stencil, whose error is of order h⁴. */
export function directional(
  f: (xs: readonly Data[]) => number,
  xs: readonly Data[],
  ds: readonly Data[],
  h = 1e-3,
): number {
  const length = Math.sqrt(ds.reduce<number>((total, d) => total + dot(d, d), 0)) || 1;
  const at = (steps: number): number => f(xs.map((x, k) => along(x, ds[k], (steps * h) / length)));
  return ((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)) * length;
}
