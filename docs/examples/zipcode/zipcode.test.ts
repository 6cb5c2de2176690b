import { describe, expect, it } from '@jest/globals';
import { readZipcode } from '@tapegrad/nn';
import { leavesOf, square, sum, type Tensor } from 'tapegrad';
import { existsSync, readFileSync } from 'node:fs';
import { initialise, type Network, outputs, PLAIN } from './network.ts';
import { descend, lossAndGradient, pattern } from './training.ts';

const ORACLE = '../shared/oracles/lecun1989/lecun1989-karpathy.json';
const DATA = '../shared/data/usps/zip.train.gz';
const hasOracle = existsSync(ORACLE) && existsSync(DATA);
if (!hasOracle) console.warn(`SKIPPED: the exact check of the 1989 network needs ${ORACLE} and ${DATA}`);

const start = initialise({ seed: 1, init: 'sqrt-fan-in', outputBias: -1 });
const size = (x: unknown): number => (x as Tensor).size;

describe('the network of 1989', () => {
  it('has 9,760 free parameters and 64,660 connections', () => {
    expect(leavesOf(start).reduce<number>((n, x) => n + size(x), 0)).toBe(9760);
    // Each unit of H1 has 25 inputs and a bias, of H2 200 and a bias, of H3 192 and a bias, of the output 30 and a bias.
    const connections = size(start.H1b) * 26 + size(start.H2b) * 201 + size(start.H3b) * 193 + size(start.ob) * 31;
    expect(connections).toBe(64660);
  });

  (hasOracle ? it : it.skip)('reproduces the known answers to 1e-9', async () => {
    const oracle = JSON.parse(readFileSync(ORACLE, 'utf8')) as {
      pattern0: { label: number; loss: number; outputs: number[]; gradL2: Record<keyof Network, number> };
      initChecksums: Record<keyof Network, { sumsq: number }>;
    };
    const digits = await readZipcode(readFileSync(DATA));
    const { image, label } = pattern(digits, 0);
    const near = (a: number, b: number): void =>
      expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(b)));
    for (const name of Object.keys(start) as (keyof Network)[]) {
      near(Number(sum(square(start[name]))), oracle.initChecksums[name].sumsq);
    }
    const [loss, gradient] = lossAndGradient(start, image, label, PLAIN);
    expect(label).toBe(oracle.pattern0.label);
    near(loss, oracle.pattern0.loss);
    (outputs(start, image, PLAIN) as Tensor).toTypedArray().forEach((y, k) => near(y, oracle.pattern0.outputs[k]));
    for (const name of Object.keys(start) as (keyof Network)[]) {
      near(Math.sqrt(Number(sum(square(gradient[name])))), oracle.pattern0.gradL2[name]);
    }
    expect(descend(start, gradient as Network, 0.03).H1w).not.toEqual(start.H1w);
  });
});
