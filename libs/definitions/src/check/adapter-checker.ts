import { type AdapterDocument, adapterKinds, adapter as shape } from "../language/adapter-shape.ts";
import { type DefinitionProblem, Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import { checkFileText, hasKey, keyLine } from "./file-checker.ts";

export interface CheckedAdapter {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly adapter: AdapterDocument | undefined;
}

const adapterLine = keyLine("adapter");

/** Returns whether a text is an adapter, by its first key. JSON of other programs often has such a key. */
export function isAdapterText(text: DefinitionText): boolean {
  if (!adapterLine.test(text.text) || !hasKey(text, "adapter")) return false;
  if (text.format === "json") return adapterKinds.some((kind) => hasKey(text, kind));
  return Object.keys(readSource(text, new Findings(1)).value as object)[0] === "adapter";
}

/** Checks the text of an adapter and reports all problems together. Never throws because of the text. */
export function checkAdapterText(text: DefinitionText): CheckedAdapter {
  const { problems, document, hasErrors } = checkFileText<AdapterDocument>(text, {
    shape,
    name: "adapter",
    more: () => {},
  });
  return { problems, adapter: hasErrors ? undefined : document };
}

/** Returns the references of an adapter to the worker's machine: `env:NAME`, `file:/path`. */
export function referencesIn(value: unknown): readonly string[] {
  if (typeof value === "string") return /^(?:env|file):./.test(value) ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.values(value).flatMap(referencesIn))];
}
