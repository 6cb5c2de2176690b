/**
 * All operations, in the order of the docs table.
 *
 * @module
 */
export { add, div, eq, ge, gt, le, lt, mul, ne, neg, sub, where } from './arithmetic.ts';
export * from './exponential.ts';
export * from './trigonometric.ts';
export * from './activation.ts';
export { cumsum, logsumexp, mean, prod, std, sum, variance, variance as var } from './reduction.ts';
export * from './extremum.ts';
export * from './shape.ts';
export * from './joining.ts';
export {
  diag,
  gather,
  type IndexData,
  indexSelect,
  oneHot,
  type OneHotOptions,
  scatterAdd,
  select,
  slice,
  type SliceOptions,
  tril,
  triu,
} from './indexing.ts';
export * from './linalg.ts';
export { einsum } from './einsum.ts';
export { crossEntropy, type CrossEntropyOptions, logSoftmax, type Reduction, softmax } from './softmax.ts';
export * from './loss.ts';
export * from './layer.ts';
export { conv1d, conv2d, type ConvOptions, type Size2d } from './convolution.ts';
export * from './pooling.ts';
