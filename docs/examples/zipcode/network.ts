/**
 * The network of LeCun et al. 1989: shared weights where the same feature is looked for everywhere, a bias for
 * each unit.
 *
 *     input   1 × 16 × 16    in [-1, 1], background -1 outside
 *     H1     12 ×  8 ×  8    5 × 5 kernels, stride 2
 *     H2     12 ×  4 ×  4    5 × 5 kernels, stride 2, each map reads 8 of the 12 maps
 *     H3     30
 *     output 10
 */
import {
  add,
  concat,
  conv2d,
  matmul,
  mul,
  pad,
  reshape,
  slice,
  tanh,
  type Operand,
  type Tensor,
  tensor,
  zeros,
} from 'tapegrad';

/** The parameters: weights `w` and biases `b` of each layer. */
export interface Network<T = Tensor> {
  readonly H1w: T;
  readonly H1b: T;
  readonly H2w: T;
  readonly H2b: T;
  readonly H3w: T;
  readonly H3b: T;
  readonly ow: T;
  readonly ob: T;
}

/** `A tanh(S a)`: the paper's units are scaled, so that ±1 is where the slope is still large. */
export interface Activation {
  readonly amplitude: number;
  readonly slope: number;
}

export const SCALED: Activation = { amplitude: 1.7159, slope: 2 / 3 };
export const PLAIN: Activation = { amplitude: 1, slope: 1 };

function activate(a: Operand, { amplitude, slope }: Activation): Operand {
  return amplitude === 1 && slope === 1 ? tanh(a) : mul(amplitude, tanh(mul(slope, a)));
}

/** The ten outputs for one image `[1, 1, 16, 16]`. */
export function outputs(p: Network<Operand>, image: Tensor, activation: Activation): Operand {
  // Two rows and columns of background around the image: what a 5 × 5 kernel at stride 2 needs for 8 × 8 maps.
  const ring = pad(image, [2, 1, 2, 1], { value: -1 });
  const H1 = activate(add(conv2d(ring, p.H1w, { stride: 2 }), p.H1b), activation);
  const around = pad(H1, [2, 1, 2, 1], { value: -1 });
  // Maps 0-3 read H1 0-7, maps 4-7 read 4-11, maps 8-11 read 0-3 and 8-11.
  const first = slice(around, 0, 4, { axis: 1 });
  const second = slice(around, 4, 8, { axis: 1 });
  const third = slice(around, 8, 12, { axis: 1 });
  const sources = [
    concat([first, second], { axis: 1 }),
    concat([second, third], { axis: 1 }),
    concat([first, third], { axis: 1 }),
  ];
  const groups = sources.map((x, k) => conv2d(x, slice(p.H2w, 4 * k, 4 * k + 4), { stride: 2 }));
  const H2 = activate(add(concat(groups, { axis: 1 }), p.H2b), activation);
  const H3 = activate(add(matmul(reshape(H2, [1, 192]), p.H3w), p.H3b), activation);
  return activate(add(matmul(H3, p.ow), p.ob), activation);
}

/** mulberry32, so that runs can be compared with other programs. */
export function mulberry32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How a network begins. */
export interface Start {
  readonly seed: number;
  readonly init: 'fan-in' | 'sqrt-fan-in';
  readonly outputBias: number;
}

/** Weights uniform in ±2.4 / fan-in (or its root), biases 0. */
export function initialise({ seed, init, outputBias }: Start): Network {
  const random = mulberry32(seed);
  const draw = (shape: readonly number[], fanIn: number): Tensor => {
    const bound = 2.4 / (init === 'fan-in' ? fanIn : Math.sqrt(fanIn));
    const size = shape.reduce((n, extent) => n * extent, 1);
    return tensor(
      Float64Array.from({ length: size }, () => (random() * 2 - 1) * bound),
      { shape },
    );
  };
  return {
    H1w: draw([12, 1, 5, 5], 25),
    H2w: draw([12, 8, 5, 5], 200),
    H3w: draw([192, 30], 192),
    ow: draw([30, 10], 30),
    H1b: zeros([1, 12, 8, 8]),
    H2b: zeros([1, 12, 4, 4]),
    H3b: zeros([30]),
    ob: tensor(new Float64Array(10).fill(outputBias)),
  };
}
