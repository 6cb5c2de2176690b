/**
 * Lists what each package exports in `api/<package>.md`, read off the sources:
 * every name with its kind and type, classes and interfaces with their members.
 * A change of the public interface thus shows as a diff to be reviewed.
 *
 *     node tools/api.mjs            compares, prints the differences, exits 1 if there are any
 *     node tools/api.mjs --update   rewrites the lists
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import ts from 'typescript';

const packages = readdirSync('packages').map((folder) => {
  const { name, exports } = JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8'));
  const entries = Object.entries(exports).flatMap(([path, conditions]) =>
    conditions['@tapegrad/source'] ? [[path, resolve('packages', folder, conditions['@tapegrad/source'])]] : [],
  );
  const sources = resolve('packages', folder, 'src') + sep;
  return { name, entries, sources, list: `api/${name.replace(/^.*\//, '')}.md` };
});

const { config } = ts.readConfigFile('tsconfig.base.json', ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, '.');
const program = ts.createProgram(
  packages.flatMap(({ entries }) => entries.map(([, file]) => file)),
  {
    ...options,
    composite: false,
    noEmit: true,
    rootDir: undefined,
    tsBuildInfoFile: undefined,
    stableTypeOrdering: true,
  },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

const oneLine = (text) => text.replace(/\s+/g, ' ').replace(/; \}/g, ' }');
/** To a reader, a parameter that is taken apart is an options object, and an optional one may be undefined anyway. */
const named = (text) =>
  oneLine(text)
    .replace(/\{ [\w, ]+ \}(\??:)/g, 'options$1')
    .replace(/(\?: [^,()]+?) \| undefined(?=[,)])/g, '$1');
const showType = (type) => named(checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation));
const showSignature = (signature, kind) =>
  named(checker.signatureToString(signature, undefined, ts.TypeFormatFlags.NoTruncation, kind));
const isIn = (sources, node) => resolve(node.getSourceFile().fileName).startsWith(sources);
const isDeclaredIn = (sources) => (symbol) => symbol.declarations?.some((node) => isIn(sources, node)) ?? false;
/** The package that a symbol comes from; others may add members to it. */
const homeOf = ({ valueDeclaration, declarations }) =>
  packages.find(({ sources }) => isIn(sources, valueDeclaration ?? declarations[0]));

/** One line a member, without those that are private or declared elsewhere. */
function members(type, isOwn) {
  return checker.getPropertiesOfType(type).flatMap((symbol) => {
    if (!isOwn(symbol) || symbol.name.startsWith('__#')) return [];
    const flags = ts.getCombinedModifierFlags(symbol.valueDeclaration ?? symbol.declarations[0]);
    if (flags & ts.ModifierFlags.NonPublicAccessibilityModifier) return [];
    const name = symbol.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]');
    const optional = symbol.flags & ts.SymbolFlags.Optional ? '?' : '';
    const memberType = checker.getTypeOfSymbol(symbol);
    if (symbol.flags & ts.SymbolFlags.Method) {
      return memberType
        .getNonNullableType()
        .getCallSignatures()
        .map((call) => `${name}${optional}${showSignature(call)};`);
    }
    const isGetter = symbol.flags & ts.SymbolFlags.GetAccessor && !(symbol.flags & ts.SymbolFlags.SetAccessor);
    const readonly = isGetter || flags & ts.ModifierFlags.Readonly ? 'readonly ' : '';
    const shown = optional ? showType(memberType).replace(/ \| undefined$/, '') : showType(memberType);
    return [`${readonly}${name}${optional}: ${shown};`];
  });
}

const block = (head, lines) => [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];

function typeParameters(symbol) {
  const list = symbol.declarations.find((node) => node.typeParameters)?.typeParameters;
  return list ? `<${list.map((node) => oneLine(node.getText())).join(', ')}>` : '';
}

/** The lines that describe one export of the package with those sources. */
function describe(name, symbol, sources) {
  const isOwn = isDeclaredIn(sources);
  const lines = [];
  const { flags } = symbol;
  if (flags & ts.SymbolFlags.Class) {
    const statics = checker.getTypeOfSymbol(symbol);
    lines.push(
      ...block(`class ${name}${typeParameters(symbol)}`, [
        ...statics.getConstructSignatures().map((make) => `constructor${showSignature(make)};`),
        ...members(statics, (member) => member.name !== 'prototype' && isOwn(member)).map((line) => `static ${line}`),
        ...members(checker.getDeclaredTypeOfSymbol(symbol), isOwn),
      ]),
    );
  } else if (flags & ts.SymbolFlags.Interface) {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const calls = type.getCallSignatures().map((call) => `${showSignature(call)};`);
    lines.push(...block(`interface ${name}${typeParameters(symbol)}`, [...calls, ...members(type, isOwn)]));
  } else if (flags & ts.SymbolFlags.TypeAlias) {
    const node = symbol.declarations.find(ts.isTypeAliasDeclaration);
    const text = printer.printNode(ts.EmitHint.Unspecified, node.type, node.getSourceFile());
    lines.push(`type ${name}${typeParameters(symbol)} = ${oneLine(text)};`);
  }
  if (flags & ts.SymbolFlags.Function) {
    const calls = checker.getTypeOfSymbol(symbol).getCallSignatures();
    lines.push(...calls.map((call) => `function ${name}${showSignature(call)};`));
  } else if (flags & ts.SymbolFlags.Variable) {
    lines.push(`const ${name}: ${showType(checker.getTypeOfSymbol(symbol))};`);
  }
  return lines;
}

function listOf({ name, entries, sources }) {
  const text = [`# ${name}`, '', 'What the package exports. Rewritten by `npm run api:update`.'];
  for (const [path, file] of entries) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${file} is missing or exports nothing`);
    const declarations = [];
    const foreign = new Map();
    const compare = (a, b) => (a.name < b.name ? -1 : 1);
    for (const symbol of checker.getExportsOfModule(module).sort(compare)) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (!target.declarations) throw new Error(`${file}: '${symbol.name}' does not resolve`);
      const home = homeOf(target);
      if (home?.sources === sources) declarations.push(...describe(symbol.name, target, sources));
      else {
        const origin = home?.name ?? 'elsewhere';
        foreign.set(origin, [...(foreign.get(origin) ?? []), symbol.name]);
        // What this package adds to a class of another.
        const added =
          target.flags & ts.SymbolFlags.Class
            ? members(checker.getDeclaredTypeOfSymbol(target), isDeclaredIn(sources))
            : [];
        if (added.length > 0) declarations.push(...block(`interface ${symbol.name}`, added));
      }
    }
    if (path !== '.') text.push('', `## ${name}${path.slice(1)}`);
    for (const [origin, names] of foreign) text.push('', `From \`${origin}\`: ${names.join(', ')}.`);
    text.push('', '```ts', ...declarations, '```');
  }
  return `${text.join('\n')}\n`;
}

/** Lines that only one of two texts has; enough to see what changed. */
function difference(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ].join('\n');
}

const update = process.argv.includes('--update');
mkdirSync('api', { recursive: true });
for (const entry of packages) {
  const before = existsSync(entry.list) ? readFileSync(entry.list, 'utf8') : '';
  const after = listOf(entry);
  if (before === after) continue;
  if (update) {
    writeFileSync(entry.list, after);
    console.log(`wrote ${entry.list}`);
  } else {
    console.log(`${entry.list} is not what the sources export; review and run \`npm run api:update\`:`);
    console.log(difference(before, after) || 'the same lines in another order');
    process.exitCode = 1;
  }
}
