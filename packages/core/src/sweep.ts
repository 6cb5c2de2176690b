/**
 * The reverse sweep: cotangents from outputs to leaves, newest row first.
 *
 * A sweep visits only rows that lead to an output and depend on something
 * wanted. It keeps one byte a row for that:
 *
 *     0  not wanted: constants, and links out of the differentiated range
 *     1  wanted, no cotangent yet
 *     2  wanted and reached by a cotangent
 *
 * A cotangent of value zero is a cotangent: 0 times infinity is NaN, as in
 * PyTorch. What is not reached contributes nothing at all.
 *
 * Scalar rows go through the compiled switch of `scalar-sweep.ts`, tensor rows
 * through the rules. With `isRecorded` every row goes through the rules on
 * values, so that the sweep records itself and can be swept again.
 *
 * @module
 */
import { type Data, type Tensor } from '@tapegrad/kernels';
import { accumulate, ownedCopy } from './accumulate.ts';
import { elementwiseDefs, type OpDef, type Operand } from './op.ts';
import { add } from './ops/arithmetic.ts';
import { pullback } from './rules.ts';
import { sweepScalars } from './scalar-sweep.ts';
import { CONSTANT, FIRST_OP, GENERAL, LEAF, LINK, type Tape, unusable } from './tape.ts';
import { scalarised, Value } from './value.ts';

/** What a sweep knows about one tape. */
export class Space {
  readonly tape: Tape;
  readonly live: Uint8Array;
  /** Cotangents of scalar rows, where the sweep computes on plain data. */
  readonly numbers: Float64Array;
  /** All other cotangents, dropped as soon as they are spent. */
  readonly others = new Map<number, Operand>();
  /** Rows whose cotangent is a tensor of the sweep's own, which it may add into. */
  readonly owned = new Set<number>();

  constructor(tape: Tape, live: Uint8Array, isRecorded: boolean) {
    this.tape = tape;
    this.live = live;
    this.numbers = new Float64Array(isRecorded ? 0 : tape.length);
  }
}

export interface SweepOptions {
  /** Cotangents may be values, and everything goes through the rules. */
  readonly isRecorded: boolean;
  /** Rules read values, not plain data, so that the sweep depends on the point as well. */
  readonly readsValues?: boolean;
  /** What depends on the wanted inputs, by tape; tapes that are not in it are not entered. Default: everything. */
  readonly marks?: ReadonlyMap<Tape, Uint8Array>;
  /** The rule of a row. Default: that of cotangents. */
  readonly pullback?: typeof pullback;
  /** Tests turn the compiled switch off, to compare both paths. */
  readonly isCompiled?: boolean;
}

/** A running reverse sweep over one or more tapes. */
export class ReverseSweep {
  private readonly options: SweepOptions;
  private readonly spaces = new Map<Tape, Space>();
  private readonly waiting: Space[] = [];

  constructor(options: SweepOptions) {
    this.options = options;
  }

  /** Adds a cotangent to a row. Rows that nothing wanted leads to ignore it. */
  seed({ tape, id }: Value, cotangent: Operand): void {
    const space = this.spaceOf(tape);
    if (space !== undefined) this.deliver(space, id, cotangent);
  }

  /** Sweeps all tapes that are reached, newest first, and returns them. */
  run(): readonly Tape[] {
    const swept: Tape[] = [];
    while (this.waiting.length > 0) {
      const newest = this.waiting.reduce((a, b) => (a.tape.serial > b.tape.serial ? a : b));
      this.waiting.splice(this.waiting.indexOf(newest), 1);
      this.sweepTape(newest);
      swept.push(newest.tape);
    }
    return swept;
  }

  /** The cotangent of a row after the run; undefined if none reached it. */
  cotangent(tape: Tape, id: number): Operand | undefined {
    const space = this.spaces.get(tape);
    if (space?.live[id] !== 2) return undefined;
    return space.others.get(id) ?? space.numbers[id];
  }

  private spaceOf(tape: Tape): Space | undefined {
    let space = this.spaces.get(tape);
    if (space !== undefined) return space;
    const { marks, isRecorded } = this.options;
    const live = marks === undefined ? new Uint8Array(tape.length).fill(1) : marks.get(tape)?.slice();
    if (live === undefined) return undefined;
    space = new Space(tape, live, isRecorded);
    this.spaces.set(tape, space);
    this.waiting.push(space);
    return space;
  }

