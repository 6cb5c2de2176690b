/**
 * A span is the stretch of tape that one call of a transform records: fresh
 * rows for its inputs, whatever the function does, and the sweeps over it.
 *
 * An outermost span records on tapes of its own and computes on plain data; when
 * it closes, the tapes end. A span inside another (or one whose inputs are
 * values) records in line with what surrounds it, on a new tape, and sweeps
 * on values, so that its result can be differentiated again. Inputs are always
 * fresh rows: the derivative counts the paths through this argument and not
 * those around it, which rules out perturbation confusion.
 *
 * A nested span that touched nothing outside is as good as outermost: it
 * computes on plain data, and its tape is dropped.
 *
 * @module
 */
import type { Data } from '@tapegrad/kernels';
import { forwardSweep } from './forward.ts';
import { elementwiseDefs, type Maybe, type Operand, primalOf } from './op.ts';
import { add } from './ops/arithmetic.ts';
import { NOWHERE, recorder } from './recorder.ts';
import { ReverseSweep, type SweepOptions } from './sweep.ts';
import { CONSTANT, FIRST_OP, GENERAL, LEAF, LINK, type Tape } from './tape.ts';
import { Value } from './value.ts';

interface ReverseOptions {
  /** Compute on plain data even where results could be differentiated again. */
  readonly isPlain?: boolean;
  /** Captured values whose cotangents are wanted too. */
  readonly also?: readonly Value[];
  readonly pullback?: SweepOptions['pullback'];
}

export class Span {
  readonly inputs: readonly Value[];
  /** Whether results are values that can be differentiated again. Known once `mark` has run. */
  isDifferentiable = false;
  /** Values from outside that the function used. */
  captured: Value[] = [];
  private readonly isNested: boolean;
  private readonly tapes: readonly Tape[];
  private marks = new Map<Tape, Uint8Array>();
  private inputRows = new Map<Tape, Set<number>>();

  constructor(inputs: readonly Value[], tapes: readonly Tape[], isNested: boolean) {
    this.inputs = inputs;
    this.tapes = tapes;
    this.isNested = isNested;
    for (const { tape, id } of inputs) {
      const rows = this.inputRows.get(tape);
      if (rows === undefined) this.inputRows.set(tape, new Set([id]));
      else rows.add(id);
    }
  }

  /**
   * Finds out which rows depend on the inputs, and what was used from outside. With `wantCaptured`,
   * values from outside count as inputs.
   */
  mark({ wantCaptured = false } = {}): void {
    for (const tape of this.tapes) {
      const inputs = this.inputRows.get(tape);
      const live = new Uint8Array(tape.length);
      this.marks.set(tape, live);
      // The common case: everything depends on the inputs, or it would not have been recorded.
      if (this.tapes.length === 1 && tape.sources.length === (inputs?.size ?? 0)) live.fill(1);
      else this.markTape(tape, live, inputs, wantCaptured);
    }
    const takesValues = this.inputs.some(({ tape, id }) => tape.ops[id] === LINK);
    this.isDifferentiable = this.isNested && (takesValues || this.captured.length > 0);
  }

  private markTape(tape: Tape, live: Uint8Array, inputs: Set<number> | undefined, wantCaptured: boolean): void {
    const { ops, lhs, rhs } = tape;
    for (let id = 0; id < tape.length; id++) {
      const op = ops[id];
      if (op === LEAF || op === LINK) {
        const source = tape.sources[lhs[id]];
        const within = op === LINK ? this.marks.get(source.tape) : undefined;
        if (inputs?.has(id) === true) live[id] = 1;
        else if (within !== undefined) live[id] = within[source.id] === 0 ? 0 : 1;
        else {
          live[id] = wantCaptured ? 1 : 0;
          this.captured.push(source);
        }
      } else if (op === GENERAL) {
        live[id] = tape.nodes[lhs[id]].rows.some((row) => row !== CONSTANT && live[row] !== 0) ? 1 : 0;
      } else {
        const left = lhs[id];
        const right = elementwiseDefs[op - FIRST_OP].arity === 2 ? rhs[id] : -1;
        live[id] = (left >= 0 && live[left] !== 0) || (right >= 0 && live[right] !== 0) ? 1 : 0;
      }
    }
  }

