import { it } from '@jest/globals';
import { tensor } from '@tapegrad/kernels';
import { clamp, sign } from '../../src/ops/activation.ts';
import { pow } from '../../src/ops/exponential.ts';
import { vjp } from '../../src/transforms.ts';
it('x', () => {
  const show = (f: any, ...xs: any[]) => { const [y, pull] = (vjp as any)(f)(...xs); return [y, pull(typeof y === "number" ? 1 : tensor(y.toArray().map(() => 1)))].flat().map((t: any) => t.toArray?.() ?? t); };
  console.log(JSON.stringify(show((x: any) => clamp(x, -1, 1), tensor([-2, 0, 1, 2]))));
  console.log(show((x: any, y: any) => pow(x, y), tensor([0, 2, 0]), tensor([2, 3, 0.5])));
  try { console.log(show(sign, tensor([1, 2]))); } catch (e) { console.log(e); }
  try { console.log(show(sign, 2)); } catch (e) { console.log(e); }
});
