/**
 * Matrix products.
 *
 * @module
 */
import { matmul as matmulKernel, reshape as reshapeKernel, showShape, TapegradError, type Tensor } from '@tapegrad/kernels';
import { apply, general, type GeneralDef, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, type BinaryOp, operation } from '../operation.ts';
import { add, mul } from './arithmetic.ts';
import { sumTo } from './broadcast.ts';
import { sum } from './reduction.ts';
import { reshape, transpose, unsqueeze } from './shape.ts';

beginFamily('Linear algebra');

/** As torch: a vector on the left is a row, on the right a column; the axis that it gained is dropped again. */
function product(a: Tensor, b: Tensor): Tensor {
  const [left, right] = [a.shape.length === 1, b.shape.length === 1];
  const A = left ? reshapeKernel(a, [1, a.shape[0]]) : a;
  const B = right ? reshapeKernel(b, [b.shape[0], 1]) : b;
  const c = matmulKernel(A, B);
  if (!left && !right) return c;
  const { shape } = c;
  const rank = shape.length;
  return reshapeKernel(c, shape.filter((_, axis) => !((left && axis === rank - 2) || (right && axis === rank - 1))));
}

const matmulDef: GeneralDef = {
  kind: 'general',
  name: 'matmul',
  evaluate: ([a, b]) => product(a as Tensor, b as Tensor),
  vjp: (g, [a, b], _, __, wanted) => {
    const [m, n] = [shapeOfOperand(a), shapeOfOperand(b)];
    const A = m.length === 1 ? unsqueeze(a, 0) : a;
    const B = n.length === 1 ? unsqueeze(b, 1) : b;
    // The cotangent with both of its matrix axes back in place.
    const withRow = m.length === 1 ? unsqueeze(g, n.length === 1 ? -1 : -2) : g;
    const G = n.length === 1 ? unsqueeze(withRow, -1) : withRow;
    return [
      wanted[0] ? reshape(sumTo(matmul(G, transpose(B)), shapeOfOperand(A)), m) : null,
      wanted[1] ? reshape(sumTo(matmul(transpose(A), G), shapeOfOperand(B)), n) : null,
    ];
  },
  jvp: ([s, t], [a, b]) =>
    s === null ? matmul(a, t!) : t === null ? matmul(s, b) : add(matmul(s, b), matmul(a, t)),
};

/**
 * Matrix product over the last axes, with broadcasting over the others. A vector counts as a row on the left and as a
 * column on the right; two vectors give their inner product.
 *
 * @throws `shape` for scalars, for inner extents that differ, and for batch axes that do not broadcast.
 * @example
 * matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1])).toArray(); // [3, 7]
 */
export const matmul: BinaryOp = operation({
  name: 'matmul',
  doc: 'Matrix product, batched with broadcasting.',
  formula: 'x y',
  rule: '\\bar z y^{\\mathsf T},\\ x^{\\mathsf T} \\bar z',
  cases: [
    { shapes: [[2, 3], [3, 2]] },
    { shapes: [[3], [3]] },
    { shapes: [[3], [3, 2]] },
    { shapes: [[2, 3], [3]] },
    { shapes: [[2, 1, 2, 3], [3, 3, 2]] },
    { shapes: [[3], [2, 3, 2]] },
    { shapes: [[2, 2, 3], [3]] },
    { shapes: [[2, 0], [0, 3]] },
  ],
  call: ((a: Operand, b: Operand) => {
    const [m, n] = [shapeOfOperand(a), shapeOfOperand(b)];
    if (m.length === 0 || n.length === 0) {
      throw new TapegradError('shape', `matmul: ${showShape(m)} and ${showShape(n)}: a scalar is no matrix; use mul`);
    }
    const inner = n[Math.max(0, n.length - 2)];
    if (m[m.length - 1] !== inner) {
      throw new TapegradError(
        'shape',
        `matmul: ${showShape(m)} and ${showShape(n)}: inner extents ${m[m.length - 1]} and ${inner} differ; ` +
          'they must be equal (transpose one of them?)',
      );
    }
    return apply(matmulDef, [a, b]);
  }) as BinaryOp,
});

function checkVectors(op: string, a: Operand, b: Operand): void {
  const [m, n] = [shapeOfOperand(a), shapeOfOperand(b)];
  if (m.length === 1 && n.length === 1) return;
  throw new TapegradError('shape', `${op}: needs two vectors, got ${showShape(m)} and ${showShape(n)}; use matmul`);
}

const dotRow = general<undefined>({
  name: 'dot',
  evaluate: ([a, b]) => product(a as Tensor, b as Tensor),
  vjp: (g, [a, b]) => [mul(g, b), mul(g, a)],
  jvp: ([s, t], [a, b]) => {
    const parts = [s === null ? null : sum(mul(s, b)), t === null ? null : sum(mul(a, t))];
    return parts[0] === null ? parts[1] : parts[1] === null ? parts[0] : add(parts[0], parts[1]);
  },
});

/**
 * Inner product of two vectors.
 *
 * @throws `shape` unless both are vectors of one length.
 * @example
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // 11
 */
export const dot: BinaryOp = operation({
  name: 'dot',
  doc: 'Inner product of two vectors.',
  formula: '\\sum_i x_i y_i',
  rule: '\\bar z y,\\ \\bar z x',
  cases: [{ shapes: [[3], [3]] }, { shapes: [[0], [0]] }],
  call: ((a: Operand, b: Operand) => {
    checkVectors('dot', a, b);
    const [m, n] = [shapeOfOperand(a)[0], shapeOfOperand(b)[0]];
    if (m !== n) throw new TapegradError('shape', `dot: the vectors have ${m} and ${n} elements; they must have the same length`);
    return dotRow([a, b], undefined);
  }) as BinaryOp,
});

/**
 * Outer product of two vectors: `z[i][j] = x[i] y[j]`.
 *
 * @throws `shape` unless both are vectors.
 * @example
 * outer(tensor([1, 2]), tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
 */
export const outer: BinaryOp = operation({
  name: 'outer',
  doc: 'Outer product of two vectors.',
  formula: 'x_i y_j',
  rule: '\\bar z y,\\ \\bar z^{\\mathsf T} x',
  cases: [{ shapes: [[3], [2]] }],
  call: ((a: Operand, b: Operand) => {
    checkVectors('outer', a, b);
    return mul(unsqueeze(a, 1), b);
  }) as BinaryOp,
});
