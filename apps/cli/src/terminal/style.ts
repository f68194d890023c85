/** Colours and weights. The eight colours are of the terminal's own palette, so that they fit light and dark themes. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
  magenta(text: string): string;
  cyan(text: string): string;
}

export type Tone = keyof Style | "plain";

const codes: Readonly<Record<keyof Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};

const plain = (text: string): string => text;

const paint =
  (name: keyof Style) =>
  (text: string): string => {
    const [on, off] = codes[name];
    // Empty text gets no colour codes.
    return text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`;
  };

export function styleOf(hasColours: boolean): Style {
  const of = (name: keyof Style): ((text: string) => string) => (hasColours ? paint(name) : plain);
  return {
    bold: of("bold"),
    dim: of("dim"),
    red: of("red"),
    green: of("green"),
    yellow: of("yellow"),
    blue: of("blue"),
    magenta: of("magenta"),
    cyan: of("cyan"),
  };
}

export const withoutColours: Style = styleOf(false);

export function toned(style: Style, tone: Tone, text: string): string {
  return tone === "plain" ? text : style[tone](text);
}
