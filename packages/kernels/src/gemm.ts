/**
 * C += A · B on raw arrays with any strides; `matmul` and `conv` rest on it.
 *
 * Large products are packed into panels first (`packed.ts`). Small ones run
 * straight on the operands, allocate nothing, and come in four forms, since
 * V8's code for a loop with known unit strides is twice as fast:
 *
 * | form      | when                      | inner loop                     |
 * | --------- | ------------------------- | ------------------------------ |
 * | `outer`   | k = 1                     | a column times a row           |
 * | `columns` | rows of B have no gaps    | a row of A · 4 columns of B    |
 * | `dots`    | columns of B have no gaps | the same, each column in order |
 * | `strided` | anything else             | one dot product at a time      |
 *
 * All add up in double precision.
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
  else if (n < 4 && m >= 4) small(n, m, k, transposed(b), transposed(a), transposed(c));
  else small(m, n, k, a, b, c);
}

function small(m: number, n: number, k: number, a: Matrix, b: Matrix, c: Matrix): void {
  if (b.column === 1) columns(m, n, k, a, b, c);
  else if (b.row === 1 && a.column === 1) dots(m, n, k, a, b, c);
  else strided(m, 0, n, k, a, b, c);
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

function columns(m: number, n: number, k: number, left: Matrix, right: Matrix, result: Matrix): void {
  const a = left.data;
  const b = right.data;
  const c = result.data;
  const aStep = left.column;
  const bStep = right.row;
  const cStep = result.column;
  const whole = n - (n & 3);
  for (let i = 0; i < m; i++) {
    const from = left.at + i * left.row;
    for (let j = 0, to = result.at + i * result.row; j < whole; j += 4, to += 4 * cStep) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let p = 0, q = from, r = right.at + j; p < k; p++, q += aStep, r += bStep) {
        const v = a[q];
        s0 += v * b[r];
        s1 += v * b[r + 1];
        s2 += v * b[r + 2];
        s3 += v * b[r + 3];
      }
      c[to] += s0;
      c[to + cStep] += s1;
      c[to + 2 * cStep] += s2;
      c[to + 3 * cStep] += s3;
    }
  }
  if (whole < n) strided(m, whole, n, k, left, right, result);
}

function dots(m: number, n: number, k: number, left: Matrix, right: Matrix, result: Matrix): void {
  const a = left.data;
  const b = right.data;
  const c = result.data;
  const cStep = result.column;
  const whole = n - (n & 3);
  for (let i = 0; i < m; i++) {
    const from = left.at + i * left.row;
    for (let j = 0, to = result.at + i * result.row; j < whole; j += 4, to += 4 * cStep) {
      const r0 = right.at + j * right.column;
      const r1 = r0 + right.column;
      const r2 = r1 + right.column;
      const r3 = r2 + right.column;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let p = 0; p < k; p++) {
        const v = a[from + p];
        s0 += v * b[r0 + p];
        s1 += v * b[r1 + p];
        s2 += v * b[r2 + p];
        s3 += v * b[r3 + p];
      }
      c[to] += s0;
      c[to + cStep] += s1;
      c[to + 2 * cStep] += s2;
      c[to + 3 * cStep] += s3;
    }
  }
  if (whole < n) strided(m, whole, n, k, left, right, result);
}

/** Columns `first` to `n - 1` of the product. */
function strided(m: number, first: number, n: number, k: number, left: Matrix, right: Matrix, result: Matrix): void {
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
