/**
 * The four web standards that the file formats lean on, typed by hand.
 *
 * Browsers and Node 20 both have them as globals, but the library compiles
 * without the types of either, so that nothing else of them can slip in.
 *
 * @module
 */
import { TapegradError } from 'tapegrad';

interface Decompressor {
  readonly readable: {
    getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }>; cancel(): Promise<void> };
  };
  readonly writable: {
    getWriter(): { write(chunk: Uint8Array): Promise<void>; close(): Promise<void>; abort(): Promise<void> };
  };
}

declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };
declare const DecompressionStream: new (format: string) => Decompressor;

/** What the format readers accept: a `Uint8Array` (Node's `Buffer` is one) or an `ArrayBuffer`. */
export type Bytes = Uint8Array | ArrayBuffer;

/** A fresh view of the input. Never a `Buffer`, whose `slice` shares memory where an array's copies. */
export function asBytes(op: string, input: Bytes): Uint8Array {
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  // Not instanceof: buffers cross realms (workers, frames, test runners).
  if (Object.prototype.toString.call(input) === '[object ArrayBuffer]') return new Uint8Array(input);
  throw new TapegradError('argument', `${op}: expected a Uint8Array or ArrayBuffer, got ${typeof input}`);
}

/** The error for a file that is not what it claims to be. */
export function badFile(op: string, message: string): TapegradError {
  return new TapegradError('format', `${op}: ${message}`);
}

export function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Strict UTF-8: a byte order mark stays in the text, and bad sequences throw `format`. */
export function decodeText(op: string, what: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badFile(op, `${what} is not UTF-8 text; the file is damaged or of another format`);
  }
}

/** One character a byte, for headers that promise ASCII or Latin-1. */
export function latinText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** True if UTF-8 can carry the text, that is, if it has no half of a surrogate pair. */
export function isEncodable(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

// Deflate expands up to 1032 times. Fed in small pieces, a bomb shows itself after some megabytes.
const PIECE = 1 << 14;

/** Inflates `bytes`, and throws `format` as soon as the result passes `limit` bytes. */
export async function inflate(
  op: string,
  what: string,
  format: 'gzip' | 'deflate-raw',
  bytes: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  if (typeof DecompressionStream === 'undefined') {
    throw new TapegradError('argument', `${op}: this runtime lacks DecompressionStream; inflate the file beforehand`);
  }
  const { readable, writable } = new DecompressionStream(format);
  const reader = readable.getReader();
  const writer = writable.getWriter();
  const feed = async (): Promise<void> => {
    for (let at = 0; at < bytes.length; at += PIECE) await writer.write(bytes.subarray(at, at + PIECE));
    await writer.close();
  };
  // Its failure reaches the reader too, which reports it; unhandled it would end the process.
  const fed = feed().catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) break;
      chunks.push(value);
      size += value.length;
      if (size > limit) break;
    }
  } catch {
    throw badFile(op, `${what} cannot be inflated; the compressed data is damaged or cut short`);
  }
  if (size > limit) {
    await Promise.allSettled([reader.cancel(), writer.abort()]);
    throw badFile(
      op,
      `${what} inflates to more than the ${limit} bytes allowed; it is damaged or needs a larger limit`,
    );
  }
  await fed;
  return concat(chunks, size);
}

/** The chunks end to end; `size` is the sum of their lengths. */
export function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
