/**
 * NumPy's files: one array (`.npy`), or several by name in a zip (`.npz`).
 *
 * ```text
 * 6 bytes   \x93NUMPY
 * 2 bytes   version: 1.0, 2.0 or 3.0
 * 2 | 4     length of the header (4 bytes from version 2 on), little-endian
 * header    {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }  padded, then \n
 * the rest  elements
 * ```
 *
 * The header is the text of a Python dictionary. NumPy evaluates it as a
 * literal; here a parser knows texts, booleans and tuples of whole numbers, and
 * nothing else. Arrays of Python objects hold pickles and are never read.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @module
 */
import { type DType, type Shape, TapegradError, Tensor } from 'tapegrad';
import { countOf, dtypeOf, type Kind, readElements, widthOf, writeElements } from './elements.ts';
import { asBytes, badFile, type Bytes, concat, decodeText, encodeText, latinText } from './platform.ts';
import { readZip, writeZip } from './zip.ts';

const MAGIC = '\x93NUMPY';

const kinds: Readonly<Record<string, Kind>> = {
  f8: 'f64',
  f4: 'f32',
  f2: 'f16',
  i8: 'i64',
  i4: 'i32',
  i2: 'i16',
  i1: 'i8',
  u8: 'u64',
  u4: 'u32',
  u2: 'u16',
  u1: 'u8',
  b1: 'bool',
};

const descriptions: Readonly<Record<DType, string>> = { f64: '<f8', f32: '<f4', i32: '<i4', bool: '|b1' };

/**
 * The tensor of a `.npy` file. Column-major files (`fortran_order`) are read as
 * a strided view, without reordering.
 *
 * Dtypes  f8 → f64; f4, f2 → f32; i1, i2, i4, u1, u2 → i32; b1 → bool, all exact and of either byte order;
 *         i8, u4, u8 → i32 if every element fits
 *
 * Errors: `dtype` for elements that do not fit, and for complex, text, date,
 * structured and object arrays; `format` for a file that breaks the format or
 * goes on after the array.
 *
 * @example
 * const x = readNpy(writeNpy(tensor([[1, 2], [3, 4]])));
 * console.log(x.toArray()); // [[1, 2], [3, 4]]
 */
export function readNpy(bytes: Bytes): Tensor {
  return readArray('readNpy', 'the file', asBytes('readNpy', bytes));
}

/**
 * A tensor as the bytes of a `.npy` file, version 1.0, row-major: f64 as `<f8`,
 * f32 as `<f4`, i32 as `<i4`, bool as `|b1`. Any shape.
 *
 * Errors: `argument` for a shape whose text exceeds the 64 KiB of a header.
 *
 * @example
 * const file = writeNpy(tensor([1, 2, 3]));
 * console.log(file.length); // 152
 */
export function writeNpy(x: Tensor): Uint8Array {
  if (!(x instanceof Tensor)) throw new TapegradError('argument', `writeNpy: expected a tensor, got a ${typeof x}`);
  const shape = x.rank === 1 ? `(${x.shape[0]},)` : `(${x.shape.join(', ')})`;
  const text = `{'descr': '${descriptions[x.dtype]}', 'fortran_order': False, 'shape': ${shape}, }`;
  // Elements start at a multiple of 64 bytes, as NumPy aligns them for memory maps.
  const start = Math.ceil((11 + text.length) / 64) * 64;
  if (start - 10 > 0xffff) throw new TapegradError('argument', `writeNpy: rank ${x.rank} is too much for a header`);
  const head = new Uint8Array(start).fill(0x20);
  head.set(Array.from(MAGIC, (mark) => mark.charCodeAt(0)));
  head.set([1, 0, (start - 10) & 255, (start - 10) >> 8], 6);
  head.set(encodeText(text), 10);
  head[start - 1] = 0x0a;
  const elements = writeElements(x);
  return concat([head, elements], start + elements.length);
}

