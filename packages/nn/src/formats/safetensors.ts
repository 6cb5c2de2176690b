/**
 * safetensors: tensors by name in one file, without code that could run.
 *
 * ```text
 * 8 bytes   n, the length of the header, little-endian
 * n bytes   JSON  { "__metadata__": { key: text },
 *                   name: { "dtype": "F32", "shape": [2,3], "data_offsets": [0,24] } }
 * the rest  elements, little-endian and row-major; offsets count from here
 * ```
 *
 * The reader trusts nothing. As the reference implementation does, it wants the
 * tensors to cover the data without overlap or hole, so that two files with the
 * same header cannot differ unseen, and memory is never more than a small
 * multiple of the file. It also refuses a key given twice.
 *
 * @see https://github.com/huggingface/safetensors#format
 * @module
 */
import { type DType, TapegradError, Tensor } from 'tapegrad';
import { countOf, dtypeOf, type Kind, readElements, widthOf, writeElements } from './elements.ts';
import { type Json, parseJson } from './json.ts';
import { asBytes, badFile, type Bytes, decodeText, encodeText, isEncodable } from './platform.ts';
import { flattenAs, type TensorTree, unflattenAs } from './tree.ts';

const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['F64', 'f64'],
  ['F32', 'f32'],
  ['F16', 'f16'],
  ['BF16', 'bf16'],
  ['I64', 'i64'],
  ['U64', 'u64'],
  ['I32', 'i32'],
  ['U32', 'u32'],
  ['I16', 'i16'],
  ['U16', 'u16'],
  ['I8', 'i8'],
  ['U8', 'u8'],
  ['BOOL', 'bool'],
]);

/** Dtypes in the order of the reference implementation: widest first, so that every tensor is aligned. */
const written: readonly DType[] = ['f64', 'f32', 'i32', 'bool'];

const HEADER_LIMIT = 100_000_000;
const METADATA = '__metadata__';

