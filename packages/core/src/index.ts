/**
 * Reverse- and forward-mode automatic differentiation of ordinary TypeScript
 * functions, on a dynamic tape.
 *
 * @packageDocumentation
 */
import './backward.ts';
import './methods.ts';

export {
  arange,
  type Data,
  type DType,
  type ErrorCode,
  eye,
  full,
  Generator,
  generator,
  linspace,
  type NestedArray,
  ones,
  onesLike,
  promote,
  rand,
  randint,
  randn,
  type Shape,
  TapegradError,
  Tensor,
  tensor,
  type TensorOptions,
  type TypedArray,
  zeros,
  zerosLike,
} from '@tapegrad/kernels';
export type { AxisOption, ReduceArgument, ReduceOptions } from './axes.ts';
export type { BackwardOptions } from './backward.ts';
export { checkpoint } from './checkpoint.ts';
export { gaussNewtonDiagonal } from './curvature.ts';
export { type CustomFunction, type CustomOp, customOp, stopGradient } from './custom.ts';
export { hessian, jacobian, type JacobianOf, type JacobianOptions } from './jacobian.ts';
export type { Methods, NormOptions, PadOptions, VarOptions } from './methods.ts';
export type { Maybe, Operand } from './op.ts';
export type { BinaryOp, OptionOp, UnaryOp } from './operation.ts';
export * from './ops/index.ts';
export { noGrad } from './recorder.ts';
export {
  grad,
  type GradAt,
  type GradOptions,
  hvp,
  jvp,
  type Lifted,
  linearize,
  type Lowered,
  type ResultFor,
  type ScalarFor,
  valueAndGrad,
  vjp,
} from './transforms.ts';
export { type GradOf, leavesOf, type TreeLike, treeMap } from './tree.ts';
export { Value, value, type ValueOptions } from './value.ts';
