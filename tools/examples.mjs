/**
 * Runs every example, each in a process of its own: `docs/examples/*.ts` and the
 * `main.ts` of each folder there. `npm run build` compiles them beforehand.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const root = 'docs/examples';

/** Arguments that keep an example short. */
const shortened = { zipcode: ['--passes', '1'] };

const examples = readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
  if (entry.isFile() && entry.name.endsWith('.ts')) return [entry.name.slice(0, -'.ts'.length)];
  return existsSync(`${root}/${entry.name}/main.ts`) ? [`${entry.name}/main`] : [];
});

for (const example of examples) {
  const start = performance.now();
  const args = shortened[example.split('/')[0]] ?? [];
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}/dist/${example}.js`, ...args], {
    encoding: 'utf8',
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ran' : 'FAILED'} ${example} (${seconds} s)`);
  if (status !== 0 || stdout.trim() === '') {
    console.log(stdout + stderr);
    process.exitCode = 1;
  }
}
if (examples.length === 0) throw new Error(`no examples in ${root}`);
