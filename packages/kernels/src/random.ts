/**
 * Random numbers that can be repeated.
 *
 * There is no global generator: whoever draws holds a `Generator`, made from a
 * seed, so that a run is a function of its seeds. A generator can be saved and
 * resumed (`state`, `Generator.fromState`) and can give away independent
 * streams (`split`), one for each part of a program that draws on its own.
 *
 * | algorithm      | state    | period   | for                                 |
 * | -------------- | -------- | -------- | ----------------------------------- |
 * | `xoshiro128**` | 128 bits | 2^128-1  | everything (the default)            |
 * | `mulberry32`   | 32 bits  | 2^32     | matching other programs that use it |
 *
 * Sources: Blackman & Vigna 2021, "Scrambled linear pseudorandom number
 * generators" (xoshiro128**); Steele, Lea & Flood 2014 (splitmix, here its
 * 32-bit form with Ettinger's constants); Tommy Ettinger 2017 (mulberry32).
 *
 * @module
 */
import { allocate, type DType, isFloat } from './dtype.ts';
import { TapegradError } from './errors.ts';
import { checkShape, type Shape, sizeOf } from './shape.ts';
import { Tensor } from './tensor.ts';

/** How a {@link Generator} makes its bits. */
export type RandomAlgorithm = 'xoshiro128**' | 'mulberry32';

/** All there is to know of a {@link Generator}; survives JSON. */
export interface GeneratorState {
  readonly algorithm: RandomAlgorithm;
  /** Four words, or one. */
  readonly words: readonly number[];
  /** The second of the last pair of normal numbers, if not yet drawn. */
  readonly spare: number | null;
}

const GOLDEN = 0x9e3779b9;

