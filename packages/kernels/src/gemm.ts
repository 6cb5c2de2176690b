/**
 * C += A · B on raw arrays with any strides; `matmul` and `conv` rest on it.
 *
 * Large products are packed into panels first (`packed.ts`). Small ones run
 * straight on the operands, four columns at a time in registers, and allocate
 * nothing. Both add up in double precision.
 *
 * Measured with 1 × 192 · 192 × 30: 3.9 µs, of which the bounds checks of the
 * loads are the larger part; separate loops for unit strides won 10 % at most,
 * eight columns at a time nothing.
 *
 * @module
 */
import type { TypedArray } from './dtype.ts';
import { KC, packed } from './packed.ts';

/** A matrix in an array: element (i, j) at `at + i * row + j * column`. */
export interface Matrix {
  readonly data: TypedArray;
  readonly at: number;
  readonly row: number;
  readonly column: number;
}

/** Multiplications from which packing pays (measured: at 20 · 20 · 20 it is a draw). */
const PACK_FROM = 8000;

/** The transpose, as a view. */
function transposed(m: Matrix): Matrix {
  return { data: m.data, at: m.at, row: m.column, column: m.row };
}

/**
 * True if {@link gemm} rounds each element of C once only. Where it does not,
 * C should be double precision.
 */
export function addsOnce(m: number, n: number, k: number): boolean {
  return k <= KC || !packs(m, n, k);
}

function packs(m: number, n: number, k: number): boolean {
  return m >= 4 && n >= 4 && m * n * k >= PACK_FROM;
}

/** C [m, n] += A [m, k] · B [k, n]. */
export function gemm(m: number, n: number, k: number, a: Matrix, b: Matrix, c: Matrix): void {
  if (k === 1) outer(m, n, a, b, c);
  else if (packs(m, n, k)) packed(m, n, k, a, b, c);
  // Few columns: compute the transpose, which has many.
  else if (n < 4 && m >= 4) direct(n, m, k, transposed(b), transposed(a), transposed(c));
  else direct(m, n, k, a, b, c);
}

function outer(m: number, n: number, left: Matrix, right: Matrix, result: Matrix): void {
  const b = right.data;
  const c = result.data;
  const bStep = right.column;
  const cStep = result.column;
  for (let i = 0; i < m; i++) {
    const v = left.data[left.at + i * left.row];
    for (let j = 0, r = right.at, to = result.at + i * result.row; j < n; j++, r += bStep, to += cStep)
      c[to] += v * b[r];
  }
}

function direct(m: number, n: number, k: number, left: Matrix, right: Matrix, result: Matrix): void {
  const a = left.data;
  const b = right.data;
  const c = result.data;
  const aStep = left.column;
  const bStep = right.row;
  const b1 = right.column;
  const b2 = 2 * b1;
  const b3 = 3 * b1;
  const cStep = result.column;
  const whole = n - (n & 3);
  for (let i = 0; i < m; i++) {
    const from = left.at + i * left.row;
    for (let j = 0, to = result.at + i * result.row; j < whole; j += 4, to += 4 * cStep) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let p = 0, q = from, r = right.at + j * b1; p < k; p++, q += aStep, r += bStep) {
        const v = a[q];
        s0 += v * b[r];
        s1 += v * b[r + b1];
        s2 += v * b[r + b2];
        s3 += v * b[r + b3];
      }
      c[to] += s0;
      c[to + cStep] += s1;
      c[to + 2 * cStep] += s2;
      c[to + 3 * cStep] += s3;
    }
  }
  if (whole < n) dots(m, whole, n, k, left, right, result);
}

/** Columns `first` to `n - 1` of the product. */
function dots(m: number, first: number, n: number, k: number, left: Matrix, right: Matrix, result: Matrix): void {
  const a = left.data;
  const b = right.data;
  const aStep = left.column;
  const bStep = right.row;
  for (let i = 0; i < m; i++) {
    for (let j = first; j < n; j++) {
      // Two lanes, since each addition waits for the one before.
      let s0 = 0;
      let s1 = 0;
      let p = 1;
      let q = left.at + i * left.row;
      let r = right.at + j * right.column;
      for (; p < k; p += 2, q += 2 * aStep, r += 2 * bStep) {
        s0 += a[q] * b[r];
        s1 += a[q + aStep] * b[r + bStep];
      }
      if (p === k) s0 += a[q] * b[r];
      result.data[result.at + i * result.row + j * result.column] += s0 + s1;
    }
  }
}
