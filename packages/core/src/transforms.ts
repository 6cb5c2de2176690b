/**
 * Functions to functions: gradients and products with Jacobians. Any nesting, in
 * any order.
 *
 * Arguments may be trees of numbers, tensors and values. Data in, data out;
 * inside another transform, or with a value among the arguments, the result is
 * recorded and can be differentiated again.
 *
 * @module
 */
import { type Data, TapegradError, zerosLike } from '@tapegrad/kernels';
import {
  checkLike,
  gradientsOf,
  likePoint,
  lowered,
  type Points,
  resultOf,
  scalarResult,
  seedFor,
  withCall,
} from './differentiate.ts';
import { type Operand, primalOf } from './op.ts';
import type { Span } from './span.ts';
import { type GradOf, leavesOf, replaceLeaves, type TreeLike } from './tree.ts';
import type { Value } from './value.ts';

/** Data where a function names values. */
export type Lifted<Args extends readonly unknown[]> = { [K in keyof Args]: TreeLike<Args[K]> };

/** What a function returns, as plain data. */
export type Lowered<T> = T extends Value
  ? Data
  : T extends number | ((...args: never[]) => unknown)
    ? T
    : T extends object
      ? T extends { readonly toTypedArray: unknown }
        ? T
        : { -readonly [K in keyof T]: Lowered<T[K]> }
      : T;

/** A result that is plain for plain arguments, and a value where a value was passed. */
export type ResultFor<A, Out> = A extends Value ? Out : Lowered<Out>;

/** A scalar result: a number, or a value where a value was passed. */
export type ScalarFor<A> = A extends Value ? Value : number;

/** The gradient in the arguments that `argnums` names. */
export type GradAt<A extends readonly unknown[], N> = N extends readonly number[]
  ? { -readonly [K in keyof N]: GradOf<A[N[K] & keyof A]> }
  : N extends number
    ? GradOf<A[N]>
    : never;

/** Which arguments are differentiated, and whether the function returns more than its result. */
export interface GradOptions {
  /** Position of the argument, or positions. Default 0. With a list, the gradient is a list. */
  readonly argnums?: number | readonly number[];
  /** The function returns `[result, aux]`; `aux` is handed through and not differentiated. */
  readonly hasAux?: boolean;
}

type AnyFn = (...args: never[]) => unknown;

/**
 * The gradient of a function with a scalar result, in the shape of its first argument.
 *
 * @param f - Takes values (or trees of them), returns a scalar.
 * @param options - `argnums` chooses other arguments; with `hasAux`, `f` returns `[scalar, aux]` and the
 * gradient function returns `[gradient, aux]`.
 * @throws `shape` if the result is not a scalar.
 * @example
 * grad((x) => x.mul(x).add(sin(x)))(2); // 3.58385…
 * grad(grad((x) => x.mul(x).mul(x)))(2); // 12
 */
export function grad<P = Value, R extends unknown[] = []>(
  f: (x: P, ...rest: R) => Operand,
): <A extends TreeLike<P>>(x: A, ...rest: Lifted<R>) => GradOf<A>;
export function grad<P = Value, R extends unknown[] = [], X = unknown>(
  f: (x: P, ...rest: R) => readonly [Operand, X],
  options: { readonly hasAux: true },
): <A extends TreeLike<P>>(x: A, ...rest: Lifted<R>) => [gradient: GradOf<A>, aux: ResultFor<A, X>];
export function grad<Args extends unknown[], const N extends number | readonly number[]>(
  f: (...args: Args) => Operand,
  options: { readonly argnums: N },
): <A extends Lifted<Args>>(...args: A) => GradAt<A, N>;
export function grad(f: AnyFn, options: GradOptions = {}): (...args: never[]) => unknown {
  return (...args) => {
    const [result, gradient] = evaluateWithGradient('grad', f, options, args);
    return options.hasAux === true ? [gradient, (result as unknown[])[1]] : gradient;
  };
}

/**
 * `grad` together with the value of the function, for one recording.
 *
 * @returns A function giving `[value, gradient]`; with `hasAux`, `[[value, aux], gradient]`.
 * @example
 * valueAndGrad((x) => x.mul(x))(3); // [9, 6]
 */