/** Every bit of the result depends on every bit of `z`. */
function mix(z: number): number {
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** A seeded source of random numbers. Make one with {@link generator}. */
export class Generator {
  readonly algorithm: RandomAlgorithm;
  readonly #words: Int32Array;
  #spare: number | null;

  /** For `generator` and `fromState`. */
  constructor(algorithm: RandomAlgorithm, words: readonly number[], spare: number | null = null) {
    const count = algorithm === 'mulberry32' ? 1 : algorithm === 'xoshiro128**' ? 4 : NaN;
    const areWords = words.every((word) => Number.isInteger(word) && word === (word | 0));
    if (words.length !== count || !areWords || (count === 4 && words.every((word) => word === 0))) {
      throw new TapegradError(
        'argument',
        `generator: no state of ${algorithm}: ${JSON.stringify(words)}; give what state() returned`,
      );
    }
    this.algorithm = algorithm;
    this.#words = Int32Array.from(words);
    this.#spare = spare;
  }

  /** A generator that goes on where the one that gave `state` was. */
  static fromState(state: GeneratorState): Generator {
    return new Generator(state.algorithm, state.words, state.spare);
  }

  /** What `fromState` needs to go on from here. */
  state(): GeneratorState {
    return { algorithm: this.algorithm, words: [...this.#words], spare: this.#spare };
  }

  /** A whole number from 0 to 2^32 - 1. */
  nextUint32(): number {
    const s = this.#words;
    if (this.algorithm === 'mulberry32') {
      const a = (s[0] = (s[0] + 0x6d2b79f5) | 0);
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (t ^ (t >>> 14)) >>> 0;
    }
    const r = Math.imul(s[1], 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** Uniform on [0, 1): 53 bits, or with mulberry32 the customary 32. */
  uniform(): number {
    const high = this.nextUint32();
    if (this.algorithm === 'mulberry32') return high / 4294967296;
    return ((high >>> 5) * 67108864 + (this.nextUint32() >>> 6)) / 9007199254740992;
  }

  /** Normal with mean 0 and variance 1 (Box and Muller 1958; made in pairs). */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    // 1 - u lies in (0, 1], where the logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A whole number from 0 to n - 1, each exactly as likely. Errors: 'argument' unless 1 <= n <= 2^32. */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296) {
      throw new TapegradError('argument', `integer: needs a whole number from 1 to 2^32, got ${n}`);
    }
    // The last, incomplete run of n would favour small numbers: draw again.
    const limit = 4294967296 - (4294967296 % n);
    let draw = this.nextUint32();
    while (draw >= limit) draw = this.nextUint32();
    return draw % n;
  }

  /** The numbers 0 to n - 1 in random order (Fisher and Yates). Errors: 'argument' unless n is whole and >= 0. */
  permutation(n: number): Int32Array {
    if (!Number.isInteger(n) || n < 0) {
      throw new TapegradError('argument', `permutation: needs a whole number >= 0, got ${n}`);
    }
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = order[i];
      order[i] = order[j];
      order[j] = held;
    }
    return order;
  }

  /** A generator with a stream of its own; advances this one. */
  split(): Generator {
    // Hashed draws, not a jump ahead: children of children must not meet either.
    const words = this.state().words.map((_, k) => mix((this.nextUint32() + (k + 1) * GOLDEN) | 0));
    if (words.length === 4 && !words.some((word) => word !== 0)) words[0] = 1;
    return new Generator(this.algorithm, words);
  }
}

/**
 * A generator from a seed. Equal seeds give equal numbers, on every machine.
 *
 * Errors  'argument' for seeds that are not whole numbers (of at most 53 bits), or an unknown algorithm
 */
export function generator(seed: number, options: { readonly algorithm?: RandomAlgorithm } = {}): Generator {
  if (!Number.isSafeInteger(seed)) {
    throw new TapegradError('argument', `generator: the seed must be a whole number, got ${String(seed)}`);
  }
  const { algorithm = 'xoshiro128**' } = options;
  if (algorithm === 'mulberry32') return new Generator(algorithm, [seed | 0]);
  const high = Math.floor(seed / 4294967296);
  let z = (seed | 0) ^ (high === 0 ? 0 : mix(high | 0));
  const words = [0, 0, 0, 0].map(() => mix((z = (z + GOLDEN) | 0)));
  return new Generator(algorithm, words);
}

/** What the makers of random tensors take. */
export interface RandomOptions {
  readonly generator: Generator;
  /** `f64` (the default) or `f32`. */
  readonly dtype?: DType;
}

/**
 * Uniform numbers on [0, 1). In f32 they are multiples of 2^-24, so that
 * rounding never gives 1.
 *
 * Errors  'argument' without a generator; 'dtype' unless f64 or f32
 */
export function rand(shape: Shape, options: RandomOptions): Tensor {
  const { source, data, dtype } = start('rand', shape, options);
  if (dtype === 'f32')
    for (let i = 0; i < data.length; i++) data[i] = Math.floor(source.uniform() * 16777216) / 16777216;
  else for (let i = 0; i < data.length; i++) data[i] = source.uniform();
  return new Tensor(data, dtype, shape);
}

/**
 * Normal numbers with mean 0 and variance 1.
 *
 * Errors  'argument' without a generator; 'dtype' unless f64 or f32
 */
export function randn(shape: Shape, options: RandomOptions): Tensor {
  const { source, data, dtype } = start('randn', shape, options);
  for (let i = 0; i < data.length; i++) data[i] = source.normal();
  return new Tensor(data, dtype, shape);
}

/**
 * Whole numbers from `low` to `high - 1`, as i32.
 *
 * Errors  'argument' without a generator, or unless low < high are whole numbers within i32
 */
export function randint(low: number, high: number, shape: Shape, options: { readonly generator: Generator }): Tensor {
  const source = checkGenerator('randint', options);
  checkShape('randint', shape);
  if ((low | 0) !== low || !Number.isInteger(high) || high > 2147483648 || low >= high) {
    throw new TapegradError('argument', `randint: needs whole numbers low < high within i32, got ${low} and ${high}`);
  }
  const data = new Int32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = low + source.integer(high - low);
  return new Tensor(data, 'i32', shape);
}

function checkGenerator(op: string, options: { readonly generator: Generator } | undefined): Generator {
  if (options?.generator instanceof Generator) return options.generator;
  throw new TapegradError('argument', `${op}: needs a generator; pass { generator: generator(seed) }`);
}

function start(op: string, shape: Shape, options: RandomOptions) {
  const source = checkGenerator(op, options);
  checkShape(op, shape);
  const dtype = options.dtype ?? 'f64';
  if (!isFloat(dtype)) throw new TapegradError('dtype', `${op}: draws f64 or f32, not ${dtype}; use randint for i32`);
  return { source, dtype, data: allocate(dtype, sizeOf(shape)) };
}
