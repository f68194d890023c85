import { asTyped } from "@tutti/kernel";
import type { Shell, Sink } from "../effects/shell.ts";
import { Frames, type FramesKind } from "../terminal/frames.ts";
import { drawJson } from "../terminal/json.ts";
import { type Style, styleOf } from "../terminal/style.ts";
import { type Column, drawFacts, drawTable, type Entry } from "../terminal/table.ts";

interface PrinterOptions {
  readonly hasColours: boolean;
  /** Not set: programs read standard output, so it has no colours, and no question is asked. */
  readonly isForPeople: boolean;
  /** Whether notes and progress are shown in addition to the output. */
  readonly hasNotes: boolean;
}

/** Prints lines, tables, values, notes and frames. */
export class Printer {
  readonly style: Style;
  /** The style of notes, errors and progress. */
  readonly errorStyle: Style;
  /** Whether a person reads the output and answers questions. */
  readonly canPrompt: boolean;
  readonly hasNotes: boolean;
  readonly #isForPeople: boolean;
  readonly #output: Sink;
  readonly #errors: Sink;
  readonly #isDumb: boolean;
  readonly #environment: Shell["environment"];

  constructor(
    {
      output,
      errors,
      isAnswered,
      environment,
    }: Pick<Shell, "output" | "errors" | "isAnswered" | "environment">,
    { hasColours, isForPeople, hasNotes }: PrinterOptions,
  ) {
    this.hasNotes = hasNotes;
    this.#isForPeople = isForPeople;
    this.canPrompt = isAnswered && isForPeople;
    this.#output = output;
    this.#errors = errors;
    this.#isDumb = environment["TERM"] === "dumb";
    this.#environment = environment;
    this.style = styleOf(output.hasColours && hasColours && isForPeople);
    this.errorStyle = styleOf(errors.hasColours && hasColours);
  }

  /** Columns of the terminal. No limit if the output is not a terminal. */
  get width(): number {
    return this.#output.isTerminal ? this.#output.columns : Number.POSITIVE_INFINITY;
  }

  get errorWidth(): number {
    return this.#errors.isTerminal ? this.#errors.columns : 100;
  }

  lines(lines: readonly string[]): void {
    if (lines.length > 0) this.#output.write(`${this.typed(lines.join("\n"))}\n`);
  }

  line(line: string): void {
    this.lines([line]);
  }

  /** Prints text unchanged, for programs that read it: a completion, a source. */
  text(text: string): void {
    this.#output.write(text);
  }

  table(columns: readonly Column[], rows: readonly (readonly Entry[])[]): void {
    this.lines(drawTable(columns, rows, this));
  }

  facts(facts: readonly (readonly [string, Entry | undefined])[]): void {
    this.lines(drawFacts(facts, this));
  }

  /** Prints a value under its name. Undefined prints nothing. */
  section(name: string, value: unknown): void {
    if (value === undefined) return;
    const width = Math.min(this.width, 100) - 2;
    const lines = drawJson(value, { style: this.style, width });
    this.lines(["", this.style.dim(name)]);
    // A value is printed unchanged.
    this.text(lines.map((line) => `  ${line}\n`).join(""));
  }

  /** Prints for people before the outcome: a plan, before the question about it. Programs read only the outcome. */
  preview(draw: () => void): void {
    if (this.#isForPeople) draw();
  }

  /** Prints a line on standard error for people. Prints nothing with `--json` or `--quiet`. */
  note(line: string): void {
    if (this.hasNotes) this.#errors.write(`${this.typed(line)}\n`);
  }

  /** Prints lines on standard error for every reader. */
  errorLines(lines: readonly string[]): void {
    this.#errors.write(`${this.typed(lines.join("\n"))}\n`);
  }

  /** Returns a text with its commands as the user types them. */
  typed(text: string): string {
    return this.hasNotes ? asTyped(text, this.#environment) : text;
  }

  /**
   * Returns the frames of a progress: in place on a terminal, lines elsewhere, none with `--json` or `--quiet`.
   *
   * @param isEnabled `true` shows progress to every reader, `false` to none. Default: as notes
   */
  frames(on: "output" | "errors", isEnabled = this.hasNotes): Frames {
    const sink = on === "output" ? this.#output : this.#errors;
    const kind: FramesKind = !isEnabled ? "none" : sink.isTerminal && !this.#isDumb ? "drawn" : "lines";
    return new Frames(sink, { kind, style: on === "output" ? this.style : this.errorStyle });
  }
}
