/**
 * Trees of parameters as flat tables of named tensors, and back.
 *
 * ```text
 * { layers: [{ weight: W, bias: b }], scale: 2 }
 *
 *   layers.0.weight  W        The path to a tensor, joined by dots, is its
 *   layers.0.bias    b        name, as in PyTorch's state dicts.
 *   scale            2
 * ```
 *
 * Names say nothing of what held the tensors. So on the way back a level whose
 * keys are exactly 0 … n-1 becomes an array, every other level an object; a key
 * with a dot in it comes back as two levels; empty objects, empty arrays and
 * `null` are not stored. With the original tree as `like` all of it comes back.
 *
 * @module
 */
import { type Shape, TapegradError, Tensor } from 'tapegrad';
import { badFile } from './platform.ts';

/** Nested objects and arrays of tensors, as {@link unflattenTree} gives. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

// Also the end of cycles, and of names made of a million dots.
const MAX_DEPTH = 64;

/**
 * The tensors of a tree by their dotted paths. Plain numbers become rank-0 f64
 * tensors; `null` and `undefined` are left out.
 *
 * Errors: `argument` for a tree that is a single tensor, a leaf that is neither
 * tensor nor number, two paths with one name (`{ 'a.b': x, a: { b: y } }`) and
 * nesting deeper than 64.
 *
 * @example
 * const w = tensor([[1, 2]]);
 * console.log(Object.keys(flattenTree({ layers: [{ w }, { w }] }))); // ['layers.0.w', 'layers.1.w']
 */
export function flattenTree(tree: object): Record<string, Tensor> {
  return flattenAs('flattenTree', tree);
}

/** {@link flattenTree} on behalf of `op`. */
export function flattenAs(op: string, tree: object): Record<string, Tensor> {
  // A null prototype, here and in every table: 'constructor' and '__proto__' are names like others.
  const table = Object.create(null) as Record<string, Tensor>;
  if (childrenOf(tree) === null) {
    throw new TapegradError(
      'argument',
      `${op}: expected an object or array of tensors, got ${kindOf(tree)}; give tensors a name: { x }`,
    );
  }
  visit(op, tree, [], (path, leaf) => {
    const name = path.join('.');
    if (name in table) {
      throw new TapegradError('argument', `${op}: two paths have the name '${name}'; avoid dots in keys`);
    }
    table[name] = typeof leaf === 'number' ? new Tensor(new Float64Array([leaf]), 'f64', []) : leaf;
    return leaf;
  });
  return table;
}

/**
 * The tree that {@link flattenTree} took apart. With `like`, the result has its
 * structure: its empty parts and holes too, and numbers where it has numbers.
 *
 * Errors: `format` for names that are both tensor and level (`a` and `a.b`), a
 * `__proto__` level, and more than 64 levels; with `like`, for tensors missing,
 * left over or of another shape.
 *
 * @example
 * const w = tensor([1, 2]);
 * const tree = unflattenTree({ 'layers.0.w': w, 'layers.1.w': w });
 * console.log(JSON.stringify(tree)); // {"layers":[{"w":[1,2]},{"w":[1,2]}]}
 */
export function unflattenTree(table: Readonly<Record<string, Tensor>>): TensorTree;
export function unflattenTree<T extends object>(table: Readonly<Record<string, Tensor>>, like: T): T;
export function unflattenTree(table: Readonly<Record<string, Tensor>>, like?: object): unknown {
  return unflattenAs('unflattenTree', table, like);
}

/** {@link unflattenTree} on behalf of `op`. */
export function unflattenAs(op: string, table: Readonly<Record<string, Tensor>>, like?: object): unknown {
  return like === undefined ? grow(op, table) : fill(op, table, like);
}

// ---- by names alone

type Branch = Map<string, Branch | Tensor>;

