/**
 * C += A · B for large matrices with any strides. They are cut into blocks that
 * fit the caches and copied ("packed") into panels of doubles, so that the
 * innermost loop reads memory in order whatever the strides were:
 *
 *     A panel: 4 rows, KC deep     a00 a10 a20 a30  a01 a11 a21 a31  …
 *     B panel: 4 columns           b00 b01 b02 b03  b10 b11 b12 b13  …
 *
 * Source: Goto & van de Geijn 2008, "Anatomy of high-performance matrix
 * multiplication", of which this is the smallest useful part.
 *
 * @module
 */
import type { TypedArray } from './dtype.ts';
import type { Matrix } from './gemm.ts';

/** Depth of a panel: a panel of A and one of B, 8 KB each, stay in the first-level cache. */
export const KC = 256;
/** Columns packed at a time: 1 MB, for the second-level cache. */
const NC = 512;

let panelA: Float64Array | undefined;
let panelB: Float64Array | undefined;

/** C [m, n] += A [m, k] · B [k, n]. C is rounded every `KC` steps of k. */
export function packed(m: number, n: number, k: number, a: Matrix, b: Matrix, c: Matrix): void {
  panelA ??= new Float64Array(4 * KC);
  panelB ??= new Float64Array(KC * NC);
  for (let p0 = 0; p0 < k; p0 += KC) {
    const depth = Math.min(KC, k - p0);
    for (let j0 = 0; j0 < n; j0 += NC) {
      const width = Math.min(NC, n - j0);
      for (let j = 0; j < width; j += 4) {
        const from = b.at + p0 * b.row + (j0 + j) * b.column;
        pack(panelB, j * depth, b.data, from, b.column, Math.min(4, width - j), b.row, depth);
      }
      for (let i = 0; i < m; i += 4) {
        const rows = Math.min(4, m - i);
        pack(panelA, 0, a.data, a.at + i * a.row + p0 * a.column, a.row, rows, a.column, depth);
        for (let j = 0; j < width; j += 4) {
          const to = c.at + i * c.row + (j0 + j) * c.column;
          tile(panelA, panelB, j * depth, depth, c.data, to, c.row, c.column, rows, Math.min(4, width - j));
        }
      }
    }
  }
}

/** Copies `count` <= 4 lines of `depth` elements, interleaved; missing lines are 0. */
function pack(
  panel: Float64Array,
  to: number,
  data: TypedArray,
  from: number,
  line: number,
  count: number,
  step: number,
  depth: number,
): void {
  if (count === 4) {
    for (let p = 0; p < depth; p++, to += 4, from += step) {
      panel[to] = data[from];
      panel[to + 1] = data[from + line];
      panel[to + 2] = data[from + 2 * line];
      panel[to + 3] = data[from + 3 * line];
    }
    return;
  }
  for (let p = 0; p < depth; p++, to += 4, from += step) {
    for (let l = 0; l < 4; l++) panel[to + l] = l < count ? data[from + l * line] : 0;
  }
}

/** One 4 × 4 tile of C += one panel of A · one panel of B; the hot loop of all. */
function tile(
  a: Float64Array,
  b: Float64Array,
  bAt: number,
  depth: number,
  c: TypedArray,
  to: number,
  row: number,
  column: number,
  rows: number,
  columns: number,
): void {
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0;
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0;
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0;
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0;
  for (let p = 0, q = bAt, end = 4 * depth; p < end; p += 4, q += 4) {
    const b0 = b[q];
    const b1 = b[q + 1];
    const b2 = b[q + 2];
    const b3 = b[q + 3];
    let v = a[p];
    c00 += v * b0;
    c01 += v * b1;
    c02 += v * b2;
    c03 += v * b3;
    v = a[p + 1];
    c10 += v * b0;
    c11 += v * b1;
    c12 += v * b2;
    c13 += v * b3;
    v = a[p + 2];
    c20 += v * b0;
    c21 += v * b1;
    c22 += v * b2;
    c23 += v * b3;
    v = a[p + 3];
    c30 += v * b0;
    c31 += v * b1;
    c32 += v * b2;
    c33 += v * b3;
  }
  addRow(c, to, column, columns, c00, c01, c02, c03);
  if (rows > 1) addRow(c, to + row, column, columns, c10, c11, c12, c13);
  if (rows > 2) addRow(c, to + 2 * row, column, columns, c20, c21, c22, c23);
  if (rows > 3) addRow(c, to + 3 * row, column, columns, c30, c31, c32, c33);
}

function addRow(
  c: TypedArray,
  to: number,
  step: number,
  columns: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
): void {
  c[to] += s0;
  if (columns > 1) c[to + step] += s1;
  if (columns > 2) c[to + 2 * step] += s2;
  if (columns > 3) c[to + 3 * step] += s3;
}
