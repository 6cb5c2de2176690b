/**
 * The one place that turns text into code. The text comes from our own tables
 * only, never from a user's strings. Where a content-security policy forbids
 * it, `canCompile` is false and callers take slower closures instead.
 *
 * @module
 */

/** The source URL of all compiled code, by which stack traces tell it from the user's. */
export const COMPILED_URL = 'tapegrad/compiled.js';

type Compiled = (...args: never[]) => unknown;

/** A function of `params` with the given body, in which the names of `scope` are visible. */
export function compile<F extends Compiled>(scope: Record<string, unknown>, params: string, body: string): F {
  const make = new Function(
    ...Object.keys(scope),
    `'use strict'; return function (${params}) {${body}\n};\n//# sourceURL=${COMPILED_URL}`,
  );
  return make(...Object.values(scope)) as F;
}

/** True where `new Function` is allowed. */
export const canCompile: boolean = (() => {
  try {
    return compile<() => boolean>({}, '', 'return true')();
  } catch {
    return false;
  }
})();
