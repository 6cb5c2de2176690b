/**
 * Choosing elements: slices, indices, triangles, diagonals. All linear in the
 * data; indices are plain data.
 *
 * @module
 */
import {
  type Data,
  diagEmbed,
  diagonal as diagonalKernel,
  type DType,
  gather as gatherKernel,
  indexAddInto,
  indexSelect as indexSelectKernel,
  type NestedArray,
  oneHot as oneHotKernel,
  place as placeKernel,
  scatterAdd as scatterAddKernel,
  scatterInto,
  type Shape,
  shapeOf,
  showShape,
  slice as sliceKernel,
  TapegradError,
  Tensor,
  tensor,
  triangle,
} from '@tapegrad/kernels';
import { singleAxis } from '../axes.ts';
import { general, linear, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, operation } from '../operation.ts';
import { Value } from '../value.ts';
import { asTensor } from './broadcast.ts';
import { type ArgumentOp, extentsOf, unsqueeze } from './shape.ts';

beginFamily('Indexing');

type LinearRow<P> = (x: Operand, params: P) => Operand;
type AxisArgument = number | { readonly axis?: number };
/** Whole numbers: a tensor of them, or (nested) lists. */
export type IndexData = Tensor | NestedArray;

/** Indices as an i32 tensor; lists and floats are taken where they are whole. @internal */
export function asIndex(op: string, index: unknown): Tensor {
  const data = index instanceof Value ? index.primal : index;
  if (data instanceof Tensor && data.dtype === 'i32') return data;
  if (data instanceof Tensor && data.dtype === 'bool') {
    throw new TapegradError('dtype', `${op}: a bool tensor is a mask, not indices; cast it to 'i32', or use where`);
  }
  if (data instanceof Tensor || typeof data === 'number' || Array.isArray(data) || ArrayBuffer.isView(data)) {
    return tensor(data as Tensor | NestedArray, { dtype: 'i32' });
  }
  throw new TapegradError(
    'argument',
    `${op}: indices are an i32 tensor or a list of whole numbers, got ${typeof data}`,
  );
}

interface Stretch {
  readonly starts: readonly number[];
  readonly stops: readonly number[];
  readonly steps: readonly number[];
}

const sliceRow: LinearRow<Stretch> = linear<Stretch>({
  name: 'slice',
  evaluate: (x, { starts, stops, steps }) => sliceKernel(asTensor(x), starts, stops, steps),
  transpose: (g, x, stretch) => placeRow(g, { ...stretch, shape: shapeOf(x) }),
});

const placeRow: LinearRow<Stretch & { readonly shape: Shape }> = linear<Stretch & { readonly shape: Shape }>({
  name: 'place',
  evaluate: (x, { shape, starts, steps }) => placeKernel(asTensor(x), shape, starts, steps),
  transpose: (g, _, stretch) => sliceRow(g, stretch),
});

/** What part of an axis. */
export interface SliceOptions {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly step?: number | undefined;
  readonly axis?: number | undefined;
}

type SliceArguments = [start: number, end?: number, options?: AxisArgument | Pick<SliceOptions, 'axis' | 'step'>];

/** `slice` by positions or by options. */
export interface SliceOp {
  <X extends Tensor | Value>(x: X, ...positions: SliceArguments): X;
  <X extends Tensor | Value>(x: X, options: SliceOptions): X;
  (x: Operand, ...positions: SliceArguments): Operand;
  (x: Operand, options: SliceOptions): Operand;
}

/**
 * Elements `start, start + step, …` before `end` along an axis, by default the first. Negative positions count from the
 * end, and positions beyond it are clipped, as in Python and JavaScript.
 *
 * @throws `argument` for positions that are not whole, or a step that is not a whole number above 0.
 * @example
 * slice(tensor([1, 2, 3, 4]), 1, -1).toArray(); // [2, 3]
 */
