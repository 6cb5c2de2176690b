/**
 * Two-dimensional convolution (cross-correlation, as in PyTorch) and its two
 * transposes. The three are one trilinear form Σ g · w · x, seen from its
 * three sides, and so each is the derivative of the others.
 *
 * Each image is unrolled into a matrix with a row for each weight of a filter
 * and a column for each output pixel, which turns the three into products:
 *
 *     y  [O, P]  =  W [O, K] · X [K, P]          K = channels · KH · KW
 *     Ẋ  [K, P]  =  Wᵀ · G,  then rolled up      P = OH · OW
 *     Ẇ  [O, K]  =  G [O, P] · Xᵀ
 *
 * Everything is computed in double precision.
 *
 * @module
 */
import { doublesOf, narrowed, zeroDoubles } from './doubles.ts';
import { type DType, promote } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { gemm } from './gemm.ts';
import { sameShape, type Shape, showShape } from './shape.ts';
import type { Tensor } from './tensor.ts';
import { checkImages, checkWindow, countWindows, endInside, firstInside, type Pair } from './window.ts';

export type { Pair };

/** How the filters lie on the images: rows first, then columns. */
export interface ConvOptions {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Channels and filters fall into this many groups that do not see each other. */
  readonly groups: number;
}

/** All extents of one convolution; `channels` and `filters` are those of a group. */
interface Geometry {
  readonly images: number;
  readonly groups: number;
  readonly channels: number;
  readonly filters: number;
  readonly height: number;
  readonly width: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly options: ConvOptions;
}

function geometry(op: string, x: Shape, w: Shape, o: ConvOptions): Geometry {
  checkImages(op, x);
  const { groups } = o;
  if (!Number.isInteger(groups) || groups < 1) {
    throw new TapegradError('argument', `${op}: groups must be a whole number >= 1, got ${groups}`);
  }
  if (w.length !== 4 || x[1] !== w[1] * groups || w[0] % groups !== 0) {
    throw new TapegradError(
      'shape',
      `${op}: images ${showShape(x)} and filters ${showShape(w)} do not fit with ${groups} group(s); ` +
        `filters are [out, channels / groups, rows, columns], and groups divides out`,
    );
  }
  const kernel: Pair = [w[2], w[3]];
  const window = { kernel, stride: o.stride, padding: o.padding, dilation: o.dilation };
  checkWindow(op, window);
  const [outHeight, outWidth] = countWindows(op, x, window);
  return {
    images: x[0],
    groups,
    channels: w[1],
    filters: w[0] / groups,
    height: x[2],
    width: x[3],
    kernelHeight: w[2],
    kernelWidth: w[3],
    outHeight,
    outWidth,
    options: o,
  };
}

function outputShape(s: Geometry): Shape {
  return [s.images, s.groups * s.filters, s.outHeight, s.outWidth];
}

function checkCotangent(op: string, g: Tensor, s: Geometry): void {
  const expected = outputShape(s);
  if (sameShape(g.shape, expected)) return;
  throw new TapegradError(
    'shape',
    `${op}: g must have the shape ${showShape(expected)} of the output, got ${showShape(g.shape)}`,
  );
}

function finish(y: Float64Array, a: DType, b: DType, shape: Shape): Tensor {
  const promoted = promote(a, b);
  return narrowed(y, promoted === 'bool' ? 'i32' : promoted, shape);
}

/** Unrolled images are short-lived; small ones share this. No kernel is re-entered while another runs. */
const shared = new Float64Array(1 << 15);

function scratch(size: number): Float64Array {
  return size <= shared.length ? shared : new Float64Array(size);
}

/** Copies the channels at `from` of an image to rows of windows; with `back`, adds the rows to the channels. */
function unroll(image: Float64Array, from: number, s: Geometry, rows: Float64Array, back: boolean): void {
  const { channels, height, width, kernelHeight, kernelWidth, outHeight, outWidth, options } = s;
  const [strideY, strideX] = options.stride;
  const [padY, padX] = options.padding;
  const [dilationY, dilationX] = options.dilation;
  let to = 0;
  for (let c = 0; c < channels; c++) {
    const plane = from + c * height * width;
    for (let ky = 0; ky < kernelHeight; ky++) {
      const top = ky * dilationY - padY;
      for (let kx = 0; kx < kernelWidth; kx++) {
        const left = kx * dilationX - padX;
        const start = firstInside(left, strideX);
        const end = endInside(left, strideX, outWidth, width);
        for (let oy = 0, y = top; oy < outHeight; oy++, y += strideY, to += outWidth) {
          const isInside = y >= 0 && y < height;
          const at = plane + y * width + left;
          if (back) {
            if (isInside)
              for (let ox = start, p = at + start * strideX; ox < end; ox++, p += strideX) image[p] += rows[to + ox];
            continue;
          }
          const first = isInside ? Math.min(start, outWidth) : outWidth;
          for (let ox = 0; ox < first; ox++) rows[to + ox] = 0;
          if (!isInside) continue;
          let p = at + first * strideX;
          let ox = first;
          for (; ox < end; ox++, p += strideX) rows[to + ox] = image[p];
          for (; ox < outWidth; ox++) rows[to + ox] = 0;
        }
      }
    }
  }
}

