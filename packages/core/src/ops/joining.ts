/**
 * Putting tensors together, taking them apart, and padding them.
 *
 * @module
 */
import {
  concat as concatKernel,
  type Data,
  normaliseAxis,
  pad as padKernel,
  sameShape,
  showShape,
  TapegradError,
  Tensor,
} from '@tapegrad/kernels';
import { singleAxis } from '../axes.ts';
import { apply, general, type GeneralDef, type Operand, shapeOfOperand } from '../op.ts';
import { beginFamily, operation } from '../operation.ts';
import type { Value } from '../value.ts';
import { asTensor } from './broadcast.ts';
import { indexSelect, slice } from './indexing.ts';
import { type ArgumentOp, unsqueeze } from './shape.ts';

beginFamily('Joining and splitting');

type Axis = number | { readonly axis?: number };

/** A list to one tensor. */
export interface JoinOp {
  (xs: readonly Data[], options?: Axis): Tensor;
  (xs: readonly Operand[], options?: Axis): Value | Tensor;
}

const concatDef: GeneralDef = {
  kind: 'general',
  name: 'concat',
  evaluate: (xs, axis: number) => concatKernel(xs.map(asTensor), axis),
  vjp: (g, xs, _, axis: number) => {
    let at = 0;
    return xs.map((x) => {
      const start = at;
      at += shapeOfOperand(x)[axis];
      return slice(g, start, at, { axis });
    });
  },
  jvp: (tangents, xs, _, axis: number) => concat(tangents.map((t, k) => t ?? zerosOf(xs[k])), { axis }),
};

function zerosOf(x: Operand): Operand {
  const shape = shapeOfOperand(x);
  return new Tensor(new Float64Array(1), 'f64', shape, shape.map(() => 0));
}

/**
 * Tensors end to end along an axis, by default the first.
 *
 * @throws `shape` if they differ elsewhere, are scalars, or there are none.
 * @example
 * concat([tensor([1, 2]), tensor([3])]).toArray(); // [1, 2, 3]
 */
export const concat: JoinOp = operation({
  name: 'concat',
  doc: 'Tensors end to end along an axis.',
  formula: '(x, y)',
  rule: 'slices of \\bar y',
  cases: [
    { shapes: [[2], [3]], call: (x, y) => concat([x, y, x]) },
    { shapes: [[2, 1], [2, 3]], call: (x, y) => concat([x, y], { axis: -1 }) },
    { shapes: [[0, 2], [1, 2]], call: (x, y) => concat([x, y]) },
  ],
  call: ((xs: readonly Operand[], options?: Axis) => {
    if (!Array.isArray(xs) || xs.length === 0) throw new TapegradError('argument', 'concat: needs a list of at least one tensor');
    const shapes = xs.map(shapeOfOperand);
    if (shapes.some((shape) => shape.length === 0)) {
      throw new TapegradError('shape', 'concat: scalars have no axis to join along; use stack');
    }
    const axis = singleAxis('concat', options, shapes[0].length, 0);
    const fits = shapes.every(
      (shape) => shape.length === shapes[0].length && shape.every((extent, k) => k === axis || extent === shapes[0][k]),
    );
    if (!fits) {
      throw new TapegradError('shape', `concat: shapes ${shapes.map(showShape).join(', ')} differ in another axis than ${axis}; they must agree there`);
    }
    return apply(concatDef, xs, axis);
  }) as JoinOp,
});