export const slice: SliceOp = operation({
  name: 'slice',
  doc: 'A stretch of an axis.',
  formula: 'x_{a:b:s}',
  rule: '\\bar y \\text{ in its place, 0 elsewhere}',
  cases: [
    { shapes: [[5]], call: (x) => slice(x, 1, -1) },
    { shapes: [[2, 5]], call: (x) => slice(x, { start: -4, step: 2, axis: 1 }) },
    { shapes: [[3, 2]], call: (x) => slice(x, 0, 1, { axis: -1 }) },
    { shapes: [[3]], call: (x) => slice(x, 2, 1) },
  ],
  call: (x: Operand, first: number | SliceOptions, last?: number, more?: number | SliceOptions) => {
    const shape = extentsOf('slice', x);
    const further = typeof more === 'number' ? { axis: more } : more;
    const options = typeof first === 'object' ? first : { start: first, end: last, ...further };
    const { start = 0, end, step = 1 } = options;
    if (shape.length === 0) throw new TapegradError('shape', 'slice: a scalar has no axis to slice');
    const axis = singleAxis('slice', options, shape.length, 0);
    const extent = shape[axis];
    if (!(Number.isInteger(step) && step > 0)) {
      throw new TapegradError(
        'argument',
        `slice: the step must be a whole number > 0, got ${step}; flip goes backwards`,
      );
    }
    const clip = (at: number): number => {
      if (Number.isInteger(at) || Math.abs(at) === Infinity)
        return Math.min(Math.max(at < 0 ? at + extent : at, 0), extent);
      throw new TapegradError('argument', `slice: positions are whole numbers, got ${at}`);
    };
    const from = clip(start);
    const to = Math.max(from, clip(end ?? extent));
    if (step === 1 && to - from === extent) return x;
    return sliceRow(x, {
      starts: shape.map((_, k) => (k === axis ? from : 0)),
      stops: shape.map((n, k) => (k === axis ? to : n)),
      steps: shape.map((_, k) => (k === axis ? step : 1)),
    });
  },
});

interface Selected {
  readonly at: number;
  readonly axis: number;
}

/** A view: one position of an axis, which is dropped. */
const selectRow: LinearRow<Selected> = linear<Selected>({
  name: 'select',
  evaluate: (x, { at, axis }) => {
    const { buffer, dtype, shape, strides, offset } = asTensor(x);
    const [extents, steps] = [shape, strides].map((list) => list.filter((_, k) => k !== axis));
    return new Tensor(buffer, dtype, extents, steps, offset + at * strides[axis]);
  },
  transpose: (g, x, { at, axis }) => {
    const shape = shapeOf(x);
    const starts = shape.map((_, k) => (k === axis ? at : 0));
    const steps = shape.map(() => 1);
    return placeRow(unsqueeze(g, axis), {
      shape,
      starts,
      stops: starts.map((n, k) => (k === axis ? n + 1 : shape[k])),
      steps,
    });
  },
});

/**
 * The part of `x` at one position of an axis, by default the first; the axis is gone. Negative positions count
 * from the end.
 *
 * @throws `index` for a position that is not there.
 * @example
 * select(tensor([[1, 2], [3, 4]]), -1).toArray(); // [3, 4]
 */
export const select: ArgumentOp<[index: number, options?: AxisArgument]> = operation({
  name: 'select',
  doc: 'The part at one position of an axis.',
  formula: 'x_i',
  rule: '\\bar y \\text{ in its place, 0 elsewhere}',
  cases: [
    { shapes: [[3]], call: (x) => select(x, 1) },
    { shapes: [[3, 2]], call: (x) => select(x, -1, { axis: 1 }) },
    { shapes: [[2, 3, 2]], call: (x) => select(x, 0, -2) },
  ],
  call: ((x: Operand, index: number, options?: AxisArgument) => {
    const shape = extentsOf('select', x);
    if (shape.length === 0) throw new TapegradError('shape', 'select: a scalar has no axis to select from');
    const axis = singleAxis('select', options, shape.length, 0);
    const extent = shape[axis];
    const at = index < 0 ? index + extent : index;
    if (!Number.isInteger(at) || at < 0 || at >= extent) {
      const range = extent === 0 ? 'there is nothing to select' : `use a whole number from ${-extent} to ${extent - 1}`;
      throw new TapegradError(
        'index',
        `select: there is no position ${index} on axis ${axis} of ${showShape(shape)}; ${range}`,
      );
    }
    return selectRow(x, { at, axis });
  }) as ArgumentOp<[index: number, options?: AxisArgument]>,
});

interface Indexed {
  readonly index: Tensor;
  readonly axis: number;
  readonly shape: Shape;
}

const gatherRow: LinearRow<Indexed> = linear<Indexed>({
  name: 'gather',
  evaluate: (x, { index, axis }) => gatherKernel(asTensor(x), index, axis),
  transpose: (g, _, indexed) => scatterRow(g, indexed),
});

