import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readSafetensors, readSafetensorsTree, writeSafetensors } from '../../src/formats/safetensors.ts';
import { Tensor, tensor } from 'tapegrad';
import { ascii, content, damaged, fixture, outcome, tensors } from './helpers.ts';

/** A file with this header, however wrong, and so many bytes of data. */
function file(header: string, data = 0, length = new TextEncoder().encode(header).length): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

function one(dtype: string, shape: string, offsets: string): string {
  return `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
}

const names = fc.string({ unit: fc.constantFrom('a', 'b', '0', '1', ' ', '"', '\\', 'é', '\uffee', '😀') });

describe('writeSafetensors', () => {
  it('is undone by readSafetensors', () => {
    const tables = fc.dictionary(fc.oneof(names, fc.constantFrom('constructor', 'toString')), tensors);
    fc.assert(
      fc.property(tables, fc.dictionary(names, names), (table, metadata) => {
        const read = readSafetensors(writeSafetensors(table, { metadata }));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(table).sort());
        for (const name of Object.keys(table)) expect(content(read.tensors[name])).toEqual(content(table[name]));
      }),
    );
  });

  it('is undone by readSafetensorsTree, for random trees', () => {
    const { tree } = fc.letrec((tie) => ({
      branch: fc.oneof(
        { depthSize: 'small' },
        fc.dictionary(fc.string({ unit: fc.constantFrom('a', 'b', 'c') }), tie('tree'), { maxKeys: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
      tree: fc.oneof({ depthSize: 'small', maxDepth: 4 }, tensors, fc.double(), fc.constant(null), tie('branch')),
    }));
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 3 }), (like) => {
        expect(readSafetensorsTree(writeSafetensors(like), { like })).toEqual(like.map(rowMajor));
      }),
    );
  });

  it('writes the very bytes of the reference implementation', () => {
    const bytes = fixture('numpy.safetensors');
    const { tensors, metadata } = readSafetensors(bytes);
    expect(writeSafetensors(tensors, { metadata })).toEqual(new Uint8Array(bytes));
  });

  it('aligns every tensor', () => {
    const bytes = writeSafetensors({ a: tensor([true]), b: tensor([1]), c: tensor([1], { dtype: 'f32' }) });
    const start = 8 + bytes[8 - 8] + 256 * bytes[1];
    expect(start % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, start))).toMatch(/^\{"b":.*"c":.*"a":.*\} *$/);
  });

  it.each<[string, object, object]>([
    ['a tensor named __metadata__', { __metadata__: tensor(1) }, {}],
    ['half of a surrogate pair', { '\ud800': tensor(1) }, {}],
    ['metadata that is not text', {}, { metadata: { epoch: 3 } }],
  ])('refuses %s', async (_, tree, options) => {
    expect(await outcome(() => writeSafetensors(tree, options))).toBe('argument');
  });
});

/** As it is after being written: row-major. */
function rowMajor(tree: unknown): unknown {
  if (tree instanceof Tensor) return new Tensor(tree.toTypedArray(), tree.dtype, tree.shape);
  if (Array.isArray(tree)) return tree.map(rowMajor);
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, rowMajor(child)]));
}

describe('readSafetensors', () => {
  it('reads what Python writes from NumPy arrays', () => {
    const { tensors, metadata } = readSafetensors(fixture('numpy.safetensors'));
    expect(metadata.format).toBe('np');
    expect(tensors['layers.0.weight'].toArray()).toEqual([
      [1.5, -2],
      [Math.fround(0.1), Infinity],
    ]);
    expect(tensors['layers.0.bias'].toArray()).toEqual([1, -0]);
    expect(tensors['layers.1.weight'].shape).toEqual([0, 3]);
    expect(tensors.step.toArray()).toBe(7);
    expect(tensors.mask.toArray()).toEqual([true, false, true]);
    expect(tensors['naïve 😀'].toArray()).toEqual([2.5]);
  });

  it('reads what Python writes from PyTorch tensors, half precision exactly', () => {
    const { tensors } = readSafetensors(fixture('torch.safetensors'));
    const third = 0x555 * 2 ** -12;
    const halves = [0, -0, 1, -1.5, 65504, 2 ** -24, -(2 ** -14), third, Infinity, -Infinity, NaN];
    expect(content(tensors.f16)).toEqual({ dtype: 'f32', shape: [11], elements: new Float32Array(halves) });
    const brains = [0, -0, 1, -1.5, 65536, 2 ** -24, -(2 ** -14), 0xab * 2 ** -9, Infinity, -Infinity];
    const last = [0xe2 * 2 ** 120, 2 ** -133];
    expect(content(tensors.bf16)).toEqual({
      dtype: 'f32',
      shape: [12],
      elements: new Float32Array([...brains, ...last]),
    });
    const integers = ['i8', 'u8', 'i16', 'u16', 'u32', 'i64', 'u64'].map((name) => tensors[name]);
    expect(integers.every((x) => x.dtype === 'i32')).toBe(true);
    expect(integers.map((x) => x.toArray())).toEqual([
      [-128, 127],
      [0, 255],
      [-32768, 32767],
      [0, 65535],
      [0, 2 ** 31 - 1],
      [-(2 ** 31), 2 ** 31 - 1],
      [0, 2 ** 31 - 1],
    ]);
  });

  it('restores the tree that the names spell', () => {
    const tree = readSafetensorsTree(fixture('numpy.safetensors')) as { layers: { weight: Tensor }[] };
    expect(tree.layers.map(({ weight }) => weight.shape)).toEqual([
      [2, 2],
      [0, 3],
    ]);
  });

  it('takes an ArrayBuffer, and a view that starts anywhere', () => {
    const bytes = writeSafetensors({ x: tensor([1, 2]) });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readSafetensors(shifted.subarray(3)).tensors.x.toArray()).toEqual([1, 2]);
    expect(readSafetensors(bytes.buffer as ArrayBuffer).tensors.x.toArray()).toEqual([1, 2]);
  });

  it('refuses what is no array of bytes', async () => {
    expect(await outcome(() => readSafetensors('file.safetensors' as never))).toBe('argument');
  });

  it('says that 64-bit integers do not fit', () => {
    expect(() => readSafetensors(fixture('big.safetensors'))).toThrow('element 1 is 2147483648');
  });

  it('says that 8-bit floats are not read', async () => {
    expect(await outcome(() => readSafetensors(fixture('f8.safetensors')))).toBe('dtype');
  });

  it('makes tables on which no name is special', () => {
    const header = '{"__proto__":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"__metadata__":{"__proto__":"a"}}';
    const { tensors, metadata } = readSafetensors(file(header, 8));
    expect(Object.keys(tensors)).toEqual(['__proto__']);
    expect(Object.keys(metadata)).toEqual(['__proto__']);
    expect(tensors.constructor).toBeUndefined();
    expect(Object.getPrototypeOf(tensors)).toBeNull();
  });

  it.each<[string, Uint8Array, string]>([
    ['no bytes', new Uint8Array(0), 'too few'],
    ['an empty header', file(''), "start with '{'"],
    ['a header beyond the file', file('{}', 0, 3), 'claims 3 bytes, but 2 follow'],
    ['a header beyond the limit', file('{}', 0, 100_000_001), '100000000 allowed'],
    ['a header of 2^63 bytes', file('{}', 0, 2 ** 63), '100000000 allowed'],
    ['a header that is an array', file('[]'), "start with '{'"],
    ['a header after a byte order mark', file('\ufeff{}'), "start with '{'"],
    ['no JSON', file('{x}'), 'not JSON: expected a string at character 1'],
    ['JSON with a comma too many', file('{"__metadata__":{},}'), 'not JSON'],
    ['text after the JSON', file('{} x'), 'nothing more'],
    ['half of a surrogate pair', file('{"\\ud800":1}'), 'surrogate'],
    ['JSON that is too deep', file(`{"x":${'['.repeat(100_000)}`), 'nested deeper'],
    ['no UTF-8', file('{"\ufffd":1}').map((byte) => (byte === 0xef ? 0xff : byte)), 'not UTF-8'],
    ['a name twice', file(`{"x":${one('F32', '[]', '[0,4]').slice(5, -1)},"x":1}`, 4), '"x" appears twice'],
    ['a name twice, in disguise', file('{"x":1,"\\u0078":1}'), '"x" appears twice'],
    ['a dtype twice', file('{"x":{"dtype":"F32","dtype":"F64"}}'), '"dtype" appears twice'],
    ['metadata that is a list', file('{"__metadata__":[]}'), 'object of texts'],
    ['metadata that is a number', file('{"__metadata__":{"a":1}}'), "'a' must be text"],
    ['a tensor that is a number', file('{"x":1}'), 'not described by an object'],
    ['no dtype', file('{"x":{}}'), 'has no dtype'],
    ['an unknown dtype', file(one('F33', '[]', '[0,4]'), 4), "dtype 'F33'"],
    ['a dtype of Object.prototype', file(one('constructor', '[]', '[0,4]'), 4), "dtype 'constructor'"],
    ['no shape', file('{"x":{"dtype":"F32"}}'), 'has no shape'],
    ['a negative extent', file(one('F32', '[-1]', '[0,4]'), 4), 'shape [-1]'],
    ['half an extent', file(one('F32', '[0.5]', '[0,2]'), 2), 'shape [0.5]'],
    ['an extent as text', file(one('F32', '["1"]', '[0,4]'), 4), 'whole numbers'],
    ['a huge extent', file(one('F32', '[1e400]', '[0,4]'), 4), 'whole numbers'],
    ['an overflowing shape', file(one('F32', '[4294967296,4294967296,4294967296]', '[0,0]')), 'can be counted'],
    ['an overflow hidden by 0', file(one('F32', '[4294967296,4294967296,0]', '[0,0]')), 'can be counted'],
    ['very many axes', file(one('F32', `[${'1,'.repeat(99)}1]`, '[0,4]'), 4), '100 axes'],
    ['no offsets', file('{"x":{"dtype":"F32","shape":[]}}'), 'data_offsets of two'],
    ['three offsets', file(one('F32', '[]', '[0,4,8]'), 8), 'data_offsets of two'],
    ['negative offsets', file(one('F32', '[]', '[-4,0]')), 'data_offsets of two'],
    ['offsets the wrong way round', file(one('F32', '[]', '[4,0]'), 4), 'takes 4 bytes'],
    ['offsets that do not match the shape', file(one('F32', '[3]', '[0,8]'), 8), 'takes 12 bytes'],
    ['offsets beyond the data', file(one('F32', '[2]', '[0,8]'), 7), 'ends at byte 8 of 7'],
    ['a huge tensor', file(one('F32', '[1000000000000]', '[0,4000000000000]'), 8), 'cut short'],
    ['data left over', file(one('F32', '[2]', '[0,8]'), 9), 'no bytes may be left over'],
    ['a hole', file(one('F32', '[2]', '[4,12]'), 12), 'leaves a hole'],
    [
      'overlap',
      file(`${one('U8', '[4]', '[0,4]').slice(0, -1)},"y":${one('U8', '[4]', '[2,6]').slice(5)}`, 6),
      'overlaps',
    ],
    ['a boolean of 2', ((bytes) => bytes.fill(2, -1))(file(one('BOOL', '[1]', '[0,1]'), 1)), 'other than 0 and 1'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(
      expect.objectContaining({ code: 'format', message: expect.stringContaining(message) }),
    );
  });

  it('survives damage to every byte', async () => {
    const tree = { a: tensor([1, 2]), b: [tensor([true]), tensor([[3]], { dtype: 'i32' })] };
    const written = writeSafetensors(tree, { metadata: { k: 'v' } });
    for (const bytes of [...damaged(written), ...damaged(fixture('torch.safetensors'))]) {
      expect(['ok', 'format', 'dtype']).toContain(await outcome(() => readSafetensorsTree(bytes)));
    }
  });

  it('survives random headers', async () => {
    const parts = fc.constantFrom(
      ...'{}[]":,0123456789-.e\\u x'.split(''),
      '"x":',
      '"dtype":"F32"',
      '"shape":[',
      'null',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts), async (text) => {
        expect(['ok', 'format', 'dtype']).toContain(await outcome(() => readSafetensors(file(`{${text.join('')}`))));
      }),
      { numRuns: 1000 },
    );
    expect(await outcome(() => readSafetensors(ascii('a text file, not tensors')))).toBe('format');
  });
});