function grow(op: string, table: Readonly<Record<string, Tensor>>): TensorTree {
  const root: Branch = new Map();
  for (const [name, tensor] of Object.entries(table)) {
    const path = name.split('.');
    // Own properties named __proto__ are harmless here and deadly in the next careless merge.
    if (path.includes('__proto__')) throw badFile(op, `the name '${name}' has a __proto__ level; rename the tensor`);
    if (path.length > MAX_DEPTH) throw badFile(op, `a name has ${path.length} levels; at most ${MAX_DEPTH} are read`);
    const last = path.pop()!;
    let branch = root;
    for (const key of path) {
      const next = branch.get(key) ?? (new Map() as Branch);
      if (next instanceof Tensor) throw clash(op, name);
      branch.set(key, next);
      branch = next;
    }
    if (branch.has(last)) throw clash(op, name);
    branch.set(last, tensor);
  }
  return ripen(root);
}

function clash(op: string, name: string): TapegradError {
  return badFile(op, `'${name}' and another name need one place to be tensor and level; read them as a flat table`);
}

function ripen(branch: Branch | Tensor): TensorTree {
  if (branch instanceof Tensor) return branch;
  const { size } = branch;
  if (size > 0 && Array.from({ length: size }, (_, i) => branch.has(String(i))).every(Boolean)) {
    return Array.from({ length: size }, (_, i) => ripen(branch.get(String(i))!));
  }
  return Object.fromEntries([...branch].map(([key, child]) => [key, ripen(child)]));
}

// ---- by example

function fill(op: string, table: Readonly<Record<string, Tensor>>, like: object): unknown {
  const left = new Set(Object.keys(table));
  const tree = visit(op, like, [], (path, leaf) => {
    const name = path.join('.');
    if (!left.delete(name)) {
      throw badFile(op, `there is no tensor '${name}', which the tree given as like has; ${these(left)} unused`);
    }
    const expected = typeof leaf === 'number' ? [] : leaf.shape;
    const found = table[name];
    if (found.shape.join() !== expected.join() || found.rank !== expected.length) {
      throw badFile(op, `'${name}' has shape ${show(found.shape)}, the tree given as like has ${show(expected)} there`);
    }
    return typeof leaf === 'number' ? found.item() : found;
  });
  if (left.size > 0) throw badFile(op, `the tree given as like has no place for ${these(left)}`);
  return tree;
}

function these(names: ReadonlySet<string>): string {
  if (names.size === 0) return 'none';
  const list = [...names].slice(0, 5).map((name) => `'${name}'`);
  return list.join(', ') + (names.size > list.length ? ` and ${names.size - list.length} more` : '');
}

function show(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

// ---- walking

/** The tree with `leaf` called at each tensor and number. */
function visit(
  op: string,
  tree: unknown,
  path: readonly string[],
  leaf: (path: readonly string[], value: Tensor | number) => Tensor | number,
): unknown {
  if (tree === null || tree === undefined) return tree;
  if (tree instanceof Tensor || typeof tree === 'number') return leaf(path, tree);
  const children = childrenOf(tree);
  if (children === null) {
    throw new TapegradError(
      'argument',
      `${op}: '${path.join('.')}' is ${kindOf(tree)}; a tree has tensors, numbers, arrays and plain objects (of a Value, its data)`,
    );
  }
  if (path.length === MAX_DEPTH) {
    throw new TapegradError('argument', `${op}: the tree is more than ${MAX_DEPTH} levels deep, or holds itself`);
  }
  const visited = children.map(([key, child]) => [key, visit(op, child, [...path, key], leaf)] as const);
  return Array.isArray(tree) ? visited.map(([, child]) => child) : Object.fromEntries(visited);
}

function childrenOf(tree: unknown): [string, unknown][] | null {
  if (Array.isArray(tree)) return Array.from(tree, (child, i) => [String(i), child]);
  if (typeof tree !== 'object' || tree === null) return null;
  const prototype: unknown = Object.getPrototypeOf(tree);
  return prototype === Object.prototype || prototype === null ? Object.entries(tree) : null;
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  return `a ${(value.constructor as { name?: string } | undefined)?.name ?? 'object'}`;
}
