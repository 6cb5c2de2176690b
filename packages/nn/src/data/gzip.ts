/**
 * gzip, by the decompressor that browsers and Node have built in.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1952
 * @module
 */
import { TapegradError } from 'tapegrad';
import { asBytes, badFile, type Bytes, inflate } from '../formats/platform.ts';

/** Bounds what a compressed file may grow to. */
export interface InflateOptions {
  /** Most bytes after decompression; 1 GiB if not given. A small file can inflate a thousandfold. */
  readonly limit?: number;
}

/**
 * The contents of a gzip file.
 *
 * Errors: `format` for data that is not gzip, is damaged or cut short, and for
 * more than `limit` bytes.
 *
 * @example
 * const empty = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
 * console.log((await gunzip(new Uint8Array(empty))).length); // 0
 */
export async function gunzip(bytes: Bytes, options: InflateOptions = {}): Promise<Uint8Array> {
  const data = asBytes('gunzip', bytes);
  if (!isGzip(data)) throw badFile('gunzip', 'the file does not start with 1f 8b; it is not gzip, or inflated already');
  return unpack('gunzip', data, options);
}

/** The contents of a file that may be gzip or not. */
export async function maybeGunzip(op: string, bytes: Bytes, options: InflateOptions): Promise<Uint8Array> {
  const data = asBytes(op, bytes);
  return isGzip(data) ? unpack(op, data, options) : data;
}

function isGzip(data: Uint8Array): boolean {
  return data[0] === 0x1f && data[1] === 0x8b;
}

function unpack(op: string, data: Uint8Array, options: InflateOptions): Promise<Uint8Array> {
  const { limit = 2 ** 30 } = options;
  if (!(limit >= 0)) throw new TapegradError('argument', `${op}: limit must be a number of bytes >= 0, got ${limit}`);
  return inflate(op, 'the gzip file', 'gzip', data, limit);
}
