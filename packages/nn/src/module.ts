/**
 * `Module`: parameters and the function that uses them in one object, for those
 * who like objects.
 *
 * A module holds tensors, other modules, and arrays or plain objects of them, as
 * fields; their names become the names of the parameters. It is never changed:
 * to differentiate or train, apply it with other parameters.
 *
 * @module
 */
import { Tensor, Value } from 'tapegrad';

/**
 * Base class of layers and models.
 *
 * @example
 * class Line extends Module {
 *   readonly slope = tensor([2]);
 *   forward(x: Operand) { return mul(this.slope, x); }
 * }
 * const line = new Line();
 * const loss = (p: { slope: Value }, x: number) => (line.apply(p, x) as Value).sum();
 * grad(loss)(line.parameters() as { slope: Tensor }, 3).slope.toArray(); // [3]
 */
export abstract class Module {
  /** What the module computes. */
  abstract forward(...inputs: readonly unknown[]): unknown;

  /** The tree of parameters: tensors and values, by the names of the fields. */
  parameters(): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(this)) {
      const tree = parametersIn(field);
      if (tree !== undefined) found[name] = tree;
    }
    return found;
  }

  /** A copy of the module that holds other parameters. */
  withParameters(parameters: Readonly<Record<string, unknown>>): this {
    const copy = Object.create(Object.getPrototypeOf(this) as object) as Record<string, unknown>;
    for (const [name, field] of Object.entries(this)) {
      copy[name] = name in parameters ? replaced(field, parameters[name]) : field;
    }
    return copy as unknown as this;
  }

  /** `forward` with other parameters: what a loss calls. */
  apply(
    parameters: Readonly<Record<string, unknown>>,
    ...inputs: Parameters<this['forward']>
  ): ReturnType<this['forward']> {
    return this.withParameters(parameters).forward(...inputs) as ReturnType<this['forward']>;
  }
}

function isPlain(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;
}

/** The parameters in a field, or undefined if there are none. Numbers are settings, not parameters. */
function parametersIn(field: unknown): unknown {
  if (field instanceof Tensor || field instanceof Value) return field;
  if (field instanceof Module) return field.parameters();
  if (Array.isArray(field)) {
    const items = field.map(parametersIn);
    return items.every((item) => item === undefined) ? undefined : items;
  }
  if (!isPlain(field)) return undefined;
  const entries = Object.entries(field).flatMap(([name, item]) => {
    const tree = parametersIn(item);
    return tree === undefined ? [] : [[name, tree] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function replaced(field: unknown, tree: unknown): unknown {
  if (field instanceof Module) return field.withParameters(tree as Record<string, unknown>);
  if (Array.isArray(field)) {
    return field.map((item: unknown, i) => {
      const part = (tree as readonly unknown[])[i];
      return part === undefined ? item : replaced(item, part);
    });
  }
  if (isPlain(field)) {
    const parts = tree as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(field).map(([name, item]) => [name, name in parts ? replaced(item, parts[name]) : item]),
    );
  }
  return tree;
}