/** What a safetensors file holds. The tables have no prototype: any name is safe to look up. */
export interface Safetensors {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/**
 * A tree of parameters (nested objects and arrays of tensors and numbers) as a
 * safetensors file, each tensor named by its dotted path: `layers.0.weight`.
 *
 * Shapes  any, rank 0 and empty too       Dtypes  all four: F64, F32, I32, BOOL
 *
 * Errors: `argument` for what {@link flattenTree} refuses (a key with a dot may
 * collide with a path), a tensor named `__metadata__`, metadata that is not
 * text, names that UTF-8 cannot carry, and headers beyond 100 MB.
 *
 * @example
 * const file = writeSafetensors({ w: tensor([1, 2]) }, { metadata: { epoch: '3' } });
 * const { tensors, metadata } = readSafetensors(file);
 * console.log(tensors.w.toArray(), metadata.epoch); // [1, 2] 3
 */
export function writeSafetensors(
  tree: object,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  const op = 'writeSafetensors';
  const entries = Object.entries(flattenAs(op, tree))
    .map(([name, x]) => ({ name, x, order: written.indexOf(x.dtype), key: encodeText(name) }))
    .sort((a, b) => a.order - b.order || compareBytes(a.key, b.key));
  const fields: string[] = [];
  if (options.metadata !== undefined) fields.push(`"${METADATA}":${metadataText(op, options.metadata)}`);
  let end = 0;
  for (const { name, x } of entries) {
    if (name === METADATA) throw new TapegradError('argument', `${op}: '${METADATA}' names no tensor; rename it`);
    const begin = end;
    end += x.size * widthOf(x.dtype);
    // By hand, for an object would put names like '10' first.
    const info = JSON.stringify({ dtype: x.dtype.toUpperCase(), shape: x.shape, data_offsets: [begin, end] });
    fields.push(`${quote(op, name)}:${info}`);
  }
  const text = encodeText(`{${fields.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > HEADER_LIMIT) {
    throw new TapegradError('argument', `${op}: a header of ${length} bytes, ${HEADER_LIMIT} allowed; split the file`);
  }
  const file = new Uint8Array(8 + length + end);
  new DataView(file.buffer).setUint32(0, length, true);
  file.fill(0x20, 8 + text.length, 8 + length);
  file.set(text, 8);
  let at = 8 + length;
  for (const { x } of entries) {
    const bytes = writeElements(x);
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * The tensors and metadata of a safetensors file, as a flat table.
 *
 * Dtypes  F64 → f64; F32, F16, BF16 → f32; I8, U8, I16, U16, I32 → i32; BOOL → bool, all exact;
 *         U32, I64, U64 → i32 if every element fits
 *
 * Errors: `dtype` for elements that do not fit and element types not read (F8,
 * C64, …); `format` for a file that breaks the format in any way.
 *
 * @example
 * const { tensors } = readSafetensors(writeSafetensors({ a: { b: tensor([[1, 2]]) } }));
 * console.log(tensors['a.b'].shape); // [1, 2]
 */
export function readSafetensors(bytes: Bytes): Safetensors {
  return readAs('readSafetensors', bytes);
}

/**
 * The tensors of a safetensors file as the tree that was written: `layers.0.w`
 * becomes `{ layers: [{ w }] }`. See {@link unflattenTree} for what names
 * cannot tell (numbers come back as rank-0 tensors); `like`, a tree such as the
 * one to be replaced, settles that and checks names and shapes. Dtypes are the file's.
 *
 * Errors: those of {@link readSafetensors} and of {@link unflattenTree}.
 *
 * @example
 * const parameters = { layer: { w: tensor([1, 2]) }, rate: 0.1 };
 * const file = writeSafetensors(parameters);
 * const restored = readSafetensorsTree(file, { like: parameters });
 * console.log(restored.layer.w.toArray(), restored.rate); // [1, 2] 0.1
 */
export function readSafetensorsTree(bytes: Bytes): TensorTree;
export function readSafetensorsTree<T extends object>(bytes: Bytes, options: { like: T }): T;
export function readSafetensorsTree(bytes: Bytes, options: { like?: object } = {}): unknown {
  const op = 'readSafetensorsTree';
  return unflattenAs(op, readAs(op, bytes).tensors, options.like);
}

// ---- writing

function quote(op: string, text: string): string {
  if (isEncodable(text)) return JSON.stringify(text);
  throw new TapegradError('argument', `${op}: ${JSON.stringify(text)} has half of a surrogate pair; UTF-8 cannot`);
}

function metadataText(op: string, metadata: Readonly<Record<string, string>>): string {
  const fields = Object.entries(metadata).map(([key, value]) => {
    if (typeof value === 'string') return `${quote(op, key)}:${quote(op, value)}`;
    throw new TapegradError('argument', `${op}: metadata '${key}' is a ${typeof value}; only text is stored`);
  });
  return `{${fields.join(',')}}`;
}

/** The order of UTF-8 bytes, which is that of code points and not that of JavaScript's strings. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

// ---- reading

interface Entry {
  readonly name: string;
  readonly what: string;
  readonly kind: Kind;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function readAs(op: string, input: Bytes): Safetensors {
  const bytes = asBytes(op, input);
  const { header, data } = split(op, bytes);
  const tensors = Object.create(null) as Record<string, Tensor>;
  const metadata = Object.create(null) as Record<string, string>;
  const entries: Entry[] = [];
  for (const [name, value] of header) {
    if (name === METADATA) readMetadata(op, value, metadata);
    else entries.push(readEntry(op, name, value));
  }
  checkCover(op, entries, data.length);
  for (const { name, what, kind, shape, begin, end } of entries) {
    tensors[name] = new Tensor(readElements(op, what, kind, data.subarray(begin, end)), dtypeOf(kind), shape);
  }
  return { tensors, metadata };
}

function split(op: string, bytes: Uint8Array): { header: ReadonlyMap<string, Json>; data: Uint8Array } {
  if (bytes.length < 8) throw badFile(op, `the file has ${bytes.length} bytes, too few for a safetensors header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > HEADER_LIMIT) {
    throw badFile(op, `the header claims ${length} bytes, ${HEADER_LIMIT} allowed; is this a safetensors file?`);
  }
  if (length > bytes.length - 8) {
    throw badFile(op, `the header claims ${length} bytes, but ${bytes.length - 8} follow; the file is cut short`);
  }
  if (bytes[8] !== 0x7b || length === 0) throw badFile(op, `the header does not start with '{'; is this safetensors?`);
  const text = decodeText(op, 'the header', bytes.subarray(8, 8 + length));
  const header = parseJson(text, (message) => badFile(op, `the header is unsound: ${message}`));
  return { header: header as ReadonlyMap<string, Json>, data: bytes.subarray(8 + length) };
}

function isMap(value: Json | undefined): value is ReadonlyMap<string, Json> {
  return value instanceof Map;
}

function readMetadata(op: string, value: Json, metadata: Record<string, string>): void {
  if (!isMap(value)) throw badFile(op, `${METADATA} must be an object of texts`);
  for (const [key, text] of value) {
    if (typeof text !== 'string') throw badFile(op, `${METADATA} '${key}' must be text, is ${typeof text}`);
    metadata[key] = text;
  }
}

function readEntry(op: string, name: string, info: Json): Entry {
  const what = `tensor '${name.length > 80 ? `${name.slice(0, 80)}…` : name}'`;
  if (!isMap(info)) throw badFile(op, `${what} is not described by an object`);
  const dtype = info.get('dtype');
  const shape = info.get('shape');
  const offsets = info.get('data_offsets');
  if (typeof dtype !== 'string') throw badFile(op, `${what} has no dtype`);
  const kind = kinds.get(dtype);
  if (kind === undefined) {
    const known = /^(F4|F6_|F8_|C64)/.test(dtype);
    const message = `${what} has dtype '${dtype.slice(0, 20)}'; ${[...kinds.keys()].join(', ')} are read`;
    throw new TapegradError(known ? 'dtype' : 'format', `${op}: ${message}`);
  }
  if (!Array.isArray(shape)) throw badFile(op, `${what} has no shape`);
  const size = countOf(op, what, shape) * widthOf(kind);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw badFile(op, `${what} must have data_offsets of two whole numbers >= 0`);
  }
  const [begin, end] = offsets as [number, number];
  if (end - begin !== size) {
    throw badFile(op, `${what} of dtype ${dtype} and shape [${shape}] takes ${size} bytes, data_offsets [${offsets}]`);
  }
  return { name, what, kind, shape: shape as number[], begin, end };
}

function checkCover(op: string, entries: readonly Entry[], length: number): void {
  let at = 0;
  for (const { what, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > length) throw badFile(op, `${what} ends at byte ${end} of ${length}; the file is cut short`);
    if (begin !== at) {
      const wrong = begin < at ? 'overlaps the tensor before' : 'leaves a hole before';
      throw badFile(op, `${what} starts at byte ${begin}, which ${wrong} it (ends at ${at})`);
    }
    at = end;
  }
  if (at !== length) throw badFile(op, `the tensors end at byte ${at} of ${length}; no bytes may be left over`);
}
