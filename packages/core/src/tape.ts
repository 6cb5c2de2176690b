/**
 * The tape: one row per recorded operation, kept as parallel columns.
 *
 *     row   op       lhs  rhs   number
 *     0     leaf     0          3
 *     1     mul      0    0     9
 *     2     sin      1          0.412…
 *     3     general  0          –          nodes[0]: { matmul, operands, output, … }
 *     4     add      2    ~0    1.412…     the constant constants[0]
 *
 * A row refers only to earlier rows, so row order is a topological order and
 * sweeps are plain loops. A scalar operation fills nothing but its four cells
 * (18 bytes); a tensor operation, and any with parameters or more than two
 * operands, keeps a node at the side. A negative operand `~k` is the plain
 * number `constants[k]`, which takes no row and gets no cotangent.
 *
 * Values of other tapes enter as rows of their own: a leaf as a leaf row, an
 * intermediate result as a link row. Links lead to older tapes only (`serial`),
 * so a sweep goes through tapes newest first.
 *
 * @module
 */
import { byteSize, type Data, TapegradError } from '@tapegrad/kernels';
import type { OpDef } from './op.ts';
import type { Value } from './value.ts';

/** Codes of the rows that are not elementwise operations; operations count from {@link FIRST_OP}. */
export const LEAF = 0;
export const LINK = 1;
export const GENERAL = 2;
export const FIRST_OP = 3;

/**
 * A tape that holds more is closed at the next operation that starts afresh from leaves, so that the new tape needs
 * no link to it and it can be collected; or, if none comes, after {@link PATIENCE} more rows.
 */
const MAX_ROWS = 1 << 22;
const MAX_BYTES = 1 << 27;
export const PATIENCE = 1 << 16;
const MIN_CAPACITY = 64;

/** The record of an operation that does not fit the scalar columns. */
export interface Node {
  readonly def: OpDef;
  /** The row of each operand, or {@link CONSTANT}. */
  readonly rows: readonly number[];
  readonly primals: readonly Data[];
  readonly output: Data;
  readonly params: unknown;
}

/** In place of an operand's row: plain data. */
export const CONSTANT = -1;

/** What a leaf value owns: it outlives the tapes it appears on. */
export interface Leaf {
  readonly data: Data;
  readonly name: string | undefined;
  /** False for detached values, which never receive a gradient. */
  readonly isDifferentiable: boolean;
  grad: Data | undefined;
}

interface Columns {
  readonly ops: Uint16Array;
  readonly lhs: Int32Array;
  readonly rhs: Int32Array;
}

/**
 * - `open`: rows may be added
 * - `closed`: complete, may be swept
 * - `consumed`: swept by `backward()`; only results can be read
 * - `ended`: belonged to a call of a transform that has returned; nothing can be read
 */
export type TapeState = 'open' | 'closed' | 'consumed' | 'ended';

let serials = 0;

/** Capacity to begin the next tape with: that of the last, so that a steady loop never grows one. */
let lastCapacity = MIN_CAPACITY;
const pool: Columns[] = [];
const POOL_SIZE = 8;

export class Tape {
  /** Age: links lead to smaller serials. */
  readonly serial = serials++;
  length = 0;
  capacity: number;
  ops: Uint16Array;
  lhs: Int32Array;
  rhs: Int32Array;
  numbers: Float64Array;
  constants = new Float64Array(8);
  constantCount = 0;
  nodes: Node[] = [];
  /** Operand values of other tapes, by `lhs` of their leaf and link rows. */
  sources: Value[] = [];
  /** Rows of leaves and links, in the order of `sources`. */
  sourceRows: number[] = [];
  /** The row of each source, for those that do not know it themselves. */
  entered = new Map<Value, number>();
  bytes = 0;
  /** Rows when the tape was first found full. */
  fullAt = Infinity;
  state: TapeState = 'open';

  constructor(capacity = lastCapacity) {
    const columns = takeColumns(capacity);
    this.ops = columns.ops;
    this.lhs = columns.lhs;
    this.rhs = columns.rhs;
    this.capacity = this.ops.length;
    this.numbers = new Float64Array(this.capacity);
  }

  /** Appends a scalar row and returns its id. The caller has made sure of room. */
  push(op: number, lhs: number, rhs: number, number: number): number {
    const id = this.length++;
    this.ops[id] = op;
    this.lhs[id] = lhs;
    this.rhs[id] = rhs;
    this.numbers[id] = number;
    return id;
  }

