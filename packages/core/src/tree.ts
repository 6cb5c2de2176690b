/**
 * Trees: numbers, tensors and values, and arrays and plain objects of trees.
 *
 * Anything else in a tree (strings, functions, null, instances of classes) is
 * passed along as it is.
 *
 * @module
 */
import { isFloat, Tensor } from '@tapegrad/kernels';
import type { Operand } from './op.ts';
import { Value } from './value.ts';

/** What may be passed where a function takes the tree `T` of values: the same tree with data or values for leaves. */
export type TreeLike<T> = T extends Value
  ? Operand
  : T extends number | Tensor
    ? Operand
    : T extends (...args: never[]) => unknown
      ? T
      : T extends object
        ? { readonly [K in keyof T]: TreeLike<T[K]> }
        : T;

/** The tree with plain leaves: what a gradient of the tree `T` looks like. Values stay values. */
export type GradOf<T> = T extends number
  ? number
  : T extends Tensor | Value | ((...args: never[]) => unknown)
    ? T
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: GradOf<T[K]> }
      : T extends object
        ? { -readonly [K in keyof T]: GradOf<T[K]> }
        : T;

export function isOperand(x: unknown): x is Operand {
  return typeof x === 'number' || x instanceof Tensor || x instanceof Value;
}

/** Whether an operand can be differentiated: integers and booleans cannot. */
export function isDifferentiable(x: Operand): boolean {
  return typeof x === 'number' || isFloat(x.dtype);
}

function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === null || prototype === Object.prototype;
}

/** The tree with `f` applied to each number, tensor and value, in order. */
export function mapTree(tree: unknown, f: (leaf: Operand, path: string) => unknown, path = ''): unknown {
  if (isOperand(tree)) return f(tree, path);
  if (Array.isArray(tree)) return tree.map((item, i) => mapTree(item, f, `${path}[${i}]`));
  if (!isPlainObject(tree)) return tree;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(tree)) {
    // Defined, not assigned: a key such as `__proto__` is an ordinary key here.
    const item = mapTree(tree[key], f, path === '' ? key : `${path}.${key}`);
    Object.defineProperty(result, key, { value: item, writable: true, enumerable: true, configurable: true });
  }
  return result;
}

/** The numbers, tensors and values of a tree, in order. */
export function leavesOf(tree: unknown): Operand[] {
  const leaves: Operand[] = [];
  mapTree(tree, (leaf) => leaves.push(leaf));
  return leaves;
}

/** The tree with its leaves replaced, in order. */
export function replaceLeaves(tree: unknown, leaves: readonly unknown[]): unknown {
  let next = 0;
  return mapTree(tree, () => leaves[next++]);
}

/**
 * The tree with `f` applied to each leaf (number, tensor or value) of it, and to the leaves at the same
 * places of `others`.
 *
 * @throws TypeError if the trees do not have the same number of leaves.
 * @example
 * treeMap((w, g) => sub(w, mul(g, 0.1)), { w: 1, b: 2 }, { w: 10, b: 20 }); // { w: 0, b: 0 }
 */
export function treeMap<T>(f: (...leaves: never[]) => unknown, tree: T, ...others: readonly unknown[]): T {
  const lists = [tree, ...others].map(leavesOf);
  const odd = lists.findIndex((list) => list.length !== lists[0].length);
  if (odd > 0) {
    throw new TypeError(`treeMap: the first tree has ${lists[0].length} leaves, tree ${odd} has ${lists[odd].length}`);
  }
  return replaceLeaves(
    tree,
    lists[0].map((_, k) => f(...(lists.map((list) => list[k]) as never[]))),
  ) as T;
}
