/**
 * Where operations are recorded now.
 *
 * Free-standing operations record on the ambient tape, which is opened by the
 * first of them and closed by `backward()`. A transform records on tapes of its
 * own, which end when its call ends. `noGrad` records nowhere.
 *
 * @module
 */
import { PATIENCE, Tape } from './tape.ts';

/** A tape that is never open: the place of "nowhere yet". */
export const NOWHERE = new Tape(1);
NOWHERE.close();
NOWHERE.capacity = 0;

class Recorder {
  /** The tape that takes the next row, if it is open. Read on the hottest path. */
  tape: Tape = NOWHERE;
  /** Whether tapes belong to the call of a transform, not to free-standing code. */
  isInTransform = false;
  isPaused = false;
  /** Tapes opened since the outermost running transform began; see `span.ts`. */
  readonly trail: Tape[] = [];
  depth = 0;

  /** An open tape with room for `rows` more. `isFresh` tells that the operation has no operand but leaves. */
  reserve(rows: number, isFresh: boolean): Tape {
    if (this.tape.state !== 'open') this.next();
    else if (this.tape.isFull) {
      this.tape.fullAt = Math.min(this.tape.fullAt, this.tape.length);
      if (isFresh || this.tape.length > this.tape.fullAt + PATIENCE) this.next();
    }
    this.tape.reserve(rows);
    return this.tape;
  }

  /** Closes the tape and goes on with a new one. */
  next(): Tape {
    this.tape.close();
    this.tape = new Tape();
    if (this.depth > 0) this.trail.push(this.tape);
    return this.tape;
  }

  /** Runs `body` with another tape or pause, and comes back in any case. */
  within<R>(state: { tape: Tape; isInTransform: boolean; isPaused: boolean }, body: () => R): R {
    const { tape, isInTransform, isPaused } = this;
    Object.assign(this, state);
    try {
      return body();
    } finally {
      this.tape = tape;
      this.isInTransform = isInTransform;
      this.isPaused = isPaused;
    }
  }
}

/** The state of recording, one per copy of the library. */
export const recorder = new Recorder();

/**
 * Runs `body` without recording: operations compute, and their values are detached.
 *
 * @returns What `body` returns.
 * @example
 * const w = value(3);
 * const evaluated = noGrad(() => w.mul(2));
 * evaluated.data; // 6
 */
export function noGrad<R>(body: () => R): R {
  return recorder.within({ tape: NOWHERE, isInTransform: recorder.isInTransform, isPaused: true }, body);
}
