/**
 * IDX, the format of MNIST and its kin.
 *
 * ```text
 * 2 bytes   0 0
 * 1 byte    element type
 * 1 byte    rank
 * 4 each    extents, big-endian
 * the rest  elements, row-major and big-endian
 * ```
 *
 * @see http://yann.lecun.com/exdb/mnist/ ("the IDX file format")
 * @module
 */
import { Tensor } from 'tapegrad';
import { countOf, dtypeOf, type Kind, readElements, widthOf } from '../formats/elements.ts';
import { badFile, type Bytes } from '../formats/platform.ts';
import { type InflateOptions, maybeGunzip } from './gzip.ts';

const kinds: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [0x08, 'u8'],
  [0x09, 'i8'],
  [0x0b, 'i16'],
  [0x0c, 'i32'],
  [0x0d, 'f32'],
  [0x0e, 'f64'],
]);

/**
 * The tensor of an IDX file, such as MNIST's `train-images-idx3-ubyte`, plain or
 * gzipped.
 *
 * Shapes  the file's: MNIST images [n, 28, 28], labels [n]
 * Dtypes  unsigned and signed bytes, 16- and 32-bit integers → i32; floats → f32, doubles → f64
 *
 * Errors: `format` for another magic number, an unknown element type, a length
 * that does not match the extents, and bad gzip data.
 *
 * @example
 * const labels = await readIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]));
 * console.log(labels.toArray()); // [5, 0, 4]
 */
export async function readIdx(bytes: Bytes, options: InflateOptions = {}): Promise<Tensor> {
  const op = 'readIdx';
  const data = await maybeGunzip(op, bytes, options);
  if (data.length < 4 || data[0] !== 0 || data[1] !== 0) {
    throw badFile(op, 'the file does not start with two zero bytes, a type and a rank; it is not IDX');
  }
  const kind = kinds.get(data[2]);
  if (kind === undefined) throw badFile(op, `the file has elements of type ${data[2]}; 8, 9, 11 to 14 are known`);
  const rank = data[3];
  const start = 4 + 4 * rank;
  if (data.length < start) throw badFile(op, `the file has ${data.length} bytes, too few for ${rank} extents`);
  const view = new DataView(data.buffer, data.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = countOf(op, 'the file', shape) * widthOf(kind);
  if (data.length - start !== size) {
    throw badFile(op, `the file has ${data.length - start} bytes of elements, but shape [${shape}] takes ${size}`);
  }
  return new Tensor(readElements(op, 'the file', kind, data.subarray(start), false), dtypeOf(kind), shape);
}
