/**
 * Optimisers as pure functions on trees of parameters.
 *
 * An optimiser makes a state for some parameters, and steps: parameters,
 * gradients and state in, new parameters and state out. The state is a tree of
 * numbers and tensors, so it can be saved with the parameters.
 *
 * @module
 */
import { add, clamp, type Data, div, mul, sqrt, square, sub, TapegradError, treeMap, zerosLike } from 'tapegrad';
import type { Schedule } from './schedule.ts';

/** A rule that improves parameters from their gradients. */
export interface Optimiser<State> {
  /** The state before the first step. */
  init<P>(params: P): State;
  /** One step. `grads` has the shape of `params`. */
  step<P>(params: P, grads: NoInfer<P>, state: State): { readonly params: P; readonly state: State };
}

/** A learning rate: fixed, or a function of the step that counts from 0. */
export type Rate = number | Schedule;

/** What every state holds: how many steps were made. */
export interface Steps {
  readonly step: number;
}

function rateAt(rate: Rate, step: number): number {
  return typeof rate === 'number' ? rate : rate(step);
}

function checkPositive(op: string, name: string, x: number): void {
  if (!(x >= 0) || x === Infinity)
    throw new TapegradError('argument', `${op}: ${name} must be a finite number >= 0, got ${x}`);
}

function checkRate(op: string, rate: Rate): void {
  if (typeof rate === 'number') checkPositive(op, 'rate', rate);
}

function zerosOf(params: unknown): unknown {
  return treeMap((x: Data) => zerosLike(x), params);
}

/** Options of {@link sgd}. */
export interface SgdOptions {
  readonly rate: Rate;
  /** Weight of the previous step. Default 0. */
  readonly momentum?: number;
  /** Look ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
  /** L2 penalty, added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent: `v ← m v + g`, `p ← p − rate v` (with Nesterov, `p ← p − rate (g + m v)`).
 *
 * As PyTorch's SGD without dampening.
 *
 * @throws `argument` for a rate, momentum or decay that is negative or not finite.
 * @example
 * const optimiser = sgd({ rate: 0.1 });
 * optimiser.step({ w: 1 }, { w: 2 }, optimiser.init({ w: 1 })).params; // {"w":0.8}
 */
export function sgd({
  rate,
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
}: SgdOptions): Optimiser<Steps & { readonly velocity: unknown }> {
  checkRate('sgd', rate);
  checkPositive('sgd', 'momentum', momentum);
  checkPositive('sgd', 'weightDecay', weightDecay);
  return {
    init: (params) => ({ step: 0, velocity: momentum === 0 ? null : zerosOf(params) }),
    step: (params, grads, { step, velocity }) => {
      const decayed =
        weightDecay === 0 ? grads : treeMap((p: Data, g: Data) => add(g, mul(p, weightDecay)), params, grads);
      const now = rateAt(rate, step);
      const descend = (p: Data, d: Data): Data => sub(p, mul(d, now));
      if (momentum === 0) return { params: treeMap(descend, params, decayed), state: { step: step + 1, velocity } };
      const moved = treeMap((g: Data, v: Data) => add(mul(v, momentum), g), decayed, velocity);
      const direction = nesterov ? treeMap((g: Data, v: Data) => add(g, mul(v, momentum)), decayed, moved) : moved;
      return { params: treeMap(descend, params, direction), state: { step: step + 1, velocity: moved } };
    },
  };
}

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Default 1e-3. */
  readonly rate?: Rate;
  /** Decay of the mean and of the mean square. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root. Default 1e-8. */
  readonly eps?: number;
  /** Default 0. {@link adam} adds it to the gradient, {@link adamW} shrinks the parameters by it. */
  readonly weightDecay?: number;
}

/** Moments of the gradients so far. */
export interface Moments extends Steps {
  readonly mean: unknown;
  readonly meanSquare: unknown;
}

/**
 * Adam: steps by the mean of the gradients over the root of their mean square, both bias-corrected.
 *
 * Source: Kingma and Ba 2015, algorithm 1.
 *
 * @throws `argument` for options out of range.
 * @example
 * const optimiser = adam({ rate: 0.1 });
 * optimiser.step(1, 5, optimiser.init(1)).params; // 0.9000…
 */