  /** The cotangent of a captured value, from wherever it entered. */
  private capturedCotangent(sweep: ReverseSweep, source: Value): Operand | undefined {
    const found = this.tapes.flatMap((tape) => {
      const index = tape.sources.indexOf(source);
      return index < 0 ? [] : [sweep.cotangent(tape, tape.sourceRows[index])];
    });
    const given = found.filter((x) => x !== undefined);
    return given.length === 0 ? undefined : given.reduce((a, b) => add(a, b));
  }

  /** Cotangents of the inputs (and of `also`) from those of the outputs; undefined where none arrives. */
  reverse(
    seeds: readonly (readonly [output: Operand, cotangent: Operand])[],
    { isPlain = !this.isDifferentiable, also = [], pullback }: ReverseOptions = {},
  ): (Operand | undefined)[] {
    const isRecorded = !isPlain || seeds.some(([, cotangent]) => cotangent instanceof Value);
    const sweep = new ReverseSweep({
      isRecorded,
      readsValues: !isPlain,
      marks: this.marks,
      ...(pullback && { pullback }),
    });
    for (const [output, cotangent] of seeds) if (output instanceof Value) sweep.seed(output, cotangent);
    sweep.run();
    return [
      ...this.inputs.map(({ tape, id }) => sweep.cotangent(tape, id)),
      ...also.map((source) => this.capturedCotangent(sweep, source)),
    ];
  }

  /** Tangents of the outputs from those of the inputs; null where there is none. */
  forward(tangents: readonly Maybe[], outputs: readonly Operand[]): Maybe[] {
    return forwardSweep(this.tapes, this.marks, this.inputs, tangents, outputs, this.isDifferentiable);
  }
}

/** How a span is opened. */
export interface SpanOptions {
  /** The span's tapes stay usable afterwards, for pullbacks that are called later. */
  readonly keep?: boolean;
  /** In line with what surrounds it, or on its own. Default: nested where there is something to nest in. */
  readonly nest?: boolean;
  /** Values from outside count as inputs. */
  readonly wantCaptured?: boolean;
}

/** Records `body` as a span over `points` and runs `finish` on it while it is open. */
export function withSpan<R, S>(
  points: readonly Operand[],
  body: (inputs: readonly Value[]) => R,
  finish: (span: Span, result: R) => S,
  { keep = false, nest, wantCaptured = false }: SpanOptions = {},
): S {
  const isNested = nest ?? (!recorder.isPaused && (recorder.isInTransform || points.some((x) => x instanceof Value)));
  const previous = recorder.tape;
  const run = (): S => {
    const start = recorder.trail.length;
    const wasOpen = previous.state === 'open';
    let isDropped = true;
    recorder.depth++;
    try {
      recorder.next();
      const inputs = points.map((x) => input(isNested ? x : primalOf(x)));
      const result = body(inputs);
      const span = new Span(inputs, recorder.trail.slice(start), isNested);
      span.mark({ wantCaptured });
      isDropped = !span.isDifferentiable;
      if (isDropped) recorder.tape.close();
      return finish(span, result);
    } finally {
      recorder.depth--;
      // Tapes that stay are part of whatever surrounds this span.
      const made = isDropped || recorder.depth === 0 ? recorder.trail.splice(start) : [];
      if (isDropped) {
        if (!keep) for (const tape of made) tape.end();
        recorder.tape = previous;
        if (wasOpen) previous.reopen();
      }
    }
  };
  return isNested ? run() : recorder.within({ tape: NOWHERE, isInTransform: true, isPaused: false }, run);
}

/** A fresh row for an input: a leaf for plain data, a link for a value. */
function input(x: Operand): Value {
  const tape = recorder.reserve(1, false);
  const data: Data = primalOf(x);
  const tensor = typeof data === 'number' ? null : data;
  const handle = new Value(tape, tape.length, tensor, null);
  tape.pushSource(x instanceof Value ? LINK : LEAF, x instanceof Value ? x : handle, data);
  return handle;
}