export function valueAndGrad<P = Value, R extends unknown[] = []>(
  f: (x: P, ...rest: R) => Operand,
): <A extends TreeLike<P>>(x: A, ...rest: Lifted<R>) => [value: ScalarFor<A>, gradient: GradOf<A>];
export function valueAndGrad<P = Value, R extends unknown[] = [], X = unknown>(
  f: (x: P, ...rest: R) => readonly [Operand, X],
  options: { readonly hasAux: true },
): <A extends TreeLike<P>>(
  x: A,
  ...rest: Lifted<R>
) => [result: [value: ScalarFor<A>, aux: ResultFor<A, X>], gradient: GradOf<A>];
export function valueAndGrad<Args extends unknown[], const N extends number | readonly number[]>(
  f: (...args: Args) => Operand,
  options: { readonly argnums: N },
): <A extends Lifted<Args>>(...args: A) => [value: ScalarFor<A[0]>, gradient: GradAt<A, N>];
export function valueAndGrad(f: AnyFn, options: GradOptions = {}): (...args: never[]) => unknown {
  return (...args) => evaluateWithGradient('valueAndGrad', f, options, args);
}

function evaluateWithGradient(
  op: string,
  f: AnyFn,
  { argnums = 0, hasAux = false }: GradOptions,
  args: readonly unknown[],
): [result: unknown, gradient: unknown] {
  const positions = typeof argnums === 'number' ? [argnums] : argnums;
  return withCall(op, f, args, positions, (span, returned, points) => {
    const [result, aux] = hasAux ? checkAux(op, returned) : [returned, undefined];
    const y = scalarResult(op, result);
    const cotangents = span.reverse([[y, seedFor(y, 1)]]);
    const gradient = points.rebuild(gradientsOf(span, points.leaves, cotangents));
    const value = resultOf(span, y);
    const plain = typeof value === 'object' && 'toTypedArray' in value ? value.item() : value;
    return [hasAux ? [plain, lowered(span, aux)] : plain, typeof argnums === 'number' ? gradient[0] : gradient];
  });
}

function checkAux(op: string, returned: unknown): readonly [unknown, unknown] {
  if (Array.isArray(returned) && returned.length === 2) return returned as unknown as readonly [unknown, unknown];
  throw new TapegradError('argument', `${op}: with hasAux the function must return [result, aux]`);
}

/**
 * Forward mode: the value of `f` and its derivative along a tangent, `J t`, for little more than one
 * evaluation. Arguments are the primals, then one tangent for each.
 *
 * @returns A function giving `[value, tangent]`, trees in the shape of what `f` returns.
 * @throws `shape` if a tangent does not have the shape of its primal.
 * @example
 * jvp((x) => x.mul(x))(3, 1); // [9, 6]
 * jvp((x: Value, y: Value) => x.mul(y))(3, 4, 1, 0); // [12, 4]
 */
export function jvp<P = Value, Out = Operand>(
  f: (x: P) => Out,
): <A extends TreeLike<P>>(x: A, tangent: TreeLike<P>) => [value: ResultFor<A, Out>, tangent: ResultFor<A, Out>];
export function jvp<Args extends [unknown, unknown, ...unknown[]], Out>(
  f: (...args: Args) => Out,
): <A extends Lifted<[...Args, ...Args]>>(
  ...primalsThenTangents: A
) => [value: ResultFor<A[0], Out>, tangent: ResultFor<A[0], Out>];
export function jvp(f: AnyFn): (...args: never[]) => unknown {
  return (...args: unknown[]) => {
    const count = args.length / 2;
    if (!Number.isInteger(count) || count === 0) {
      throw new TapegradError(
        'argument',
        `jvp: give the primals, then one tangent for each; got ${args.length} arguments`,
      );
    }
    const primals = args.slice(0, count);
    return withCall('jvp', f, primals, positionsOf(primals), (span, result, points) => [
      lowered(span, result),
      pushThrough('jvp', span, result, points, args.slice(count)),
    ]);
  };
}

