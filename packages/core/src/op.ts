/**
 * Defining operations. An operation is written down once, in one of four forms
 *
 *     unary, binary, ternary   elementwise z = f(x, y, …), from f and its partials
 *     linear                   y = A x, from A and its transpose
 *     general                  anything else, from its VJP and (optionally) its JVP
 *
 * and becomes a callable that accepts numbers, tensors, values and formulas.
 * Rules are ordinary code on these callables. That is why derivatives of
 * derivatives work, and how docs and compiled sweeps come from the rules.
 *
 * @module
 */
import {
  type Data,
  type DType,
  type ElementwiseKernel,
  elementwiseKernel,
  isFloat,
  promote,
  runElementwise,
  shapeOf,
  TapegradError,
  Tensor,
} from '@tapegrad/kernels';
import { Formula, type Notation, typeset } from './formula.ts';
import { recorder } from './recorder.ts';
import { CONSTANT, FIRST_OP, LEAF, LINK, type Tape, unusable } from './tape.ts';
import { detached, scalarised, Value } from './value.ts';

/** What every operation takes: plain data, or a recorded value. */
export type Operand = Data | Value;

/** A derivative rule may also see formulas; they answer to the same operations. */
export type Rule = (...xyz: Operand[]) => Operand | Select;

/**
 * A partial derivative that chooses instead of multiplying: where `mask` holds, `factor`; elsewhere
 * `otherwise`. A plain 0 in either place is exactly 0, whatever the cotangent, even NaN: PyTorch's
 * `where` and `relu`.
 */
export class Select {
  readonly mask: Operand;
  readonly factor: Operand | Select;
  readonly otherwise: Operand | Select;

  constructor(mask: Operand, factor: Operand | Select, otherwise: Operand | Select) {
    this.mask = mask;
    this.factor = factor;
    this.otherwise = otherwise;
  }
}

/** See {@link Select}. */
export function select(mask: Operand, factor: Operand | Select, otherwise: Operand | Select = 0): Select {
  return new Select(mask, factor, otherwise);
}

/** How the dtype of a result follows from the operands: floats only, like the operands, or bool. */
export type ResultKind = 'float' | 'same' | 'bool';

export interface ElementwiseDef {
  readonly kind: 'elementwise';
  readonly name: string;
  readonly code: number;
  readonly arity: number;
  readonly scalar: (...xs: number[]) => number;
  /** d result / d operand, from the operands followed by the result; null where there is none. */
  readonly partials: readonly (Rule | null)[];
  readonly result: ResultKind;
  readonly notation: Notation | undefined;
  /** The JavaScript operator between (or before) the operands, for operations that have one. */
  readonly operator: string | undefined;
}

export interface LinearDef {
  readonly kind: 'linear';
  readonly name: string;
  readonly evaluate: (x: Data, params: never) => Data;
  /** The transpose, to the shape and dtype of the primal `x`. */
  readonly transpose: (g: Operand, x: Data, params: never) => Operand;
}

export type Maybe = Operand | null;

export interface GeneralDef {
  readonly kind: 'general';
  readonly name: string;
  readonly evaluate: (inputs: readonly Data[], params: never) => Data;
  /** Cotangents of the inputs; null for those that have none. `wanted[k]` tells which are needed. */
  readonly vjp: (
    g: Operand,
    inputs: readonly Operand[],
    output: Operand,
    params: never,
    wanted: readonly boolean[],
  ) => readonly Maybe[];
  /** Tangent of the output, null for zero. Without it, forward mode transposes the VJP. */
  readonly jvp?: (tangents: readonly Maybe[], inputs: readonly Operand[], output: Operand, params: never) => Maybe;
}

/** The normal form of a definition: all that sweeps look at. */
export type OpDef = ElementwiseDef | LinearDef | GeneralDef;

/** Elementwise operations by code: what compiled sweeps switch over. */
export const elementwiseDefs: ElementwiseDef[] = [];

interface ElementwiseSpec {
  readonly name: string;
  readonly notation?: Notation;
  readonly operator?: string;
  /** Default `float`. */
  readonly result?: ResultKind;
  readonly eval: (...xs: number[]) => number;
  readonly partials: readonly (Rule | null)[];
}