/**
 * y[n, o, i, j] = Σ w[o, c, k, l] · x[n, c, i·stride + k·dilation - padding, …], over the channels of the group of o.
 *
 * Shapes  x [N, C, H, W], w [O, C/groups, KH, KW] → y [N, O, OH, OW],
 *         OH = ⌊(H + 2·padding - dilation·(KH - 1) - 1) / stride⌋ + 1
 * Dtypes  the wider of the two (i32 for bool)
 * Errors  'shape' when the shapes do not fit, 'argument' for options that make no sense
 */
export function conv2d(x: Tensor, w: Tensor, o: ConvOptions): Tensor {
  const s = geometry('conv2d', x.shape, w.shape, o);
  const { images, groups, channels, filters } = s;
  const taps = channels * s.kernelHeight * s.kernelWidth;
  const pixels = s.outHeight * s.outWidth;
  const xs = doublesOf(x);
  const ws = doublesOf(w);
  const y = zeroDoubles(images * groups * filters * pixels);
  const rows = scratch(taps * pixels);
  for (let block = 0; block < images * groups; block++) {
    unroll(xs, block * channels * s.height * s.width, s, rows, false);
    gemm(
      filters,
      pixels,
      taps,
      { data: ws, at: (block % groups) * filters * taps, row: taps, column: 1 },
      { data: rows, at: 0, row: pixels, column: 1 },
      { data: y, at: block * filters * pixels, row: pixels, column: 1 },
    );
  }
  return finish(y, x.dtype, w.dtype, outputShape(s));
}

/**
 * Transpose of {@link conv2d} with respect to x: ⟨g, conv2d(x, w)⟩ = ⟨conv2dInput(g, w), x⟩.
 *
 * Shapes  g [N, O, OH, OW], w [O, C/groups, KH, KW] → xShape [N, C, H, W]
 * Errors  as {@link conv2d}; 'shape' unless g has the shape of its output
 */
export function conv2dInput(g: Tensor, w: Tensor, xShape: Shape, o: ConvOptions): Tensor {
  const s = geometry('conv2dInput', xShape, w.shape, o);
  checkCotangent('conv2dInput', g, s);
  const { images, groups, channels, filters } = s;
  const taps = channels * s.kernelHeight * s.kernelWidth;
  const pixels = s.outHeight * s.outWidth;
  const gs = doublesOf(g);
  const ws = doublesOf(w);
  const planes = channels * s.height * s.width;
  const y = zeroDoubles(images * groups * planes);
  const rows = scratch(taps * pixels);
  for (let block = 0; block < images * groups; block++) {
    rows.fill(0, 0, taps * pixels);
    gemm(
      taps,
      pixels,
      filters,
      { data: ws, at: (block % groups) * filters * taps, row: 1, column: taps },
      { data: gs, at: block * filters * pixels, row: pixels, column: 1 },
      { data: rows, at: 0, row: pixels, column: 1 },
    );
    unroll(y, block * planes, s, rows, true);
  }
  return finish(y, g.dtype, w.dtype, xShape);
}

/**
 * Transpose of {@link conv2d} with respect to w: ⟨g, conv2d(x, w)⟩ = ⟨conv2dWeight(g, x), w⟩.
 *
 * Shapes  g [N, O, OH, OW], x [N, C, H, W] → wShape [O, C/groups, KH, KW]
 * Errors  as {@link conv2d}; 'shape' unless g has the shape of its output
 */
export function conv2dWeight(g: Tensor, x: Tensor, wShape: Shape, o: ConvOptions): Tensor {
  const s = geometry('conv2dWeight', x.shape, wShape, o);
  checkCotangent('conv2dWeight', g, s);
  const { images, groups, channels, filters } = s;
  const taps = channels * s.kernelHeight * s.kernelWidth;
  const pixels = s.outHeight * s.outWidth;
  const gs = doublesOf(g);
  const xs = doublesOf(x);
  const y = zeroDoubles(groups * filters * taps);
  const rows = scratch(taps * pixels);
  for (let block = 0; block < images * groups; block++) {
    unroll(xs, block * channels * s.height * s.width, s, rows, false);
    gemm(
      filters,
      taps,
      pixels,
      { data: gs, at: block * filters * pixels, row: pixels, column: 1 },
      { data: rows, at: 0, row: 1, column: pixels },
      { data: y, at: (block % groups) * filters * taps, row: taps, column: 1 },
    );
  }
  return finish(y, g.dtype, x.dtype, wShape);
}
