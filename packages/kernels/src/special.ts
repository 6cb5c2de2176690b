/**
 * The error function and its complement, which `Math` lacks.
 *
 * Five ranges, each with a rational approximation in its own variable:
 *
 * | range                 | erf                        | variable    |
 * | --------------------- | -------------------------- | ----------- |
 * | `\|x\| < 0.84375`       | x + x·P(s)/Q(s)            | s = x²      |
 * | `\|x\| < 1.25`          | c + P(s)/Q(s)              | s = \|x\| - 1 |
 * | `\|x\| < 1/0.35`, `< 28` | 1 - exp(-x² - 0.5625 + R/S)/x | s = 1/x²    |
 *
 * Source: fdlibm, s_erf.c (Copyright 1993 Sun Microsystems, Inc.: "Permission
 * to use, copy, modify, and distribute this software is freely granted,
 * provided that this notice is preserved"); errors below 1 ulp there.
 *
 * @module
 */

/** erf(1) rounded to 24 bits, so that adding to it loses nothing. */
const ERF_ONE = 8.45062911510467529297e-1;
/** 2/√π - 1 */
const SLOPE = 1.28379167095512586316e-1;

// Coefficients from the constant term up.
const NEAR_P = [
  1.28379167095512558561e-1, -3.2504210724700149937e-1, -2.84817495755985104766e-2, -5.77027029648944159157e-3,
  -2.37630166566501626084e-5,
];
const NEAR_Q = [
  1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3, 1.32494738004321644526e-4,
  -3.9602282787753681232e-6,
];
const ONE_P = [
  -2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1,
  -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.166375594868790843e-3,
];
const ONE_Q = [
  1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1,
  1.36370839120290507362e-2, 1.1984499846799107417e-2,
];
const MIDDLE_R = [
  -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1,
  -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592,
];
const MIDDLE_S = [
  1, 1.96512716674392571292e1, 1.376577541435190426e2, 4.34565877475229228821e2, 6.45387271733267880336e2,
  4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2,
];
const FAR_R = [
  -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2,
  -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2,
];
const FAR_S = [
  1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3,
  2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1,
];

function polynomial(coefficients: readonly number[], s: number): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * s + coefficients[k];
  return sum;
}

/** erfc(z) for z >= 1.25. */
function tail(z: number): number {
  const s = 1 / (z * z);
  const ratio =
    z < 1 / 0.35 ? polynomial(MIDDLE_R, s) / polynomial(MIDDLE_S, s) : polynomial(FAR_R, s) / polynomial(FAR_S, s);
  // exp(-z²) to full accuracy: r has so few bits that r² + 0.5625 is exact, and what is left is small.
  const r = Math.trunc(z * 65536) / 65536;
  return (Math.exp(-r * r - 0.5625) * Math.exp((r - z) * (r + z) + ratio)) / z;
}

/**
 * Error function, 2/√π · ∫₀ˣ exp(-t²) dt, to about one unit in the last place.
 *
 * Edge    erf(±∞) = ±1, erf(-0) = -0, erf(NaN) = NaN
 * Source  fdlibm s_erf.c
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 0.84375) {
    if (z < 1e-150) return x + SLOPE * x;
    const s = x * x;
    return x + x * (polynomial(NEAR_P, s) / polynomial(NEAR_Q, s));
  }
  if (z < 1.25) {
    const y = ERF_ONE + polynomial(ONE_P, z - 1) / polynomial(ONE_Q, z - 1);
    return x < 0 ? -y : y;
  }
  if (z >= 6) return x < 0 ? -1 : 1;
  const y = 1 - tail(z);
  return x !== x ? x : x < 0 ? -y : y;
}

/**
 * Complementary error function, 1 - erf(x), without the cancellation for large x.
 *
 * Edge    erfc(∞) = 0, erfc(-∞) = 2, erfc(NaN) = NaN; 0 from about 27.3 on
 * Source  fdlibm s_erf.c
 */
export function erfc(x: number): number {
  const z = Math.abs(x);
  if (z < 0.84375) {
    const s = x * x;
    const y = polynomial(NEAR_P, s) / polynomial(NEAR_Q, s);
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x - 0.5 + x * y);
  }
  if (z < 1.25) {
    const y = polynomial(ONE_P, z - 1) / polynomial(ONE_Q, z - 1);
    return x > 0 ? 1 - ERF_ONE - y : 1 + (ERF_ONE + y);
  }
  if (x !== x) return x;
  if (z >= 28) return x > 0 ? 0 : 2;
  return x > 0 ? tail(z) : 2 - tail(z);
}
