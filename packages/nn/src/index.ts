/**
 * What training needs around tapegrad: layers, initialisers, optimisers, data
 * readers and files of parameters.
 *
 * @packageDocumentation
 */
export { clipByNorm, globalNorm } from './clip.ts';
export { gunzip, type InflateOptions } from './data/gzip.ts';
export { readIdx } from './data/idx.ts';
export { readZipcode, type ZipcodeDigits } from './data/zipcode.ts';
export { diagonalLevenbergMarquardt, type DiagonalOptions } from './diagonal.ts';
export { readNpy, readNpz, writeNpy, writeNpz } from './formats/npy.ts';
export { type Bytes } from './formats/platform.ts';
export { readSafetensors, readSafetensorsTree, type Safetensors, writeSafetensors } from './formats/safetensors.ts';
export { flattenTree, type TensorTree, unflattenTree } from './formats/tree.ts';
export {
  fansOf,
  heNormal,
  heUniform,
  type InitOptions,
  orthogonal,
  uniform,
  uniformFanIn,
  xavierNormal,
  xavierUniform,
} from './init.ts';
export {
  type Affine,
  convolution,
  convolutionInit,
  dense,
  denseInit,
  embed,
  embedInit,
  norm,
  normInit,
} from './layers.ts';
export { Module } from './module.ts';
export {
  adam,
  type AdamOptions,
  adamW,
  clipByValue,
  type Moments,
  type Optimiser,
  type Rate,
  rmsprop,
  type RmspropOptions,
  sgd,
  type SgdOptions,
  type Steps,
} from './optimiser.ts';
export { cosineDecay, exponentialDecay, type Schedule, stepDecay, warmup } from './schedule.ts';