  private sweepTape(space: Space): void {
    const { tape } = space;
    if (tape.state === 'consumed' || tape.state === 'ended') throw unusable('backward', tape.state);
    const { isRecorded, pullback: rule, isCompiled = rule === undefined } = this.options;
    // Rows recorded by a differentiable sweep itself come after `live` and are not part of it.
    for (let id = space.live.length - 1; id >= 0; id--) {
      if (!isRecorded && isCompiled) {
        id = sweepScalars(space, id);
        if (id < 0) break;
      }
      if (space.live[id] === 2) this.visit(space, id);
    }
  }

  private visit(space: Space, id: number): void {
    const { tape } = space;
    const op = tape.ops[id];
    if (op === LEAF) return;
    if (op === LINK) {
      const source = tape.sources[tape.lhs[id]];
      const target = this.spaceOf(source.tape);
      if (target !== undefined) this.deliver(target, source.id, this.peek(space, id));
      return;
    }
    const g = this.peek(space, id);
    const { def, rows, inputs, output, params } = this.read(tape, id);
    const wanted = rows.map((row) => row >= 0 && space.live[row] !== 0);
    const contributions = (this.options.pullback ?? pullback)(def, g, inputs, output, params, wanted);
    space.others.delete(id);
    for (let k = 0; k < rows.length; k++) {
      const contribution = contributions[k];
      if (wanted[k] && contribution !== null) this.deliver(space, rows[k], contribution);
    }
  }

  private peek(space: Space, id: number): Operand {
    return space.others.get(id) ?? space.numbers[id];
  }

  /** The operation of a row with its operands, as plain data or as values to record with. */
  private read(tape: Tape, id: number): OperandsOfRow {
    const row = operandsOf(tape, id);
    if (this.options.readsValues !== true) return row;
    return {
      ...row,
      inputs: row.inputs.map((x, k) => (row.rows[k] === CONSTANT ? x : valueAt(tape, row.rows[k]))),
      output: valueAt(tape, id),
    };
  }

  private deliver(space: Space, row: number, contribution: Operand): void {
    const { live, numbers, others, owned } = space;
    if (live[row] === 0) return;
    const isFirst = live[row] === 1;
    live[row] = 2;
    if (this.options.isRecorded) {
      others.set(row, isFirst ? contribution : add(others.get(row)!, contribution));
      return;
    }
    const data = scalarised(contribution as Data);
    if (typeof data === 'number') numbers[row] = isFirst ? data : numbers[row] + data;
    else if (isFirst) others.set(row, data);
    else if (owned.has(row)) accumulate(others.get(row) as Tensor, data);
    else {
      others.set(row, accumulate(ownedCopy(others.get(row) as Tensor), data));
      owned.add(row);
    }
  }
}

/** A handle to any row of a tape. */
export function valueAt(tape: Tape, id: number): Value {
  if (tape.ops[id] === LEAF && tape.lhs[id] >= 0) return tape.sources[tape.lhs[id]];
  const data = tape.data(id);
  return new Value(tape, id, typeof data === 'number' ? null : data, null);
}

/** An operation's row, read back. */
export interface OperandsOfRow {
  readonly def: OpDef;
  readonly rows: readonly number[];
  readonly inputs: readonly Operand[];
  readonly output: Operand;
  readonly params: unknown;
}

/** The operation of a row (not a leaf or link), with the plain data of its operands. */
export function operandsOf(tape: Tape, id: number): OperandsOfRow {
  if (tape.ops[id] === GENERAL) {
    const { def, rows, primals, output, params } = tape.nodes[tape.lhs[id]];
    return { def, rows, inputs: primals, output, params };
  }
  const def = elementwiseDefs[tape.ops[id] - FIRST_OP];
  const codes = def.arity === 1 ? [tape.lhs[id]] : [tape.lhs[id], tape.rhs[id]];
  return {
    def,
    rows: codes.map((code) => (code < 0 ? CONSTANT : code)),
    inputs: codes.map((code) => (code < 0 ? tape.constants[~code] : tape.numbers[code])),
    output: tape.numbers[id],
    params: undefined,
  };
}
