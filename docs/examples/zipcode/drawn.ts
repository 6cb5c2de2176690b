/**
 * Digits drawn by the example itself, for those who have no data: strokes on a seven-segment frame, slanted, scaled
 * and moved by chance.
 */
import { tensor } from 'tapegrad';
import { mulberry32 } from './network.ts';
import type { Digits } from './training.ts';

type Point = readonly [number, number];

/** The segments, from corner to corner of a frame of width 1 and height 2. */
const SEGMENTS: readonly (readonly [Point, Point])[] = [
  [
    [0, 0],
    [1, 0],
  ],
  [
    [0, 0],
    [0, 1],
  ],
  [
    [1, 0],
    [1, 1],
  ],
  [
    [0, 1],
    [1, 1],
  ],
  [
    [0, 1],
    [0, 2],
  ],
  [
    [1, 1],
    [1, 2],
  ],
  [
    [0, 2],
    [1, 2],
  ],
];

/** Which segments each digit has. */
const STROKES = ['012456', '25', '02346', '02356', '1235', '01356', '013456', '025', '0123456', '012356'];

/** `count` digits, the same for the same seed. */
export function drawDigits(count: number, seed: number): Digits {
  const random = mulberry32(seed);
  const images = new Float64Array(count * 256).fill(-1);
  const labels = Int32Array.from({ length: count }, () => Math.floor(random() * 10));
  labels.forEach((label, k) => {
    const [width, height] = [5 + 2 * random(), 5 + random()];
    const slant = (random() - 0.5) * 2;
    const [left, top] = [4 + 2 * random(), 2 + 2 * random()];
    for (const name of STROKES[label]) {
      const [[x0, y0], [x1, y1]] = SEGMENTS[Number(name)];
      for (let t = 0; t <= 1; t += 0.05) {
        const [u, v] = [x0 + t * (x1 - x0), y0 + t * (y1 - y0)];
        const column = Math.round(left + u * width + slant * (1 - v));
        const row = Math.round(top + v * height);
        if (column >= 0 && column < 16 && row >= 0 && row < 16) images[k * 256 + row * 16 + column] = 1;
      }
    }
  });
  return { images: tensor(images, { shape: [count, 16, 16] }), labels: tensor(labels) };
}
