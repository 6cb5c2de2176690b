/**
 * Learns handwritten zip codes, one pattern at a time, as in "Backpropagation Applied to Handwritten Zip Code
 * Recognition" (LeCun et al., Neural Computation 1, 1989).
 *
 *     npm start -- --data DIR --passes 23 --optimizer diagonal-newton|sgd --activation scaled|tanh
 *                  --init fan-in|sqrt-fan-in --output-bias X --rate X --seed N --json
 *
 * DIR holds `zip.train.gz` and `zip.test.gz`. Without it the example draws digits of its own.
 */
import { readZipcode } from '@tapegrad/nn';
import { mul, treeMap, sub, type Data } from 'tapegrad';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawDigits } from './drawn.ts';
import { initialise, PLAIN, SCALED } from './network.ts';
import { curvatureRates, descend, type Digits, lossAndGradient, pattern, score } from './training.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    passes: { type: 'string', default: '23' },
    optimizer: { type: 'string', default: 'diagonal-newton' },
    activation: { type: 'string', default: 'scaled' },
    init: { type: 'string', default: 'fan-in' },
    'output-bias': { type: 'string', default: '0' },
    rate: { type: 'string', default: '0.03' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

async function load(): Promise<{ train: Digits; test: Digits }> {
  if (values.data === undefined) {
    console.error('No --data DIR: learning digits that this example DRAWS ITSELF, not handwriting.');
    return { train: drawDigits(600, 1), test: drawDigits(200, 2) };
  }
  const read = (name: string): Promise<Digits> => readZipcode(readFileSync(`${values.data}/${name}`));
  return { train: await read('zip.train.gz'), test: await read('zip.test.gz') };
}

const { train, test } = await load();
const activation = values.activation === 'tanh' ? PLAIN : SCALED;
let network = initialise({
  seed: Number(values.seed),
  init: values.init === 'sqrt-fan-in' ? 'sqrt-fan-in' : 'fan-in',
  outputBias: Number(values['output-bias']),
});

if (!values.json) console.log('pass  seconds   train mse  errors   test mse  errors  rejects');
for (let pass = 1; pass <= Number(values.passes); pass++) {
  const start = performance.now();
  const rates = values.optimizer === 'sgd' ? undefined : curvatureRates(network, train, 500, activation);
  for (let k = 0; k < train.labels.size; k++) {
    const { image, label } = pattern(train, k);
    const [, gradient] = lossAndGradient(network, image, label, activation);
    network =
      rates === undefined
        ? descend(network, gradient, Number(values.rate))
        : treeMap((p: Data, g: Data, rate: Data) => sub(p, mul(g, rate)), network, gradient, rates);
  }
  const seconds = (performance.now() - start) / 1000;
  const [a, b] = [train, test].map((digits) => score(network, digits, activation));
  if (values.json) {
    console.log(JSON.stringify({ pass, seconds, train: { mse: a.mse, errors: a.errors }, test: b }));
  } else {
    const cells = [a.mse.toFixed(5), a.errors, b.mse.toFixed(5), b.errors, `${b.rejects.toFixed(1)} %`];
    console.log(`${String(pass).padStart(4)} ${seconds.toFixed(1).padStart(8)}   ${cells.join('    ')}`);
  }
}
