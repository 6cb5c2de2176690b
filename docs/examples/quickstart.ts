/** Fits the frequency of a sine by gradient descent. */
import { grad, tensor, type Value } from 'tapegrad';

const t = tensor([0, 0.5, 1, 1.5, 2]);
const y = tensor([0, 0.6052, 0.9636, 0.929, 0.5155]);
const loss = (w: Value): Value => w.mul(t).sin().sub(y).square().sum();

let w = 1;
for (let step = 0; step < 100; step++) w -= 0.1 * grad(loss)(w);
console.log(`w = ${w.toFixed(3)}`);
