import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatNumber, formatTensor } from '../src/format.ts';
import { anyTensor, build, flat, given } from './arbitrary.ts';

describe('formatNumber', () => {
  it.each([
    [1, '1'],
    [-0, '-0'],
    [0.5, '0.5'],
    [1 / 3, '0.333333'],
    [2 / 3 + 1, '1.66667'],
    [1e-7, '1e-7'],
    [1.23456789e-9, '1.23457e-9'],
    [123456.789, '123457'],
    [1234567.5, '1234570'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('shows %d as %s', (x, text) => {
    expect(formatNumber(x)).toBe(text);
  });

  it('keeps six digits', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Math.abs(Number(formatNumber(x)) - x)).toBeLessThanOrEqual(5.1e-6 * Math.abs(x));
      }),
    );
  });
});

describe('formatTensor', () => {
  it('gives all elements the same width', () => {
    expect(formatTensor(given([1, 2.5, 3, 4, -5, 60], [2, 3]))).toBe(
      ['Tensor [2,3] f64', '[[  1, 2.5,   3],', ' [  4,  -5,  60]]'].join('\n'),
    );
  });

  it('writes scalars on one line, and booleans as words', () => {
    expect(formatTensor(given([3], []))).toBe('Tensor [] f64 3');
    expect(formatTensor(given([1, 0], [2], 'bool'))).toBe('Tensor [2] bool\n[ true, false]');
  });

  it('leaves a blank line between matrices', () => {
    expect(formatTensor(given([1, 2, 3, 4], [2, 2, 1], 'i32'))).toBe(
      ['Tensor [2,2,1] i32', '[[[1],', '  [2]],', '', ' [[3],', '  [4]]]'].join('\n'),
    );
  });

  it('shows tensors without elements', () => {
    expect(formatTensor(given([], [0]))).toBe('Tensor [0] f64\n[]');
    expect(formatTensor(given([], [2, 0], 'f32'))).toBe('Tensor [2,0] f32\n[[],\n []]');
  });

  it('shows every element of small tensors, whatever the strides', () => {
    fc.assert(
      fc.property(anyTensor(1, 4), (x) => {
        const [, ...lines] = formatTensor(x).split('\n');
        const shown = lines.join(' ').match(/-?\d+|true|false/g) ?? [];
        expect(shown.map((text) => (x.dtype === 'bool' ? Number(text === 'true') : Number(text)))).toEqual(flat(x));
      }),
    );
  });

  it('shortens large tensors to three at each end', () => {
    const text = formatTensor(build([2000], 'i32', ([i]) => i));
    expect(text).toBe('Tensor [2000] i32\n[   0,    1,    2, …, 1997, 1998, 1999]');
    const matrix = formatTensor(build([400, 4], 'i32', ([i]) => i % 10)).split('\n');
    expect(matrix[1]).toBe('[[0, 0, 0, 0],');
    expect(matrix[4]).toContain('…');
    expect(matrix.at(-1)).toBe(' [9, 9, 9, 9]]');
  });
});
