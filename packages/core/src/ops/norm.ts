/**
 * The p-norms of finite order as a row of their own: no overflow on the way, and
 * a derivative that is right where elements are 0.
 *
 * With `r = |x| / y`, at most 1 for p > 0, the derivative is `sgn(x) r^(p-1)`;
 * 0 where the norm is 0 or, below p = 2, where the element is.
 *
 * @module
 */
import { amax, amin, cast, type Data, elementsOf, reshape, shapeOf } from '@tapegrad/kernels';
import { general, type Operand, shapeOfOperand } from '../op.ts';
import { abs, sign } from './activation.ts';
import { div, eq, lt, mul, where } from './arithmetic.ts';
import { asTensor } from './broadcast.ts';
import { pow, sqrt, square } from './exponential.ts';
import { sum, withAxes } from './reduction.ts';

/** The axes to reduce, and the order: neither 0 nor infinite. */
export interface NormParams {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
  readonly p: number;
}

/** `(Σ |x|^p)^(1/p)`. */
export const normRow: (inputs: readonly Operand[], params: NormParams) => Operand = general<NormParams>({
  name: 'norm',
  evaluate: ([x], params) => {
    if (params.axes.length === 0) return abs(x);
    return typeof x !== 'number' && x.dtype === 'f32'
      ? cast(asTensor(evaluate(cast(x, 'f64'), params)), 'f32')
      : evaluate(x, params);
  },
  vjp: (g, [x], y, { axes, p }) => {
    const [shape, isZero] = [shapeOfOperand(x), eq(y, 0)];
    const seed = withAxes(where(isZero, 0, g), shape, axes);
    return [mul(seed, slope(x, withAxes(y, shape, axes), p))];
  },
  jvp: ([t], [x], y, { axes, keepDims, p }) => {
    const moved = sum(mul(t!, slope(x, withAxes(y, shapeOfOperand(x), axes), p)), { axis: axes, keepDims });
    return where(eq(y, 0), 0, moved);
  },
});

/** `∂y / ∂x`, by divisions that are safe at 0 and stay so when they are differentiated. */
function slope(x: Operand, y: Operand, p: number): Operand {
  const safe = where(eq(y, 0), 1, y);
  if (p === 2) return div(x, safe);
  const isZero = eq(x, 0);
  const ratio = where(isZero, 1, div(abs(x), safe));
  return where(isZero, 0, mul(sign(x), pow(ratio, p - 1)));
}

function evaluate(x: Data, { axes, keepDims, p }: NormParams): Data {
  const y = plain(x, axes, keepDims, p);
  return isInRange(x, y, p) ? y : rescaled(x, axes, keepDims, p);
}

function plain(x: Operand, axes: readonly number[], keepDims: boolean, p: number): Data {
  const over = { axis: axes, keepDims };
  return (p === 2 ? sqrt(sum(square(x), over)) : pow(sum(pow(abs(x), p), over), 1 / p)) as Data;
}

/** Whether the sums of powers are such that none can have overflowed, nor lost digits at the lower end. */
function isInRange(x: Data, y: Data, p: number): boolean {
  if (asTensor(x).size === 0) return true;
  return elementsOf(asTensor(y)).every((norm: number) => {
    const powers = norm ** p;
    return norm !== norm || (powers > 1e-280 && powers < 1e300);
  });
}

/** The norm after division by the element that counts most, times that. */
function rescaled(x: Data, axes: readonly number[], keepDims: boolean, p: number): Data {
  const most = (p > 0 ? amax : amin)(asTensor(abs(x)), axes, true);
  const scale = where(eq(most, 0), 1, where(lt(most, Infinity), most, 1));
  const y = plain(div(x, scale), axes, keepDims, p);
  return mul(y, reshape(scale, shapeOf(y)));
}
