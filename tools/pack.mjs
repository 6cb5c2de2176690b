/**
 * Packs all packages as npm would publish them and uses them as a stranger would:
 * installed into an empty folder, imported, required, type-checked, and looked
 * over by publint and attw. Needs no network. Run with `npm run check:pack`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const license = readFileSync('LICENSE', 'utf8');
const bin = (name) => resolve('node_modules/.bin', name);
const packages = readdirSync('packages').map((folder) => {
  const { name, version, exports } = JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8'));
  const entries = Object.keys(exports).filter((path) => path !== './package.json');
  return { folder, name, version, specifiers: entries.map((path) => name + path.slice(1)) };
});
const { version } = packages[0];
const specifiers = packages.flatMap((entry) => entry.specifiers);

const temp = mkdtempSync(join(tmpdir(), 'tapegrad-pack-'));
let failures = 0;
try {
  checkAll();
} finally {
  rmSync(temp, { recursive: true });
}
process.exitCode = failures > 0 ? 1 : 0;

function checkAll() {
  run('build', process.cwd(), bin('tsc'), ['-b', ...packages.map(({ folder }) => `packages/${folder}`)]);
  for (const entry of packages) {
    const packed = JSON.parse(npm(process.cwd(), ['pack', '--json', '--pack-destination', temp, '-w', entry.name]));
    const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed);
    entry.tarball = join(temp, filename);
    const names = files.map(({ path }) => path);
    step(`${entry.name} has what it needs, nothing else, and the version of all`, () => {
      const missing = [
        'LICENSE',
        'README.md',
        'package.json',
        'dist/index.js',
        'dist/index.d.ts',
        'src/index.ts',
      ].filter((name) => !names.includes(name));
      const extra = names.filter(
        (name) => !/^(LICENSE|README\.md|package\.json|(dist|src)\/.*\.(ts|js|map))$/.test(name),
      );
      if (missing.length + extra.length > 0) throw new Error(`missing: ${missing}; extra: ${extra}`);
      if (readFileSync(`packages/${entry.folder}/LICENSE`, 'utf8') !== license) throw new Error('another LICENSE');
      if (entry.version !== version) throw new Error(`version ${entry.version}, not ${version}`);
    });
  }

  const consumer = mkdtempSync(join(temp, 'consumer-'));
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
  const tarballs = packages.map(({ tarball }) => tarball);
  step('installs into an empty folder', () => {
    npm(consumer, ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs]);
  });

  const used = '.grad((x) => x.mul(x))(3) !== 6';
  const imports = specifiers.map((name, i) => `import * as m${i} from '${name}';`).join('\n');
  const complain = `throw new Error('wrong gradient')`;
  const core = specifiers.indexOf('tapegrad');
  writeFileSync(join(consumer, 'esm.mjs'), `${imports}\nif (m${core}${used}) ${complain};\n`);
  const requires = specifiers.map((name) => `require('${name}');`).join('\n');
  writeFileSync(join(consumer, 'cjs.cjs'), `${requires}\nif (require('tapegrad')${used}) ${complain};\n`);
  run('import', consumer, process.execPath, ['esm.mjs']);
  run('require', consumer, process.execPath, ['--disable-warning=ExperimentalWarning', 'cjs.cjs']);

  const uses = specifiers.map((_, i) => `export const names${i}: string[] = Object.keys(m${i});`).join('\n');
  const typed = `export const slope: number = m${core}.grad((x) => x.mul(x))(3);`;
  writeFileSync(join(consumer, 'consumer.ts'), `${imports}\n${uses}\n${typed}\n`);
  // Both compilers that users have; skipLibCheck off, so that our own declarations are checked.
  for (const compiler of ['tsc', 'tsc6']) {
    for (const [moduleResolution, module] of [
      ['node16', 'node16'],
      ['bundler', 'preserve'],
    ]) {
      const options = ['--module', module, '--moduleResolution', moduleResolution, '--target', 'es2022'];
      const file = ['--noEmit', '--strict', '--ignoreConfig', 'consumer.ts'];
      run(`types, ${compiler}, ${moduleResolution}`, consumer, bin(compiler), [...options, ...file]);
    }
  }

  for (const { name, tarball } of packages) {
    run(`publint ${name}`, consumer, bin('publint'), ['--strict', tarball]);
    run(`attw ${name}`, consumer, bin('attw'), ['--profile', 'esm-only', '--no-emoji', tarball]);
  }
}

function step(name, action) {
  const start = performance.now();
  try {
    action();
    console.log(`ok ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failures++;
    console.log(`FAILED ${name}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.message}`);
  }
}

function execute(cwd, command, args) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function run(name, cwd, command, args) {
  step(name, () => execute(cwd, command, args));
}

function npm(cwd, args) {
  return execute(cwd, 'npm', args);
}
