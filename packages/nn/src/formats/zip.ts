/**
 * The part of the zip format that `.npz` needs: stored and deflated members.
 *
 * ```text
 * local header · name · extra · data      one a member
 * central directory                       one entry a member: sizes, CRC-32, where its local header is
 * end record                              where the central directory is
 * ```
 *
 * The central directory is the truth; sizes in local headers may be absent
 * (streams) or blank (NumPy reserves zip64 fields there). Members must not
 * overlap and must inflate to the size declared: both are what zip bombs do not.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @module
 */
import { TapegradError } from 'tapegrad';
import { badFile, concat, decodeText, encodeText, inflate, isEncodable } from './platform.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;

const UTF8 = 1 << 11;
/** 1 January 1980, the first day of zip, so that equal tensors make equal files. */
const DATE = 0x21;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 as in zip and gzip. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The bytes of a zip file with all members stored. */
export function writeZip(op: string, members: readonly (readonly [name: string, data: Uint8Array])[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  let directorySize = 0;
  for (const [name, data] of members) {
    if (!isEncodable(name)) throw new TapegradError('argument', `${op}: a name has half of a surrogate pair`);
    const key = encodeText(name);
    if (key.length > 0xffff) throw new TapegradError('argument', `${op}: a name of ${key.length} bytes, 65535 allowed`);
    // Version 2.0, flags, method 0, time 0, date, CRC-32, both sizes, length of the name, no extra field.
    const common = new DataView(new ArrayBuffer(26));
    common.setUint16(0, 20, true);
    common.setUint16(2, UTF8, true);
    common.setUint16(8, DATE, true);
    common.setUint32(10, crc32(data), true);
    common.setUint32(14, data.length, true);
    common.setUint32(18, data.length, true);
    common.setUint16(22, key.length, true);
    const shared = new Uint8Array(common.buffer);

    const local = record(LOCAL, LOCAL_SIZE + key.length);
    local.bytes.set(shared, 4);
    local.bytes.set(key, LOCAL_SIZE);
    chunks.push(local.bytes, data);

    const central = record(CENTRAL, CENTRAL_SIZE + key.length);
    central.view.setUint16(4, 20, true);
    central.bytes.set(shared, 6);
    central.view.setUint32(42, at, true);
    central.bytes.set(key, CENTRAL_SIZE);
    directory.push(central.bytes);
    directorySize += central.bytes.length;
    at += local.bytes.length + data.length;
  }
  if (members.length >= 0xffff || at + directorySize >= 0xffffffff) {
    throw new TapegradError(
      'argument',
      `${op}: ${members.length} members of ${at} bytes need zip64; write several files`,
    );
  }
  const end = record(END, END_SIZE);
  end.view.setUint16(8, members.length, true);
  end.view.setUint16(10, members.length, true);
  end.view.setUint32(12, directorySize, true);
  end.view.setUint32(16, at, true);
  return concat([...chunks, ...directory, end.bytes], at + directorySize + END_SIZE);
}

function record(signature: number, size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  return { bytes, view };
}

/** The members by name. Throws `format` if their sizes add up to more than `limit` bytes. */
export async function readZip(op: string, bytes: Uint8Array, limit: number): Promise<Map<string, Uint8Array>> {
  const entries = readDirectory(op, bytes);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > limit) throw badFile(op, `the members take ${total} bytes, ${limit} allowed; pass a larger limit`);
  const members = new Map<string, Uint8Array>();
  for (const { name, what, method, crc, size, start, end } of entries) {
    const packed = bytes.subarray(start, end);
    const data = method === 0 ? packed : await inflate(op, what, 'deflate-raw', packed, size);
    if (data.length !== size) throw badFile(op, `${what} has ${data.length} bytes, ${size} declared; it is damaged`);
    if (crc32(data) !== crc) throw badFile(op, `${what} fails its CRC-32 check; the file is damaged`);
    members.set(name, data);
  }
  return members;
}

