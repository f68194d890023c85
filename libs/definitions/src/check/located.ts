import { type DefinitionProblem, type Finding, type Findings, type Places, printPath } from "../problem.ts";

/** Places of a document without a text. */
export const nowhere: Places = { placeOf: () => undefined };

/** Returns the problems with their places in the text. */
export function located(findings: Findings, fileName: string, places: Places): DefinitionProblem[] {
  const problems = findings.list.map((finding) => locate(finding, fileName, places));
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  if (findings.droppedCount > 0) {
    const message = `${findings.droppedCount} more problems are not listed`;
    problems.push({
      severity: "warning",
      code: "too_many",
      fileName,
      line: 0,
      column: 0,
      path: "",
      message,
      expected: "",
    });
  }
  return problems;
}

function locate(
  { severity, code, path, key, at, message, expected }: Finding,
  fileName: string,
  places: Places,
): DefinitionProblem {
  const place = places.placeOf(path, {
    ...(key === undefined ? {} : { key }),
    ...(at === undefined ? {} : { at }),
  });
  return {
    severity,
    code,
    fileName,
    line: place?.line ?? 0,
    column: place?.column ?? 0,
    path: printPath(path),
    message,
    expected,
  };
}