/**
 * The value of `f` and its linear part: a function from tangents to tangents that does not evaluate `f` again.
 *
 * @example
 * const [y, push] = linearize((x) => x.mul(x))(3);
 * push(10); // 60
 */
export function linearize<Args extends unknown[] = [Value], Out = Operand>(
  f: (...args: Args) => Out,
): <A extends Lifted<Args>>(
  ...primals: A
) => [value: ResultFor<A[0], Out>, push: (...tangents: Lifted<Args>) => ResultFor<A[0], Out>];
export function linearize(f: AnyFn): (...args: never[]) => unknown {
  return (...primals: unknown[]) =>
    withCall(
      'linearize',
      f,
      primals,
      positionsOf(primals),
      (span, result, points) => [
        lowered(span, result),
        (...tangents: unknown[]) => pushThrough('linearize', span, result, points, tangents),
      ],
      { keep: true },
    );
}

/**
 * Reverse mode: the value of `f` and its pullback, from a cotangent of the result to those of the arguments, `Jᵀ g`.
 *
 * @returns A function giving `[value, pull]`. `pull(g)` gives the cotangent of the argument; of several
 * arguments, a list.
 * @throws `shape` if a cotangent does not have the shape of the result.
 * @example
 * const [y, pull] = vjp((x) => x.mul(x))(3);
 * pull(10); // 60
 */
export function vjp<Args extends unknown[] = [Value], Out = Operand>(
  f: (...args: Args) => Out,
): <A extends Lifted<Args>>(
  ...primals: A
) => [
  value: ResultFor<A[0], Out>,
  pull: (cotangent: TreeLike<Out>) => A extends readonly [infer X] ? GradOf<X> : GradOf<A>,
];
export function vjp(f: AnyFn): (...args: never[]) => unknown {
  return (...primals: unknown[]) =>
    withCall(
      'vjp',
      f,
      primals,
      positionsOf(primals),
      (span, result, points) => [
        lowered(span, result),
        (cotangent: unknown) => {
          const gradients = points.rebuild(pullThrough(span, result, points, cotangent));
          return primals.length === 1 ? gradients[0] : gradients;
        },
      ],
      { keep: true },
    );
}

/**
 * Hessian-vector product `∇²f(x) v`, forward over reverse: the cost of a few gradients, no matrix.
 *
 * @example
 * hvp((x) => x.mul(x).mul(x))(2, 10); // 120
 */
export function hvp<P = Value>(f: (x: P) => Operand): <A extends TreeLike<P>>(x: A, v: TreeLike<P>) => GradOf<A> {
  const gradient = jvp(grad(f) as (x: P) => unknown);
  return (x, v) => gradient(x, v)[1] as never;
}

function positionsOf(args: readonly unknown[]): number[] {
  return args.map((_, position) => position);
}

function pushThrough(op: string, span: Span, result: unknown, points: Points, tangents: readonly unknown[]): unknown {
  const given = tangents.flatMap(leavesOf);
  if (given.length !== points.leaves.length) {
    throw new TapegradError(
      'argument',
      `${op}: the primals have ${points.leaves.length} leaves, the tangents ${given.length}`,
    );
  }
  const checked = given.map((tangent, k) => checkLike(op, `tangent ${k}`, tangent, points.leaves[k]));
  const outputs = leavesOf(result);
  const found = span.forward(checked, outputs);
  return replaceLeaves(
    result,
    outputs.map((output, k) => resultTangent(span, output, found[k])),
  );
}

function resultTangent(span: Span, output: Operand, tangent: Operand | null): Operand {
  const plain = resultOf(span, output);
  return tangent === null ? resultOf(span, zerosLike(primalOf(plain))) : likePoint(span, plain, tangent);
}

function pullThrough(span: Span, result: unknown, points: Points, cotangent: unknown): Operand[] {
  const outputs = leavesOf(result);
  const given = leavesOf(cotangent);
  if (given.length !== outputs.length) {
    throw new TapegradError('argument', `vjp: the result has ${outputs.length} leaves, the cotangent ${given.length}`);
  }
  const seeds = outputs.map((output, k) => [output, checkLike('vjp', 'cotangent', given[k], output)] as const);
  return gradientsOf(span, points.leaves, span.reverse(seeds));
}
