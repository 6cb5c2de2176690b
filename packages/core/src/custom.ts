/**
 * Differentiable functions with rules of your own: for better numerics, for a
 * fused kernel, or for code the engine cannot see into.
 *
 * @module
 */
import { type Data, sameShape, type Shape, shapeOf, showShape, TapegradError, Tensor } from '@tapegrad/kernels';
import { apply, type GeneralDef, type Maybe, type Operand } from './op.ts';
import { mapTree } from './tree.ts';
import { Value } from './value.ts';

/** A custom operation. `Params` is the type of its last, not differentiated argument, if it has one. */
export interface CustomOp<Params = undefined> {
  /** Shown in errors and inspection. */
  readonly name: string;
  /** The result, from plain numbers and tensors (and the parameters, if any). Must not write to them. */
  readonly forward: (...inputs: WithParams<Data[], Params>) => Data;
  /**
   * Cotangents of the inputs, in their shapes; null for none. Write it with operations, and it can be
   * differentiated again.
   */
  readonly vjp: (g: Operand, inputs: readonly Operand[], output: Operand, params: Params) => readonly Maybe[];
  /** Tangent of the output; null tangents are zero. Default: the transpose of `vjp`. */
  readonly jvp?: (tangents: readonly Maybe[], inputs: readonly Operand[], output: Operand, params: Params) => Maybe;
  /** The shape of the result. If given, `forward` is held to it. */
  readonly shape?: (...shapes: WithParams<Shape[], Params>) => Shape;
}

/** Makes `number` of numbers, `Tensor` of tensors, and `Value` as soon as there is a value. */
export interface CustomFunction<Params> {
  (...args: WithParams<number[], Params>): Data;
  (...args: WithParams<Data[], Params>): Data;
  (...args: WithParams<Operand[], Params>): Value;
}

type WithParams<Inputs extends unknown[], Params> = undefined extends Params ? Inputs : [...Inputs, Params];

/**
 * An operation of your own, on a par with the built-in ones: takes data or values, nests, is checked and inspected
 * like them. Define it once, at module level.
 *
 * @throws `rule` when it is used, if `forward` returns something else than a number or tensor or breaks `shape`, or if `vjp`
 * returns the wrong number of cotangents or wrong shapes.
 * @example
 * const cube = customOp({
 *   name: 'cube',
 *   forward: (x) => mul(mul(x, x), x),
 *   vjp: (g, [x]) => [mul(g, mul(3, mul(x, x)))],
 * });
 * grad((x) => cube(x))(2); // 12
 */
export function customOp<Params = undefined>(spec: CustomOp<Params>): CustomFunction<Params> {
  const { name, forward, vjp, jvp, shape } = spec;
  const def: GeneralDef = {
    kind: 'general',
    name,
    evaluate: (inputs, params: Params) => {
      const rest = params === undefined ? [] : [params];
      const output = forward(...([...inputs, ...rest] as WithParams<Data[], Params>));
      checkOutput(name, output, shape?.(...([...inputs.map(shapeOf), ...rest] as WithParams<Shape[], Params>)));
      return output;
    },
    vjp: (g, inputs, output, params: Params) => vjp(g, inputs, output, params),
    ...(jvp === undefined
      ? {}
      : {
          jvp: (tangents: readonly Maybe[], inputs: readonly Operand[], output: Operand, params: Params) =>
            jvp(tangents, inputs, output, params),
        }),
  };
  return ((...args: unknown[]) => {
    const last = args.at(-1);
    const hasParams = args.length > 0 && !isInput(last);
    const inputs = (hasParams ? args.slice(0, -1) : args) as Operand[];
    return apply(def, inputs, hasParams ? last : undefined);
  }) as CustomFunction<Params>;
}

function isInput(x: unknown): boolean {
  return typeof x === 'number' || x instanceof Tensor || x instanceof Value;
}

function checkOutput(name: string, output: unknown, expected: Shape | undefined): void {
  if (typeof output !== 'number' && !(output instanceof Tensor)) {
    const found = output instanceof Value ? 'a Value' : typeof output;
    throw new TapegradError(
      'rule',
      `${name}: forward must return a number or tensor, got ${found}; compute on the plain inputs it is given`,
    );
  }
  if (expected !== undefined && !sameShape(shapeOf(output), expected)) {
    throw new TapegradError(
      'rule',
      `${name}: forward returned shape ${showShape(shapeOf(output))}, but its shape rule says ${showShape(expected)}`,
    );
  }
}

/**
 * `x` as a constant: the same data, through which no derivative flows. Trees are cut leaf by leaf.
 *
 * @example
 * grad((x) => x.mul(stopGradient(x)))(3); // 3
 */
export function stopGradient<T>(x: T): T;
export function stopGradient(x: unknown): unknown {
  return mapTree(x, (leaf) => (leaf instanceof Value ? leaf.detach() : leaf));
}
