/**
 * One pattern at a time: the loss, the two optimisers, and the score on a set of digits.
 */
import { diagonalLevenbergMarquardt } from '@tapegrad/nn';
import {
  type Data,
  gaussNewtonDiagonal,
  mseLoss,
  mul,
  type Operand,
  reshape,
  select,
  sub,
  type Tensor,
  tensor,
  treeMap,
  type Value,
  valueAndGrad,
} from 'tapegrad';
import { type Activation, type Network, outputs } from './network.ts';

/** Images `[n, 16, 16]` and the digits they show. */
export interface Digits {
  readonly images: Tensor;
  readonly labels: Tensor;
}

/** The image at one place, as a batch of one, and its digit. */
export function pattern({ images, labels }: Digits, index: number): { image: Tensor; label: number } {
  return { image: reshape(select(images, index), [1, 1, 16, 16]), label: select(labels, index).item() };
}

/** +1 for the digit, -1 for the nine others. */
const TARGETS = Array.from({ length: 10 }, (_, digit) =>
  tensor([Array.from({ length: 10 }, (__, k) => (k === digit ? 1 : -1))]),
);

/** Mean of the squared errors of the ten outputs. */
export function loss(p: Network<Value>, image: Tensor, label: number, activation: Activation): Operand {
  return mseLoss(outputs(p, image, activation), TARGETS[label]);
}

export const lossAndGradient = valueAndGrad(loss);

/** Plain gradient descent. */
export function descend(p: Network, gradient: Network, rate: number): Network {
  return treeMap((x: Data, g: Data) => sub(x, mul(rate, g)), p, gradient);
}

/** A rate for each parameter, from the curvature of the first `count` patterns. */
export function curvatureRates(p: Network, digits: Digits, count: number, activation: Activation): Network {
  const curvature = gaussNewtonDiagonal((q: Network<Value>, image: Tensor) => outputs(q, image, activation), 2 / 10);
  const curvatures = Array.from({ length: Math.min(count, digits.labels.size) }, (_, k) =>
    curvature(p, pattern(digits, k).image),
  );
  return diagonalLevenbergMarquardt({ eta: 2e-4, mu: 0.02 }).rates(curvatures as Network[]);
}

/** Mean squared error, errors, and the share that must be rejected for 1 % errors among the rest. */
export interface Score {
  readonly mse: number;
  readonly errors: number;
  readonly rejects: number;
}

/** How the network does on a set of digits. */
export function score(p: Network, digits: Digits, activation: Activation): Score {
  const n = digits.labels.size;
  let squares = 0;
  const answers = Array.from({ length: n }, (_, k) => {
    const { image, label } = pattern(digits, k);
    const y = Array.from((outputs(p, image, activation) as Tensor).toTypedArray());
    squares += y.reduce((total, o, j) => total + (o - (j === label ? 1 : -1)) ** 2, 0) / 10;
    const ranked = [...y].sort((a, b) => b - a);
    return { margin: ranked[0] - ranked[1], isRight: y.indexOf(ranked[0]) === label };
  });
  const errors = answers.filter(({ isRight }) => !isRight).length;
  return { mse: squares / n, errors, rejects: rejectsAt(answers) };
}

/** The least sure answers are rejected until at most 1 % of the accepted ones are wrong. */
function rejectsAt(answers: readonly { readonly margin: number; readonly isRight: boolean }[]): number {
  const sure = [...answers].sort((a, b) => b.margin - a.margin);
  let [wrong, accepted] = [0, 0];
  sure.forEach(({ isRight }, k) => {
    if (!isRight) wrong++;
    if (wrong <= 0.01 * (k + 1)) accepted = k + 1;
  });
  return (100 * (answers.length - accepted)) / answers.length;
}
