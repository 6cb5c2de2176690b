/**
 * Code in documentation, run and compared with what it claims.
 *
 * The blocks of a page form one program: later blocks see what earlier ones
 * declared. A comment behind a statement states what it gives:
 *
 *     console.log(x.shape, x.rank); // [2, 3] 2
 *     sin(1); // 0.84147…
 *     add(zeros([2]), zeros([3])); // throws add: shapes [2] and [3]…
 *
 *     console.log(x);
 *     // Tensor [3] f64
 *     // [1, 2, 3]
 *
 * `…` stands for any text; quotes and spaces do not matter. A bare expression
 * that gives undefined may carry any comment. A block marked `ts no-run` is not run.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import ts from 'typescript';

export interface Snippet {
  /** The file, and for an example of a doc comment its line. */
  readonly name: string;
  /** The code on its own lines, all others blank, so that line numbers are those of the file. */
  readonly code: string;
  /** Packages whose exports are in scope without an import. */
  readonly scope: readonly string[];
}

/** All `ts` blocks of a page as one snippet. */
export function pageSnippet(name: string, markdown: string): Snippet {
  let isCode = false;
  const lines = markdown.split('\n').map((line) => {
    const fence = /^\s*```(.*)$/.exec(line);
    if (fence) isCode = !isCode && fence[1].trim() === 'ts';
    return isCode && !fence ? line : '';
  });
  return { name, code: lines.join('\n'), scope: [] };
}

/** Every `@example` of a source file. */
export function exampleSnippets(path: string, source: string, scope: readonly string[]): Snippet[] {
  const lines = source.split('\n');
  const examples: Snippet[] = [];
  for (let start = 0; start < lines.length; start++) {
    if (!/^\s*\* @example/.test(lines[start])) continue;
    let end = start + 1;
    while (end < lines.length && !/^\s*(\* @\w|\*\/)/.test(lines[end])) end++;
    const code = lines.slice(start + 1, end).map((line) => line.replace(/^\s*\* ?/, '').replace(/^```.*/, ''));
    const before = Array.from({ length: start + 1 }, () => '');
    examples.push({ name: `${path}:${start + 1}`, code: [...before, ...code].join('\n'), scope });
  }
  return examples;
}

interface Claim {
  readonly line: number;
  readonly text: string;
}

interface Program {
  readonly claims: readonly Claim[];
  /** The import statements, in one line. */
  readonly imports: string;
  /** `[local name, specifier, exported name or '*']`. */
  readonly names: readonly (readonly [string, string, string])[];
  /** The code without imports, as it stands. */
  readonly body: string;
  /** The same, with each claim replaced by a call of `__check`. */
  readonly checked: string;
}

function parse({ name, code }: Snippet): Program {
  const file = ts.createSourceFile(`${name}.ts`, code, ts.ScriptTarget.ES2023, true);
  const claims: Claim[] = [];
  const imports: string[] = [];
  const names: [string, string, string][] = [];
  const cuts: { from: number; to: number; text: string }[] = [];

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      imports.push(node.getText().replace(/\s+/g, ' '));
      names.push(...importedNames(node));
      cuts.push({ from: node.getStart(), to: node.end, text: node.getText().replace(/[^\n]/g, ' ') });
    } else if (ts.isExpressionStatement(node)) {
      const { expression } = node;
      const isLog = ts.isCallExpression(expression) && expression.expression.getText() === 'console.log';
      const text = claimAfter(code, node.end, isLog);
      if (text !== undefined && (isLog || node.parent === file)) {
        const values = isLog
          ? expression.arguments.map((argument) => argument.getText()).join(', ')
          : expression.getText();
        const isAsync = /\bawait\b/.test(values);
        const call = `__check(${claims.length}, ${isLog}, ${isAsync ? 'async ' : ''}() => [${values}])`;
        cuts.push({ from: node.getStart(), to: node.end, text: `${isAsync ? 'await ' : ''}${call};` });
        claims.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, text });
        return;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  const apply = (edits: typeof cuts): string =>
    edits.reduceRight((text, { from, to, text: by }) => text.slice(0, from) + by + text.slice(to), code);
  return {
    claims,
    imports: imports.join(' '),
    names,
    body: apply(cuts.filter(({ text }) => text.trim() === '')),
    checked: apply(cuts),
  };
}