interface Member {
  readonly name: string;
  readonly what: string;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  /** Where its local header starts, and its data start and end. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

function readDirectory(op: string, bytes: Uint8Array): Member[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const endAt = findEnd(op, view);
  const count = view.getUint16(endAt + 10, true);
  const size = view.getUint32(endAt + 12, true);
  const directoryAt = view.getUint32(endAt + 16, true);
  if (count === 0xffff || size === 0xffffffff || directoryAt === 0xffffffff) {
    throw badFile(op, 'the file is zip64, which is not read; write several smaller files');
  }
  if (view.getUint32(endAt + 4, true) !== 0 || view.getUint16(endAt + 8, true) !== count) {
    throw badFile(op, 'the zip is split over several files, which is not read');
  }
  if (directoryAt + size !== endAt) throw badFile(op, 'the central directory of the zip is not where it should be');
  const members: Member[] = [];
  const names = new Set<string>();
  let at = directoryAt;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_SIZE > endAt || view.getUint32(at, true) !== CENTRAL) {
      throw badFile(op, `the central directory of the zip is damaged at entry ${i}`);
    }
    const next = at + CENTRAL_SIZE + [28, 30, 32].reduce((sum, field) => sum + view.getUint16(at + field, true), 0);
    if (next > endAt) throw badFile(op, `the central directory of the zip is cut short at entry ${i}`);
    const member = readMember(op, bytes, view, at, directoryAt);
    if (names.has(member.name)) throw badFile(op, `${member.what} appears twice`);
    names.add(member.name);
    members.push(member);
    at = next;
  }
  if (at !== endAt) throw badFile(op, 'the central directory of the zip has more than its entries');
  checkApart(op, members);
  return members;
}

/** The end record is last, but for a comment of up to 65535 bytes. */
function findEnd(op: string, view: DataView): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) === END && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw badFile(op, 'no end record of a zip file; the file is cut short or of another format');
}

function readMember(op: string, bytes: Uint8Array, view: DataView, at: number, directoryAt: number): Member {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const packedSize = view.getUint32(at + 20, true);
  const size = view.getUint32(at + 24, true);
  const nameSize = view.getUint16(at + 28, true);
  const from = view.getUint32(at + 42, true);
  const key = bytes.subarray(at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameSize);
  const name = decodeText(op, 'the name of a member', key);
  const what = `member '${name.length > 80 ? `${name.slice(0, 80)}…` : name}'`;
  if (flags & 1) throw badFile(op, `${what} is encrypted, which is not read`);
  if (method !== 0 && method !== 8) throw badFile(op, `${what} uses method ${method}; stored and deflated are read`);
  if (packedSize === 0xffffffff || size === 0xffffffff || from === 0xffffffff) {
    throw badFile(op, `${what} is zip64, which is not read; write several smaller files`);
  }
  // No deflate stream expands more than 1032 times.
  if (method === 0 ? size !== packedSize : size > packedSize * 1032) {
    throw badFile(op, `${what} cannot have ${size} bytes if ${packedSize} are stored`);
  }
  if (from + LOCAL_SIZE > directoryAt || view.getUint32(from, true) !== LOCAL) {
    throw badFile(op, `${what} has no local header where the central directory says`);
  }
  const named = from + LOCAL_SIZE;
  const start = named + nameSize + view.getUint16(from + 28, true);
  const end = start + packedSize;
  if (end > directoryAt) throw badFile(op, `${what} reaches into the central directory; the file is damaged`);
  const same = view.getUint16(from + 26, true) === nameSize && key.every((byte, i) => bytes[named + i] === byte);
  if (!same) throw badFile(op, `${what} has another name in its local header`);
  return { name, what, method, crc: view.getUint32(at + 16, true), size, from, start, end };
}

function checkApart(op: string, members: readonly Member[]): void {
  let at = 0;
  for (const { what, from, end } of members.toSorted((a, b) => a.from - b.from)) {
    if (from < at) throw badFile(op, `${what} overlaps another member`);
    at = end;
  }
}
