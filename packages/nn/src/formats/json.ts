/**
 * A strict JSON reader for headers from strangers.
 *
 * `JSON.parse` keeps the last of several equal keys without a word, so two
 * programs may see different tensors in one file. Here objects become maps and
 * a repeated key is an error. Scalars are cut out by hand and left to
 * `JSON.parse`; regular expressions can exhaust the stack on long input.
 *
 * @module
 */
import { isEncodable } from './platform.ts';

/** A JSON value with objects as maps, which no key can pollute. */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

// Headers need three levels; recursion must end before the stack does.
const MAX_DEPTH = 32;

/** Parses all of `text`; calls `fail` with what is wrong and where. */
export function parseJson(text: string, fail: (message: string) => Error): Json {
  let at = 0;

  const bad = (expected: string): Error => {
    const found = at < text.length ? JSON.stringify(text.slice(at, at + 12)) : 'the end';
    return fail(`not JSON: expected ${expected} at character ${at}, found ${found}`);
  };
  const peek = (): string => {
    while (at < text.length && ' \t\n\r'.includes(text[at])) at++;
    return text.charAt(at);
  };
  const take = (mark: string): boolean => {
    if (peek() !== mark) return false;
    at++;
    return true;
  };

  const scalar = (expected: string, end: number): string | number | boolean | null => {
    let value: unknown;
    try {
      value = JSON.parse(text.slice(at, end));
    } catch {
      throw bad(expected);
    }
    if (typeof value === 'object' && value !== null) throw bad(expected);
    at = end;
    return value as string | number | boolean | null;
  };

  const string = (): string => {
    if (peek() !== '"') throw bad('a string');
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    const value = scalar('a string', end + 1) as string;
    if (!isEncodable(value)) throw fail('not JSON: a string has half of a surrogate pair');
    return value;
  };

  const object = (depth: number): Json => {
    const result = new Map<string, Json>();
    if (take('}')) return result;
    do {
      const key = string();
      if (result.has(key)) throw fail(`the key ${JSON.stringify(key.slice(0, 80))} appears twice`);
      if (!take(':')) throw bad("':'");
      result.set(key, value(depth + 1));
    } while (take(','));
    if (!take('}')) throw bad("',' or '}'");
    return result;
  };

  const array = (depth: number): Json => {
    const result: Json[] = [];
    if (take(']')) return result;
    do result.push(value(depth + 1));
    while (take(','));
    if (!take(']')) throw bad("',' or ']'");
    return result;
  };

  const value = (depth: number): Json => {
    if (depth > MAX_DEPTH) throw fail(`nested deeper than ${MAX_DEPTH}`);
    if (peek() === '"') return string();
    if (take('{')) return object(depth);
    if (take('[')) return array(depth);
    let end = at;
    while (end < text.length && !',]} \t\n\r'.includes(text[end])) end++;
    return scalar('a value', end);
  };

  const result = value(0);
  if (peek() !== '') throw bad('nothing more');
  return result;
}