/** Registers an elementwise operation of any arity. */
export function elementwise(spec: ElementwiseSpec): ElementwiseDef {
  const def: ElementwiseDef = {
    kind: 'elementwise',
    name: spec.name,
    code: elementwiseDefs.length + FIRST_OP,
    arity: spec.partials.length,
    scalar: spec.eval,
    partials: spec.partials,
    result: spec.result ?? 'float',
    notation: spec.notation,
    operator: spec.operator,
  };
  elementwiseDefs.push(def);
  return def;
}

const kernels = new Map<ElementwiseDef, ElementwiseKernel>();

/** The result on plain data. */
export function evaluate(def: OpDef, inputs: readonly Data[], params: unknown): Data {
  switch (def.kind) {
    case 'elementwise': {
      if (inputs.every((x) => typeof x === 'number')) return def.scalar(...inputs);
      let kernel = kernels.get(def);
      if (kernel === undefined) kernels.set(def, (kernel = elementwiseKernel(def.name, def.arity, def.scalar)));
      return runElementwise(kernel, inputs, resultDtype(def.result, inputs));
    }
    case 'linear':
      return def.evaluate(inputs[0], params as never);
    case 'general':
      return def.evaluate(inputs, params as never);
  }
}

/**
 * The dtype that operands combine to. Plain numbers and rank-0 f64 are weak: they follow the others, except that
 * a fraction makes i32 and bool f64. `where` passes its condition through here too, which as bool adds nothing.
 */
export function resultDtype(kind: ResultKind, operands: readonly Data[]): DType {
  if (kind === 'bool') return 'bool';
  let strong: DType | undefined;
  let weak: DType | undefined;
  for (const x of operands) {
    if (typeof x === 'number') weak = weak === 'f64' || !Number.isInteger(x) ? 'f64' : 'i32';
    else if (x.dtype === 'f64' && x.shape.length === 0) weak = 'f64';
    else strong = strong === undefined ? x.dtype : promote(strong, x.dtype);
  }
  if (strong === undefined) return 'f64';
  if (isFloat(strong)) return strong;
  if (kind === 'float' || weak === 'f64') return 'f64';
  return 'i32';
}

/** Carries out `def` on operands of any sort: the general path behind every callable. */
export function apply(def: OpDef, operands: readonly Operand[], params?: unknown): Operand {
  let isRecorded = false;
  for (const operand of operands) {
    if (operand instanceof Value) isRecorded = true;
    else if (typeof operand !== 'number' && !(operand instanceof Tensor)) {
      if ((operand as unknown) instanceof Formula) return write(def, operands) as unknown as Operand;
      throw notAnOperand(def.name, operand);
    }
  }
  return isRecorded ? record(def, operands, params) : evaluate(def, operands as readonly Data[], params);
}

function notAnOperand(name: string, operand: unknown): TapegradError {
  const found = operand === null ? 'null' : Array.isArray(operand) ? 'an array' : typeof operand;
  const mend = Array.isArray(operand) ? 'wrap it: tensor([…])' : 'pass one of those';
  return new TapegradError('argument', `${name}: operands are numbers, tensors and values, got ${found}; ${mend}`);
}

/** The result first, then the row: an operation that throws leaves the tape as it was. */
function record(def: OpDef, operands: readonly Operand[], params: unknown): Value {
  const primals = operands.map(primalOf);
  const output = scalarised(evaluate(def, floatsKept(operands, primals), params));
  if (recorder.isPaused || !operands.some(isDifferentiable)) return detached(output);
  for (const operand of operands) {
    if (operand instanceof Value && operand.leaf === null && operand.tape.state === 'ended')
      throw unusable(def.name, 'ended');
  }
  const isFresh = operands.every((x) => !(x instanceof Value) || x.leaf !== null);
  const tape = recorder.reserve(operands.length + 1, isFresh);
  const rows = operands.map((operand) => enter(tape, operand));
  if (def.kind === 'elementwise' && def.arity <= 2 && typeof output === 'number' && fitsColumns(rows, primals)) {
    const codes = rows.map((row, k) => (row === CONSTANT ? tape.constant(Number(primals[k])) : row));
    return new Value(tape, tape.push(def.code, codes[0], codes[1] ?? 0, output), null, null);
  }
  const id = tape.pushNode({ def, rows, primals, output, params });
  return new Value(tape, id, typeof output === 'number' ? null : output, null);
}