const scatterRow: LinearRow<Indexed> = linear<Indexed>({
  name: 'scatterInto',
  evaluate: (g, { index, axis, shape }) => scatterInto(shape, asTensor(g).dtype, index, asTensor(g), axis),
  // The source may be larger than the index: what is beyond it was not used.
  transpose: (h, g, indexed) => fitted(gatherRow(h, indexed), shapeOf(g)),
});

function fitted(x: Operand, shape: Shape): Operand {
  const rest = shape.map(() => 0);
  return shape.every((extent, axis) => extent === shapeOfOperand(x)[axis])
    ? x
    : placeRow(x, { shape, starts: rest, stops: shape, steps: shape.map(() => 1) });
}

/**
 * `y[i][j] = x[index[i][j]][j]` along axis 0, likewise along others; the shape is that of `index`.
 *
 * @throws `index` for an index outside `x`; `shape` if the ranks differ.
 * @example
 * gather(tensor([[1, 2], [3, 4]]), [[0], [1]], { axis: 1 }).toArray(); // [[1], [4]]
 */
export const gather: ArgumentOp<[index: IndexData, options?: AxisArgument]> = operation({
  name: 'gather',
  doc: 'Elements by index along an axis.',
  formula: 'y_{ij} = x_{k_{ij} j}',
  rule: '\\bar x_{k_{ij} j} \\mathrel{+}= \\bar y_{ij}',
  cases: [
    {
      shapes: [[3, 2]],
      call: (x) =>
        gather(x, [
          [2, 0],
          [2, 1],
        ]),
    },
    { shapes: [[2, 3]], call: (x) => gather(x, [[0, 0, 2, 1]], { axis: -1 }) },
    { shapes: [[2, 3]], call: (x) => gather(x, [[], []], 1) },
  ],
  call: ((x: Operand, index: IndexData, options?: AxisArgument) => {
    const shape = extentsOf('gather', x);
    const axis = singleAxis('gather', options, shape.length, 0);
    return gatherRow(x, { index: asIndex('gather', index), axis, shape });
  }) as ArgumentOp<[index: IndexData, options?: AxisArgument]>,
});

const scatterAddRow = general<Indexed>({
  name: 'scatterAdd',
  evaluate: ([x, src], { index, axis }) => scatterAddKernel(asTensor(x), index, asTensor(src), axis),
  vjp: (g, [, src], _, indexed, wanted) => [
    wanted[0] ? g : null,
    wanted[1] ? fitted(gatherRow(g, indexed), shapeOfOperand(src)) : null,
  ],
  jvp: ([t, s], _, __, indexed) =>
    s === null ? t : t === null ? scatterRow(s, indexed) : scatterAdd(t, indexed.index, s, { axis: indexed.axis }),
});

/** `scatterAdd` on any mix of data and values. */
export interface ScatterOp {
  (x: Data, index: IndexData, src: Data, options?: AxisArgument): Tensor;
  (x: Value, index: IndexData, src: Operand, options?: AxisArgument): Value;
  (x: Operand, index: IndexData, src: Value, options?: AxisArgument): Value;
  (x: Operand, index: IndexData, src: Operand, options?: AxisArgument): Operand;
}

/**
 * `x` with `src` added at the indexed places: `y[index[i][j]][j] += src[i][j]` along axis 0, likewise along others.
 * `src` may be larger than `index`; what is beyond is not used.
 *
 * @throws `index` for an index outside `x`; `shape` if ranks or extents do not fit.
 * @example
 * scatterAdd(zeros([3]), [0, 2, 2], tensor([1, 2, 3])).toArray(); // [1, 0, 5]
 */
export const scatterAdd: ScatterOp = operation({
  name: 'scatterAdd',
  doc: 'Elements added at indices along an axis.',
  formula: 'y_{k_{ij} j} \\mathrel{+}= s_{ij}',
  rule: '\\bar x = \\bar y,\\ \\bar s_{ij} = \\bar y_{k_{ij} j}',
  cases: [
    { shapes: [[3], [4]], call: (x, s) => scatterAdd(x, [0, 2, 2, 1], s) },
    {
      shapes: [
        [2, 3],
        [2, 2],
      ],
      call: (x, s) =>
        scatterAdd(
          x,
          [
            [0, 2],
            [1, 1],
          ],
          s,
          { axis: 1 },
        ),
    },
    {
      shapes: [
        [2, 3],
        [2, 4],
      ],
      call: (x, s) => scatterAdd(x, [[0, 2]], s, -1),
    },
  ],
  call: ((x: Operand, index: IndexData, src: Operand, options?: AxisArgument) => {
    const shape = extentsOf('scatterAdd', x);
    extentsOf('scatterAdd', src);
    const axis = singleAxis('scatterAdd', options, shape.length, 0);
    return scatterAddRow([x, src], { index: asIndex('scatterAdd', index), axis, shape });
  }) as ScatterOp,
});

