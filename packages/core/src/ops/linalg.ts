/**
 * Matrix products.
 *
 * @module
 */
import { matmul as matmulKernel, sameShape, showShape, sizeOf, TapegradError, type Tensor } from '@tapegrad/kernels';
import { general, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, type BinaryOp, operation } from '../operation.ts';
import { add, mul } from './arithmetic.ts';
import { sumTo } from './broadcast.ts';
import { sum } from './reduction.ts';
import { extentsOf, reshape, reshaped, transpose, unsqueeze } from './shape.ts';

beginFamily('Linear algebra');

/** As torch: a vector on the left is a row, on the right a column; the axis that it gained is dropped again. */
function product(a: Tensor, b: Tensor): Tensor {
  const [isRow, isColumn] = [a.rank === 1, b.rank === 1];
  const c = matmulKernel(isRow ? reshaped(a, [1, a.size]) : a, isColumn ? reshaped(b, [b.size, 1]) : b);
  if (!isRow && !isColumn) return c;
  const lead = c.shape.slice(0, -2);
  const [m, n] = c.shape.slice(-2);
  return reshaped(c, [...lead, ...(isRow ? [] : [m]), ...(isColumn ? [] : [n])]);
}

const matmulRow = general<undefined>({
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
      wanted[0] ? reshape(collected(matmul(G, transpose(B)), A), m) : null,
      wanted[1] ? reshape(rightCotangent(A, B, G), n) : null,
    ];
  },
  jvp: ([s, t], [a, b]) => sumOf(s === null ? null : matmul(s, b), t === null ? null : matmul(a, t)),
});

/** `xᵀ g`. One matrix against a stack takes it as one tall matrix: no stack of products to sum. */
function rightCotangent(A: Operand, B: Operand, G: Operand): Operand {
  const [m, n] = [shapeOfOperand(A), shapeOfOperand(B)];
  if (m.length === 2 || n.length > 2) return collected(matmul(transpose(A), G), B);
  const rows = sizeOf(m.slice(0, -1));
  return matmul(transpose(reshape(A, [rows, n[0]])), reshape(G, [rows, n[1]]));
}

/** Summed over the axes along which `like` was broadcast. */
function collected(x: Operand, like: Operand): Operand {
  const shape = shapeOfOperand(like);
  return sameShape(shapeOfOperand(x), shape) ? x : sumTo(x, shape);
}

function sumOf(x: Operand | null, y: Operand | null): Operand | null {
  return x === null ? y : y === null ? x : add(x, y);
}

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
    {
      shapes: [
        [2, 3],
        [3, 2],
      ],
    },
    { shapes: [[3], [3]] },
    { shapes: [[3], [3, 2]] },
    { shapes: [[2, 3], [3]] },
    {
      shapes: [
        [2, 1, 2, 3],
        [3, 3, 2],
      ],
    },
    { shapes: [[3], [2, 3, 2]] },
    { shapes: [[2, 2, 3], [3]] },
    {
      shapes: [
        [2, 0],
        [0, 3],
      ],
    },
    {
      shapes: [
        [2, 2, 3],
        [3, 2],
      ],
    },
    {
      shapes: [
        [2, 3],
        [2, 3, 2],
      ],
    },
  ],
  call: ((a: Operand, b: Operand) => {
    const [m, n] = [extentsOf('matmul', a), extentsOf('matmul', b)];
    if (m.length === 0 || n.length === 0) {
      throw new TapegradError('shape', `matmul: ${showShape(m)} · ${showShape(n)}: a scalar is no matrix; use mul`);
    }
    const inner = n[Math.max(0, n.length - 2)];
    if (m[m.length - 1] !== inner) {
      throw new TapegradError(
        'shape',
        `matmul: ${showShape(m)} · ${showShape(n)}: the inner extents ${m[m.length - 1]} and ${inner} must be equal; ` +
          'transpose one of them?',
      );
    }
    return matmulRow([a, b], undefined);
  }) as BinaryOp,
});

function checkVectors(op: string, a: Operand, b: Operand): void {
  const [m, n] = [extentsOf(op, a), extentsOf(op, b)];
  if (m.length === 1 && n.length === 1) return;
  throw new TapegradError(
    'shape',
    `${op}: needs two vectors, got ${showShape(m)} and ${showShape(n)}; use matmul or einsum`,
  );
}

const dotRow = general<undefined>({
  name: 'dot',
  evaluate: ([a, b]) => product(a as Tensor, b as Tensor),
  vjp: (g, [a, b], _, __, wanted) => [wanted[0] ? mul(g, b) : null, wanted[1] ? mul(g, a) : null],
  jvp: ([s, t], [a, b]) => sumOf(s === null ? null : sum(mul(s, b)), t === null ? null : sum(mul(a, t))),
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
    if (m !== n) throw new TapegradError('shape', `dot: [${m}] and [${n}]: the vectors must have the same length`);
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
  cases: [{ shapes: [[3], [2]] }, { shapes: [[0], [2]] }],
  call: ((a: Operand, b: Operand) => {
    checkVectors('outer', a, b);
    return mul(unsqueeze(a, 1), b);
  }) as BinaryOp,
});
