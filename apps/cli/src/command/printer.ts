import type { Shell, Sink } from "../effects/shell.ts";
import { drawJson } from "../terminal/json.ts";
import { type Style, styleOf } from "../terminal/style.ts";
import { type Column, drawFacts, drawTable, type Entry } from "../terminal/table.ts";

/** How a command tells: for people or for programs, with or without words around it. */
export class Printer {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly style: Style;
  /** Of what is said beside the output. */
  readonly errorStyle: Style;
  readonly #output: Sink;
  readonly #errors: Sink;

  constructor(
    { output, errors }: Pick<Shell, "output" | "errors">,
    {
      isJson,
      isQuiet,
      noColours,
    }: { readonly isJson: boolean; readonly isQuiet: boolean; readonly noColours: boolean },
  ) {
    this.isJson = isJson;
    this.isQuiet = isQuiet;
    this.#output = output;
    this.#errors = errors;
    this.style = styleOf(output.hasColours && !noColours && !isJson);
    this.errorStyle = styleOf(errors.hasColours && !noColours);
  }

  /** Columns there are. Without limit when the output is no terminal. */
  get width(): number {
    return this.#output.isTerminal ? this.#output.columns : Number.POSITIVE_INFINITY;
  }

  get errorWidth(): number {
    return this.#errors.isTerminal ? this.#errors.columns : 100;
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#output.write(`${lines.join("\n")}\n`);
  }

  line(line: string): void {
    this.lines([line]);
  }

  /** Text as it is, for programs that read it: a completion, a source. */
  text(text: string): void {
    this.#output.write(text);
  }

  /** A document, or one of several lines. */
  json(value: unknown): void {
    const isForPeople = this.#output.isTerminal;
    this.#output.write(`${JSON.stringify(value, undefined, isForPeople ? 2 : undefined)}\n`);
  }

  /** One line of a stream of documents. */
  jsonLine(value: unknown): void {
    this.#output.write(`${JSON.stringify(value)}\n`);
  }

  table(columns: readonly Column[], rows: readonly (readonly Entry[])[]): void {
    this.lines(drawTable(columns, rows, this));
  }

  facts(facts: readonly (readonly [string, Entry | undefined])[]): void {
    this.lines(drawFacts(facts, this));
  }

  /** A value under its name. Undefined prints nothing. */
  section(name: string, value: unknown): void {
    if (value === undefined) return;
    const width = Math.min(this.width, 100) - 2;
    const lines = drawJson(value, { style: this.style, width });
    this.lines(["", this.style.dim(name), ...lines.map((line) => `  ${line}`)]);
  }

  /** For people, beside the output. Not when programs read, nor when quiet was asked for. */
  note(line: string): void {
    if (!this.isJson && !this.isQuiet) this.#errors.write(`${line}\n`);
  }

  /** What must be said, to every reader. */
  errorLines(lines: readonly string[]): void {
    this.#errors.write(`${lines.join("\n")}\n`);
  }
}
