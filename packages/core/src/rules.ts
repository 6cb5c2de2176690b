/**
 * How each kind of definition differentiates: the one place that turns partials
 * and transposes into cotangents and tangents.
 *
 * @module
 */
import {
  canCompile,
  type Data,
  type ElementwiseKernel,
  expressionKernel,
  runElementwise,
  sameShape,
  showShape,
  TapegradError,
} from '@tapegrad/kernels';
import { Formula } from './formula.ts';
import {
  apply,
  dtypeOfOperand,
  type ElementwiseDef,
  elementwiseDefs,
  type GeneralDef,
  type Maybe,
  type OpDef,
  type Operand,
  primalOf,
  resultDtype,
  Select,
  shapeOfOperand,
} from './op.ts';
import { add, mul, neg, where } from './ops/arithmetic.ts';
import { castTo, expandTo, sumTo } from './ops/broadcast.ts';
import { FIRST_OP } from './tape.ts';
import { Value } from './value.ts';

/** Reverse rule: the cotangents of the wanted inputs, from the cotangent `g` of the output. */
export function pullback(
  def: OpDef,
  g: Operand,
  inputs: readonly Operand[],
  output: Operand,
  params: unknown,
  wanted: readonly boolean[],
): readonly Maybe[] {
  switch (def.kind) {
    case 'elementwise':
      return def.partials.map((partial, k) =>
        partial === null || !wanted[k] ? null : fit(scale(def, k, g, inputs, output), inputs[k]),
      );
    case 'linear':
      return [fit(def.transpose(g, primalOf(inputs[0]), params as never), inputs[0])];
    case 'general': {
      const contributions = def.vjp(g, inputs, output, params as never, wanted);
      checkArity(def, contributions, inputs.length);
      return contributions.map((contribution, k) =>
        contribution === null || !wanted[k] ? null : checkCotangent(def, k, contribution, inputs[k]),
      );
    }
  }
}

/** Forward rule: the tangent of the output, from the tangents of the inputs. `null` is zero. */
export function pushforward(
  def: OpDef,
  tangents: readonly Maybe[],
  inputs: readonly Operand[],
  output: Operand,
  params: unknown,
): Maybe {
  switch (def.kind) {
    case 'elementwise':
      return def.partials.reduce<Maybe>((total, partial, k) => {
        const tangent = tangents[k];
        if (partial === null || tangent === null) return total;
        const term = spread(scale(def, k, tangent, inputs, output), output);
        return total === null ? term : add(total, term);
      }, null);
    case 'linear':
      return tangents[0] === null ? null : apply(def, [tangents[0]], params);
    case 'general':
      if (def.jvp === undefined) throw new TapegradError('rule', `${def.name}: no jvp rule`);
      return spreadIfAny(def.jvp(tangents, inputs, output, params as never), output);
  }
}

/** `t` times the partial of `def` in operand `k`: in one fused pass over plain tensors, else by the rule. */
function scale(def: ElementwiseDef, k: number, t: Operand, inputs: readonly Operand[], output: Operand): Operand {
  const operands = [t, ...inputs, output];
  if (operands.some((x) => x instanceof Value) || operands.every((x) => typeof x === 'number')) {
    return scaleBy(t, def.partials[k]!(...inputs, output));
  }
  const fused = fusedScale(def, k);
  if (fused === null) return scaleBy(t, def.partials[k]!(...inputs, output));
  const used = fused.uses.map((position) => operands[position] as Data);
  // With no element read but the cotangent's own, there may be nothing to do at all.
  if (fused.isIdentity) return t;
  return runElementwise(fused.kernel, used, resultDtype('same', used));
}

function scaleBy(t: Operand, partial: Operand | Select): Operand {
  if (partial instanceof Select) {
    const branch = (factor: Operand | Select): Operand => (factor === 0 ? 0 : scaleBy(t, factor));
    return where(partial.mask, branch(partial.factor), branch(partial.otherwise));
  }
  if (partial === 1) return t;
  return partial === -1 ? neg(t) : mul(t, partial);
}

// ------------------------------------------------------------- fused scaling

interface FusedScale {
  readonly kernel: ElementwiseKernel;
  /** Which of cotangent, inputs and output the expression reads. */
  readonly uses: readonly number[];
  readonly isIdentity: boolean;
}

