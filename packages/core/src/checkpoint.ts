/**
 * `checkpoint`: recompute instead of store.
 *
 * The function runs on a tape of its own that is thrown away; what stays is one
 * row. When a sweep reaches that row, the function runs again, recorded this
 * time, and the sweep goes through the recording. Values that the function uses
 * without taking them as arguments are found on its tape and become operands of
 * the row too.
 *
 * @module
 */
import { type Data, sizeOf, zerosLike } from '@tapegrad/kernels';
import { Points } from './differentiate.ts';
import { apply, dtypeOfOperand, type GeneralDef, type Operand, primalOf, shapeOfOperand } from './op.ts';
import { slice } from './ops/indexing.ts';
import { concat } from './ops/joining.ts';
import { reshape, to } from './ops/shape.ts';
import { recorder } from './recorder.ts';
import { withSpan } from './span.ts';
import { leavesOf, replaceLeaves } from './tree.ts';
import { detached, Value } from './value.ts';

interface Params {
  readonly run: (inputs: readonly Operand[]) => Operand;
  readonly output: Data;
  /** Values that the function used from outside: the operands after the arguments. */
  readonly captured: readonly Value[];
}

const def: GeneralDef = {
  kind: 'general',
  name: 'checkpoint',
  evaluate: (_, { output }: Params) => output,
  vjp: (g, inputs, output, { run, captured }: Params) => {
    const points = inputs.slice(0, inputs.length - captured.length);
    // The sweep comes after the span has closed: where it records, it records for whoever swept.
    const [span, result] = withSpan(points, run, (open, y) => [open, y] as const, {
      keep: true,
      nest: output instanceof Value,
      wantCaptured: true,
    });
    const cotangents = span.reverse([[result, g]], { also: captured });
    return cotangents.map((cotangent, k) => cotangent ?? zerosLike(primalOf(inputs[k])));
  },
};

/**
 * The same function, but a sweep recomputes its inner results instead of keeping them from the first run:
 * memory for one row instead of all that `f` records, for the time of one more evaluation.
 *
 * Random numbers must be drawn the same way in both runs: make the generator inside `f`, from a seed.
 *
 * @param f - Any function of trees of values; it may use values from outside.
 * @returns A function with the same result and the same derivatives of every order.
 * @example
 * const block = checkpoint((x: Value) => x.sin().exp());
 * grad(block)(0); // 1
 */
export function checkpoint<F extends (...args: never[]) => unknown>(f: F): F {
  return ((...args: unknown[]) => {
    const points = new Points('checkpoint', args, [...args.keys()]);
    const call = (inputs: readonly Operand[]): unknown => f(...(points.substitute(inputs) as never[]));
    const { tree, outputs, captured } = withSpan(
      points.leaves,
      call,
      (span, result) => ({
        tree: result,
        outputs: leavesOf(result).map(primalOf),
        captured: [...new Set(span.captured)],
      }),
      { nest: false },
    );
    const operands = [...points.leaves, ...captured];
    if (!operands.some((x) => x instanceof Value)) return replaceLeaves(tree, outputs);
    if (recorder.isPaused) return replaceLeaves(tree, outputs.map(detached));
    const run = (inputs: readonly Operand[]): Operand => pack(leavesOf(call(inputs)));
    const packed = apply(def, operands, { run, output: pack(outputs) as Data, captured } satisfies Params);
    return replaceLeaves(tree, unpack(packed, outputs));
  }) as unknown as F;
}

/** Several results in one row: laid end to end. */
function pack(results: readonly Operand[]): Operand {
  return results.length === 1 ? results[0] : concat(results.map((x) => reshape(x, [-1])));
}

function unpack(packed: Operand, like: readonly Data[]): Operand[] {
  if (like.length === 1) return [packed];
  let at = 0;
  return like.map((x) => {
    const start = at;
    at += sizeOf(shapeOfOperand(x));
    const dtype = dtypeOfOperand(x);
    const part = reshape(slice(packed, start, at), shapeOfOperand(x));
    return dtypeOfOperand(part) === dtype ? part : to(part, dtype);
  });
}