/**
 * The tensors of a `.npz` file by name, as `np.savez` and `np.savez_compressed`
 * write them. The table has no prototype: any name is safe to look up.
 *
 * `limit` bounds the sum of all sizes after decompression, in bytes (1 GiB).
 *
 * Errors: `dtype` as {@link readNpy}; `format` for a broken zip (structure,
 * sizes, CRC-32), for zip64 and encrypted files, and for members that are not
 * `.npy`.
 *
 * @example
 * const { w, b } = await readNpz(writeNpz({ w: tensor([1, 2]), b: tensor(3) }));
 * console.log(w.toArray(), b.item()); // [1, 2] 3
 */
export async function readNpz(bytes: Bytes, options: { limit?: number } = {}): Promise<Record<string, Tensor>> {
  const op = 'readNpz';
  const table = Object.create(null) as Record<string, Tensor>;
  for (const [name, member] of await readZip(op, asBytes(op, bytes), options.limit ?? 2 ** 30)) {
    if (!name.endsWith('.npy')) throw badFile(op, `member '${name}' is not a .npy file`);
    table[name.slice(0, -4)] = readArray(op, `member '${name}'`, member);
  }
  return table;
}

/**
 * Tensors as the bytes of a `.npz` file, uncompressed, for `np.load`. Numbers
 * are stored as rank-0 f64. The same tensors give the same bytes.
 *
 * Errors: `argument` for values that are no tensors, and for files that need
 * zip64 (65535 members or 4 GiB).
 *
 * @example
 * const file = writeNpz({ weights: tensor([[1, 2]]), rate: 0.1 });
 * console.log(Object.keys(await readNpz(file))); // ['weights', 'rate']
 */
export function writeNpz(record: Readonly<Record<string, Tensor | number>>): Uint8Array {
  const members = Object.entries(record).map(([name, x]): [string, Uint8Array] => {
    if (typeof x !== 'number' && !(x instanceof Tensor)) {
      throw new TapegradError('argument', `writeNpz: '${name}' is a ${typeof x}; expected tensors and numbers`);
    }
    return [`${name}.npy`, writeNpy(typeof x === 'number' ? new Tensor(new Float64Array([x]), 'f64', []) : x)];
  });
  return writeZip('writeNpz', members);
}

// ---- one array

function readArray(op: string, what: string, bytes: Uint8Array): Tensor {
  const { text, data } = split(op, what, bytes);
  const { descr, shape, isColumnMajor } = readHeader(op, what, text);
  const { kind, little } = kindOf(op, what, descr);
  const size = countOf(op, what, shape) * widthOf(kind);
  if (size !== data.length) {
    throw badFile(op, `${what} has ${data.length} bytes of elements, but '${descr}' of shape [${shape}] takes ${size}`);
  }
  const elements = readElements(op, what, kind, data, little);
  const strides = isColumnMajor ? [columnStrides(shape)] : [];
  return new Tensor(elements, dtypeOf(kind), shape, ...strides);
}

function columnStrides(shape: Shape): number[] {
  let stride = 1;
  return shape.map((extent) => {
    const own = stride;
    stride *= extent;
    return own;
  });
}