/**
 * Tensors (or numbers) of one shape along a new axis, by default the first.
 *
 * @throws `shape` if their shapes differ or there are none.
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 */
export const stack: JoinOp = operation({
  name: 'stack',
  doc: 'Tensors of one shape along a new axis.',
  formula: '(x, y)',
  rule: 'slices of \\bar y',
  cases: [
    { shapes: [[2], [2]], call: (x, y) => stack([x, y], { axis: -1 }) },
    { shapes: [[], []], call: (x, y) => stack([x, y]) },
  ],
  call: ((xs: readonly Operand[], options?: Axis) => {
    if (!Array.isArray(xs) || xs.length === 0) throw new TapegradError('argument', 'stack: needs a list of at least one tensor');
    const shapes = xs.map(shapeOfOperand);
    if (!shapes.every((shape) => sameShape(shape, shapes[0]))) {
      throw new TapegradError('shape', `stack: shapes ${shapes.map(showShape).join(', ')} differ; all must be the same`);
    }
    const given = typeof options === 'number' ? options : (options?.axis ?? 0);
    const axis = normaliseAxis('stack', given, shapes[0].length + 1);
    return concat(xs.map((x) => unsqueeze(x, axis)), { axis });
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
  rule: '\\bar y in its place',
  cases: [
    { shapes: [[5]], call: (x) => split(x, 2)[2] },
    { shapes: [[2, 4]], call: (x) => split(x, [1, 3], { axis: 1 })[1] },
  ],
  call: ((x: Operand, sizes: number | readonly number[], options?: Axis) => {
    const shape = shapeOfOperand(x);
    const axis = singleAxis('split', options, shape.length, 0);
    const extent = shape[axis] ?? 1;
    if (typeof sizes === 'number' && !(Number.isInteger(sizes) && sizes > 0)) {
      throw new TapegradError('argument', `split: pieces have a whole size > 0, got ${sizes}`);
    }
    const list =
      typeof sizes === 'number'
        ? Array.from({ length: Math.max(1, Math.ceil(extent / sizes)) }, (_, k) => Math.min(sizes, extent - k * sizes))
        : sizes;
    if (list.reduce((a, b) => a + b, 0) !== extent || list.some((size) => size < 0)) {
      throw new TapegradError('argument', `split: sizes ${JSON.stringify(sizes)} do not add up to extent ${extent} of axis ${axis}`);
    }
    let at = 0;
    return list.map((size) => slice(x, at, (at += size), { axis }));
  }) as SplitOp,
});

/** How `pad` fills. */
export interface PadOptions {
  /** Default 'constant'. */
  readonly mode?: 'constant' | 'reflect' | 'replicate' | 'circular';
  /** What 'constant' fills with. Default 0. */
  readonly value?: number;
}

type Padding = readonly number[] | readonly (readonly [number, number])[];

interface Pads {
  readonly pads: readonly (readonly [number, number])[];
  readonly value: number;
}

const padRow: (xs: readonly Operand[], p: Pads) => Operand = general<Pads>({
  name: 'pad',
  evaluate: ([x], { pads, value }) => padKernel(asTensor(x), pads, value),
  vjp: (g, _, __, { pads }) => [padRow([g], { pads: pads.map(([a, b]) => [-a, -b] as const), value: 0 })],
  jvp: ([t], _, __, { pads }) => padRow([t!], { pads, value: 0 }),
});

/**
 * Padded at both ends of axes. The list is PyTorch's, `[left, right, top, bottom, …]`, last axis first; or a list
 * of pairs, first axis first. Negative numbers crop.
 *
 * @throws `argument` for a list that does not fit the rank or the mode.
 * @example
 * pad(tensor([1, 2]), [1, 2]).toArray(); // [0, 1, 2, 0, 0]
 */
export const pad: ArgumentOp<[padding: Padding, options?: PadOptions]> = operation({
  name: 'pad',
  doc: 'Padded at both ends of axes.',
  formula: '\\mathrm{pad}(x)',
  rule: '\\mathrm{crop}(\\bar y)',
  cases: [
    { shapes: [[2, 3]], call: (x) => pad(x, [1, -1, 0, 2], { value: 7 }) },
    { shapes: [[4]], call: (x) => pad(x, [[2, 3]], { mode: 'reflect' }) },
    { shapes: [[3]], call: (x) => pad(x, [2, 1], { mode: 'replicate' }) },
    { shapes: [[3]], call: (x) => pad(x, [2, 1], { mode: 'circular' }) },
  ],
  call: ((x: Operand, padding: Padding, { mode = 'constant', value = 0 }: PadOptions = {}) => {
    const shape = shapeOfOperand(x);
    const pads = pairsOf(padding, shape.length);
    if (mode === 'constant') return padRow([x], { pads, value });
    return pads.reduce<Operand>((padded, [before, after], axis) => {
      if (before === 0 && after === 0) return padded;
      return indexSelect(padded, sourcesOf(mode, shape[axis], before, after), { axis });
    }, x);
  }) as ArgumentOp<[padding: Padding, options?: PadOptions]>,
});

function pairsOf(padding: Padding, rank: number): (readonly [number, number])[] {
  const isPaired = padding.length > 0 && typeof padding[0] !== 'number';
  const flat = padding as readonly number[];
  const pairs = isPaired
    ? (padding as readonly (readonly [number, number])[])
    : Array.from({ length: flat.length / 2 }, (_, k) => [flat[2 * k], flat[2 * k + 1]] as const).reverse();
  if ((!isPaired && flat.length % 2 === 1) || pairs.length > rank || !pairs.flat().every(Number.isInteger)) {
    throw new TapegradError(
      'argument',
      `pad: ${JSON.stringify(padding)} does not fit rank ${rank}; give [left, right] for the last axis, then pairs for the axes before it`,
    );
  }
  return [...Array.from({ length: rank - pairs.length }, () => [0, 0] as const), ...pairs];
}

/** For each place of the padded axis, the place it is copied from. */
function sourcesOf(mode: string, extent: number, before: number, after: number): Tensor {
  const limit = mode === 'reflect' ? extent - 1 : mode === 'circular' ? extent : extent === 0 ? 0 : Infinity;
  if (before > limit || after > limit) {
    throw new TapegradError('argument', `pad: ${mode} padding of ${before}, ${after} is too wide for extent ${extent}; at most ${limit}`);
  }
  const from = (i: number): number => {
    if (mode === 'replicate') return Math.min(Math.max(i, 0), extent - 1);
    if (mode === 'circular') return (i + extent) % extent;
    return i < 0 ? -i : i >= extent ? 2 * (extent - 1) - i : i;
  };
  const index = Int32Array.from({ length: extent + before + after }, (_, k) => from(k - before));
  return new Tensor(index, 'i32', [index.length]);
}

