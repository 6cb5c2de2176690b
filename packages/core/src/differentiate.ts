/**
 * What all transforms share: turning arguments into inputs of a span, and what
 * comes out of a sweep into results of the shape people passed in.
 *
 * @module
 */
import { SCALAR, sameShape, showShape, TapegradError, Tensor, zerosLike } from '@tapegrad/kernels';
import { type Operand, primalOf, shapeOfOperand } from './op.ts';
import { castTo } from './ops/broadcast.ts';
import { type Span, withSpan } from './span.ts';
import { isDifferentiable, isOperand, leavesOf, mapTree } from './tree.ts';
import { asValue, Value } from './value.ts';

/** The differentiable leaves of some arguments, and how to put things in their places. */
export class Points {
  readonly leaves: readonly Operand[];
  private readonly args: readonly unknown[];
  private readonly positions: readonly number[];

  constructor(op: string, args: readonly unknown[], positions: readonly number[]) {
    this.args = args;
    this.positions = positions.map((position) => checkPosition(op, position, args.length));
    this.leaves = this.positions.flatMap((position) => leavesOf(args[position])).filter(isDifferentiable);
  }

  /** The arguments with `inputs` in the places of the leaves. */
  substitute(inputs: readonly unknown[]): unknown[] {
    let next = 0;
    const result = [...this.args];
    for (const position of this.positions) {
      result[position] = mapTree(this.args[position], (leaf) => (isDifferentiable(leaf) ? inputs[next++] : leaf));
    }
    return result;
  }

  /** One tree per differentiated argument, with `results` in the places of the leaves; integers get zeros. */
  rebuild(results: readonly unknown[]): unknown[] {
    let next = 0;
    return this.positions.map((position) =>
      mapTree(this.args[position], (leaf) => (isDifferentiable(leaf) ? results[next++] : zerosLike(primalOf(leaf)))),
    );
  }
}

function checkPosition(op: string, position: number, count: number): number {
  const at = position < 0 ? position + count : position;
  if (Number.isInteger(at) && at >= 0 && at < count) return at;
  throw new TapegradError('argument', `${op}: there is no argument ${position} among ${count}; check argnums`);
}

/** Cotangents of the inputs as results: in the form of each point, zero where nothing arrived. */
export function gradientsOf(
  span: Span,
  points: readonly Operand[],
  cotangents: readonly (Operand | undefined)[],
): Operand[] {
  return points.map((point, k) => likePoint(span, point, cotangents[k] ?? zerosLike(primalOf(point))));
}

/** `x` as a value inside other transforms, else as a number or tensor, whichever the point is. */
export function likePoint(span: Span, point: Operand, x: Operand): Operand {
  if (span.isDifferentiable || point instanceof Value || x instanceof Value) return asValue(x);
  if (typeof point === 'number') return typeof x === 'number' ? x : x.item();
  return typeof x === 'number' ? new Tensor(Float64Array.of(x), 'f64', SCALAR) : x;
}

/** A result of the function: a value inside other transforms, else plain data. */
export function resultOf(span: Span, x: Operand): Operand {
  return span.isDifferentiable ? asValue(x) : x instanceof Value ? x.data : x;
}

/** All leaves of a result, lowered to data unless it stays recorded. */
export function lowered(span: Span, tree: unknown): unknown {
  return mapTree(tree, (leaf) => (span.isDifferentiable ? leaf : leaf instanceof Value ? leaf.data : leaf));
}

/** The scalar result of a function, checked. */
export function scalarResult(op: string, result: unknown): Operand {
  if (!isOperand(result)) {
    throw new TapegradError(
      'argument',
      `${op}: the function returned ${describe(result)}; return a scalar value (for more, use { hasAux: true } and return [scalar, more])`,
    );
  }
  const shape = shapeOfOperand(result);
  if (shape.length !== 0) {
    throw new TapegradError(
      'shape',
      `${op}: the function returned shape ${showShape(shape)}, a gradient needs a scalar; ` +
        'reduce it with .sum() or .mean(), or use jacobian or vjp',
    );
  }
  if (!isDifferentiable(result)) {
    throw new TapegradError(
      'dtype',
      `${op}: the function returned ${(result as Tensor).dtype}, which has no derivative; return a float`,
    );
  }
  return result;
}

function describe(x: unknown): string {
  return Array.isArray(x) ? 'an array' : x === null ? 'null' : typeof x;
}

/** A seed of ones (or of `x`) in the dtype of an output. */
export function seedFor(output: Operand, x: Operand): Operand {
  return output instanceof Value && output.dtype !== 'f64' ? castTo(x, output.dtype) : x;
}

/** Throws unless a cotangent or tangent has the shape of what it belongs to. */
export function checkLike(op: string, what: string, x: unknown, like: Operand): Operand {
  if (!isOperand(x))
    throw new TapegradError('argument', `${op}: the ${what} must be a number, tensor or value, got ${describe(x)}`);
  const [found, expected] = [shapeOfOperand(x), shapeOfOperand(like)];
  if (!sameShape(found, expected)) {
    throw new TapegradError(
      'shape',
      `${op}: the ${what} has shape ${showShape(found)}, expected ${showShape(expected)}`,
    );
  }
  const dtype = typeof like === 'number' ? 'f64' : like.dtype;
  return typeof x === 'number' && dtype === 'f64'
    ? x
    : typeof x !== 'number' && x.dtype === dtype
      ? x
      : castTo(x, dtype);
}

/** Records `f` on `args` and runs `finish` on the span. */
export function withCall<S>(
  op: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  positions: readonly number[],
  finish: (span: Span, result: unknown, points: Points) => S,
  options: { keep?: boolean } = {},
): S {
  const points = new Points(op, args, positions);
  return withSpan(
    points.leaves,
    (inputs) => f(...(points.substitute(inputs) as never[])),
    (span, result) => finish(span, result, points),
    options,
  );
}
