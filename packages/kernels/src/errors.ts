/**
 * Every error thrown on purpose is a `TapegradError` with a stable `code`.
 * A message names the operation, says what was given and what was expected,
 * and how to mend it.
 *
 * @module
 */

/**
 * What sort of mistake was made:
 *
 * - `shape`     shapes, ranks or sizes that do not fit together
 * - `axis`      an axis that the tensor does not have, or names twice
 * - `index`     an index outside its axis
 * - `dtype`     an element type that the operation cannot take
 * - `argument`  any other argument that makes no sense
 * - `tape`      a tape that was consumed, has ended, or does not reach
 * - `rule`      a derivative rule that is missing or breaks its contract
 * - `coercion`  a value or tensor used where JavaScript wants a primitive
 * - `format`    a file or buffer that is not what it claims to be
 */
export type ErrorCode = 'shape' | 'axis' | 'index' | 'dtype' | 'argument' | 'tape' | 'rule' | 'coercion' | 'format';

/**
 * The one class of errors that tapegrad throws.
 *
 * @example
 * try {
 *   tensor([[1, 2], [3]]);
 * } catch (error) {
 *   console.log((error as TapegradError).code); // shape
 * }
 */
export class TapegradError extends Error {
  /** Stable, for programs; the message is for people and may change. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'TapegradError';
    this.code = code;
  }
}
