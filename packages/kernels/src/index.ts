/**
 * N-dimensional arrays and the loops over them. Numbers in, numbers out: no
 * gradients here.
 *
 * @packageDocumentation
 */
export * from './compile.ts';
export * from './conv.ts';
export * from './create.ts';
export * from './dtype.ts';
export * from './elementwise.ts';
export * from './errors.ts';
export * from './format.ts';
export * from './gather.ts';
export * from './matmul.ts';
export * from './movement.ts';
export * from './pool.ts';
export * from './random.ts';
export * from './reduce.ts';
export * from './shape.ts';
export * from './softmax.ts';
export * from './special.ts';
export * from './tensor.ts';
