import { it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import * as ops from '../../src/index.ts';
import { assertClose } from '../support/numeric.ts';
it('torch', () => {
  const cases = JSON.parse(readFileSync('/tmp/x/cases.json', 'utf8'));
  const o = ops as any;
  const stat: any = {};
  for (const c of cases) {
    const mk = (a: any) => o.tensor(Float64Array.from(a.data), { shape: a.shape });
    // every second input as a negative-stride or transposed view of the same numbers
    const odd = (x: any) => o.flip(new o.Tensor(o.flip(x).toTypedArray(), 'f64', x.shape));
    const call = (...xs: any[]) => {
      if (c.op === 'einsum') return o.einsum(c.args[0], ...xs);
      if (c.op === 'concat' || c.op === 'stack') return o[c.op](xs, ...c.args);
      if (c.op === 'split0') return o.split(xs[0], ...c.args)[0];
      if (c.op === 'splitLast') return o.split(xs[0], ...c.args).at(-1);
      if (c.op === 'scatterAdd') return o.scatterAdd(xs[0], c.args[0], xs[1], c.args[1]);
      return o[c.op](...xs, ...c.args);
    };
    const where = `${c.op} ${JSON.stringify(c.args)} ${c.xs.map((x: any) => `[${x.shape}]`).join(' ')}`;
    try {
      for (const xs of [c.xs.map(mk), c.xs.map(mk).map(odd)]) {
        const y = call(...xs);
        if (c.error) { console.log(`torch refuses: ${where}: ${c.error}; ours ${y}`); break; }
        assertClose(y, mk(c.y), 1e-12);
        const [y2, pull] = (o.vjp as any)(call)(...xs);
        const g = mk(c.g);
        const gs = pull(y2 instanceof o.Tensor ? g : g.item());
        (xs.length === 1 ? [gs] : gs).forEach((q: any, k: number) => assertClose(q, mk(c.gr[k]), 1e-12));
      }
      stat[c.op] = (stat[c.op] ?? 0) + 1;
    } catch (e: any) {
      if (c.error) { if (e.name !== 'TapegradError') console.log('BAD ERROR', where, e); else (stat.errs ??= {})[c.op] = e.message + ' || ' + c.error; }
      else console.log(`FAIL ${where}: ${e.stack.slice(0, 300)}`);
    }
  }
  console.log(JSON.stringify(stat, null, 1));
});
