/**
 * Layers as plain functions over trees of parameters. `dense.init` makes a tree,
 * `dense(params, x)` applies it; trees of layers are trees of parameters.
 *
 * @module
 */
import {
  conv2d as convolve,
  embedding as lookUp,
  layerNorm as normalise,
  linear,
  type Operand,
  ones,
  type Tensor,
  zeros,
} from 'tapegrad';
import { heUniform, type InitOptions, uniform } from './init.ts';

/** Weight and bias of a layer: tensors, or values while they are differentiated. */
export interface Affine<T extends Operand = Tensor> {
  readonly weight: T;
  readonly bias: T;
}

/** Parameters of {@link dense}: weight `[out, in]` by He's rule, bias 0. */
export function denseInit(inputs: number, outputs: number, options: InitOptions): Affine {
  return { weight: heUniform([outputs, inputs], options), bias: zeros([outputs], { dtype: options.dtype ?? 'f64' }) };
}

/**
 * A fully connected layer: `x Wᵀ + b`, from `[..., in]` to `[..., out]`.
 *
 * @example
 * const layer = denseInit(3, 2, { generator: generator(1) });
 * (dense(layer, zeros([5, 3])) as Tensor).shape; // [5,2]
 */
export function dense(params: Affine<Operand>, x: Operand): Operand {
  return linear(x, params.weight, params.bias);
}

/** Parameters of {@link convolution}: weight `[out, in / groups, kernel, kernel]` by He's rule, bias 0. */
export function convolutionInit(
  inputs: number,
  outputs: number,
  kernel: number | readonly [number, number],
  options: InitOptions & { readonly groups?: number },
): Affine {
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const shape = [outputs, inputs / (options.groups ?? 1), height, width];
  return { weight: heUniform(shape, options), bias: zeros([outputs], { dtype: options.dtype ?? 'f64' }) };
}

/** A 2-d convolution layer, from `[n, in, h, w]` to `[n, out, h', w']`; options as `conv2d`. */
export function convolution(
  params: Affine<Operand>,
  x: Operand,
  options: Parameters<typeof convolve>[3] = {},
): Operand {
  return convolve(x, params.weight, params.bias, options);
}

/** Parameters of {@link norm}: weight 1, bias 0. */
export function normInit(size: number, options: Omit<InitOptions, 'generator'> = {}): Affine {
  const dtype = options.dtype ?? 'f64';
  return { weight: ones([size], { dtype }), bias: zeros([size], { dtype }) };
}

/** Layer normalisation over the last axis, with a learned scale and shift. */
export function norm(params: Affine<Operand>, x: Operand, { eps = 1e-5 } = {}): Operand {
  const { shape } = x as Tensor;
  return normalise(x, shape[shape.length - 1], { weight: params.weight, bias: params.bias, eps });
}

/** Parameters of {@link embed}: one row of `size` numbers for each of `count` entries. */
export function embedInit(count: number, size: number, options: InitOptions): { readonly weight: Tensor } {
  return { weight: uniform([count, size], 1, options) };
}

/** Rows of a table by index: `[...]` of whole numbers to `[..., size]`. */
export function embed(params: { readonly weight: Operand }, index: Tensor): Operand {
  return lookUp(index, params.weight);
}
