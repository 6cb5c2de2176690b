/**
 * The invariants of the engine, over every entry of the table. A new operation
 * needs no line here; the test file of its family holds only what is special.
 */
import { describe, expect, it } from '@jest/globals';
import { type Data, shapeOf, Tensor } from '@tapegrad/kernels';
import fc from 'fast-check';
import { checkpoint, grad, jvp, operations, type Operand, Value, vjp } from './support/api.ts';
import { differentiable, type Sample, samplesOf } from './support/cases.ts';
import { assertClose, directional, dot, flat } from './support/numeric.ts';

const RUNS = { numRuns: 25, seed: 20261125 };

/** A fixed, structureless direction in the form of `x`. */
function direction(x: Data, salt: number): Data {
  const next = (i: number): number => Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1));
  if (typeof x === 'number') return next(0);
  const values = flat(x).map((_, i) => next(i));
  return new Tensor(x.dtype === 'f32' ? Float32Array.from(values) : Float64Array.from(values), x.dtype, x.shape);
}

/** Σ g · f(x), on data. */
function weighted({ call }: Sample, xs: readonly Operand[], g: Data): number {
  return dot(call(...xs), g);
}

function outputOf({ call, inputs }: Sample): Data {
  return call(...inputs) as Data;
}

function jvpAll(f: (...xs: Operand[]) => Operand, xs: readonly Operand[], ts: readonly Operand[]): [Operand, Operand] {
  return (jvp as unknown as (g: unknown) => (...args: unknown[]) => [Operand, Operand])(f)(...xs, ...ts);
}

function gradients(f: (...xs: Operand[]) => Operand, xs: readonly Operand[], g: Operand): Operand[] {
  const [, pull] = (vjp as unknown as (h: unknown) => (...args: unknown[]) => [Operand, (c: unknown) => unknown])(f)(
    ...xs,
  );
  const found = pull(g);
  return (xs.length === 1 ? [found] : found) as Operand[];
}

function check(entry: (typeof differentiable)[number], dtype: 'f64' | 'f32', law: (sample: Sample) => void): void {
  fc.assert(fc.property(samplesOf(entry, dtype), law), RUNS);
}

describe.each(differentiable)('$name', (entry) => {
  it('computes the same bits on data and recorded', () => {
    check(entry, 'f64', (sample) => {
      const recorded = vjp as unknown as (h: unknown) => (...args: unknown[]) => [Data, unknown];
      const [output] = recorded(sample.call)(...sample.inputs);
      expect(flat(output)).toEqual(flat(outputOf(sample)));
    });
  });

  it('forward mode agrees with finite differences', () => {
    check(entry, 'f64', (sample) => {
      const { inputs } = sample;
      const g = direction(outputOf(sample), 9);
      const ts = inputs.map(direction);
      const [, tangent] = jvpAll(sample.call, inputs, ts);
      assertClose(
        dot(tangent, g),
        directional((xs) => weighted(sample, xs, g), inputs, ts),
      );
    });
  });

  it('reverse mode is the transpose of forward mode', () => {
    check(entry, 'f64', (sample) => {
      const g = direction(outputOf(sample), 9);
      const ts = sample.inputs.map(direction);
      const [, tangent] = jvpAll(sample.call, sample.inputs, ts);
      const found = gradients(sample.call, sample.inputs, g) as Data[];
      found.forEach((x, k) => expect(shapeOf(x)).toEqual(shapeOf(sample.inputs[k])));
      assertClose(
        found.reduce<number>((total, x, k) => total + dot(x, ts[k]), 0),
        dot(tangent, g),
        1e-11,
      );
    });
  });

  it('is right in f32, and keeps the dtype', () => {
    check(entry, 'f32', (sample) => {
      const g = direction(outputOf(sample), 9);
      const wide = sample.inputs.map((x) => (typeof x === 'number' ? x : x.to('f64')));
      const wideG = typeof g === 'number' ? g : g.to('f64');
      const found = gradients(sample.call, sample.inputs, g) as Tensor[];
      const expected = gradients(sample.call, wide, wideG) as Data[];
      found.forEach((x, k) => {
        expect(x.dtype).toBe('f32');
        assertClose(x.to('f64'), expected[k], 2e-4);
      });
    });
  });

  it('second derivatives agree, reverse over reverse, forward over reverse, and with differences', () => {
    check(entry, 'f64', (sample) => {
      const { inputs, call } = sample;
      const g = direction(outputOf(sample), 9);
      const ts = inputs.map(direction);
      const slope = (...xs: Operand[]): Operand =>
        gradients(call, xs, g)
          .map((x, k) => (x as Value).mul(ts[k]).sum())
          .reduce((a, b) => a.add(b));
      const slopeOn = (xs: readonly Data[]): number =>
        (gradients(call, xs, g) as Data[]).reduce<number>((total, x, k) => total + dot(x, ts[k]), 0);
      const numeric = directional(slopeOn, inputs, ts);
      const reverse = (grad as unknown as (f: unknown, o: unknown) => (...xs: unknown[]) => Data[])(slope, {
        argnums: inputs.map((_, k) => k),
      })(...inputs);
      assertClose(
        reverse.reduce<number>((total, x, k) => total + dot(x, ts[k]), 0),
        numeric,
        1e-5,
      );
      const [, forward] = jvpAll(slope, inputs, ts);
      assertClose(dot(forward, 1), numeric, 1e-5);
    });
  });

  it('checkpointed, has the same gradient', () => {
    check(entry, 'f64', (sample) => {
      const g = direction(outputOf(sample), 9);
      const plain = gradients(sample.call, sample.inputs, g) as Data[];
      const saved = gradients(checkpoint(sample.call), sample.inputs, g) as Data[];
      saved.forEach((x, k) => assertClose(x, plain[k], 1e-13));
    });
  });

  it('gives the results stated in its entry', () => {
    for (const example of entry.examples ?? []) {
      const call = entry.call as unknown as (...xs: number[]) => number;
      expect(call(...example.slice(0, -1))).toBeCloseTo(example.at(-1)!, 14);
    }
  });
});

describe('the table', () => {
  it('makes methods of all operations but those on lists and equations', () => {
    for (const name of operations.keys()) {
      expect(Tensor.prototype).toHaveProperty(name);
      expect(Value.prototype).toHaveProperty(name);
    }
  });
});