function importedNames(node: ts.ImportDeclaration): [string, string, string][] {
  const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
  const { importClause: clause } = node;
  const bindings = clause?.namedBindings;
  if (!bindings || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  if (ts.isNamespaceImport(bindings)) return [[bindings.name.text, specifier, '*']];
  return bindings.elements
    .filter(({ isTypeOnly }) => !isTypeOnly)
    .map(({ name, propertyName }) => [name.text, specifier, (propertyName ?? name).text]);
}

/** The comment behind a statement; behind a printing one also the comment lines right below. */
function claimAfter(code: string, end: number, isLog: boolean): string | undefined {
  const [rest, ...below] = code.slice(end).split('\n');
  const comment = /^\s*\/\/ ?(.*)$/;
  const sameLine = comment.exec(rest)?.[1];
  if (sameLine !== undefined || !isLog || rest.trim() !== '') return sameLine;
  const count = below.findIndex((line) => !comment.test(line));
  const lines = below.slice(0, count === -1 ? below.length : count).map((line) => comment.exec(line)?.[1]);
  return lines.length > 0 ? lines.join('\n') : undefined;
}

/** What is left of a text when layout and quotes do not matter. */
function plain(text: string): string {
  const spaced = text.replace(/['"`]/g, '').replace(/\s+/g, ' ');
  return spaced.replace(/ ?([[\]{}(),:]) ?/g, '$1').trim();
}

function matches(expected: string, actual: string): boolean {
  const pattern = plain(expected)
    .split('…')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`).test(plain(actual));
}

function print(values: readonly unknown[]): string {
  return values
    .map((value) => (typeof value === 'string' ? value : inspect(value, { depth: 10, breakLength: Infinity })))
    .join(' ');
}

const AsyncFunction = (async () => {}).constructor as new (...text: string[]) => (...args: unknown[]) => Promise<void>;

/** Runs a snippet. What was found wrong, and how many claims were compared. */
export async function runSnippet(snippet: Snippet): Promise<{ failures: string[]; compared: number }> {
  const { claims, names, checked } = parse(snippet);
  const failures: string[] = [];
  const reached = new Set<number>();
  let compared = 0;

  const compare = (index: number, actual: string): void => {
    const { line, text } = claims[index];
    compared++;
    if (!matches(text, actual)) failures.push(`line ${line}: says ${text}, gives ${actual}`);
  };
  const settle = (index: number, isLog: boolean, values: readonly unknown[]): void => {
    const mayBeProse = !isLog && values[0] === undefined && !claims[index].text.startsWith('throws ');
    if (!mayBeProse) compare(index, print(values));
  };
  const check = (index: number, isLog: boolean, evaluate: () => unknown[] | Promise<unknown[]>): unknown => {
    reached.add(index);
    const caught = (error: unknown): void => {
      if (!claims[index].text.startsWith('throws ')) throw error;
      compare(index, `throws ${(error as Error).message}`);
    };
    try {
      const values = evaluate();
      if (values instanceof Array) return settle(index, isLog, values);
      return values.then((results) => settle(index, isLog, results), caught);
    } catch (error) {
      return caught(error);
    }
  };

  const scope = new Map<string, unknown>();
  for (const specifier of [...snippet.scope].reverse()) {
    for (const [name, value] of Object.entries((await import(specifier)) as object)) {
      if (!reserved.has(name)) scope.set(name, value);
    }
  }
  for (const [local, specifier, name] of names) {
    const module = (await import(specifier)) as Record<string, unknown>;
    scope.set(local, name === '*' ? module : module[name]);
  }
  scope.set('console', { ...console, log: () => {} });
  scope.set('__check', check);

  const { outputText } = ts.transpileModule(checked, { compilerOptions: { target: ts.ScriptTarget.ES2023 } });
  try {
    await new AsyncFunction(...scope.keys(), `{ ${outputText}\n}`)(...scope.values());
    claims.forEach(({ line }, index) => {
      if (!reached.has(index)) failures.push(`line ${line}: never reached`);
    });
  } catch (error) {
    const after = Math.max(0, ...[...reached].map((index) => claims[index].line));
    failures.push(`after line ${after}: throws ${String(error)}`);
  }
  return { failures, compared };
}

/** Exports of such a name can only be imported under another. */
const reserved = new Set(['default', 'delete', 'in', 'typeof', 'var', 'void']);

/** The names that `api/` lists for a package, types included. */
function exportsOf(packageName: string): string[] {
  const list = readFileSync(`api/${packageName.replace(/^.*\//, '')}.md`, 'utf8');
  const own = [...list.matchAll(/^(?:class|interface|type|function|const) (\w+)/gm)].map(([, name]) => name);
  const foreign = [...list.matchAll(/^From `.*?`: (.*)\.$/gm)].flatMap(([, names]) => names.split(', '));
  return [...new Set([...own, ...foreign])].filter((name) => !reserved.has(name));
}

/** Type-checks snippets against the sources, all at once. The errors of each that has some, by name. */
export function typeErrors(snippets: readonly Snippet[], folder = 'docs/.snippets'): Map<string, string[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compilerOptions = {
    ...{ composite: false, declarationMap: false, noEmit: true, rootDir: '../..', types: ['node'] },
    ...{ allowImportingTsExtensions: true, rewriteRelativeImportExtensions: false },
    ...{ noUnusedLocals: false, noUnusedParameters: false, verbatimModuleSyntax: false },
  };
  writeFileSync(`${folder}/package.json`, '{ "type": "module" }\n');
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
  );
  snippets.forEach((snippet, index) => {
    const { imports, names, body } = parse(snippet);
    const known = new Set(names.map(([local]) => local));
    const implied = snippet.scope.map((specifier) => {
      const used = exportsOf(specifier).filter((name) => !known.has(name) && new RegExp(`\\b${name}\\b`).test(body));
      used.forEach((name) => known.add(name));
      return `import { ${used.join(', ')} } from '${specifier}';`;
    });
    // On the first line, which holds no code of a page, so that line numbers stay.
    writeFileSync(
      `${folder}/${index}.ts`,
      `${implied.join(' ')} ${imports} export async function run() { ${body}\n}\n`,
    );
  });
  const tsc = 'node_modules/@typescript/compiler/bin/tsc';
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  rmSync(folder, { recursive: true, force: true });
  const errors = new Map<string, string[]>();
  for (const [, path, line, message] of stdout.matchAll(/^(\S+?)\((\d+),\d+\): error (.*)$/gm)) {
    if (!path.startsWith(folder)) continue;
    const { name } = snippets[Number(/(\d+)\.ts$/.exec(path)?.[1])];
    errors.set(name, [...(errors.get(name) ?? []), `line ${line}: ${message}`]);
  }
  return errors;
}
