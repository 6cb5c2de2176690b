/**
 * `backward()`, for free-standing code: from a result to the `.grad` of every leaf
 * that led to it.
 *
 * @module
 */
import { type Data, TapegradError } from '@tapegrad/kernels';
import { checkLike, scalarResult, seedFor } from './differentiate.ts';
import { type Operand } from './op.ts';
import { add } from './ops/arithmetic.ts';
import { recorder } from './recorder.ts';
import { ReverseSweep } from './sweep.ts';
import { type Leaf, LEAF, type Tape } from './tape.ts';
import { scalarised, Value } from './value.ts';

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep the tape, to add to it or sweep it again. Default false: the tape is consumed. */
  readonly keepTape?: boolean;
}

declare module './value.ts' {
  interface Value {
    /**
     * Adds to the `.grad` of every leaf that led here the derivative of this value, and consumes the tape.
     *
     * @param seed - The cotangent to start with, in the shape of this value. Default 1, for scalars.
     * @throws `shape` if this is no scalar and there is no seed; `tape` if the tape was consumed already;
     * `rule` if nothing that led here is a leaf.
     * @example
     * const x = value(3);
     * x.mul(x).backward();
     * x.grad; // 6
     */
    backward(seed?: Operand, options?: BackwardOptions): void;
  }
}

Value.prototype.backward = function (this: Value, seed?: Operand, { keepTape = false }: BackwardOptions = {}): void {
  const start =
    seed === undefined ? seedFor(scalarResult('backward', this), 1) : checkLike('backward', 'seed', seed, this);
  const cotangent = start instanceof Value ? start.primal : start;
  if (this.leaf !== null) {
    if (!this.leaf.isDifferentiable) throw unreachable();
    accumulateInto(this.leaf, cotangent);
    return;
  }
  if (recorder.isInTransform) {
    throw new TapegradError(
      'tape',
      'backward: not inside grad, vjp or another transform; return the scalar and let the transform differentiate it',
    );
  }
  const sweep = new ReverseSweep({ isRecorded: false });
  sweep.seed(this, cotangent);
  const tapes = sweep.run();
  const gradients = leafGradients(sweep, tapes);
  // Nothing was changed so far, so a rule that throws leaves gradients and tapes as they were.
  for (const [leaf, gradient] of gradients) accumulateInto(leaf, gradient);
  if (!keepTape) for (const tape of tapes) tape.consume();
};

function leafGradients(sweep: ReverseSweep, tapes: readonly Tape[]): Map<Leaf, Data> {
  const gradients = new Map<Leaf, Data>();
  for (const tape of tapes) {
    tape.sources.forEach(({ leaf }, index) => {
      const id = tape.sourceRows[index];
      if (leaf === null || tape.ops[id] !== LEAF) return;
      const gradient = sweep.cotangent(tape, id) as Data | undefined;
      if (gradient === undefined) return;
      const sofar = gradients.get(leaf);
      gradients.set(leaf, sofar === undefined ? gradient : scalarised(add(sofar, gradient)));
    });
  }
  return gradients;
}

function accumulateInto(leaf: Leaf, gradient: Data): void {
  leaf.grad = leaf.grad === undefined ? gradient : scalarised(add(leaf.grad, gradient));
}

function unreachable(): TapegradError {
  return new TapegradError(
    'rule',
    'backward: this value is detached, no leaf leads to it; call backward on what was computed from values, outside noGrad',
  );
}