const indexSelectRow: LinearRow<Indexed> = linear<Indexed>({
  name: 'indexSelect',
  evaluate: (x, { index, axis }) => indexSelectKernel(asTensor(x), index, axis),
  transpose: (g, _, indexed) => indexAddRow(g, indexed),
});

const indexAddRow: LinearRow<Indexed> = linear<Indexed>({
  name: 'indexAddInto',
  evaluate: (g, { index, axis, shape }) => indexAddInto(shape, asTensor(g).dtype, index, asTensor(g), axis),
  transpose: (h, _, indexed) => indexSelectRow(h, indexed),
});

/**
 * The parts of `x` at the given positions of an axis, by default the first; positions may repeat, and negative ones
 * count from the end.
 *
 * @throws `index` for a position that is not there; `shape` if the index has more than one axis.
 * @example
 * indexSelect(tensor([10, 20, 30]), [2, 0]).toArray(); // [30, 10]
 */
export const indexSelect: ArgumentOp<[index: IndexData, options?: AxisArgument]> = operation({
  name: 'indexSelect',
  doc: 'Parts at positions of an axis.',
  formula: 'y_i = x_{k_i}',
  rule: '\\bar x_{k_i} \\mathrel{+}= \\bar y_i',
  cases: [
    { shapes: [[3, 2]], call: (x) => indexSelect(x, [2, 0, 2]) },
    { shapes: [[2, 3]], call: (x) => indexSelect(x, [-1], { axis: 1 }) },
    { shapes: [[2, 3]], call: (x) => indexSelect(x, [], -1) },
  ],
  call: ((x: Operand, index: IndexData, options?: AxisArgument) => {
    const shape = extentsOf('indexSelect', x);
    if (shape.length === 0) throw new TapegradError('shape', 'indexSelect: a scalar has no axis to select from');
    const axis = singleAxis('indexSelect', options, shape.length, 0);
    return indexSelectRow(x, { index: asIndex('indexSelect', index), axis, shape });
  }) as ArgumentOp<[index: IndexData, options?: AxisArgument]>,
});

type DiagonalArgument = number | { readonly diagonal?: number };

function diagonalIn(op: string, argument: DiagonalArgument | undefined): number {
  const k = typeof argument === 'number' ? argument : (argument?.diagonal ?? 0);
  if (!Number.isInteger(k)) throw new TapegradError('argument', `${op}: the diagonal is a whole number, got ${k}`);
  return k;
}

interface Triangle {
  readonly diagonal: number;
  readonly keep: 'lower' | 'upper';
}

function triangleRow(name: string): LinearRow<Triangle> {
  const row: LinearRow<Triangle> = linear<Triangle>({
    name,
    evaluate: (x, { diagonal, keep }) => triangle(asTensor(x), diagonal, keep),
    transpose: (g, _, t) => row(g, t),
  });
  return row;
}

const trilRow = triangleRow('tril');
const triuRow = triangleRow('triu');

function checkMatrix(op: string, x: Operand): void {
  const shape = extentsOf(op, x);
  if (shape.length >= 2) return;
  throw new TapegradError(
    'shape',
    `${op}: needs matrices, rank 2 or more, got ${showShape(shape)}; diag makes a matrix`,
  );
}

/**
 * The lower triangle of matrices, up to and with a diagonal (0 the main one, above it positive); 0 elsewhere.
 *
 * @example
 * tril(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 0], [3, 4]]
 */
export const tril: ArgumentOp<[diagonal?: DiagonalArgument]> = operation({
  name: 'tril',
  doc: 'Lower triangle of matrices.',
  formula: '\\mathrm{tril}(x)',
  rule: '\\mathrm{tril}(\\bar y)',
  cases: [{ shapes: [[3, 3]] }, { shapes: [[2, 2, 3]], call: (x) => tril(x, { diagonal: -1 }) }, { shapes: [[0, 2]] }],
  call: ((x: Operand, argument?: DiagonalArgument) => {
    checkMatrix('tril', x);
    return trilRow(x, { diagonal: diagonalIn('tril', argument), keep: 'lower' });
  }) as ArgumentOp<[diagonal?: DiagonalArgument]>,
});

