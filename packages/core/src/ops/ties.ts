/**
 * Extremes over axes, of which equal ones share the cotangent evenly.
 *
 * @module
 */
import { amax, amin, type Tensor } from '@tapegrad/kernels';
import { apply, elementwise, general, type Operand, shapeOfOperand } from '../op.ts';
import { div, where } from './arithmetic.ts';
import { type Reduction, sum, withAxes } from './reduction.ts';

type Kernel = (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor;

/** Where an element is the extreme one, of which NaN counts as one. */
const attains = elementwise({
  name: 'attains',
  result: 'bool',
  eval: (x, y) => (x === y || (x !== x && y !== y) ? 1 : 0),
  partials: [null, null],
});

function evenly(name: string, kernel: Kernel): (inputs: readonly Operand[], r: Reduction) => Operand {
  const ties = (x: Operand, y: Operand, axes: readonly number[]): { mask: Operand; counts: Operand } => {
    const mask = apply(attains, [x, withAxes(y, shapeOfOperand(x), axes)]);
    return { mask, counts: sum(mask, { axis: axes, keepDims: true }) };
  };
  return general<Reduction>({
    name,
    evaluate: ([x], { axes, keepDims }) => (typeof x === 'number' ? x : kernel(x, axes, keepDims)),
    vjp: (g, [x], y, { axes }) => {
      if (axes.length === 0) return [g];
      const { mask, counts } = ties(x, y, axes);
      return [where(mask, div(withAxes(g, shapeOfOperand(x), axes), counts), 0)];
    },
    jvp: ([t], [x], y, { axes, keepDims }) => {
      if (axes.length === 0) return t;
      const { mask, counts } = ties(x, y, axes);
      return sum(where(mask, div(t!, counts), 0), { axis: axes, keepDims });
    },
  });
}

export const amaxRow = evenly('amax', amax);
export const aminRow = evenly('amin', amin);
export const maxRow = evenly('max', amax);
export const minRow = evenly('min', amin);
