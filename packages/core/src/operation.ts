/**
 * The table of operations: what each public operation says about itself, for the
 * docs, the tests and the methods. An entry holds everything; nothing else knows
 * an operation by name.
 *
 * @module
 */
import { type Data, TapegradError, type Tensor } from '@tapegrad/kernels';
import type { Notation } from './formula.ts';
import { elementwise, type ElementwiseDef, type Operand, type ResultKind, type Rule, type Select } from './op.ts';
import { specialise } from './specialise.ts';
import type { Value } from './value.ts';

/** Where tests draw an input from: an interval, minus a neighbourhood of each point in `avoid`. */
export interface Domain {
  readonly min?: number;
  readonly max?: number;
  /** Points without a derivative: kinks, poles, branch points. */
  readonly avoid?: readonly number[];
  /** Set where equal elements have no derivative: maxima, sorts, norms of differences. */
  readonly distinct?: boolean;
}

/** Shapes of the differentiable inputs, and how the operation is called with them. */
export interface Case {
  readonly shapes: readonly (readonly number[])[];
  readonly call?: (...inputs: Operand[]) => Operand;
  readonly domain?: readonly Domain[];
}

/** What every operation says about itself. */
export interface Description {
  readonly name: string;
  /** One sentence, for the docs table. */
  readonly doc: string;
  /** The formula, in LaTeX. Elementwise operations give a notation instead. */
  readonly formula?: string;
  /** The derivative in LaTeX, where it cannot be read off the rule: the cotangent of x from `\\bar y`. */
  readonly rule?: string;
  /** One per input. Default: [-3, 3]. */
  readonly domain?: readonly Domain[];
  /** What tests call. Elementwise operations need none: their operands are broadcast at random. */
  readonly cases?: readonly Case[];
  /** Known results `[...inputs, output]` on plain numbers, right to the last digit. */
  readonly examples?: readonly (readonly number[])[];
  /** What the derivative is at a kink, a tie or a singular point. */
  readonly subgradient?: string;
  readonly source?: string;
  /** False for operations of integers and booleans, which have no derivative. */
  readonly isDifferentiable?: boolean;
}

/** One row of the table. */
export interface Operation extends Description {
  readonly family: string;
  readonly def?: ElementwiseDef;
  readonly call: (...args: never[]) => unknown;
}

/** All public operations, by name. */
export const operations = new Map<string, Operation>();

let family = '';

/** Names the family that the entries after it belong to: a heading of the docs table. */
export function beginFamily(name: string): void {
  family = name;
}

/** Enters an operation into the table and returns its function. */
export function operation<F extends (...args: never[]) => unknown>(
  description: Description & { readonly def?: ElementwiseDef; readonly call: F },
): F {
  if (operations.has(description.name)) {
    throw new TapegradError('argument', `there is already an operation '${description.name}'; choose another name`);
  }
  operations.set(description.name, { ...description, family });
  return description.call;
}

/** `y = f(x)`: data in, data out; a value in, a value out. */
export interface UnaryOp {
  (x: number): number;
  (x: Tensor): Tensor;
  (x: Value): Value;
  (x: Data): Data;
  (x: Operand): Operand;
}

/** `z = f(x, y)`, with broadcasting. */
export interface BinaryOp {
  (x: number, y: number): number;
  (x: Value, y: Operand): Value;
  (x: Operand, y: Value): Value;
  (x: Tensor, y: Data): Tensor;
  (x: Data, y: Tensor): Tensor;
  (x: Data, y: Data): Data;
  (x: Operand, y: Operand): Operand;
}

/** An operation of one operand with options. */
export interface OptionOp<O> {
  (x: number, options?: O): number;
  (x: Tensor, options?: O): Tensor;
  (x: Value, options?: O): Value;
  (x: Data, options?: O): Data;
  (x: Operand, options?: O): Operand;
}

/** The parts of an elementwise entry that make it compute. */
interface Formed {
  readonly notation?: Notation;
  /** The JavaScript operator, for operations that have one. */
  readonly operator?: string;
  /** Dtype of the result. Default `float`. */
  readonly result?: ResultKind;
}

/** Defines `y = f(x)`, elementwise. The derivative may be written with `x`, `y`, or both; null where there is none. */
export function unary(
  entry: Description &
    Formed & {
      readonly eval: (x: number) => number;
      readonly derivative: ((x: Operand, y: Operand) => Operand | Select) | null;
    },
): UnaryOp {
  const def = elementwise({ ...entry, partials: [entry.derivative] });
  const isDifferentiable = entry.derivative !== null;
  return operation({ isDifferentiable, ...entry, def, call: specialise(def) }) as unknown as UnaryOp;
}

type BinaryRule = (x: Operand, y: Operand, z: Operand) => Operand | Select;

/** Defines `z = f(x, y)`, elementwise with broadcasting. A partial may use `x`, `y` and `z`. */
export function binary(
  entry: Description &
    Formed & {
      readonly eval: (x: number, y: number) => number;
      readonly partials: readonly [BinaryRule | null, BinaryRule | null];
    },
): BinaryOp {
  const def = elementwise({ ...entry, partials: entry.partials });
  const isDifferentiable = entry.partials.some((partial) => partial !== null);
  return operation({ isDifferentiable, ...entry, def, call: specialise(def) }) as unknown as BinaryOp;
}

type AnyCallable = (...operands: Operand[]) => Operand;

/**
 * The elementwise part of an operation with options: they become operands without a partial.
 * `leakyRelu(x, { negativeSlope })` is `elementwise(x, negativeSlope)`.
 */
export function parametric(
  entry: Formed & {
    readonly name: string;
    readonly eval: (...xs: number[]) => number;
    readonly partials: readonly (Rule | null)[];
  },
): { readonly def: ElementwiseDef; readonly apply: AnyCallable } {
  const def = elementwise(entry);
  return { def, apply: specialise(def) };
}
