/** Policies in a folder, `*.cedar`: an installation checks them, because Cedar is larger than the whole CLI. */
import type { DefinitionProblem, DefinitionText } from "@tutti/definitions";

export interface PolicySource {
  readonly policyId: string;
  readonly fileName: string;
  readonly text: string;
}

export function isPolicyFile(fileName: string): boolean {
  return /\.cedar$/i.test(fileName);
}

/**
 * A policy has the name of its file: of two files with one name in different folders only one would apply.
 */
export function policiesIn(files: readonly Omit<DefinitionText, "format">[]): {
  readonly policies: readonly PolicySource[];
  readonly problems: readonly DefinitionProblem[];
} {
  const policies = new Map<string, PolicySource>();
  const problems: DefinitionProblem[] = [];
  for (const { fileName, text } of files) {
    const policyId = /[^/\\]*$/.exec(fileName.replace(/\.cedar$/i, ""))?.[0] ?? "";
    const before = policies.get(policyId);
    if (before === undefined) policies.set(policyId, { policyId, fileName, text });
    else
      problems.push({
        severity: "error",
        code: "repeated_name",
        fileName,
        line: 1,
        column: 1,
        path: "",
        expected: "",
        message: `expected another name than that of ${before.fileName}, got a policy that would replace it`,
      });
  }
  return { policies: [...policies.values()], problems };
}