/**
 * The upper triangle of matrices, from a diagonal on; 0 elsewhere.
 *
 * @example
 * triu(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 2], [0, 4]]
 */
export const triu: ArgumentOp<[diagonal?: DiagonalArgument]> = operation({
  name: 'triu',
  doc: 'Upper triangle of matrices.',
  formula: '\\mathrm{triu}(x)',
  rule: '\\mathrm{triu}(\\bar y)',
  cases: [{ shapes: [[3, 3]] }, { shapes: [[2, 2, 3]], call: (x) => triu(x, 1) }, { shapes: [[0, 2]] }],
  call: ((x: Operand, argument?: DiagonalArgument) => {
    checkMatrix('triu', x);
    return triuRow(x, { diagonal: diagonalIn('triu', argument), keep: 'upper' });
  }) as ArgumentOp<[diagonal?: DiagonalArgument]>,
});

interface Diagonal {
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
}

/** The diagonal of the last two axes. @internal */
export const diagonalRow: LinearRow<Diagonal> = linear<Diagonal>({
  name: 'diagonal',
  evaluate: (x, { offset }) => diagonalKernel(asTensor(x), offset, -2, -1),
  transpose: (g, _, d) => diagEmbedRow(g, d),
});

const diagEmbedRow: LinearRow<Diagonal> = linear<Diagonal>({
  name: 'diagEmbed',
  evaluate: (x, { offset, rows, columns }) => diagEmbed(asTensor(x), offset, rows, columns),
  transpose: (g, _, d) => diagonalRow(g, d),
});

/**
 * Of a vector, the square matrix with it on a diagonal; of a matrix, its diagonal.
 *
 * @throws `shape` for any other rank.
 * @example
 * diag(tensor([1, 2])).toArray(); // [[1, 0], [0, 2]]
 */
export const diag: ArgumentOp<[diagonal?: DiagonalArgument]> = operation({
  name: 'diag',
  doc: 'Vector to diagonal matrix, matrix to diagonal.',
  formula: '\\mathrm{diag}(x)',
  rule: '\\mathrm{diag}(\\bar y)',
  cases: [
    { shapes: [[3]], call: (x) => diag(x, 1) },
    { shapes: [[0]] },
    { shapes: [[3, 2]] },
    { shapes: [[3, 2]], call: (x) => diag(x, { diagonal: -1 }) },
  ],
  call: ((x: Operand, argument?: DiagonalArgument) => {
    const shape = extentsOf('diag', x);
    const offset = diagonalIn('diag', argument);
    if (shape.length === 1) {
      const rows = shape[0] + Math.abs(offset);
      return diagEmbedRow(x, { offset, rows, columns: rows });
    }
    if (shape.length === 2) return diagonalRow(x, { offset, rows: shape[0], columns: shape[1] });
    throw new TapegradError(
      'shape',
      `diag: needs a vector or a matrix, got ${showShape(shape)}; select or reshape it first`,
    );
  }) as ArgumentOp<[diagonal?: DiagonalArgument]>,
});

/** How many classes there are, and the dtype of the result. */
export interface OneHotOptions {
  /** Default: the largest index plus 1. */
  readonly numClasses?: number;
  /** Default i32. */
  readonly dtype?: DType;
}

/**
 * A new last axis with a 1 at each index and 0 elsewhere. Plain data: no derivative.
 *
 * @throws `index` for an index outside 0 … numClasses - 1; `argument` for no index and no numClasses.
 * @example
 * oneHot([0, 2], 3).toArray(); // [[1, 0, 0], [0, 0, 1]]
 */
export const oneHot: (index: IndexData | Value, argument?: number | OneHotOptions) => Tensor = operation({
  name: 'oneHot',
  doc: 'A 1 at each index along a new last axis.',
  formula: '\\delta_{k j}',
  isDifferentiable: false,
  call: (index: IndexData | Value, argument?: number | OneHotOptions): Tensor => {
    const { numClasses, dtype = 'i32' } = typeof argument === 'number' ? { numClasses: argument } : (argument ?? {});
    const indices = asIndex('oneHot', index);
    if (numClasses === undefined && indices.size === 0) {
      throw new TapegradError('argument', 'oneHot: no index tells how many classes there are; give numClasses');
    }
    let classes = numClasses ?? 1;
    if (numClasses === undefined) for (const k of indices.toTypedArray()) classes = Math.max(classes, k + 1);
    return oneHotKernel(indices, classes, dtype);
  },
});
