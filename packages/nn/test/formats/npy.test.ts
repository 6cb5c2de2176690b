import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readNpy, readNpz, writeNpy, writeNpz } from '../../src/formats/npy.ts';
import { crc32 } from '../../src/formats/zip.ts';
import { type Tensor, tensor } from 'tapegrad';
import { ascii, content, damaged, fixture, outcome, tensors } from './helpers.ts';

const numbers = [
  [1, 2, 3],
  [-4, 5, 6],
];

/** A version 1.0 file with this header, however wrong, and so many bytes of elements. */
function file(header: string, data = 0): Uint8Array {
  const bytes = new Uint8Array(10 + header.length + data);
  bytes.set([0x93, ...ascii('NUMPY'), 1, 0, header.length & 255, header.length >> 8, ...ascii(header)]);
  return bytes;
}

const dictionary = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}}`;

function refusal(code: string, message: string): object {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}

describe('writeNpy', () => {
  it('is undone by readNpy', () => {
    fc.assert(fc.property(tensors, (x) => expect(content(readNpy(writeNpy(x)))).toEqual(content(x))));
  });

  it.each(['f8', 'f8_scalar', 'i4_row', 'f4_empty', 'b1'])('writes the very bytes of NumPy for %s', (name) => {
    const bytes = fixture(`${name}.npy`);
    expect(writeNpy(readNpy(bytes))).toEqual(new Uint8Array(bytes));
  });

  it('refuses a number, and a rank that no header holds', async () => {
    expect(await outcome(() => writeNpy(3 as never))).toBe('argument');
    expect(await outcome(() => writeNpy(tensor([1], { shape: new Array(30_000).fill(1) })))).toBe('argument');
  });
});

describe('readNpy', () => {
  it.each([
    ['f8', 'f64', numbers],
    ['version2', 'f64', numbers],
    ['version3', 'f64', numbers],
    ['f4_big', 'f32', numbers],
    ['f2', 'f32', numbers.map((row) => row.map((x) => x / 4))],
    ['i8', 'i32', numbers],
    ['i2_big', 'i32', numbers],
    ['i4_column', 'i32', numbers],
    ['u1', 'i32', numbers.map((row) => row.map(Math.abs))],
    ['b1', 'bool', numbers.map((row) => row.map((x) => x > 2))],
    ['f8_scalar', 'f64', 0.1],
    ['i4_row', 'i32', [1, 2]],
    ['f4_empty', 'f32', [[], []]],
  ])('reads %s.npy, made by NumPy, as %s', (name, dtype, expected) => {
    const x = readNpy(fixture(`${name}.npy`));
    expect(x.dtype).toBe(dtype);
    expect(x.toArray()).toEqual(expected);
  });

  it('reads column-major files of any rank', () => {
    const x = readNpy(fixture('i4_cube_column.npy'));
    expect(x.shape).toEqual([2, 3, 4]);
    expect(x.toTypedArray()).toEqual(Int32Array.from({ length: 24 }, (_, i) => i));
  });

  it.each([
    ['c16', 'it has no dtype here'],
    ['text', 'it has no dtype here'],
    ['struct', 'structured array'],
    ['object', 'pickles'],
    ['i8_big', 'element 0 is 1099511627776'],
  ])('says why it does not read %s.npy', (name, message) => {
    expect(() => readNpy(fixture(`${name}.npy`))).toThrow(refusal('dtype', message));
  });

  it('reads what other writers of Python literals may write', () => {
    const header = ` { "shape" : ( 2L , 1 ,\n) , "descr":'<i1','fortran_order' :True , } \n`;
    expect(readNpy(file(header, 2)).toArray()).toEqual([[0], [0]]);
  });

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'not .npy'],
    ['another file', ascii('PK\x03\x04abcdefgh'), 'not .npy'],
    ['version 4', ((bytes) => bytes.fill(4, 6, 7))(file('{}')), 'version 4.0'],
    ['a header beyond the file', file('{}').fill(200, 8, 9), 'claims a header of 200'],
    ['a huge header', file(' '.repeat(10_001)), 'at most 10000'],
    ['no dictionary', file('[]'), "expected '{' at character 0"],
    ['an expression', file(dictionary("'<f8'", '(1+1,)'), 16), "expected ','"],
    ['a call', file(dictionary("'<f8'", '__import__("os")')), 'expected a text, True'],
    ['a number for a tuple', file(dictionary("'<f8'", '(3)'), 24), "expected ','"],
    ['a comma alone', file(dictionary("'<f8'", '(,)')), 'a whole number'],
    ['a negative extent', file(dictionary("'<f8'", '(-1,)')), 'a whole number'],
    ['a key twice', file(`{'descr': '<f8', 'descr': '<f4', 'shape': ()}`), 'no key twice'],
    ['a key too many', file(dictionary("'<f8'", "(), 'a': 'b'")), 'exactly descr, fortran_order and shape'],
    ['a missing key', file(`{'descr': '<f8', 'shape': ()}`, 8), 'exactly descr'],
    ['a key that is no text', file('{1: 2}'), 'expected a key'],
    ['no colon', file(`{'descr' '<f8'}`), "expected ':'"],
    ['no comma', file(`{'descr': '<f8' 'shape': ()}`), "expected ',' or '}'"],
    ['text after the dictionary', file(`${dictionary("'<f8'", '()')} x`, 8), 'nothing more'],
    ['an escape', file(dictionary("'\\x3cf8'", '()'), 8), 'expected a text'],
    ['an unknown order', file(dictionary("'?f8'", '()'), 8), "unknown descr '?f8'"],
    ['no byte order', file(dictionary("'|f8'", '()'), 8), 'without a byte order'],
    ['an order that is text', file(dictionary("'<f8'", '()', "'False'"), 8), 'exactly descr'],
    ['too few elements', file(dictionary("'<f8'", '(2,)'), 15), 'takes 16'],
    ['too many elements', file(dictionary("'<f8'", '(2,)'), 17), 'takes 16'],
    ['more elements than memory', file(dictionary("'<f8'", '(1000000000000,)'), 8), 'takes 8000000000000'],
    ['an overflowing shape', file(dictionary("'<f8'", '(4294967296, 4294967296, 0)')), 'can be counted'],
    ['an infinite extent', file(dictionary("'<f8'", `(${'9'.repeat(400)},)`)), 'whole numbers'],
    ['a boolean of 2', ((bytes) => bytes.fill(2, -1))(file(dictionary("'|b1'", '(1,)'), 1)), 'other than 0 and 1'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(refusal('format', message));
  });

  it('survives damage to every byte', async () => {
    for (const name of ['f8', 'i8', 'f2', 'b1', 'struct', 'version3']) {
      for (const bytes of damaged(fixture(`${name}.npy`))) {
        expect(['ok', 'format', 'dtype']).toContain(await outcome(() => readNpy(bytes)));
      }
    }
  });
});

describe('writeNpz', () => {
  it('is undone by readNpz', async () => {
    const names = fc.string({ unit: fc.constantFrom('a', '.', '/', 'é', '😀') });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, tensors), async (record) => {
        const read = await readNpz(writeNpz(record));
        expect(Object.keys(read)).toEqual(Object.keys(record));
        for (const name of Object.keys(record)) expect(content(read[name])).toEqual(content(record[name]));
      }),
    );
  });

  it('stores numbers as rank 0', async () => {
    const { rate } = await readNpz(writeNpz({ rate: 0.5 }));
    expect(content(rate)).toEqual({ dtype: 'f64', shape: [], elements: new Float64Array([0.5]) });
  });

  it.each<[string, object]>([
    ['nested values', { a: [tensor(1)] }],
    ['half of a surrogate pair', { '\ud800': 1 }],
    ['a name beyond 64 KiB', { ['a'.repeat(70_000)]: 1 }],
    ['too many members', Object.fromEntries(Array.from({ length: 0xffff }, (_, i) => [String(i), 1]))],
  ])('refuses %s', async (_, record) => {
    expect(await outcome(() => writeNpz(record as Record<string, Tensor>))).toBe('argument');
  });
});

describe('readNpz', () => {
  it.each(['stored', 'compressed'])('reads %s.npz, made by NumPy', async (name) => {
    const table = await readNpz(fixture(`${name}.npz`));
    expect(Object.keys(table)).toEqual(['weights', 'ramp', 'größe']);
    expect(table.weights.toArray()).toEqual(numbers);
    expect(table.ramp.toTypedArray()).toEqual(Int32Array.from({ length: 500 }, (_, i) => i));
    expect(content(table.größe)).toEqual({ dtype: 'f32', shape: [], elements: new Float32Array([2.5]) });
    expect(Object.getPrototypeOf(table)).toBeNull();
  });

  it('reads a file with a comment', async () => {
    const bytes = new Uint8Array([...writeNpz({ x: 1 }), ...ascii('hello')]);
    bytes[bytes.length - 5 - 2] = 5;
    expect((await readNpz(bytes)).x.item()).toBe(1);
  });

  // One member: local header of 30 + 5 bytes, 136 bytes of data, central entry of 46 + 5 at 171, end record at 222.
  const whole = writeNpz({ x: 1 });
  const central = 171;
  const end = 222;
  const changed = (...changes: (readonly [at: number, ...bytes: number[]])[]): Uint8Array => {
    const bytes = whole.slice();
    for (const [at, ...values] of changes) bytes.set(values, at);
    return bytes;
  };

  it.each<[string, Uint8Array, string]>([
    ['no zip', ascii('not a zip file, but long enough for one'), 'no end record'],
    ['zip64', changed([end + 16, 255, 255, 255, 255]), 'zip64'],
    ['a zip64 member', changed([central + 24, 255, 255, 255, 255]), 'zip64'],
    ['an encrypted member', changed([central + 8, 1]), 'encrypted'],
    ['another method', changed([central + 10, 12]), 'method 12'],
    ['several disks', changed([end + 4, 1]), 'split over several'],
    ['a directory elsewhere', changed([end + 16, central - 1]), 'not where it should be'],
    ['a directory that is none', changed([central, 0]), 'damaged at entry 0'],
    ['a name beyond the directory', changed([central + 28, 100]), 'cut short at entry 0'],
    ['an entry too few', changed([end + 8, 0], [end + 10, 0]), 'more than its entries'],
    ['a member elsewhere', changed([central + 42, 1]), 'no local header'],
    ['a member beyond the file', changed([central + 42, 0, 0, 0, 99]), 'no local header'],
    ['data into the directory', changed([central + 20, 137], [central + 24, 137]), 'into the central directory'],
    ['sizes that differ', changed([central + 24, 135]), 'cannot have 135 bytes'],
    ['another local name', changed([30, 121]), 'another name'],
    ['a name that is not UTF-8', changed([30, 255], [central + 46, 255]), 'not UTF-8'],
    ['another CRC-32', changed([central + 16, 0]), 'CRC-32'],
    ['damaged data', changed([30 + 5 + 130, 9]), 'CRC-32'],
    ['data that is not deflated', changed([central + 10, 8], [35, 7]), 'cannot be inflated'],
    ['a member that is no array', changed([34, 122], [central + 50, 122]), 'not a .npy file'],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(readNpz(bytes)).rejects.toEqual(refusal('format', message));
  });

  it('refuses a member twice, and members that overlap', async () => {
    const two = writeNpz({ x: 1, y: 2 });
    const [first, second] = [342, 342 + 51];
    expect(two[second + 46]).toBe('y'.charCodeAt(0));
    const twin = two.slice();
    twin[171 + 30] = twin[second + 46] = 'x'.charCodeAt(0);
    await expect(readNpz(twin)).rejects.toEqual(refusal('format', 'appears twice'));
    const overlap = two.slice();
    // The first member reaches into the second.
    overlap[first + 20] = overlap[first + 24] = 150;
    await expect(readNpz(overlap)).rejects.toEqual(refusal('format', 'overlaps'));
  });

  /** A file of one deflated member that claims to have `size` bytes. */
  function deflated(content: Uint8Array, size: number): Uint8Array {
    const packed = deflateRawSync(content);
    const bytes = new Uint8Array(35 + packed.length + 51 + 22);
    bytes.set(whole.subarray(0, 35));
    bytes.set(packed, 35);
    bytes.set(whole.subarray(central), 35 + packed.length);
    const view = new DataView(bytes.buffer);
    const directory = 35 + packed.length;
    bytes[directory + 10] = 8;
    view.setUint32(directory + 16, crc32(content), true);
    view.setUint32(directory + 20, packed.length, true);
    view.setUint32(directory + 24, size, true);
    view.setUint32(directory + 51 + 16, directory, true);
    return bytes;
  }

  it('stops at the size declared', async () => {
    const x = writeNpy(tensor(7));
    expect((await readNpz(deflated(x, x.length))).x.item()).toBe(7);
    await expect(readNpz(deflated(x, x.length - 1))).rejects.toEqual(refusal('format', 'more than the 135 bytes'));
    await expect(readNpz(deflated(x, x.length + 1))).rejects.toEqual(refusal('format', '137 declared'));
    const bomb = deflated(new Uint8Array(1 << 28), 1000);
    await expect(readNpz(bomb)).rejects.toEqual(refusal('format', 'more than the 1000 bytes'));
  });

  it('refuses sizes that deflate cannot reach, and sums beyond the limit', async () => {
    const x = writeNpy(tensor(7));
    await expect(readNpz(deflated(x, 1_000_000))).rejects.toEqual(refusal('format', 'cannot have 1000000 bytes'));
    await expect(readNpz(whole, { limit: 100 })).rejects.toEqual(refusal('format', 'larger limit'));
  });

  it('survives damage to every byte', async () => {
    const small = writeNpz({ x: 1, y: tensor([1, 2], { dtype: 'i32' }) });
    for (const bytes of [...damaged(small), ...damaged(fixture('compressed.npz'))]) {
      expect(['ok', 'format', 'dtype']).toContain(await outcome(() => readNpz(bytes)));
    }
  });
});
