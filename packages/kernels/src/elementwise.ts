/**
 * Elementwise loops with broadcasting.
 *
 * A kernel is an expression over the elements of its operands. It is compiled
 * once into an inner loop over strided rows,
 *
 *     for (i < n) { out[o++] = f(a[pa], b[pb]); pa += sa; pb += sb; }
 *
 * and the walk over the outer axes calls that loop. One loop so serves
 * contiguous operands (stride 1), broadcast ones (stride 0) and any view. It is
 * compiled per expression, not shared, because a shared loop would call a
 * different function each time and V8 could not inline it.
 *
 * @module
 */
import { canCompile, compile } from './compile.ts';
import { allocate, type DType, type TypedArray } from './dtype.ts';
import { broadcastShapes, SCALAR, type Shape } from './shape.ts';
import { type Data, Tensor } from './tensor.ts';

/** The elements of one operand and how an inner loop steps through them. */
type InnerLoop = (out: TypedArray, o: number, n: number, arrays: TypedArray[], at: number[], steps: number[]) => void;

/** An elementwise function of one or more operands, ready to run. */
export interface ElementwiseKernel {
  /** The name that errors show. */
  readonly name: string;
  readonly run: InnerLoop;
}

/** A kernel from a function of numbers. */
export function elementwiseKernel(name: string, arity: number, f: (...xs: number[]) => number): ElementwiseKernel {
  const names = operandNames(arity);
  return {
    name,
    run: canCompile ? compileLoop(names, `f(${names.map((x) => `${x}[p${x}]`).join(', ')})`, { f }) : interpretLoop(f),
  };
}

/**
 * A kernel from the text of an expression over `x0[p0]`-style elements, which `element(k)` spells.
 * Only where `canCompile`; the text must come from our own tables.
 */
export function expressionKernel(
  name: string,
  arity: number,
  expression: (element: (k: number) => string) => string,
  scope: Record<string, unknown>,
): ElementwiseKernel {
  const names = operandNames(arity);
  return {
    name,
    run: compileLoop(
      names,
      expression((k) => `${names[k]}[p${names[k]}]`),
      scope,
    ),
  };
}

function operandNames(arity: number): string[] {
  return Array.from({ length: arity }, (_, k) => `x${k}`);
}

function compileLoop(names: string[], expression: string, scope: Record<string, unknown>): InnerLoop {
  const setup = names.map((x, k) => `const ${x} = arrays[${k}], s${x} = steps[${k}]; let p${x} = at[${k}];`).join('\n');
  const advance = names.map((x) => `p${x} += s${x};`).join(' ');
  return compile<InnerLoop>(
    scope,
    'out, o, n, arrays, at, steps',
    `\n${setup}\nfor (const end = o + n; o < end; o++) { out[o] = ${expression}; ${advance} }`,
  );
}

function interpretLoop(f: (...xs: number[]) => number): InnerLoop {
  return (out, o, n, arrays, at, steps) => {
    const [a, b = a, c = a] = arrays;
    let [p, q = 0, r = 0] = at;
    const [dp, dq = 0, dr = 0] = steps;
    for (const end = o + n; o < end; o++, p += dp, q += dq, r += dr) out[o] = f(a[p], b[q], c[r]);
  };
}

/**
 * Runs a kernel over operands that broadcast together.
 *
 * @throws `shape` if they do not.
 */
export function runElementwise({ name, run }: ElementwiseKernel, operands: readonly Data[], dtype: DType): Tensor {
  let shape: Shape = SCALAR;
  let dense = true;
  for (const x of operands) {
    if (typeof x === 'number') continue;
    shape = broadcastShapes(name, shape, x.shape);
    dense &&= x.isContiguous;
  }
  let size = 1;
  for (const extent of shape) size *= extent;
  const out = allocate(dtype, size);
  const arrays = new Array<TypedArray>(operands.length);
  const at = new Array<number>(operands.length);
  const steps = new Array<number>(operands.length);
  for (let k = 0; k < operands.length; k++) {
    const x = operands[k];
    const isNumber = typeof x === 'number';
    arrays[k] = isNumber ? Float64Array.of(x) : x.buffer;
    at[k] = isNumber ? 0 : x.offset;
    // A full operand steps by 1, a single element by 0; anything else needs the walk.
    steps[k] = isNumber || x.size === 1 ? 0 : 1;
    if (steps[k] === 1 && x instanceof Tensor && x.size !== size) dense = false;
  }
  if (size === 0) return new Tensor(out, dtype, shape);
  if (dense || shape.length === 0) run(out, 0, size, arrays, at, steps);
  else walk(run, out, shape, operands, arrays, at, steps);
  return new Tensor(out, dtype, shape);
}

/** Steps through the outer axes of `shape` and runs the inner loop on each row. */
function walk(
  run: InnerLoop,
  out: TypedArray,
  shape: Shape,
  operands: readonly Data[],
  arrays: TypedArray[],
  at: number[],
  steps: number[],
): void {
  const rank = shape.length;
  const strides = operands.map((x) => broadcastStrides(x, rank));
  const inner = shape[rank - 1];
  for (let k = 0; k < operands.length; k++) steps[k] = strides[k][rank - 1];
  const index = new Array<number>(rank).fill(0);
  for (let o = 0; o < out.length; o += inner) {
    run(out, o, inner, arrays, at, steps);
    for (let axis = rank - 2; axis >= 0; axis--) {
      for (let k = 0; k < at.length; k++) at[k] += strides[k][axis];
      if (++index[axis] < shape[axis]) break;
      for (let k = 0; k < at.length; k++) at[k] -= strides[k][axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** Strides of `x` over the axes of a shape of rank `rank` that it broadcasts to. */
function broadcastStrides(x: Data, rank: number): number[] {
  const strides = new Array<number>(rank).fill(0);
  if (typeof x === 'number') return strides;
  for (let k = 1; k <= x.shape.length; k++) {
    strides[rank - k] = x.shape[x.shape.length - k] === 1 ? 0 : x.strides[x.shape.length - k];
  }
  return strides;
}