function split(op: string, what: string, bytes: Uint8Array): { text: string; data: Uint8Array } {
  if (latinText(bytes.subarray(0, 6)) !== MAGIC) throw badFile(op, `${what} does not start with \\x93NUMPY; not .npy`);
  const major = bytes[6];
  if (!(major >= 1 && major <= 3) || bytes[7] !== 0) {
    throw badFile(op, `${what} has version ${major}.${bytes[7]}; 1.0, 2.0 and 3.0 are read`);
  }
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw badFile(op, `${what} is cut short in its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > bytes.length - start) {
    throw badFile(
      op,
      `${what} claims a header of ${length} bytes, but ${bytes.length - start} follow; it is cut short`,
    );
  }
  // NumPy's own limit; a structured dtype with very many fields exceeds it, nothing readable does.
  if (length > 10_000) throw badFile(op, `${what} claims a header of ${length} bytes; at most 10000 are read`);
  const header = bytes.subarray(start, start + length);
  const text = major === 3 ? decodeText(op, `the header of ${what}`, header) : latinText(header);
  return { text, data: bytes.subarray(start + length) };
}

function kindOf(op: string, what: string, descr: string): { kind: Kind; little: boolean } {
  const match = /^([<>|=])([a-zA-Z])(\d*)/.exec(descr);
  if (match === null) throw badFile(op, `${what} has the unknown descr '${descr}'`);
  const kind = Object.hasOwn(kinds, descr.slice(1)) ? kinds[descr.slice(1)] : undefined;
  if (kind === undefined) {
    const why = match[2] === 'O' ? 'Python objects are pickles, which could run code' : 'it has no dtype here';
    throw new TapegradError(
      'dtype',
      `${op}: ${what} has elements '${descr}'; ${why} (convert it with astype: ${Object.keys(kinds).join(', ')} are read)`,
    );
  }
  if (match[1] === '|' && widthOf(kind) > 1) throw badFile(op, `${what} has descr '${descr}' without a byte order`);
  return { kind, little: match[1] !== '>' };
}

// ---- the header, a Python dictionary

interface Header {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly isColumnMajor: boolean;
}

type Literal = string | boolean | readonly number[];

function readHeader(op: string, what: string, text: string): Header {
  let at = 0;
  const bad = (expected: string): Error =>
    badFile(op, `${what} has an unsound header: expected ${expected} at character ${at}`);
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match[1] ?? match[2] ?? match[0];
  };
  const mark = (sign: RegExp): boolean => take(sign) !== undefined;

  const tuple = (): readonly number[] => {
    const items: number[] = [];
    while (!mark(/\s*\)/y)) {
      // Python 2 wrote long integers with an L.
      const item = take(/\s*(\d+)L?/y);
      if (item === undefined) throw bad('a whole number');
      items.push(Number(item));
      if (!mark(/\s*,/y)) {
        // (3) is a number in Python, (3,) a tuple.
        if (items.length === 1 || !mark(/\s*\)/y)) throw bad("','");
        break;
      }
    }
    return items;
  };
  const literal = (key: string): Literal => {
    const word = take(/\s*(True|False)\b/y);
    if (word !== undefined) return word === 'True';
    if (mark(/\s*\(/y)) return tuple();
    if (key === 'descr' && mark(/\s*\[/y)) {
      throw new TapegradError('dtype', `${op}: ${what} is a structured array; save its fields one by one`);
    }
    const string = take(STRING);
    if (string === undefined) throw bad('a text, True, False or a tuple');
    return string;
  };

  const fields = new Map<string, Literal>();
  if (!mark(/\s*\{/y)) throw bad("'{'");
  while (!mark(/\s*\}/y)) {
    const key = take(STRING);
    if (key === undefined) throw bad('a key');
    if (fields.has(key)) throw bad('no key twice');
    if (!mark(/\s*:/y)) throw bad("':'");
    fields.set(key, literal(key));
    if (mark(/\s*,/y)) continue;
    if (!mark(/\s*\}/y)) throw bad("',' or '}'");
    break;
  }
  if (!mark(/\s*$/y)) throw bad('nothing more');

  const descr = fields.get('descr');
  const order = fields.get('fortran_order');
  const shape = fields.get('shape');
  if (fields.size !== 3 || typeof descr !== 'string' || typeof order !== 'boolean' || !Array.isArray(shape)) {
    throw badFile(op, `${what} has an unsound header: expected exactly descr, fortran_order and shape`);
  }
  return { descr, shape: shape as number[], isColumnMajor: order };
}

// Descriptions have no escapes, so none are understood.
const STRING = /\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)")/y;