export function adam(options: AdamOptions = {}): Optimiser<Moments> {
  return adamLike('adam', options, false);
}

/**
 * Adam with decoupled weight decay: `p ← p (1 − rate·weightDecay)` apart from the gradient.
 *
 * Source: Loshchilov and Hutter 2019. Default decay 0.01, as PyTorch's.
 *
 * @example
 * const optimiser = adamW({ rate: 0.1, weightDecay: 0 });
 * optimiser.step(1, 5, optimiser.init(1)).params; // 0.9000…
 */
export function adamW(options: AdamOptions = {}): Optimiser<Moments> {
  return adamLike('adamW', { weightDecay: 0.01, ...options }, true);
}

function adamLike(
  op: string,
  { rate = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 }: AdamOptions,
  isDecoupled: boolean,
): Optimiser<Moments> {
  checkRate(op, rate);
  checkPositive(op, 'eps', eps);
  checkPositive(op, 'weightDecay', weightDecay);
  for (const beta of betas) {
    if (!(beta >= 0 && beta < 1)) throw new TapegradError('argument', `${op}: betas lie in [0, 1), got ${beta}`);
  }
  const [beta1, beta2] = betas;
  return {
    init: (params) => ({ step: 0, mean: zerosOf(params), meanSquare: zerosOf(params) }),
    step: (params, grads, state) => {
      const step = state.step + 1;
      const now = rateAt(rate, state.step);
      const decayed =
        weightDecay === 0 || isDecoupled
          ? grads
          : treeMap((p: Data, g: Data) => add(g, mul(p, weightDecay)), params, grads);
      const mean = treeMap((m: Data, g: Data) => add(mul(m, beta1), mul(g, 1 - beta1)), state.mean, decayed);
      const meanSquare = treeMap(
        (s: Data, g: Data) => add(mul(s, beta2), mul(square(g), 1 - beta2)),
        state.meanSquare,
        decayed,
      );
      const [c1, c2] = [1 - beta1 ** step, 1 - beta2 ** step];
      const shrink = isDecoupled ? 1 - now * weightDecay : 1;
      const next = treeMap(
        (p: Data, m: Data, s: Data) => sub(mul(p, shrink), div(mul(m, now / c1), add(sqrt(div(s, c2)), eps))),
        params,
        mean,
        meanSquare,
      );
      return { params: next, state: { step, mean, meanSquare } };
    },
  };
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** Default 0.01. */
  readonly rate?: Rate;
  /** Decay of the mean square. Default 0.99. */
  readonly alpha?: number;
  /** Default 1e-8. */
  readonly eps?: number;
}

/**
 * RMSprop: steps by the gradient over the root of its mean square. As PyTorch's, without momentum.
 *
 * Source: Tieleman and Hinton 2012, lecture 6.5.
 *
 * @example
 * const optimiser = rmsprop({ rate: 0.1 });
 * optimiser.step(2, 5, optimiser.init(2)).params; // 1.0000…
 */
export function rmsprop({ rate = 0.01, alpha = 0.99, eps = 1e-8 }: RmspropOptions = {}): Optimiser<
  Steps & { readonly meanSquare: unknown }
> {
  checkRate('rmsprop', rate);
  return {
    init: (params) => ({ step: 0, meanSquare: zerosOf(params) }),
    step: (params, grads, state) => {
      const now = rateAt(rate, state.step);
      const meanSquare = treeMap(
        (s: Data, g: Data) => add(mul(s, alpha), mul(square(g), 1 - alpha)),
        state.meanSquare,
        grads,
      );
      const next = treeMap(
        (p: Data, g: Data, s: Data) => sub(p, div(mul(g, now), add(sqrt(s), eps))),
        params,
        grads,
        meanSquare,
      );
      return { params: next, state: { step: state.step + 1, meanSquare } };
    },
  };
}

/** Gradients with every element limited to `[-limit, limit]`. */
export function clipByValue<P>(grads: P, limit: number): P {
  checkPositive('clipByValue', 'limit', limit);
  return treeMap((g: Data) => clamp(g, { min: -limit, max: limit }), grads);
}
