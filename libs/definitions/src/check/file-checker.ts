/** Checks the text of a file that is one document of a shape, such as a schedule or a trigger. */
import type { MembersShape } from "../language/shape.ts";
import { limits } from "../limits.ts";
import { type DefinitionProblem, Findings } from "../problem.ts";
import { readSource } from "../source/source.ts";
import type { DefinitionText } from "../source/text.ts";
import { located, nowhere } from "./located.ts";
import { isMembers, ShapeChecker } from "./shape-checker.ts";
import { Steps, StepsExhausted } from "./steps.ts";

export interface CheckedFile<Document> {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** The document, as far as its shape is valid. */
  readonly document: Document | undefined;
  readonly hasErrors: boolean;
}

/**
 * Returns a pattern for lines that start with one of these keys. A text without such a line is not parsed. No part of
 * the pattern before a key matches a line end, and no two adjacent parts match a blank: a file of blank lines would
 * take cubic time.
 */
export function keyLine(...keys: readonly string[]): RegExp {
  return new RegExp(`^[ \\t\\uFEFF]*(?:["'{][ \\t]*)?["']?(?:${keys.join("|")})["']?\\s*:`, "m");
}

/** Returns whether a text is a document with this key. */
export function hasKey(source: DefinitionText, key: string): boolean {
  if (source.text.length > limits.textLengthMax) return false;
  const { value } = readSource(source, new Findings(1));
  return isMembers(value) && Object.hasOwn(value, key);
}

/**
 * Checks a file and reports all problems together. Never throws because of the text. `more` checks rules that
 * a shape cannot express.
 */
export function checkFileText<Document>(
  source: DefinitionText,
  {
    shape,
    name,
    more,
  }: {
    readonly shape: MembersShape;
    readonly name: string;
    readonly more: (document: Document, findings: Findings) => void;
  },
): CheckedFile<Document> {
  const findings = new Findings(limits.problemsMax);
  const { fileName, text } = source;
  if (text.length > limits.textLengthMax) {
    const message = `expected at most ${limits.textLengthMax} characters, got ${text.length}`;
    findings.error("too_large", [], message);
    return { problems: located(findings, fileName, nowhere), document: undefined, hasErrors: true };
  }
  const { value, places } = readSource(source, findings);
  let document: Document | undefined;
  try {
    const checker = new ShapeChecker(findings, new Steps(), undefined);
    const cleaned = value === undefined ? undefined : checker.check(value, shape, []);
    if (isMembers(cleaned)) document = cleaned as unknown as Document;
  } catch (fault) {
    if (!(fault instanceof StepsExhausted)) throw fault;
    const message = `expected a ${name} that is checked in ${fault.stepsMax} steps, got a larger one`;
    findings.error("too_large", [], message);
  }
  if (document !== undefined) more(document, findings);
  return { problems: located(findings, fileName, places), document, hasErrors: findings.hasErrors };
}
