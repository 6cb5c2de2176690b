import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DType } from '../src/dtype.ts';
import {
  Generator,
  generator,
  type GeneratorState,
  rand,
  randint,
  randn,
  type RandomAlgorithm,
} from '../src/random.ts';
import { expectError, flat } from './arbitrary.ts';

const ALGORITHMS: RandomAlgorithm[] = ['xoshiro128**', 'mulberry32'];
const draws = (g: Generator, count: number): number[] => Array.from({ length: count }, () => g.nextUint32());
const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length;

/** mulberry32 as its users have it. */
function mulberry32(a: number): () => number {
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('generator', () => {
  it('gives the same numbers for the same seed, others for others', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.maxSafeInteger(),
        fc.constantFrom(...ALGORITHMS),
        (seed, other, algorithm) => {
          expect(draws(generator(seed, { algorithm }), 4)).toEqual(draws(generator(seed, { algorithm }), 4));
          // mulberry32 knows 32 bits of a seed.
          fc.pre((seed | 0) !== (other | 0));
          expect(draws(generator(seed, { algorithm }), 4)).not.toEqual(draws(generator(other, { algorithm }), 4));
        },
      ),
    );
  });

  it('tells seeds of more than 32 bits and signs apart', () => {
    const first = [0, 1, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 2 ** 52].map((seed) => draws(generator(seed), 2).join());
    expect(new Set(first).size).toBe(first.length);
  });

  it('draws what the published xoshiro128** draws from the state 1, 2, 3, 4', () => {
    // As the reference code of Blackman and Vigna gives.
    const g = Generator.fromState({ algorithm: 'xoshiro128**', words: [1, 2, 3, 4], spare: null });
    expect(draws(g, 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('draws what mulberry32 draws everywhere', () => {
    const [g, reference] = [generator(42, { algorithm: 'mulberry32' }), mulberry32(42)];
    for (let k = 0; k < 10; k++) expect(g.uniform()).toBe(reference());
  });

  it.each([0.5, NaN, Infinity, 2 ** 53])('rejects the seed %d', (seed) => {
    expectError(() => generator(seed), 'argument', /generator: the seed must be a whole number, got/);
  });

  it('rejects algorithms that it does not know', () => {
    expectError(
      () => generator(1, { algorithm: 'dice' as RandomAlgorithm }),
      'argument',
      /generator: no state of dice/,
    );
  });
});

describe.each(ALGORITHMS)('a %s generator', (algorithm) => {
  const make = (seed = 7): Generator => generator(seed, { algorithm });

  it('goes on from a saved state, through JSON', () => {
    const g = make();
    g.normal();
    const saved = JSON.parse(JSON.stringify(g.state())) as GeneratorState;
    const resumed = Generator.fromState(saved);
    expect([resumed.normal(), resumed.uniform(), resumed.integer(9)]).toEqual([g.normal(), g.uniform(), g.integer(9)]);
    expect(resumed.state()).toEqual(g.state());
  });

  it('rejects states that it did not give', () => {
    for (const words of [[], [1.5], [0, 0, 0, 0], [2 ** 40], [1, 2]]) {
      expectError(
        () => Generator.fromState({ algorithm, words, spare: null }),
        'argument',
        /give what state\(\) returned/,
      );
    }
  });

  it('draws uniform numbers on [0, 1)', () => {
    const g = make();
    const xs = Array.from({ length: 20_000 }, () => g.uniform());
    expect(xs.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(mean(xs)).toBeCloseTo(0.5, 1);
    expect(mean(xs.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
  });

  it('draws normal numbers with mean 0, variance 1 and the right tails', () => {
    const g = make();
    const xs = Array.from({ length: 20_000 }, () => g.normal());
    expect(mean(xs)).toBeCloseTo(0, 1);
    expect(Math.abs(mean(xs.map((x) => x * x)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(xs.map((x) => x ** 4)) - 3)).toBeLessThan(0.4);
    expect(xs.every(Number.isFinite)).toBe(true);
  });

  it('draws every whole number below n about as often', () => {
    const g = make();
    const counts = new Array<number>(6).fill(0);
    for (let k = 0; k < 12_000; k++) counts[g.integer(6)]++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
    expect(g.integer(1)).toBe(0);
    expect(g.integer(2 ** 32)).toBeLessThan(2 ** 32);
    // Without rejection, two thirds of the draws would lie below 2^31 here.
    const n = 3 * 2 ** 30;
    const low = Array.from({ length: 3000 }, () => g.integer(n)).filter((x) => x < n / 2).length;
    expect(Math.abs(low - 1500)).toBeLessThan(170);
  });

  it.each([0, -1, 1.5, NaN, 2 ** 32 + 1])('draws no whole number below %d', (n) => {
    expectError(() => make().integer(n), 'argument', /integer: needs a whole number from 1 to 2\^32/);
  });

  it('permutes', () => {
    const order = make().permutation(50);
    expect([...order].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    expect([...order]).not.toEqual([...Array(50).keys()]);
    expect(make().permutation(0)).toHaveLength(0);
    const g = make();
    const first = new Array<number>(3).fill(0);
    for (let k = 0; k < 6000; k++) first[g.permutation(3)[0]]++;
    for (const count of first) expect(Math.abs(count - 2000)).toBeLessThan(250);
    expectError(() => make().permutation(-1), 'argument', /permutation: needs a whole number >= 0/);
  });

  it('splits into streams of their own', () => {
    const g = make();
    const streams = [g.split(), g.split(), g];
    streams.push(streams[0].split());
    const numbers = streams.flatMap((stream) => draws(stream, 50));
    expect(new Set(numbers).size).toBeGreaterThan(195);
    expect(draws(make().split(), 3)).toEqual(draws(make().split(), 3));
    expect(streams[0].algorithm).toBe(algorithm);
  });
});

describe('rand, randn and randint', () => {
  it('fill tensors, equally for equal seeds', () => {
    const make = (seed: number) => [
      rand([2, 3], { generator: generator(seed) }),
      randn([4], { generator: generator(seed), dtype: 'f32' }),
      randint(-3, 4, [50], { generator: generator(seed) }),
    ];
    const tensors = make(1);
    expect(tensors.map((x) => [x.dtype, ...x.shape])).toEqual([
      ['f64', 2, 3],
      ['f32', 4],
      ['i32', 50],
    ]);
    expect(make(1).map(flat)).toEqual(tensors.map(flat));
    expect(make(2).map(flat)).not.toEqual(tensors.map(flat));
    expect(new Set(flat(tensors[2]))).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
  });

  it('never round a uniform number to 1', () => {
    const almostOne = { algorithm: 'mulberry32' } as const;
    const xs = flat(rand([1000], { generator: generator(3, almostOne), dtype: 'f32' }));
    expect(xs.every((x) => x < 1 && Number.isInteger(x * 2 ** 24))).toBe(true);
  });

  it('draw over all of i32', () => {
    const xs = flat(randint(-(2 ** 31), 2 ** 31, [200], { generator: generator(1) }));
    expect(Math.min(...xs)).toBeLessThan(-1e9);
    expect(Math.max(...xs)).toBeGreaterThan(1e9);
  });

  it('take shapes without elements or axes', () => {
    expect(rand([0, 2], { generator: generator(1) }).size).toBe(0);
    expect(randn([], { generator: generator(1) }).rank).toBe(0);
  });

  it('say how to mend a missing generator', () => {
    type Options = Parameters<typeof rand>[1];
    const mend = /needs a generator; pass \{ generator: generator\(seed\) \}/;
    expectError(() => rand([1], undefined as unknown as Options), 'argument', mend);
    expectError(() => randn([1], {} as Options), 'argument', mend);
    expectError(() => randint(0, 1, [1], {} as Options), 'argument', mend);
  });

  it('reject other dtypes, shapes and bounds', () => {
    const source = generator(1);
    for (const dtype of ['i32', 'bool'] as DType[]) {
      expectError(() => rand([1], { generator: source, dtype }), 'dtype', /rand: draws f64 or f32, not .*randint/);
    }
    expectError(() => randn([-1], { generator: source }), 'shape', /randn/);
    for (const [low, high] of [
      [1, 1],
      [0.5, 2],
      [0, 2.5],
      [0, 2 ** 32],
      [-(2 ** 33), 0],
    ]) {
      expectError(
        () => randint(low, high, [1], { generator: source }),
        'argument',
        /randint: needs whole numbers low < high/,
      );
    }
  });
});
