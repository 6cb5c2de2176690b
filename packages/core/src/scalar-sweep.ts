/**
 * The reverse sweep over scalar rows as one compiled `switch`, with the rule of
 * each operation written out by calling it with formulas: a few nanoseconds a
 * row, against most of a microsecond interpreted.
 *
 * @module
 */
import { canCompile, compile } from '@tapegrad/kernels';
import { type ElementwiseDef, elementwiseDefs } from './op.ts';
import { scalarFunctions, scaledText } from './rules.ts';
import type { Space } from './sweep.ts';

type ScalarSweep = (
  id: number,
  live: Uint8Array,
  cotangents: Float64Array,
  ops: Uint16Array,
  lhs: Int32Array,
  rhs: Int32Array,
  numbers: Float64Array,
  constants: Float64Array,
) => number;

let cache: { readonly size: number; readonly run: ScalarSweep } | undefined;

/**
 * Sweeps from row `id` down to the first reached row that is not a scalar operation, and returns that
 * row; -1 when there is none. Where compiling is forbidden it returns `id` at once.
 */
export function sweepScalars({ tape, live, numbers: cotangents }: Space, id: number): number {
  if (!canCompile) return id;
  if (cache?.size !== elementwiseDefs.length) cache = { size: elementwiseDefs.length, run: build() };
  return cache.run(id, live, cotangents, tape.ops, tape.lhs, tape.rhs, tape.numbers, tape.constants);
}

function build(): ScalarSweep {
  const body = `
    for (; id >= 0; id--) {
      if (live[id] !== 2) continue;
      const g = cotangents[id], a = lhs[id], b = rhs[id], z = numbers[id];
      switch (ops[id]) {
        case 0: continue;
        case 1: case 2: return id;${elementwiseDefs.map(caseOf).join('')}
      }
    }
    return -1;`;
  return compile<ScalarSweep>(scalarFunctions(body), 'id, live, cotangents, ops, lhs, rhs, numbers, constants', body);
}

/** Operands `~k` are constants, which get no cotangent. */
function caseOf(def: ElementwiseDef): string {
  if (def.arity > 2) return '';
  const rows = ['a', 'b'].slice(0, def.arity);
  const contributions = rows.map((row, k) => {
    if (def.partials[k] === null) return '';
    const text = scaledText(def, k, 'g', ['x', 'y'].slice(0, def.arity), 'z');
    return `if (${row} >= 0 && live[${row}] !== 0) { live[${row}] = 2; cotangents[${row}] += ${text}; }`;
  });
  const body = contributions.join(' ');
  const reads = rows
    .map((row, k) => ['xy'[k], `${row} >= 0 ? numbers[${row}] : constants[~${row}]`])
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(body))
    .map(([name, text]) => `const ${name} = ${text};`);
  return `\n        case ${def.code}: { ${reads.join(' ')} ${body} continue; }`;
}