const fusedScales = new Map<ElementwiseDef, (FusedScale | null)[]>();

function fusedScale(def: ElementwiseDef, k: number): FusedScale | null {
  let list = fusedScales.get(def);
  if (list === undefined) fusedScales.set(def, (list = []));
  return (list[k] ??= canCompile ? fuse(def, k) : null);
}

/** The rule as text: called with formulas, it writes down its expression. */
function fuse(def: ElementwiseDef, k: number): FusedScale | null {
  const names = Array.from({ length: def.arity + 2 }, (_, position) => `e${position}_`);
  const js = scaledText(def, k, names[0], names.slice(1, -1), names[def.arity + 1]);
  const uses = names.flatMap((name, position) => (js.includes(name) ? [position] : []));
  const spell = (element: (k: number) => string): string =>
    uses.reduce((text, position, index) => text.replaceAll(names[position], element(index)), js);
  return {
    kernel: expressionKernel(def.name, uses.length, spell, scalarFunctions(js)),
    uses,
    isIdentity: js === names[0],
  };
}

/** JavaScript for `g` times the partial of `def` in operand `k`, given the spelling of the operands. */
export function scaledText(
  def: ElementwiseDef,
  k: number,
  g: string,
  inputs: readonly string[],
  output: string,
): string {
  const formulas = [...inputs, output].map((js) => new Formula(js, js) as unknown as Operand);
  return textOf(g, def.partials[k]!(...formulas));
}

function textOf(g: string, partial: Operand | Select): string {
  if (partial instanceof Select) {
    const branch = (factor: Operand | Select): string => (factor === 0 ? '0' : textOf(g, factor));
    return `(${Formula.of(partial.mask).js} ? ${branch(partial.factor)} : ${branch(partial.otherwise)})`;
  }
  if (partial === 1) return g;
  return partial === -1 ? `-${g}` : `${g} * ${Formula.of(partial).js}`;
}

/** The functions that a piece of such text calls, by their names in it. */
export function scalarFunctions(js: string): Record<string, unknown> {
  const codes = [...js.matchAll(/\bf(\d+)\(/g)].map(([, code]) => Number(code));
  return Object.fromEntries(codes.map((code) => [`f${code}`, elementwiseDefs[code - FIRST_OP].scalar]));
}

// --------------------------------------------------------------------- shapes

/** Brings a cotangent to the shape and dtype of `like`, undoing what broadcasting and promotion did. */
function fit(t: Operand, like: Operand): Operand {
  const shape = shapeOfOperand(like);
  const summed = sameShape(shapeOfOperand(t), shape) ? t : sumTo(t, shape);
  const dtype = dtypeOfOperand(like);
  return dtypeOfOperand(summed) === dtype ? summed : castTo(summed, dtype);
}

/** Brings a tangent to the shape and dtype of the output, repeating what broadcasting did. */
function spread(t: Operand, output: Operand): Operand {
  const shape = shapeOfOperand(output);
  const expanded = sameShape(shapeOfOperand(t), shape) ? t : expandTo(t, shape);
  const dtype = dtypeOfOperand(output);
  return dtypeOfOperand(expanded) === dtype ? expanded : castTo(expanded, dtype);
}

function spreadIfAny(t: Maybe, output: Operand): Maybe {
  return t === null ? null : spread(t, output);
}

/** A rule of a user must keep to the contract: one cotangent an input, in its shape. */
function checkArity(def: GeneralDef, contributions: unknown, arity: number): void {
  if (Array.isArray(contributions) && contributions.length === arity) return;
  const found = Array.isArray(contributions) ? `${contributions.length}` : 'no list';
  throw new TapegradError(
    'rule',
    `${def.name}: vjp must return a list of ${arity} cotangents (null for none), got ${found}`,
  );
}

function checkCotangent(def: GeneralDef, k: number, contribution: Operand, input: Operand): Operand {
  const [found, expected] = [shapeOfOperand(contribution), shapeOfOperand(input)];
  if (!sameShape(found, expected)) {
    throw new TapegradError(
      'rule',
      `${def.name}: vjp gave input ${k} a cotangent of shape ${showShape(found)}, but the input has ` +
        `${showShape(expected)}; sum over the axes that were broadcast`,
    );
  }
  return fit(contribution, input);
}
