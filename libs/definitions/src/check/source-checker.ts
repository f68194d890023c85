import { type SourceDocument, source as shape, sourceKinds } from "../language/source-shape.ts";
import type { DefinitionProblem, Findings } from "../problem.ts";
import type { DefinitionText } from "../source/text.ts";
import { checkFileText, hasKey } from "./file-checker.ts";

export interface CheckedSource {
  /** In the order of the source. */
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly source: SourceDocument | undefined;
}

/** Returns whether a text is that of a source. Other files have a key `source` too. */
export function isSourceText(text: DefinitionText): boolean {
  return hasKey(text, "source") && sourceKinds.some((kind) => hasKey(text, kind));
}

/** Checks the text of a source and finds every problem at once. Never throws because of the text. */
export function checkSourceText(text: DefinitionText): CheckedSource {
  const { problems, document, hasErrors } = checkFileText<SourceDocument>(text, {
    ...{ shape, name: "source" },
    more: checkReferences,
  });
  return { problems, source: hasErrors ? undefined : document };
}

const secretKeys = ["url", "credentials", "privateKey", "accessKey", "secretKey", "bearer"];
/** Their addresses have no passwords. */
const plainAddresses = new Set(["s3", "prometheus"]);

/** An address with a password does not belong into a file. */
function checkReferences(document: SourceDocument, findings: Findings): void {
  for (const kind of sourceKinds) {
    const settings: Readonly<Record<string, unknown>> = { ...document[kind] };
    for (const key of secretKeys) {
      const value = settings[key];
      if (typeof value !== "string" || (plainAddresses.has(kind) && key === "url")) continue;
      if (!/^(env|file):./.test(value))
        findings.error("wrong_form", [kind, key], "expected a reference, found a value", {
          expected: "`env:NAME` or `file:/path`",
        });
    }
  }
}