/** Whether the operands on the tape are numbers in its columns; a rank-0 integer result, say, is not. */
function fitsColumns(rows: readonly number[], primals: readonly Data[]): boolean {
  return rows.every((row, k) => row === CONSTANT || typeof primals[k] === 'number');
}

/** The plain data of an operand. */
export function primalOf(x: Operand): Data {
  return x instanceof Value ? x.primal : x;
}

/** A scalar value is a float even where its number happens to be whole, so it must not count as an i32. */
function floatsKept(operands: readonly Operand[], primals: readonly Data[]): readonly Data[] {
  if (!primals.some((x) => typeof x !== 'number' && !isFloat(x.dtype))) return primals;
  return primals.map((x, k) => (typeof x === 'number' && operands[k] instanceof Value ? rankZero(x) : x));
}

function rankZero(x: number): Tensor {
  return new Tensor(Float64Array.of(x), 'f64', []);
}

function isDifferentiable(x: Operand): boolean {
  return x instanceof Value && x.leaf?.isDifferentiable !== false;
}

/** The row of an operand on `tape`; values of other tapes enter it first. */
export function enter(tape: Tape, x: Operand): number {
  if (!(x instanceof Value)) return CONSTANT;
  if (x.tape === tape) return x.id;
  if (x.leaf?.isDifferentiable === false) return CONSTANT;
  const known = tape.entered.get(x);
  if (known !== undefined) return known;
  if (x.leaf === null) {
    const id = tape.pushSource(LINK, x, x.primal);
    tape.entered.set(x, id);
    return id;
  }
  const id = tape.pushSource(LEAF, x, x.leaf.data);
  // The handle moves to the newest ambient tape, which makes its next use there as cheap as any other.
  if (!recorder.isInTransform) {
    x.tape = tape;
    x.id = id;
  } else tape.entered.set(x, id);
  return id;
}

function write(def: OpDef, operands: readonly unknown[]): Formula {
  const formulas = operands.map((operand) => Formula.of(operand));
  if (def.kind !== 'elementwise') throw new TypeError(`${def.name} has no formula`);
  const notation = def.notation ?? {
    template: `\\mathrm{${def.name}}(${['x', 'y', 'z'].slice(0, def.arity).join(', ')})`,
  };
  const [x, y] = formulas;
  const text =
    def.operator === undefined
      ? `f${def.code}(${formulas.map((formula) => formula.js).join(', ')})`
      : def.arity === 1
        ? `(${def.operator}${x.js})`
        : `(${x.js} ${def.operator} ${y.js})`;
  // A comparison is a number here as everywhere: `false !== 0` would be true.
  const js = def.result === 'bool' && def.operator !== undefined ? `(${text} ? 1 : 0)` : text;
  return new Formula(typeset(notation, formulas), js, notation.precedence);
}

/** The shape of an operand. */
export function shapeOfOperand(x: Operand): readonly number[] {
  return x instanceof Value ? x.shape : shapeOf(x);
}

/** The dtype of an operand; f64 for a plain number. */
export function dtypeOfOperand(x: Operand): DType {
  return typeof x === 'number' ? 'f64' : x.dtype;
}

/** A row operation `y = A x` as a function of operand and parameters. */
export function linear<P>(spec: {
  readonly name: string;
  readonly evaluate: (x: Data, params: P) => Data;
  readonly transpose: (g: Operand, x: Data, params: P) => Operand;
}): (x: Operand, params: P) => Operand {
  const def: LinearDef = { kind: 'linear', ...spec };
  return (x, params) => apply(def, [x], params);
}

/** A row operation by its rules, as a function of operands and parameters. */
export function general<P>(spec: {
  readonly name: string;
  readonly evaluate: (inputs: readonly Data[], params: P) => Data;
  readonly vjp: (
    g: Operand,
    inputs: readonly Operand[],
    output: Operand,
    params: P,
    wanted: readonly boolean[],
  ) => readonly Maybe[];
  readonly jvp?: (tangents: readonly Maybe[], inputs: readonly Operand[], output: Operand, params: P) => Maybe;
}): (inputs: readonly Operand[], params: P) => Operand {
  const def: GeneralDef = { kind: 'general', ...spec };
  return (inputs, params) => apply(def, inputs, params);
}
