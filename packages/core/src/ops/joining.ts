/**
 * Putting tensors together, taking them apart, and padding them.
 *
 * @module
 */
import {
  cast,
  concat as concatKernel,
  type Data,
  expand as expandKernel,
  normaliseAxis,
  pad as padKernel,
  sameShape,
  type Shape,
  showShape,
  TapegradError,
  Tensor,
  zeros,
} from '@tapegrad/kernels';
import { singleAxis } from '../axes.ts';
import { dtypeOfOperand, general, type Operand, resultDtype, shapeOfOperand } from '../op.ts';
import { beginFamily, operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { asTensor } from './broadcast.ts';
import { indexSelect, select, slice } from './indexing.ts';
import { type ArgumentOp, extentsOf, reshaped } from './shape.ts';

beginFamily('Joining and splitting');

type Axis = number | { readonly axis?: number };

/** A list to one tensor. */
export interface JoinOp {
  (xs: readonly Data[], options?: Axis): Tensor;
  (xs: readonly Value[], options?: Axis): Value;
  (xs: readonly Operand[], options?: Axis): Value | Tensor;
}

function shapesOf(op: string, xs: readonly Operand[]): Shape[] {
  if (Array.isArray(xs) && xs.length > 0) return xs.map((x: Operand) => extentsOf(op, x));
  throw new TapegradError(
    'argument',
    `${op}: needs a list of at least one operand, got ${Array.isArray(xs) ? 'none' : typeof xs}`,
  );
}

/** A zero tangent, all of it one element. */
function zerosOf(x: Operand): Tensor {
  return expandKernel(zeros([], { dtype: dtypeOfOperand(x) }), shapeOfOperand(x));
}

const concatRow: (xs: readonly Operand[], axis: number) => Operand = general<number>({
  name: 'concat',
  evaluate: (xs, axis) => concatKernel(xs.map(asTensor), axis),
  vjp: (g, xs, _, axis, wanted) => {
    let at = 0;
    return xs.map((x, k) => {
      const start = at;
      at += shapeOfOperand(x)[axis];
      return wanted[k] ? slice(g, start, at, { axis }) : null;
    });
  },
  jvp: (tangents, xs, _, axis) =>
    concatRow(
      tangents.map((t, k) => t ?? zerosOf(xs[k])),
      axis,
    ),
});

/**
 * Tensors end to end along an axis, by default the first.
 *
 * @throws `shape` if they differ elsewhere or are scalars; `argument` if there are none.
 * @example
 * concat([tensor([1, 2]), tensor([3])]).toArray(); // [1, 2, 3]
 */
export const concat: JoinOp = operation({
  name: 'concat',
  doc: 'Tensors end to end along an axis.',
  formula: '(x, y)',
  rule: '\\text{slices of } \\bar z',
  cases: [
    { shapes: [[2], [3]], call: (x, y) => concat([x, y, x]) },
    {
      shapes: [
        [2, 1],
        [2, 3],
      ],
      call: (x, y) => concat([x, y], { axis: -1 }),
    },
    {
      shapes: [
        [0, 2],
        [1, 2],
      ],
      call: (x, y) => concat([x, y]),
    },
  ],
  call: ((xs: readonly Operand[], options?: Axis) => {
    const shapes = shapesOf('concat', xs);
    if (shapes.some((shape) => shape.length === 0)) {
      throw new TapegradError('shape', 'concat: scalars have no axis to join along; use stack');
    }
    const [first] = shapes;
    const axis = singleAxis('concat', options, first.length, 0);
    const odd = shapes.find(
      (shape) => shape.length !== first.length || shape.some((extent, k) => k !== axis && extent !== first[k]),
    );
    if (odd !== undefined) {
      throw new TapegradError(
        'shape',
        `concat: ${showShape(first)} and ${showShape(odd)} must have the same rank and may differ at axis ${axis} only`,
      );
    }
    return concatRow(xs, axis);
  }) as JoinOp,
});

const stackRow: (xs: readonly Operand[], axis: number) => Operand = general<number>({
  name: 'stack',
  // Numbers are weak, as in arithmetic: they take the dtype of the tensors beside them.
  evaluate: (xs, axis) => {
    const dtype = resultDtype('same', xs);
    const slices = xs.map((x) => {
      const { shape } = asTensor(x);
      return reshaped(cast(asTensor(x), dtype), [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
    });
    return concatKernel(slices, axis);
  },
  vjp: (g, xs, _, axis, wanted) => xs.map((_x, k) => (wanted[k] ? select(g, k, { axis }) : null)),
  jvp: (tangents, xs, _, axis) =>
    stackRow(
      tangents.map((t, k) => t ?? zerosOf(xs[k])),
      axis,
    ),
});

/**
 * Tensors (or numbers) of one shape along a new axis, by default the first.
 *
 * @throws `shape` if their shapes differ; `argument` if there are none.
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 * stack([1, 2, 3]).shape; // [3]
 */
export const stack: JoinOp = operation({
  name: 'stack',
  doc: 'Tensors of one shape along a new axis.',
  formula: '(x, y)',
  rule: '\\text{slices of } \\bar z',
  cases: [
    { shapes: [[2], [2]], call: (x, y) => stack([x, y, x], { axis: -1 }) },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      call: (x, y) => stack([x, y], 1),
    },
    { shapes: [[], []], call: (x, y) => stack([x, y]) },
    { shapes: [[0], [0]], call: (x, y) => stack([x, y]) },
  ],
  call: ((xs: readonly Operand[], options?: Axis) => {
    const shapes = shapesOf('stack', xs);
    const odd = shapes.find((shape) => !sameShape(shape, shapes[0]));
    if (odd !== undefined) {
      throw new TapegradError(
        'shape',
        `stack: ${showShape(shapes[0])} and ${showShape(odd)} differ; all shapes must be the same (concat joins others)`,
      );
    }
    const given = typeof options === 'number' ? options : (options?.axis ?? 0);
    return stackRow(xs, normaliseAxis('stack', given, shapes[0].length + 1));
  }) as JoinOp,
});

/** A tensor to a list. */
export interface SplitOp {
  (x: Data, sizes: number | readonly number[], options?: Axis): Tensor[];
  (x: Value, sizes: number | readonly number[], options?: Axis): Value[];
  (x: Operand, sizes: number | readonly number[], options?: Axis): Operand[];
}

/**
 * Pieces along an axis, by default the first: of one size (the last may be smaller) or of the listed sizes.
 *
 * @throws `argument` if the sizes do not add up.
 * @example
 * split(tensor([1, 2, 3]), 2).map((part) => part.toArray()); // [[1, 2], [3]]
 */
export const split: SplitOp = operation({
  name: 'split',
  doc: 'Pieces along an axis.',
  formula: 'x_{a:b}',
  rule: '\\bar y \\text{ in its place, 0 elsewhere}',
  cases: [
    { shapes: [[5]], call: (x) => split(x, 2)[2] },
    { shapes: [[2, 4]], call: (x) => split(x, [1, 3], { axis: -1 })[1] },
    { shapes: [[2, 4]], call: (x) => split(x, [0, 2])[0] },
  ],
  call: ((x: Operand, sizes: number | readonly number[], options?: Axis) => {
    const shape = extentsOf('split', x);
    if (shape.length === 0) throw new TapegradError('shape', 'split: a scalar has no axis to split');
    const axis = singleAxis('split', options, shape.length, 0);
    const extent = shape[axis];
    if (typeof sizes === 'number' && !(Number.isInteger(sizes) && sizes > 0)) {
      throw new TapegradError('argument', `split: pieces have a whole size > 0, got ${sizes}`);
    }
    const list =
      typeof sizes === 'number'
        ? Array.from({ length: Math.max(1, Math.ceil(extent / sizes)) }, (_, k) => Math.min(sizes, extent - k * sizes))
        : sizes;
    if (list.reduce((a, b) => a + b, 0) !== extent || !list.every((size) => Number.isInteger(size) && size >= 0)) {
      throw new TapegradError(
        'argument',
        `split: sizes ${JSON.stringify(sizes)} must be whole numbers >= 0 that add up to extent ${extent} of axis ${axis}`,
      );
    }
    let at = 0;
    return list.map((size) => slice(x, at, (at += size), { axis }));
  }) as SplitOp,
});

const MODES = ['constant', 'reflect', 'replicate', 'circular'] as const;

/** How `pad` fills: with a number, by mirroring without the edge, with the edge, or from the other end. */
export interface PadOptions {
  /** Default 'constant'. */
  readonly mode?: (typeof MODES)[number];
  /** What 'constant' fills with. Default 0. */
  readonly value?: number;
}

type Pair = readonly [before: number, after: number];
type Padding = readonly number[] | readonly Pair[];

interface Pads {
  readonly pads: readonly Pair[];
  readonly value: number;
}

/** Affine, for `value`; the transpose crops where this pads and pads where it crops. */
const padRow: (xs: readonly Operand[], p: Pads) => Operand = general<Pads>({
  name: 'pad',
  evaluate: ([x], { pads, value }) => padKernel(asTensor(x), pads, value),
  vjp: (g, _, __, { pads }) => [padRow([g], { pads: pads.map(([a, b]) => [-a, -b] as const), value: 0 })],
  jvp: ([t], _, __, { pads }) => padRow([t!], { pads, value: 0 }),
});

/**
 * Padded at both ends of axes. The list is PyTorch's, `[left, right, top, bottom, …]`, last axis first; or one pair
 * for each axis, first axis first. Negative numbers crop.
 *
 * @throws `argument` for a list that does not fit the rank, an unknown mode, or padding wider than the mode allows;
 * `shape` if less than nothing would be left.
 * @example
 * pad(tensor([1, 2]), [1, 2]).toArray(); // [0, 1, 2, 0, 0]
 * pad(tensor([1, 2, 3]), [2, 1], { mode: 'reflect' }).toArray(); // [3, 2, 1, 2, 3, 2]
 */
export const pad: ArgumentOp<[padding: Padding, options?: PadOptions], number> = operation({
  name: 'pad',
  doc: 'Padded (or cropped) at both ends of axes.',
  formula: '\\mathrm{pad}(x)',
  rule: '\\mathrm{crop}(\\bar y)',
  cases: [
    { shapes: [[2, 3]], call: (x) => pad(x, [1, -1, 0, 2], { value: 7 }) },
    {
      shapes: [[2, 1, 3]],
      call: (x) =>
        pad(x, [
          [1, 0],
          [0, 0],
          [-2, 1],
        ]),
    },
    { shapes: [[0]], call: (x) => pad(x, [1, 1]) },
    { shapes: [[4]], call: (x) => pad(x, [2, 3], { mode: 'reflect' }) },
    { shapes: [[2, 3]], call: (x) => pad(x, [2, 1, 1, 1], { mode: 'replicate' }) },
    { shapes: [[3]], call: (x) => pad(x, [2, -1], { mode: 'circular' }) },
  ],
  call: ((x: Operand, padding: Padding, { mode = 'constant', value = 0 }: PadOptions = {}) => {
    const shape = extentsOf('pad', x);
    const pads = pairsOf(padding, shape);
    if (!MODES.includes(mode)) {
      throw new TapegradError(
        'argument',
        `pad: there is no mode '${String(mode)}'; use ${MODES.map((m) => `'${m}'`).join(', ')}`,
      );
    }
    if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
    if (mode === 'constant') return padRow([x], { pads, value });
    const sources = pads.map(([before, after], axis) => sourcesOf(mode, shape[axis], before, after));
    return sources.reduce<Operand>((y, index, axis) => (index === null ? y : indexSelect(y, index, { axis })), x);
  }) as ArgumentOp<[padding: Padding, options?: PadOptions], number>,
});

/** One pair an axis, from either form. */
function pairsOf(padding: Padding, shape: Shape): readonly Pair[] {
  const rank = shape.length;
  const list: readonly unknown[] = Array.isArray(padding) ? padding : [undefined];
  const isPaired = Array.isArray(list[0]);
  const pairs = isPaired ? (list as readonly Pair[]) : pairsFromBack(list as readonly number[], rank);
  const isFit = pairs.length === rank && pairs.every((pair) => pair.length === 2 && pair.every(Number.isInteger));
  if (!isFit || (!isPaired && list.length % 2 === 1)) {
    throw new TapegradError(
      'argument',
      `pad: ${JSON.stringify(padding)} does not fit ${showShape(shape)}; give whole numbers [left, right] for the last axis, ` +
        `then those of the axes before it, or a list of ${rank} pairs, first axis first`,
    );
  }
  return pairs;
}

function pairsFromBack(flat: readonly number[], rank: number): Pair[] {
  return Array.from({ length: Math.max(rank, flat.length / 2) }, (_, axis): Pair => {
    const k = 2 * (rank - 1 - axis);
    return k < flat.length ? [flat[k], flat[k + 1]] : [0, 0];
  });
}

/** For each place of the padded axis, the place it is copied from; null where nothing changes. */
function sourcesOf(mode: string, extent: number, before: number, after: number): Tensor | null {
  if (before === 0 && after === 0) return null;
  const length = extent + before + after;
  const limit = mode === 'reflect' ? extent - 1 : mode === 'circular' ? extent : extent === 0 ? 0 : Infinity;
  if (before > limit || after > limit) {
    throw new TapegradError(
      'argument',
      `pad: ${mode} padding of ${before} and ${after} is too wide for extent ${extent}; at most ${Math.max(0, limit)}`,
    );
  }
  if (length < 0) {
    throw new TapegradError(
      'shape',
      `pad: cropping extent ${extent} by ${-before} and ${-after} leaves less than nothing`,
    );
  }
  const from = (i: number): number => {
    if (mode === 'replicate') return Math.min(Math.max(i, 0), extent - 1);
    if (mode === 'circular') return (i + extent) % extent;
    return i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i;
  };
  return new Tensor(
    Int32Array.from({ length }, (_, k) => from(k - before)),
    'i32',
    [length],
  );
}
