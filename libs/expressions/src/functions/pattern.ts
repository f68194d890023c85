import { Frame } from "../evaluate/frame.ts";
import { Fault } from "../problem.ts";
import { type CharacterTest, isWordCode } from "./pattern-classes.ts";
import { type Assertion, type PatternNode, PatternParser } from "./pattern-parser.ts";

/**
 * Patterns of the language: RE2's syntax, matched in time proportional to text times pattern, for all inputs. The
 * engine of JavaScript backtracks, and one unlucky text could block the process for a day.
 *
 * A pattern becomes a list of instructions. All possible positions in it advance along the text together, and each
 * position is charged as a step.
 */

type Instruction =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  /** Continues at both places. */
  | { readonly kind: "fork"; first: number; second: number }
  | { readonly kind: "match" };

const instructionsMax = 10_000;
/** Parts that become no instructions can be repeated too: a pattern of 30 characters can have a billion of them. */
const visitsMax = 10 * instructionsMax;
const cache = new Map<string, readonly Instruction[]>();
const cachedMax = 256;

/** Returns whether the pattern matches anywhere in the text. */
export function matches(text: string, pattern: string, frame: Frame, at: number): boolean {
  return new Matching(compiled(pattern, frame, at), frame, at).run(text);
}

/** Result of a match outside of expressions. Undefined, with the problem, if there is none. */
export interface PatternOutcome {
  readonly matches: boolean | undefined;
  readonly problem: string;
  readonly stepsUsed: number;
}

/** Matches foreign texts against foreign patterns, such as those of JSON Schemas. */
export function matchesPattern(text: string, pattern: string, stepsMax: number): PatternOutcome {
  const frame = new Frame(() => undefined, stepsMax);
  try {
    return { matches: matches(text, pattern, frame, 0), problem: "", stepsUsed: frame.stepsUsed };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { matches: undefined, problem: fault.message, stepsUsed: frame.stepsUsed };
  }
}

/** Checks that a pattern is valid. For patterns that are known before evaluation. */
export function checkPattern(pattern: string, at: number): void {
  compile(pattern, new Output(at));
}

function compiled(pattern: string, frame: Frame, at: number): readonly Instruction[] {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const output = new Output(at);
  try {
    compile(pattern, output);
  } catch (fault) {
    // A loop that passes over faults pays for each of them.
    frame.charge(pattern.length + output.visits, at);
    throw fault;
  }
  const { program } = output;
  frame.charge(program.length, at);
  if (cache.size >= cachedMax) cache.clear();
  cache.set(pattern, program);
  return program;
}

/** The instructions of a pattern, up to the limits of a pattern. */
class Output {
  readonly at: number;
  readonly program: Instruction[] = [];
  visits = 0;

  constructor(at: number) {
    this.at = at;
  }

  /** Counts a part of the pattern before it becomes instructions. */
  visit(): void {
    if (this.program.length <= instructionsMax && this.visits++ < visitsMax) return;
    throw new Fault("too_large", this.at, "the pattern repeats too much", "smaller numbers in its braces");
  }
}

function compile(pattern: string, output: Output): void {
  emit(new PatternParser(pattern, output.at).parse(), output);
  output.program.push({ kind: "match" });
}

function emit(node: PatternNode, output: Output): void {
  output.visit();
  switch (node.kind) {
    case "character":
    case "assertion":
      output.program.push(node);
      return;
    case "sequence":
      for (const part of node.parts) emit(part, output);
      return;
    case "choice":
      emitChoice(node.parts, output);
      return;
    case "repeat":
      emitRepeat(node, output);
  }
}

function emitChoice(parts: readonly PatternNode[], output: Output): void {
  const { program } = output;
  const ends: { first: number; second: number }[] = [];
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const fork = { kind: "fork" as const, first: program.length + 1, second: -1 };
    if (!last) program.push(fork);
    emit(part, output);
    if (!last) {
      const end = { kind: "fork" as const, first: -1, second: -1 };
      program.push(end);
      ends.push(end);
      fork.second = program.length;
    }
  }
  for (const end of ends) {
    end.first = program.length;
    end.second = program.length;
  }
}

function emitRepeat({ of, min, max }: Extract<PatternNode, { kind: "repeat" }>, output: Output): void {
  const { program } = output;
  for (let times = 0; times < min; times++) emit(of, output);
  if (max === Number.POSITIVE_INFINITY) {
    const start = program.length;
    const fork = { kind: "fork" as const, first: start + 1, second: -1 };
    program.push(fork);
    emit(of, output);
    program.push({ kind: "fork", first: start, second: start });
    fork.second = program.length;
    return;
  }
  const forks: { second: number }[] = [];
  for (let times = min; times < max; times++) {
    const fork = { kind: "fork" as const, first: program.length + 1, second: -1 };
    program.push(fork);
    forks.push(fork);
    emit(of, output);
  }
  for (const fork of forks) fork.second = program.length;
}

class Matching {
  readonly #program: readonly Instruction[];
  readonly #frame: Frame;
  readonly #place: number;
  /** Instructions reached at each position. A number per position avoids clearing. */
  readonly #reached: Uint32Array;
  #round = 0;
  #visited = 0;

  constructor(program: readonly Instruction[], frame: Frame, place: number) {
    this.#program = program;
    this.#frame = frame;
    this.#place = place;
    this.#reached = new Uint32Array(program.length);
    frame.charge(program.length >>> 4, place);
  }

  run(text: string): boolean {
    let current: number[] = [];
    let before: number | undefined;
    for (let at = 0; ; ) {
      const code = text.codePointAt(at);
      this.#round += 1;
      const reached: number[] = [];
      // A match may start anywhere.
      for (const from of [...current, 0]) if (this.#follow(from, before, code, reached)) return true;
      this.#frame.charge(1 + (this.#visited >>> 2), this.#place);
      this.#visited = 0;
      if (code === undefined) return false;
      current = [];
      for (const index of reached) {
        const instruction = this.#program[index];
        if (instruction?.kind === "character" && instruction.test(code)) current.push(index + 1);
      }
      before = code;
      at += code > 0xffff ? 2 : 1;
    }
  }

  /** Adds all instructions that can match next. Returns true if the end of the pattern is among them. */
  #follow(from: number, before: number | undefined, after: number | undefined, reached: number[]): boolean {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#reached[index] === this.#round) continue;
      this.#reached[index] = this.#round;
      this.#visited += 1;
      const instruction = this.#program[index];
      if (instruction?.kind === "match") return true;
      if (instruction?.kind === "character") reached.push(index);
      else if (instruction?.kind === "fork") open.push(instruction.second, instruction.first);
      else if (instruction !== undefined && holds(instruction.assertion, before, after)) open.push(index + 1);
    }
    return false;
  }
}

const newline = 10;

function holds(assertion: Assertion, before: number | undefined, after: number | undefined): boolean {
  switch (assertion) {
    case "textStart":
      return before === undefined;
    case "textEnd":
      return after === undefined;
    case "lineStart":
      return before === undefined || before === newline;
    case "lineEnd":
      return after === undefined || after === newline;
    case "wordBoundary":
      return isWordCode(before) !== isWordCode(after);
    case "noWordBoundary":
      return isWordCode(before) === isWordCode(after);
  }
}
