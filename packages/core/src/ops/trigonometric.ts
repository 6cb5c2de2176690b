/**
 * Trigonometric and hyperbolic functions, and the error function.
 *
 * @module
 */
import { erf as erfOf } from '@tapegrad/kernels';
import type { Operand } from '../op.ts';
import { beginFamily, binary, unary } from '../operation.ts';
import { add, div, eq, mul, neg, sub } from './arithmetic.ts';
import { exp, square } from './exponential.ts';

beginFamily('Trigonometric and special functions');

/**
 * Sine of an angle in radians.
 *
 * @example
 * sin(1); // 0.8414709848078965
 */
export const sin = unary({
  name: 'sin',
  doc: 'Sine, of radians.',
  notation: { template: '\\sin x' },
  eval: Math.sin,
  derivative: (x) => cos(x),
  examples: [
    [0, 0],
    [1, 0.8414709848078965],
  ],
});

/**
 * Cosine of an angle in radians.
 *
 * @example
 * cos(0); // 1
 */
export const cos = unary({
  name: 'cos',
  doc: 'Cosine, of radians.',
  notation: { template: '\\cos x' },
  eval: Math.cos,
  derivative: (x) => neg(sin(x)),
  examples: [
    [0, 1],
    [1, 0.5403023058681398],
  ],
});

/**
 * Tangent of an angle in radians.
 *
 * @example
 * tan(0); // 0
 */
export const tan = unary({
  name: 'tan',
  doc: 'Tangent, of radians.',
  notation: { template: '\\tan x' },
  domain: [{ min: -1.4, max: 1.4 }],
  eval: Math.tan,
  derivative: (_, y) => add(1, mul(y, y)),
  examples: [[0, 0]],
});

/**
 * Hyperbolic tangent.
 *
 * @example
 * tanh(1); // 0.7615941559557649
 */
export const tanh = unary({
  name: 'tanh',
  doc: 'Hyperbolic tangent; saturates at ±1.',
  notation: { template: '\\tanh x' },
  eval: Math.tanh,
  // Not 1 - y²: where y is near ±1, squaring doubles its rounding error.
  derivative: (_, y) => mul(sub(1, y), add(1, y)),
  examples: [
    [0, 0],
    [1, 0.7615941559557649],
  ],
  source: 'DLMF 4.34.10',
});

/** `x² + y²`; 1 at the origin, where the numerators are 0. */
function squaredRadius(x: Operand, y: Operand): Operand {
  const r2 = add(square(x), square(y));
  return add(r2, eq(r2, 0));
}

/**
 * The angle of the point `(y, x)`, in (-π, π]: the first argument is the ordinate. At the origin both derivatives are 0, as in
 * PyTorch.
 *
 * @example
 * atan2(1, 1); // 0.7853981633974483
 */
export const atan2 = binary({
  name: 'atan2',
  doc: 'Angle of a point, ordinate first.',
  notation: { template: '\\operatorname{atan2}(x, y)' },
  domain: [{ min: 0.2, max: 3 }, {}],
  eval: Math.atan2,
  partials: [(y, x) => div(x, squaredRadius(x, y)), (y, x) => neg(div(y, squaredRadius(x, y)))],
  examples: [[1, 1, 0.7853981633974483]],
  subgradient: '0 at the origin',
  source: 'DLMF 4.23.36',
});

/**
 * Error function, `2/√π ∫₀ˣ e^(-t²) dt`.
 *
 * @example
 * erf(0); // 0
 */
export const erf = unary({
  name: 'erf',
  doc: 'Error function.',
  notation: { template: '\\operatorname{erf}(x)' },
  eval: erfOf,
  derivative: (x) => mul(2 / Math.sqrt(Math.PI), exp(neg(square(x)))),
  examples: [
    [0, 0],
    [1, 0.8427007929497149],
  ],
  source: 'DLMF 7.2.1, 7.10.1',
});
