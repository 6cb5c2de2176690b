/**
 * A `Formula` is an operand that only writes down what happens to it. Calling a
 * derivative rule with formulas yields its LaTeX (for the docs) and its
 * JavaScript (for compiled sweeps and fused kernels), so a rule is never
 * written twice.
 *
 * @module
 */

export class Formula {
  readonly latex: string;
  readonly js: string;
  /** Binding strength of the outermost operator: 1 sum, 2 product, 3 atom. */
  readonly precedence: number;

  constructor(latex: string, js: string, precedence = 3) {
    this.latex = latex;
    this.js = js;
    this.precedence = precedence;
  }

  static of(operand: unknown): Formula {
    if (operand instanceof Formula) return operand;
    if (typeof operand !== 'number') throw new TypeError('a formula cannot contain a tensor or a value');
    return new Formula(latexNumber(operand), `(${operand})`, operand < 0 ? 1 : 3);
  }
}

const CONSTANTS: readonly (readonly [number, string])[] = [
  [Math.LN2, '\\ln 2'],
  [Math.LN10, '\\ln 10'],
  [2 / Math.sqrt(Math.PI), '\\frac{2}{\\sqrt\\pi}'],
  [1 / Math.sqrt(2 * Math.PI), '\\frac{1}{\\sqrt{2\\pi}}'],
  [Math.SQRT1_2, '\\frac{1}{\\sqrt 2}'],
];

function latexNumber(x: number): string {
  const known = CONSTANTS.find(([constant]) => constant === x);
  return known === undefined ? String(x).replace('Infinity', '\\infty') : known[1];
}

/** How an operation is typeset, as a template over its operands `x`, `y`, `z`. */
export interface Notation {
  readonly template: string;
  /** Binding strength of the result; operands that bind weaker get parentheses. Default 3, an atom. */
  readonly precedence?: number;
  /** Set where the notation delimits its operands itself, as `\frac{x}{y}` does. */
  readonly delimits?: boolean;
}

const NAMES = ['x', 'y', 'z'];

export function typeset(
  { template, precedence = 3, delimits = false }: Notation,
  operands: readonly Formula[],
): string {
  const written = operands.map((operand, position) => {
    // The right operand of `-` needs parentheses even at equal strength.
    const weak =
      operand.precedence < precedence || (position === 1 && operand.precedence === precedence && precedence < 3);
    return weak && !delimits ? `(${operand.latex})` : operand.latex;
  });
  return template.replace(/(?<![a-zA-Z\\])[xyz](?![a-zA-Z])/g, (name) => written[NAMES.indexOf(name)]);
}
