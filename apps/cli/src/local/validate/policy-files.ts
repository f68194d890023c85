/** Policies of a folder, `*.cedar`: checked by a platform, because Cedar is larger than this whole command. */
import { basename } from "node:path";
import type { DefinitionProblem } from "@tutti/definitions";
import type { Problem } from "@tutti/rest/types";

export interface PolicySource {
  readonly policyId: string;
  readonly fileName: string;
  readonly text: string;
}

export function isPolicyFile(fileName: string): boolean {
  return /\.cedar$/i.test(fileName);
}

/** A policy has the name of its file. */
export function policyIdOf(fileName: string): string {
  return basename(fileName).replace(/\.cedar$/i, "");
}

/** Of two policies with one name in different folders only one would hold. */
export function repeatedPolicies(files: readonly PolicySource[]): readonly DefinitionProblem[] {
  const first = new Map<string, string>();
  return files.flatMap(({ policyId, fileName }) => {
    const before = first.get(policyId);
    if (before === undefined) {
      first.set(policyId, fileName);
      return [];
    }
    const message = `expected another name than that of ${before}, found a policy that would take its place`;
    return [problemOf(fileName, "repeated_name", { message })];
  });
}

/** What the platform says of policies, as problems of their files. */
export function policyProblems(
  files: readonly PolicySource[],
  problems: readonly Problem[],
): readonly DefinitionProblem[] {
  return problems.map(({ fileName: policyId = "", code, ...problem }) => {
    const file = files.find((one) => one.policyId === policyId);
    return problemOf(file?.fileName ?? policyId, code || "wrong_policy", problem);
  });
}

function problemOf(
  fileName: string,
  code: string,
  { line = 1, column = 1, message = "", expected = "" }: Problem,
): DefinitionProblem {
  return { severity: "error", code, fileName, line, column, path: "", message, expected };
}
