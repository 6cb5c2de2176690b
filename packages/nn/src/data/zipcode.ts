/**
 * The handwritten zip-code digits of "The Elements of Statistical Learning".
 *
 * 7291 training and 2007 test digits, scanned by the U.S. Postal Service and
 * normalised to 16 x 16 greys. A line of text is a digit: its label, then 256
 * greys from -1 (paper) to 1 (ink), row by row.
 *
 * @see https://hastie.su.domains/ElemStatLearn/datasets/zip.info.txt
 * @module
 */
import { TapegradError, Tensor } from 'tapegrad';
import { badFile, type Bytes, latinText } from '../formats/platform.ts';
import { type InflateOptions, maybeGunzip } from './gzip.ts';

/** Digits and what they are. */
export interface ZipcodeDigits {
  /** Greys from -1 to 1, [n, 16, 16]. */
  readonly images: Tensor;
  /** Digits from 0 to 9, [n], i32. */
  readonly labels: Tensor;
}

const SIDE = 16;
const PIXELS = SIDE * SIDE;

/**
 * Reads `zip.train` or `zip.test`, plain or gzipped. Blank lines are skipped.
 *
 * Shapes  images [n, 16, 16], labels [n]      Dtypes  images f64 (or `dtype: 'f32'`), labels i32
 *
 * Errors: `format`, naming the line, for a label that is not 0 … 9, a grey that
 * is not a number from -1 to 1, and a line without exactly 256 greys; `format`
 * for bad gzip data; `dtype` for a dtype other than f64 and f32.
 *
 * @example
 * const line = `6.0000 ${'-1.0000 '.repeat(255)}0.631\n`;
 * const bytes = Uint8Array.from(line, (character) => character.charCodeAt(0));
 * const { images, labels } = await readZipcode(bytes);
 * console.log(images.shape, labels.toArray()); // [1, 16, 16] [6]
 */
export async function readZipcode(
  bytes: Bytes,
  options: InflateOptions & { readonly dtype?: 'f64' | 'f32' } = {},
): Promise<ZipcodeDigits> {
  const op = 'readZipcode';
  const { dtype = 'f64' } = options;
  if (dtype !== 'f64' && dtype !== 'f32') {
    throw new TapegradError('dtype', `${op}: images are f64 or f32, not ${String(dtype)}`);
  }
  const text = await maybeGunzip(op, bytes, options);
  const most = rowsAtMost(text);
  const greys = dtype === 'f64' ? new Float64Array(most * PIXELS) : new Float32Array(most * PIXELS);
  const labels = new Int32Array(most);
  const rows = parse(op, text, greys, labels);
  return {
    images: new Tensor(greys.subarray(0, rows * PIXELS), dtype, [rows, SIDE, SIDE]),
    labels: new Tensor(labels.subarray(0, rows), 'i32', [rows]),
  };
}

/** Room for the rows: as many as there are lines, but a line takes 257 numbers, 256 spaces and its end. */
function rowsAtMost(text: Uint8Array): number {
  let lines = 1;
  for (let at = text.indexOf(NEWLINE); at !== -1; at = text.indexOf(NEWLINE, at + 1)) lines++;
  return Math.min(lines, Math.floor((text.length + 1) / (2 * (PIXELS + 1))));
}

const NEWLINE = 10;
const SPACE = 32;

/** Fills `greys` and `labels`, and gives the number of rows. */
function parse(op: string, text: Uint8Array, greys: Float64Array | Float32Array, labels: Int32Array): number {
  let row = 0;
  let line = 1;
  /** Numbers seen on this line; the label is the first. */
  let count = 0;
  let label = 0;
  const endLine = (): void => {
    if (count > 0) {
      if (count !== PIXELS + 1) throw badFile(op, `line ${line} has ${count - 1} greys after its label, not ${PIXELS}`);
      labels[row++] = label;
    }
    count = 0;
    line++;
  };
  for (let at = 0; at < text.length;) {
    const byte = text[at];
    if (byte <= SPACE) {
      if (byte === NEWLINE) endLine();
      at++;
      continue;
    }
    const from = at;
    while (at < text.length && text[at] > SPACE) at++;
    const value = decimal(text, from, at);
    if (count === 0) {
      if (!(Number.isInteger(value) && value >= 0 && value <= 9)) {
        throw badFile(op, `line ${line} starts with '${quote(text, from, at)}', not a digit from 0 to 9`);
      }
      label = value;
    } else {
      if (!(value >= -1 && value <= 1)) {
        throw badFile(op, `line ${line} has '${quote(text, from, at)}' for grey ${count}, not a number from -1 to 1`);
      }
      // Lines too long or too many for their room are reported at their end.
      if (count <= PIXELS) greys[row * PIXELS + count - 1] = value;
    }
    count++;
  }
  endLine();
  return row;
}

function quote(text: Uint8Array, from: number, to: number): string {
  return latinText(text.subarray(from, Math.min(to, from + 20)));
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const powers = Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/**
 * The number that the bytes spell, NaN if they spell none. Up to 15 digits are
 * a whole number over a power of ten, both exact, so one division rounds as
 * `Number` does, in a tenth of the time. The rest is left to `Number`.
 */
function decimal(text: Uint8Array, from: number, to: number): number {
  const isNegative = text[from] === 45;
  let whole = 0;
  let digits = 0;
  let point = -1;
  for (let at = isNegative ? from + 1 : from; at < to; at++) {
    const digit = text[at] - 48;
    if (digit >= 0 && digit <= 9) {
      whole = whole * 10 + digit;
      digits++;
    } else if (digit === -2 && point === -1) point = digits;
    else return spelled(text, from, to);
  }
  if (digits === 0 || digits > 15) return spelled(text, from, to);
  const value = point === -1 ? whole : whole / powers[digits - point];
  return isNegative ? -value : value;
}

function spelled(text: Uint8Array, from: number, to: number): number {
  if (to - from > 64) return NaN;
  const word = latinText(text.subarray(from, to));
  return NUMBER.test(word) ? Number(word) : NaN;
}