  pushNode(node: Node): number {
    const { output } = node;
    this.nodes.push(node);
    this.bytes += byteSize(output) + 128;
    return this.push(GENERAL, this.nodes.length - 1, 0, typeof output === 'number' ? output : NaN);
  }

  /** Appends a leaf or link row for `source`. */
  pushSource(op: typeof LEAF | typeof LINK, source: Value, data: Data): number {
    this.sources.push(source);
    const id = this.push(op, this.sources.length - 1, 0, typeof data === 'number' ? data : NaN);
    this.sourceRows.push(id);
    return id;
  }

  /** Undoes `close`, for a tape to which nothing newer links. */
  reopen(): void {
    if (this.state === 'closed') this.state = 'open';
  }

  /** The operand code of a plain number. */
  constant(x: number): number {
    if (this.constantCount === this.constants.length) {
      this.constants = extended(this.constants, new Float64Array(this.constants.length * 2));
    }
    this.constants[this.constantCount] = x;
    return ~this.constantCount++;
  }

  /** Whether the tape has reached its bound. */
  get isFull(): boolean {
    return this.bytes >= MAX_BYTES || this.length >= MAX_ROWS;
  }

  /** Makes room for `rows` more. On a full tape for no others, so that the next operation asks again. */
  reserve(rows: number): void {
    if (this.length + rows > this.ops.length) {
      const columns = takeColumns(this.ops.length * 2 + rows);
      const old = { ops: this.ops, lhs: this.lhs, rhs: this.rhs };
      this.ops = extended(this.ops, columns.ops);
      this.lhs = extended(this.lhs, columns.lhs);
      this.rhs = extended(this.rhs, columns.rhs);
      this.numbers = extended(this.numbers, new Float64Array(this.ops.length));
      giveColumns(old);
    }
    this.capacity = this.isFull ? this.length + rows : this.ops.length;
  }

  /** The result of a row. */
  data(id: number): Data {
    switch (this.ops[id]) {
      case GENERAL:
        return this.nodes[this.lhs[id]].output;
      case LEAF:
      case LINK:
        return this.sources[this.lhs[id]].primal;
      default:
        return this.numbers[id];
    }
  }

  close(): void {
    if (this.state === 'open') this.state = 'closed';
  }

  /** After `backward()`: keeps the scalar results, which values may still read, and lets go of the rest. */
  consume(): void {
    this.state = 'consumed';
    this.release();
  }

  /** After a transform: lets go of everything. */
  end(): void {
    this.state = 'ended';
    this.release();
    this.numbers = NOTHING;
  }

  private release(): void {
    lastCapacity = Math.max(MIN_CAPACITY, Math.min(powerAbove(this.length), 1 << 20));
    giveColumns(this);
    this.ops = NO_OPS;
    this.lhs = this.rhs = NO_ROWS;
    this.capacity = 0;
    this.nodes = [];
    this.sources = [];
    this.sourceRows = [];
    this.entered = new Map();
  }
}

const NOTHING = new Float64Array(0);
const NO_OPS = new Uint16Array(0);
const NO_ROWS = new Int32Array(0);

function extended<T extends Uint16Array | Int32Array | Float64Array>(old: T, column: T): T {
  column.set(old);
  return column;
}

function powerAbove(n: number): number {
  return n <= 1 ? 1 : 2 ** (32 - Math.clz32(n - 1));
}

/** Columns of at least `capacity` rows. Their old content is never read: rows are written before they are swept. */
function takeColumns(capacity: number): Columns {
  const fit = pool.findIndex(({ ops }) => ops.length >= capacity && ops.length <= 4 * capacity);
  if (fit >= 0) return pool.splice(fit, 1)[0];
  return { ops: new Uint16Array(capacity), lhs: new Int32Array(capacity), rhs: new Int32Array(capacity) };
}

function giveColumns({ ops, lhs, rhs }: Columns): void {
  if (ops.length === 0) return;
  if (pool.length === POOL_SIZE) pool.shift();
  pool.push({ ops, lhs, rhs });
}

/** Why a tape can no longer be swept, as an error. */
export function unusable(what: string, state: TapeState): TapegradError {
  return state === 'ended'
    ? new TapegradError(
        'tape',
        `${what}: the value was made inside a call of grad, vjp or another transform that has returned; ` +
          'return it from the function (hasAux), or take its .data before the call ends',
      )
    : new TapegradError(
        'tape',
        `${what}: backward() has already consumed the tape that leads here; sum the losses and call backward() once, ` +
          'call backward(seed, { keepTape: true }) the first time, or detach() what is carried over',
      );
}
