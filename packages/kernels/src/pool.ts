/**
 * Maxima and means over windows of images.
 *
 * The maximum comes as positions: with them `takeFlat` gives the values and
 * `putFlat` their transpose, for any number of derivatives.
 *
 * @module
 */
import { doublesOf, narrowed, zeroDoubles } from './doubles.ts';
import { allocate } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { sameShape, type Shape, showShape } from './shape.ts';
import { elementsOf, Tensor } from './tensor.ts';
import { checkImages, checkWindow, countWindows, endInside, firstInside, type WindowOptions } from './window.ts';

export type { WindowOptions };

/** How the windows lie on the images: rows first, then columns. */
export type PoolOptions = WindowOptions;

function outputShape(op: string, shape: Shape, o: PoolOptions): Shape {
  checkImages(op, shape);
  checkWindow(op, o);
  if (2 * o.padding[0] > o.kernel[0] || 2 * o.padding[1] > o.kernel[1]) {
    throw new TapegradError(
      'argument',
      `${op}: padding ${showShape(o.padding)} may be at most half the kernel ${showShape(o.kernel)}; pad the images first`,
    );
  }
  return [shape[0], shape[1], ...countWindows(op, shape, o)];
}

/**
 * Positions in the flattened `x` of the largest element of each window: of the
 * first among equals, and of the last NaN if there is one, as in PyTorch.
 * Padding is never chosen.
 *
 * Shapes  x [N, C, H, W] → y [N, C, OH, OW], as for `conv2d`      Dtypes  i32
 * Errors  'shape', 'argument' as conv2d; 'argument' when padding exceeds half the kernel, or leaves a window empty
 */
export function maxPool2dIndex(x: Tensor, o: PoolOptions): Tensor {
  const shape = outputShape('maxPool2dIndex', x.shape, o);
  const [, , height, width] = x.shape;
  const [images, channels, outHeight, outWidth] = shape;
  const data = elementsOf(x);
  const [stepY, stepX] = o.dilation;
  const y = allocate('i32', images * channels * outHeight * outWidth);
  let to = 0;
  for (let plane = 0; plane < images * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const top = oy * o.stride[0] - o.padding[0];
      const ky0 = firstInside(top, stepY);
      const ky1 = endInside(top, stepY, o.kernel[0], height);
      for (let ox = 0; ox < outWidth; ox++) {
        const left = ox * o.stride[1] - o.padding[1];
        const kx0 = firstInside(left, stepX);
        const kx1 = endInside(left, stepX, o.kernel[1], width);
        let best = -Infinity;
        let where = -1;
        for (let ky = ky0; ky < ky1; ky++) {
          const row = (plane * height + top + ky * stepY) * width + left;
          for (let kx = kx0, at = row + kx0 * stepX; kx < kx1; kx++, at += stepX) {
            const value = data[at];
            // The first element is taken even if it is -Infinity.
            if (value > best || where < 0 || value !== value) {
              best = value;
              where = at;
            }
          }
        }
        if (where < 0) {
          throw new TapegradError(
            'argument',
            `maxPool2dIndex: window [${oy},${ox}] lies in the padding; take less padding`,
          );
        }
        y[to++] = where;
      }
    }
  }
  return new Tensor(y, 'i32', shape);
}

/**
 * Mean of each window. Padding counts as zeros if `countIncludePad`, else it
 * does not count.
 *
 * Shapes  x [N, C, H, W] → y [N, C, OH, OW]      Dtypes  f32 as it is, others f64
 * Errors  'shape', 'argument' as {@link maxPool2dIndex}; 0 for windows without an element
 */
export function avgPool2d(x: Tensor, o: PoolOptions, countIncludePad: boolean): Tensor {
  const shape = outputShape('avgPool2d', x.shape, o);
  const y = zeroDoubles(shape[0] * shape[1] * shape[2] * shape[3]);
  average(doublesOf(x), y, x.shape, shape, o, countIncludePad, false);
  return narrowed(y, x.dtype === 'f32' ? 'f32' : 'f64', shape);
}

/**
 * Transpose of {@link avgPool2d}: spreads each element of g over its window.
 *
 * Shapes  g [N, C, OH, OW] → xShape [N, C, H, W]
 * Errors  as avgPool2d; 'shape' unless g has the shape of its output
 */
export function avgPool2dTranspose(g: Tensor, xShape: Shape, o: PoolOptions, countIncludePad: boolean): Tensor {
  const shape = outputShape('avgPool2dTranspose', xShape, o);
  if (!sameShape(g.shape, shape)) {
    throw new TapegradError(
      'shape',
      `avgPool2dTranspose: g must have the shape ${showShape(shape)} of the output, got ${showShape(g.shape)}`,
    );
  }
  const x = zeroDoubles(xShape[0] * xShape[1] * xShape[2] * xShape[3]);
  average(x, doublesOf(g), xShape, shape, o, countIncludePad, true);
  return narrowed(x, g.dtype === 'f32' ? 'f32' : 'f64', xShape);
}

/** x → y, or with `back` y → x: the same walk, so that the two cannot disagree. */
function average(
  x: Float64Array,
  y: Float64Array,
  xShape: Shape,
  yShape: Shape,
  o: PoolOptions,
  countIncludePad: boolean,
  back: boolean,
): void {
  const [images, channels, height, width] = xShape;
  const [, , outHeight, outWidth] = yShape;
  const [stepY, stepX] = o.dilation;
  let to = 0;
  for (let plane = 0; plane < images * channels; plane++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const top = oy * o.stride[0] - o.padding[0];
      const ky0 = firstInside(top, stepY);
      const ky1 = endInside(top, stepY, o.kernel[0], height);
      for (let ox = 0; ox < outWidth; ox++, to++) {
        const left = ox * o.stride[1] - o.padding[1];
        const kx0 = firstInside(left, stepX);
        const kx1 = endInside(left, stepX, o.kernel[1], width);
        if (ky0 >= ky1 || kx0 >= kx1) continue;
        const count = countIncludePad ? o.kernel[0] * o.kernel[1] : (ky1 - ky0) * (kx1 - kx0);
        const share = y[to] / count;
        let total = 0;
        for (let ky = ky0; ky < ky1; ky++) {
          const row = (plane * height + top + ky * stepY) * width + left;
          for (let kx = kx0, at = row + kx0 * stepX; kx < kx1; kx++, at += stepX) {
            if (back) x[at] += share;
            else total += x[at];
          }
        }
        if (!back) y[to] = total / count;
      }
    }
  }
}
