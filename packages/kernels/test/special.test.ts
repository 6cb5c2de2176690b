import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { erf, erfc } from '../src/special.ts';

/** Within two units in the last place. */
function expectAccurate(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
}

describe('erf and erfc', () => {
  // From glibc, by Python's math.erf and math.erfc.
  it.each([
    [1e-310, 1.1283791670955e-310, 1.0],
    [1e-20, 1.1283791670955125e-20, 1.0],
    [1e-8, 1.1283791670955126e-8, 0.9999999887162083],
    [0.1, 0.1124629160182849, 0.8875370839817152],
    [0.25, 0.2763263901682369, 0.7236736098317631],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [0.84, 0.7651427114549946, 0.23485728854500548],
    [0.84375, 0.7672256612323416, 0.23277433876765835],
    [0.9, 0.7969082124228322, 0.20309178757716786],
    [1, 0.8427007929497149, 0.15729920705028513],
    [1.2, 0.9103139782296353, 0.08968602177036465],
    [1.25, 0.9229001282564582, 0.07709987174354177],
    [1.5, 0.9661051464753108, 0.033894853524689274],
    [2, 0.9953222650189527, 0.004677734981047265],
    [2.5, 0.999593047982555, 0.0004069520174449589],
    [2.857, 0.9999466417399131, 5.3358260086846374e-5],
    [2.86, 0.9999475988269556, 5.240117304439781e-5],
    [3, 0.9999779095030014, 2.2090496998585438e-5],
    [4, 0.9999999845827421, 1.541725790028002e-8],
    [5.5, 0.9999999999999927, 7.357847917974398e-15],
    [5.95, 1.0, 3.9433639773396696e-17],
  ])('at %d', (x, y, complement) => {
    expectAccurate(erf(x), y);
    expectAccurate(erf(-x), -y);
    expectAccurate(erfc(x), complement);
  });

  it.each([
    [-6.5, 2.0],
    [-3, 1.9999779095030015],
    [-1.3, 1.9340079449406524],
    [-1, 1.842700792949715],
    [-0.5, 1.5204998778130465],
    [6, 2.1519736712498916e-17],
    [8, 1.1224297172982928e-29],
    [10, 2.088487583762545e-45],
    [15, 7.212994172451206e-100],
    [20, 5.3958656116079005e-176],
    [25, 8.300172571196522e-274],
    [26.5, 2.2109076642637343e-307],
  ])('erfc(%d) loses no digits', (x, y) => {
    expectAccurate(erfc(x), y);
  });

  it('add up to 1, are odd, and never decrease', () => {
    const anyX = fc.double({ min: -7, max: 7, noNaN: true });
    fc.assert(
      fc.property(anyX, anyX, (a, b) => {
        expect(Math.abs(erf(a) + erfc(a) - 1)).toBeLessThanOrEqual(4e-16);
        expect(erf(-a)).toBe(-erf(a));
        if (a < b) expect(erf(a)).toBeLessThanOrEqual(erf(b) + 2e-16);
      }),
    );
  });

  it('know the ends', () => {
    expect([erf(Infinity), erf(-Infinity), erf(NaN)]).toEqual([1, -1, NaN]);
    expect([erfc(Infinity), erfc(-Infinity), erfc(NaN)]).toEqual([0, 2, NaN]);
    expect([erf(0), erf(-0), erfc(0)]).toEqual([0, -0, 1]);
    expect(erfc(30)).toBe(0);
  });
});
