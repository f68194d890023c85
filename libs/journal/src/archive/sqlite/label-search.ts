import type { LabelCondition } from "../port.ts";
import { type BlockParts, part } from "./index/block-parts.ts";
import { isShape } from "./index/label-shapes.ts";
import { labelEdge, labelMiddle, plainText, textEdge, various } from "./index/lines.ts";

/** No line matches. */
export const noLines = new Uint8Array(0);

interface LabelTest {
  matches(text: string): boolean;
  /** Occurs in a shape if the condition depends on a value that the shape leaves out. */
  readonly open: string | undefined;
  /** Every matching text contains one of these. */
  readonly required: readonly Buffer[] | undefined;
}

/** Result for a shape, or a text of that shape: it matches, does not match, or that is open. */
const verdict = { no: 0, yes: 1, open: 2 } as const;

/** The label conditions of a search. */
export class LabelFilter {
  readonly #tests: readonly LabelTest[];

  constructor(conditions: readonly LabelCondition[]) {
    this.#tests = conditions.map(testOf);
  }

  /**
   * Returns a 1 for each of a block's labels that match. Undefined if all match. Shapes are checked first, if there are
   * any. Required parts are searched among the bytes: that settles most blocks, and few texts of the others are
   * decoded.
   */
  among(parts: BlockParts, block: number, words: readonly string[]): Uint8Array | undefined {
    if (this.#tests.length === 0) return;
    const shapes = words.filter(isShape);
    const verdicts = shapes.map((shape) => this.#verdictOn(shape));
    if (verdicts.length > 0 && !verdicts.includes(verdict.open)) {
      if (!verdicts.includes(verdict.yes)) return noLines;
      if (!verdicts.includes(verdict.no)) return;
      return Uint8Array.from(parts.labelShapes(block), (shape) => verdicts[shape] ?? verdict.no);
    }
    // The parts that shapes decide occur too often for a search.
    const open = this.#tests.filter(
      (test) => shapes.length === 0 || shapes.some((shape) => isOpen(test, shape)),
    );
    return this.#amongTexts(parts, block, open, verdicts);
  }

  #verdictOn(shape: string): number {
    const isMatch = this.#tests.every((test) => isOpen(test, shape) || test.matches(shape));
    if (!isMatch) return verdict.no;
    return this.#tests.some((test) => isOpen(test, shape)) ? verdict.open : verdict.yes;
  }

  #amongTexts(
    parts: BlockParts,
    block: number,
    open: readonly LabelTest[],
    verdicts: readonly number[],
  ): Uint8Array {
    const bytes = parts.buffer(block, part.labels);
    for (const { required } of open) {
      if (required === undefined) continue;
      const hits = hitsOf(bytes, required);
      if (hits?.length === 0) return noLines;
      if (hits !== undefined) return this.#amongHits(parts.labelPlaces(block), bytes, hits);
    }
    const texts = bytes.toString().split(textEdge);
    const shapes = verdicts.length > 0 ? parts.labelShapes(block) : undefined;
    const matching = flags(texts.length);
    for (let number = 0; number < texts.length; number++) {
      const known = shapes === undefined ? verdict.open : verdicts[shapes[number] as number];
      matching[number] =
        known === verdict.open ? this.#verdictOfText(texts[number] ?? "") : (known ?? verdict.no);
    }
    return matching;
  }

  #amongHits(places: Float64Array, bytes: Buffer, hits: readonly number[]): Uint8Array {
    const matching = flags(places.length);
    for (const hit of hits) {
      const number = lastBefore(places, hit);
      const end = places[number + 1] ?? bytes.length + 1;
      matching[number] = this.#verdictOfText(bytes.toString("utf8", places[number], end - 1));
    }
    return matching.includes(1) ? matching : noLines;
  }

  #verdictOfText(text: string): number {
    return this.#tests.every(({ matches }) => matches(text)) ? verdict.yes : verdict.no;
  }
}

const nameText = (name: string): string => `${labelEdge}${plainText(name)}${labelMiddle}`;
const valueTexts = ({ name, values }: { name: string; values: readonly string[] }): string[] =>
  values.map((value) => `${nameText(name)}${plainText(value)}${labelEdge}`);

function testOf(condition: LabelCondition): LabelTest {
  const name = nameText(condition.name);
  if (condition.kind === "exists") {
    return { matches: (text) => text.includes(name), open: undefined, required: [Buffer.from(name)] };
  }
  if (condition.kind === "absent")
    return { matches: (text) => !text.includes(name), open: undefined, required: undefined };
  const texts = valueTexts(condition);
  const isEquals = condition.kind === "equals";
  const matches = (text: string): boolean => texts.some((value) => text.includes(value)) === isEquals;
  return {
    matches,
    open: `${name}${various}${labelEdge}`,
    required: isEquals ? texts.map((text) => Buffer.from(text)) : undefined,
  };
}

function isOpen({ open }: LabelTest, shape: string): boolean {
  return open !== undefined && shape.includes(open);
}

function flags(count: number): Uint8Array {
  return new Uint8Array(Math.max(1, count));
}

/** Returns the places of these parts. Undefined if they are too many to check each. */
function hitsOf(bytes: Buffer, patterns: readonly Buffer[]): number[] | undefined {
  const hits: number[] = [];
  for (const pattern of patterns) {
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      if (hits.push(at) > hitsMax) return;
    }
  }
  return hits;
}

const hitsMax = 128;

/** Returns the last of these ascending places that is not behind a place. */
function lastBefore(places: Float64Array, place: number): number {
  let low = 0;
  let high = places.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((places[middle] as number) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
