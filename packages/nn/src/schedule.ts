/**
 * Learning-rate schedules: functions from the step, which counts from 0, to a rate.
 *
 * @module
 */

/** A rate for each step. */
export type Schedule = (step: number) => number;

/**
 * `rate · factor^⌊step / every⌋`.
 *
 * @example
 * stepDecay(1, { every: 10, factor: 0.5 })(25); // 0.25
 */
export function stepDecay(
  rate: number,
  { every, factor = 0.1 }: { readonly every: number; readonly factor?: number },
): Schedule {
  return (step) => rate * factor ** Math.floor(step / every);
}

/**
 * `rate · factor^step`.
 *
 * @example
 * exponentialDecay(1, 0.5)(3); // 0.125
 */
export function exponentialDecay(rate: number, factor: number): Schedule {
  return (step) => rate * factor ** step;
}

/**
 * Half a cosine from `rate` at step 0 to `floor` at step `steps`, and `floor` from then on.
 *
 * Source: Loshchilov and Hutter 2017, equation 5, without restarts.
 *
 * @example
 * cosineDecay(1, { steps: 100 })(50); // 0.5
 */
export function cosineDecay(
  rate: number,
  { steps, floor = 0 }: { readonly steps: number; readonly floor?: number },
): Schedule {
  return (step) => (step >= steps ? floor : floor + ((rate - floor) * (1 + Math.cos((Math.PI * step) / steps))) / 2);
}

/**
 * Rises linearly from `rate / steps` over the first `steps`, then follows `after`, which counts from there.
 *
 * @example
 * warmup(1, { steps: 4, after: () => 1 })(1); // 0.5
 */
export function warmup(
  rate: number,
  { steps, after }: { readonly steps: number; readonly after?: Schedule },
): Schedule {
  return (step) => (step < steps ? (rate * (step + 1)) / steps : after === undefined ? rate : after(step - steps));
}
