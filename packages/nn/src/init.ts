/**
 * Initial parameters, drawn from a generator that the caller seeds.
 *
 * The fans of a weight follow PyTorch: of `[out, in, ...kernel]`, fan-in is `in · |kernel|` and fan-out
 * `out · |kernel|`.
 *
 * @module
 */
import { type DType, type Generator, type Shape, TapegradError, Tensor } from 'tapegrad';

/** Where the numbers come from. */
export interface InitOptions {
  readonly generator: Generator;
  /** Default f64. */
  readonly dtype?: DType;
}

/** Fan-in and fan-out of a weight `[out, in, ...kernel]`. */
export function fansOf(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) {
    throw new TapegradError(
      'shape',
      `initialisers need a weight of rank 2 or more, [out, in, ...kernel], got rank ${shape.length}`,
    );
  }
  const kernel = shape.slice(2).reduce((n, extent) => n * extent, 1);
  return { fanIn: shape[1] * kernel, fanOut: shape[0] * kernel };
}

function draw(shape: Shape, dtype: DType, next: () => number): Tensor {
  const size = shape.reduce((n, extent) => n * extent, 1);
  const values = Array.from({ length: size }, next);
  return new Tensor(dtype === 'f32' ? Float32Array.from(values) : Float64Array.from(values), dtype, shape);
}

/**
 * Uniform in `[-bound, bound)`.
 *
 * @example
 * uniform([2, 3], 0.1, { generator: generator(1) }).shape; // [2,3]
 */
export function uniform(shape: Shape, bound: number, { generator, dtype = 'f64' }: InitOptions): Tensor {
  return draw(shape, dtype, () => (generator.uniform() * 2 - 1) * bound);
}

/**
 * Uniform in `±gain / fanIn`, or with `root`, `±gain / √fanIn`. The 1989 zip-code network has gain 2.4.
 *
 * Source: LeCun et al. 1989.
 */
export function uniformFanIn(
  shape: Shape,
  { gain = 1, root = false, ...options }: InitOptions & { readonly gain?: number; readonly root?: boolean },
): Tensor {
  const { fanIn } = fansOf(shape);
  return uniform(shape, gain / (root ? Math.sqrt(fanIn) : fanIn), options);
}

/** Uniform in `±gain √(6 / (fanIn + fanOut))`. Source: Glorot and Bengio 2010, equation 16. */
export function xavierUniform(
  shape: Shape,
  { gain = 1, ...options }: InitOptions & { readonly gain?: number },
): Tensor {
  const { fanIn, fanOut } = fansOf(shape);
  return uniform(shape, gain * Math.sqrt(6 / (fanIn + fanOut)), options);
}

/** Normal with standard deviation `gain √(2 / (fanIn + fanOut))`. Source: Glorot and Bengio 2010. */
export function xavierNormal(
  shape: Shape,
  { gain = 1, generator, dtype = 'f64' }: InitOptions & { readonly gain?: number },
): Tensor {
  const { fanIn, fanOut } = fansOf(shape);
  const deviation = gain * Math.sqrt(2 / (fanIn + fanOut));
  return draw(shape, dtype, () => generator.normal() * deviation);
}

/** Uniform in `±gain √(3 / fanIn)`, gain √2 for relu. Source: He et al. 2015. */
export function heUniform(
  shape: Shape,
  { gain = Math.SQRT2, ...options }: InitOptions & { readonly gain?: number },
): Tensor {
  return uniform(shape, gain * Math.sqrt(3 / fansOf(shape).fanIn), options);
}

/** Normal with standard deviation `gain / √fanIn`, gain √2 for relu. Source: He et al. 2015, equation 10. */
export function heNormal(
  shape: Shape,
  { gain = Math.SQRT2, generator, dtype = 'f64' }: InitOptions & { readonly gain?: number },
): Tensor {
  const deviation = gain / Math.sqrt(fansOf(shape).fanIn);
  return draw(shape, dtype, () => generator.normal() * deviation);
}

/**
 * A matrix with orthonormal rows or columns, whichever are fewer, times `gain`; axes after the first count as one.
 *
 * Source: Saxe, McClelland and Ganguli 2014. By modified Gram-Schmidt, twice, on normal vectors.
 */
export function orthogonal(
  shape: Shape,
  { gain = 1, generator, dtype = 'f64' }: InitOptions & { readonly gain?: number },
): Tensor {
  fansOf(shape);
  const rows = shape[0];
  const columns = shape.slice(1).reduce((n, extent) => n * extent, 1);
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const basis: Float64Array[] = [];
  while (basis.length < count) {
    const v = Float64Array.from({ length }, () => generator.normal());
    for (let pass = 0; pass < 2; pass++) for (const u of basis) subtractProjection(v, u);
    const norm = Math.hypot(...v);
    // A vector in the span of the others (chance 0, but for rounding) is drawn again.
    if (norm > 1e-6) basis.push(v.map((x) => x / norm));
  }
  let at = 0;
  return draw(shape, dtype, () => {
    const [i, j] = [Math.floor(at / columns), at++ % columns];
    return gain * (rows < columns ? basis[i][j] : basis[j][i]);
  });
}

function subtractProjection(v: Float64Array, u: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < v.length; i++) dot += v[i] * u[i];
  for (let i = 0; i < v.length; i++) v[i] -= dot * u[i];
}
