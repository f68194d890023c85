/**
 * The common parts of the labels of a block: each text without the values of names that have many values. A million
 * different labels have only a few shapes. So a search for the names of a line, or for a name with few values, reads
 * the shapes instead of every text.
 */
import { labelEdge, labelMiddle, various } from "./lines.ts";

export interface LabelShapes {
  /** Each starts with an edge, which distinguishes it from other words. */
  readonly shapes: readonly string[];
  /** The shape of each text. */
  readonly numbers: Float64Array<ArrayBuffer>;
}

/** With fewer texts, each text is checked instead. */
const textsMin = 256;
const shapesMax = 128;
/** Values of names with more values are left out. If that gives too many shapes, all values are left out. */
const valuesMaxOfTries = [12, 0];

/** Undefined if shapes are not worth it. */
export function shapesOf(texts: readonly string[]): LabelShapes | undefined {
  if (texts.length < textsMin) return;
  const labels = texts.map((text) => text.split(labelEdge));
  const values = valuesOf(labels);
  for (const valuesMax of valuesMaxOfTries) {
    const found = shapesWith(labels, values, valuesMax);
    if (found !== undefined) return found;
  }
  return;
}

/** Returns whether a word of a block is a shape. */
export function isShape(word: string): boolean {
  return word.startsWith(labelEdge);
}

function shapesWith(
  texts: readonly (readonly string[])[],
  values: ReadonlyMap<string, ReadonlySet<string>>,
  valuesMax: number,
): LabelShapes | undefined {
  const all = new Map<string, number>();
  const numbers = new Float64Array(texts.length);
  for (const [index, labels] of texts.entries()) {
    let shape: string = labelEdge;
    for (const label of labels) {
      if (label === "") continue;
      const name = nameOf(label);
      const isKnown = (values.get(name)?.size ?? 0) <= valuesMax;
      shape += isKnown ? label + labelEdge : name + labelMiddle + various + labelEdge;
    }
    let number = all.get(shape);
    if (number === undefined) {
      if (all.size === shapesMax) return;
      number = all.size;
      all.set(shape, number);
    }
    numbers[index] = number;
  }
  return { shapes: [...all.keys()], numbers };
}

/** Returns the values of each name, but only slightly more than are needed. */
function valuesOf(texts: readonly (readonly string[])[]): Map<string, Set<string>> {
  const most = Math.max(...valuesMaxOfTries);
  const values = new Map<string, Set<string>>();
  for (const labels of texts) {
    for (const label of labels) {
      if (label === "") continue;
      const name = nameOf(label);
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([label]));
      else if (known.size <= most) known.add(label);
    }
  }
  return values;
}

function nameOf(label: string): string {
  return label.slice(0, label.indexOf(labelMiddle));
}
