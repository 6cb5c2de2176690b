/**
 * Random inputs for every entry of the table, from its own domain and cases.
 */
import { type Data, type DType, sizeOf, Tensor } from '@tapegrad/kernels';
import fc from 'fast-check';
import type { Operand } from '../../src/op.ts';
import { type Case, type Domain, type Operation, operations } from '../../src/operation.ts';
import '../../src/index.ts';

/** Distance kept from points without a derivative; finite differences stay well inside it. */
const CLEARANCE = 0.1;
const GRAIN = 2 ** -20;

export interface Sample {
  readonly name: string;
  readonly call: (...inputs: Operand[]) => Operand;
  readonly inputs: readonly Data[];
}

export const differentiable: Operation[] = [...operations.values()].filter((entry) => entry.isDifferentiable !== false);

/** A number of `domain`, shrinking towards 0 or the nearest bound. */
export function number({ min = -3, max = 3, avoid = [] }: Domain = {}): fc.Arbitrary<number> {
  return fc
    .integer({ min: Math.ceil(min / GRAIN), max: Math.floor(max / GRAIN) })
    .map((k) => k * GRAIN)
    .filter((x) => avoid.every((point) => Math.abs(x - point) > CLEARANCE));
}

export function data(shape: readonly number[], domain: Domain = {}, dtype: DType = 'f64'): fc.Arbitrary<Data> {
  const size = sizeOf(shape);
  const values =
    domain.distinct === true ? distinct(size) : fc.array(number(domain), { minLength: size, maxLength: size });
  return values.map((values) =>
    shape.length === 0 && dtype === 'f64'
      ? values[0]
      : new Tensor(dtype === 'f32' ? Float32Array.from(values) : Float64Array.from(values), dtype, shape),
  );
}

/** Numbers in random order, well apart from each other and from 0, in magnitude too. */
function distinct(size: number): fc.Arbitrary<number[]> {
  const ranks = Array.from({ length: size }, (_, k) => k + 1);
  return fc
    .tuple(
      fc.shuffledSubarray(ranks, { minLength: size }),
      fc.array(fc.boolean(), { minLength: size, maxLength: size }),
    )
    .map(([order, signs]) => order.map((rank, k) => (signs[k] ? 1 : -1) * rank * Math.min(0.3, 3 / size)));
}

/** Shapes that broadcast together: copies of one shape with axes set to 1 or cut off at the front. */
export function broadcastable(count: number): fc.Arbitrary<number[][]> {
  return fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }).chain((whole) => {
    const operand = fc
      .tuple(fc.nat(whole.length), fc.array(fc.boolean(), { minLength: whole.length, maxLength: whole.length }))
      .map(([cut, ones]) => whole.map((extent, axis) => (ones[axis] ? 1 : extent)).slice(cut));
    return fc.array(operand, { minLength: count, maxLength: count });
  });
}

export function samplesOf(entry: Operation, dtype: DType = 'f64'): fc.Arbitrary<Sample> {
  const cases: fc.Arbitrary<Case> =
    entry.cases === undefined
      ? broadcastable(entry.def!.arity).map((shapes) => ({ shapes }))
      : fc.constantFrom(...entry.cases);
  return cases.chain(({ shapes, call, domain = entry.domain }) =>
    fc
      .tuple(...shapes.map((shape, k) => data(shape, domain?.[k] ?? domain?.[0], dtype)))
      .map((inputs) => ({ name: entry.name, call: call ?? (entry.call as unknown as Sample['call']), inputs })),
  );
}
