/**
 * What the tests of the table use of the library, and the table itself.
 */
export { checkpoint, grad, jvp, type Operand, Value, vjp } from '../../src/index.ts';
export { operations } from '../../src/operation.ts';
