import { type SourceDocument, source as shape, sourceKinds } from "../language/source-shape.ts";
import type { DefinitionProblem } from "../problem.ts";
import type { DefinitionText } from "../source/text.ts";
import { checkFileText, hasKey } from "./file-checker.ts";

export interface CheckedSource {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly source: SourceDocument | undefined;
}

/** Returns whether a text is a source. Other files have a key `source` too. */
export function isSourceText(text: DefinitionText): boolean {
  return hasKey(text, "source") && sourceKinds.some((kind) => hasKey(text, kind));
}

/** Checks the text of a source and reports all problems together. Never throws because of the text. */
export function checkSourceText(text: DefinitionText): CheckedSource {
  const { problems, document, hasErrors } = checkFileText<SourceDocument>(text, {
    shape,
    name: "source",
    more: () => {},
  });
  return { problems, source: hasErrors ? undefined : document };
}
