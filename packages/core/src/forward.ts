/**
 * The forward sweep: tangents from inputs to outputs, oldest row first, over what
 * a span has recorded.
 *
 * @module
 */
import { type Data, zerosLike } from '@tapegrad/kernels';
import { type GeneralDef, type Maybe, type Operand, primalOf } from './op.ts';
import { pushforward } from './rules.ts';
import { operandsOf, type OperandsOfRow, valueAt } from './sweep.ts';
import { withSpan } from './span.ts';
import { CONSTANT, LEAF, LINK, type Tape } from './tape.ts';
import { Value } from './value.ts';

export function forwardSweep(
  tapes: readonly Tape[],
  marks: ReadonlyMap<Tape, Uint8Array>,
  inputs: readonly Value[],
  tangents: readonly Maybe[],
  outputs: readonly Operand[],
  readsValues: boolean,
): Maybe[] {
  const found = new Map<Tape, Maybe[]>(tapes.map((tape) => [tape, []]));
  inputs.forEach(({ tape, id }, k) => (found.get(tape)![id] = tangents[k]));
  for (const tape of tapes) {
    const live = marks.get(tape)!;
    const here = found.get(tape)!;
    for (let id = 0; id < live.length; id++) {
      if (live[id] === 0 || tape.ops[id] === LEAF) continue;
      if (tape.ops[id] === LINK) {
        const source = tape.sources[tape.lhs[id]];
        here[id] ??= found.get(source.tape)?.[source.id] ?? null;
        continue;
      }
      const row = operandsOf(tape, id);
      const incoming = row.rows.map((operand) => (operand === CONSTANT ? null : (here[operand] ?? null)));
      if (incoming.some((tangent) => tangent !== null)) here[id] = push(tape, id, row, incoming, readsValues);
    }
  }
  return outputs.map((output) => (output instanceof Value ? (found.get(output.tape)?.[output.id] ?? null) : null));
}

function push(
  tape: Tape,
  id: number,
  { def, rows, inputs, output, params }: OperandsOfRow,
  tangents: readonly Maybe[],
  readsValues: boolean,
): Maybe {
  const xs = readsValues ? inputs.map((x, k) => (rows[k] === CONSTANT ? x : valueAt(tape, rows[k]))) : inputs;
  const y = readsValues ? valueAt(tape, id) : output;
  if (def.kind === 'general' && def.jvp === undefined) return transposedVjp(def, tangents, xs, y, params);
  return pushforward(def, tangents, xs, y, params);
}

/**
 * The JVP of an operation that states only its VJP. The VJP is linear in the cotangent, and the
 * transpose of that linear map is the JVP: differentiate the pullback, seeded with the tangents.
 */
function transposedVjp(
  def: GeneralDef,
  tangents: readonly Maybe[],
  inputs: readonly Operand[],
  output: Operand,
  params: unknown,
): Maybe {
  const like: Data = zerosLike(primalOf(output));
  const wanted = tangents.map((tangent) => tangent !== null);
  // Swept after the span has closed: with tangents that are values, the sweep records for whoever asked.
  const [span, contributions] = withSpan(
    [like],
    ([g]) => def.vjp(g, inputs, output, params as never, wanted),
    (open, found) => [open, found] as const,
    { keep: true },
  );
  const seeds = contributions.flatMap((contribution, k) => {
    const tangent = tangents[k];
    return contribution === null || tangent === null ? [] : [[contribution, tangent] as const];
  });
  return span.reverse(seeds)[0] ?? null;
}
