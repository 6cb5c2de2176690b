/**
 * The arithmetic of layers; the layers themselves, with parameters, are in
 * `@tapegrad/nn`.
 *
 * @module
 */
import { type Generator, type Shape, showShape, TapegradError, type Tensor, zeros } from '@tapegrad/kernels';
import { type Operand, shapeOfOperand } from '../op.ts';
import { operation, type OptionOp } from '../operation.ts';
import type { Value } from '../value.ts';
import { add, mul, sub } from './arithmetic.ts';
import { rsqrt } from './exponential.ts';
import { asIndex, indexSelect, type IndexData } from './indexing.ts';
import { matmul } from './linalg.ts';
import { mean, variance } from './reduction.ts';
import { reshape, transpose } from './shape.ts';

/** `linear` on any mix of data and values. */
export interface LinearOp {
  (x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor;
  (x: Operand, weight: Operand, bias?: Operand | null): Value | Tensor;
}

/**
 * `x Wᵀ + b`, from `[…, in]` to `[…, out]`, with a weight of `[out, in]` (or `[in]`, for one output).
 *
 * @throws `shape` if the extents do not fit.
 * @example
 * linear(tensor([1, 2]), tensor([[3, 4]]), tensor([5])).toArray(); // [16]
 */
export const linear: LinearOp = operation({
  name: 'linear',
  doc: 'Matrix product with a transposed weight, plus a bias.',
  formula: 'x W^{\\mathsf T} + b',
  rule: '\\bar y W,\\ \\bar y^{\\mathsf T} x,\\ \\sum \\bar y',
  cases: [
    { shapes: [[2, 3], [4, 3], [4]] },
    { shapes: [[3], [4, 3]], call: (x, w) => linear(x, w) },
    { shapes: [[2, 3], [3], []] },
  ],
  call: ((x: Operand, weight: Operand, bias?: Operand | null) => {
    const [m, n] = [shapeOfOperand(x), shapeOfOperand(weight)];
    if (m.length === 0 || n.length === 0 || n.length > 2 || m[m.length - 1] !== n[n.length - 1]) {
      throw new TapegradError(
        'shape',
        `linear: x ${showShape(m)} does not fit weight ${showShape(n)}; need […, in] and [out, in]`,
      );
    }
    const product = matmul(x, n.length === 1 ? weight : transpose(weight));
    return bias === undefined || bias === null ? product : add(product, bias);
  }) as LinearOp,
});

/** Options of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Scale, in the normalised shape. */
  readonly weight?: Operand | null;
  /** Shift, in the normalised shape. */
  readonly bias?: Operand | null;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/** `layerNorm` on data or values. */
export interface LayerNormOp {
  (x: Tensor, shape: number | Shape, options?: LayerNormOptions): Tensor | Value;
  (x: Operand, shape: number | Shape, options?: LayerNormOptions): Operand;
}

/**
 * Normalised over the last axes, whose extents are `shape`: mean 0, variance 1, then scaled and shifted.
 *
 * @throws `shape` if `shape` is not how the shape of `x` ends.
 * @example
 * layerNorm(tensor([1, 3]), 2, { eps: 0 }); // Tensor [2] f64…
 */
export const layerNorm: LayerNormOp = operation({
  name: 'layerNorm',
  doc: 'Normalised over the last axes, scaled and shifted.',
  formula: '\\frac{x - \\bar x}{\\sqrt{\\mathrm{var}(x) + \\epsilon}} w + b',
  rule: 'by its parts',
  cases: [
    { shapes: [[2, 4]], call: (x) => layerNorm(x, 4) },
    {
      shapes: [
        [2, 3, 2],
        [3, 2],
        [3, 2],
      ],
      call: (x, weight, bias) => layerNorm(x, [3, 2], { weight, bias }),
    },
  ],
  source: 'Ba, Kiros and Hinton 2016',
  call: ((x: Operand, shape: number | Shape, { weight, bias, eps = 1e-5 }: LayerNormOptions = {}) => {
    const full = shapeOfOperand(x);
    const ending = typeof shape === 'number' ? [shape] : shape;
    if (ending.length === 0 || showShape(full.slice(-ending.length)) !== showShape(ending)) {
      throw new TapegradError('shape', `layerNorm: shape ${showShape(full)} does not end in ${showShape(ending)}`);
    }
    const axis = ending.map((_, k) => -1 - k);
    const centred = sub(x, mean(x, { axis, keepDims: true }));
    const scale = rsqrt(add(variance(x, { axis, keepDims: true, correction: 0 }), eps));
    const normalised = mul(centred, scale);
    const scaled = weight === undefined || weight === null ? normalised : mul(normalised, weight);
    return bias === undefined || bias === null ? scaled : add(scaled, bias);
  }) as LayerNormOp,
});

/** `embedding` on a table of data or values. */
export interface EmbeddingOp {
  (index: IndexData, weight: Tensor): Tensor;
  (index: IndexData, weight: Value): Value;
  (index: IndexData, weight: Operand): Value | Tensor;
}

/**
 * Rows of a table by index: `[…]` whole numbers and `[count, …size]` give `[…, …size]`.
 *
 * @throws `index` for a row that is not there.
 * @example
 * embedding([1, 0], tensor([[1, 2], [3, 4]])).toArray(); // [[3, 4], [1, 2]]
 */
export const embedding: EmbeddingOp = operation({
  name: 'embedding',
  doc: 'Rows of a table by index.',
  formula: 'w_{k_i}',
  rule: '\\bar w_{k_i} \\mathrel{+}= \\bar y_i',
  cases: [
    {
      shapes: [[3, 2]],
      call: (w) =>
        embedding(
          [
            [0, 2],
            [2, 1],
          ],
          w,
        ),
    },
  ],
  call: ((index: IndexData, weight: Operand) => {
    const indices = asIndex('embedding', index);
    const rows = indexSelect(weight, reshape(indices, [-1]));
    return reshape(rows, [...indices.shape, ...shapeOfOperand(weight).slice(1)]);
  }) as EmbeddingOp,
});

/** Options of {@link dropout}. */
export interface DropoutOptions {
  /** Chance of an element to be dropped. Default 0.5. */
  readonly p?: number;
  /** Without training nothing happens. Default true. */
  readonly training?: boolean;
  /** Where the chance comes from. */
  readonly generator?: Generator;
}

/**
 * Elements set to 0 with chance `p`, the others scaled by `1 / (1 - p)`, so that the mean stays.
 *
 * @throws `argument` for a `p` outside [0, 1], or without a generator.
 * @example
 * dropout(tensor([1, 2]), { training: false }).toArray(); // [1, 2]
 */
export const dropout: OptionOp<DropoutOptions> = operation({
  name: 'dropout',
  doc: 'Elements set to 0 by chance, the others scaled up.',
  formula: 'x \\odot m / (1 - p)',
  rule: '\\bar y \\odot m / (1 - p)',
  cases: [{ shapes: [[2, 3]], call: (x) => dropout(x, { training: false }) }],
  source: 'Srivastava et al. 2014',
  call: ((x: Operand, { p = 0.5, training = true, generator }: DropoutOptions = {}) => {
    if (!(p >= 0 && p <= 1)) throw new TapegradError('argument', `dropout: p is a chance from 0 to 1, got ${p}`);
    if (!training || p === 0) return x;
    if (generator === undefined) {
      throw new TapegradError(
        'argument',
        'dropout: which random numbers? Give { generator: generator(seed) }, or { training: false }',
      );
    }
    const shape = shapeOfOperand(x);
    const mask = zeros(shape, { dtype: typeof x === 'number' ? 'f64' : x.dtype });
    for (let i = 0; i < mask.size; i++) mask.buffer[i] = generator.uniform() < p ? 0 : 1 / (1 - p);
    return mul(x, typeof x === 'number' ? mask.item() : mask);
  }) as OptionOp<DropoutOptions>,
});
