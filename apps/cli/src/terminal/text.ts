/**
 * Measures and cuts texts for a terminal. All text of users and programs passes `safe` before it is printed: a name
 * with an escape sequence must not move the cursor, change a title or hide a line.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
const controls = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Returns text on one line, without control characters. */
export function safe(text: string): string {
  return text.replace(controls, (found) => {
    if (found === "\n") return "⏎";
    if (found === "\t") return " ";
    const code = found.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "␡" : "�";
  });
}

/** Returns the lines of a text, each safe. */
export function safeLines(text: string): string[] {
  return text.split(/\r?\n/).map(safe);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that this program writes itself
const sequences = /\u001b\[[0-9;]*m/g;
const narrow = /^[\u0020-\u007e]*$/;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const combining = /^(?:\p{Mn}|\p{Me}|\ufe0f)$/u;

/** Returns the columns that a text takes. Colours take none. */
export function widthOf(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const character of text.replace(sequences, "")) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): number {
  if (narrow.test(character)) return 1;
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Cuts a text to a width. `…` marks a cut. Not for texts with colours. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 1) return width === 1 ? "…" : "";
  let result = "";
  let used = 0;
  for (const character of text) {
    const characterWidth = widthOfCharacter(character);
    if (used + characterWidth > width - 1) break;
    result += character;
    used += characterWidth;
  }
  return `${result}…`;
}

/** Pads a text with spaces. Never cuts. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** Wraps words to lines of at most `width` columns. A wider word gets a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
