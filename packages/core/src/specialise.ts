/**
 * Fast callables for the elementwise operations of one and two operands. If all
 * shared one closure, the call of `scalar` inside it would be megamorphic, and
 * recording about one and a half times as slow. Compiling the same body once
 * per operation gives each its own inline caches. Where a content-security
 * policy forbids compiling, the general path is slower and otherwise the same.
 *
 * @module
 */
import { canCompile, compile } from '@tapegrad/kernels';
import { apply, type ElementwiseDef, type Operand } from './op.ts';
import { recorder } from './recorder.ts';
import { Value } from './value.ts';

type Callable = (...operands: Operand[]) => Operand;

const UNARY = `
    if (typeof x === 'number') return scalar(x);
    const tape = recorder.tape;
    if (x?.tape === tape && x.tensor === null && tape.length < tape.capacity) {
      return new Value(tape, tape.push(code, x.id, 0, scalar(tape.numbers[x.id])), null, null);
    }
    return general(x);`;

const BINARY = `
    const tape = recorder.tape;
    if (typeof x === 'number') {
      if (typeof y === 'number') return scalar(x, y);
      if (y?.tape === tape && y.tensor === null && tape.length < tape.capacity) {
        const z = scalar(x, tape.numbers[y.id]);
        return new Value(tape, tape.push(code, tape.constant(x), y.id, z), null, null);
      }
    } else if (x?.tape === tape && x.tensor === null && tape.length < tape.capacity) {
      if (typeof y === 'number') {
        const z = scalar(tape.numbers[x.id], y);
        return new Value(tape, tape.push(code, x.id, tape.constant(y), z), null, null);
      }
      if (y?.tape === tape && y.tensor === null) {
        const z = scalar(tape.numbers[x.id], tape.numbers[y.id]);
        return new Value(tape, tape.push(code, x.id, y.id, z), null, null);
      }
    }
    return general(x, y);`;

/** The callable of an elementwise definition. */
export function specialise(def: ElementwiseDef): Callable {
  const general: Callable = (...operands) => apply(def, operands);
  if (!canCompile || def.arity > 2) {
    return def.arity === 1
      ? (x) => apply(def, [x])
      : def.arity === 2
        ? (x, y) => apply(def, [x, y])
        : (x, y, z) => apply(def, [x, y, z]);
  }
  const scope = { code: def.code, scalar: def.scalar, general, recorder, Value };
  return compile<Callable>(scope, 'x, y', def.arity === 1 ? UNARY : BINARY);
}
