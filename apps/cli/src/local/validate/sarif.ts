/** Problems as SARIF 2.1.0 has them, which forges show beside the lines. */
import { type DefinitionProblem, printWords } from "@tutti/definitions";

const levels = { error: "error", warning: "warning" } as const;

export function sarifOf(problems: readonly DefinitionProblem[], version: string): object {
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "tutti validate", version, rules: codes.map((id) => ({ id })) } },
        columnKind: "utf16CodeUnits",
        results: problems.map((problem) => resultOf(problem, codes)),
      },
    ],
  };
}

function resultOf(problem: DefinitionProblem, codes: readonly string[]): object {
  const { severity, code, fileName, line, column } = problem;
  const uri = encodeURI(fileName.replaceAll("\\", "/").replace(/^\.\//, ""));
  // A region starts at 1: what has no place is about the whole file.
  const region = line > 0 ? { region: { startLine: line, startColumn: Math.max(1, column) } } : {};
  return {
    ...{ ruleId: code, ruleIndex: codes.indexOf(code), level: levels[severity] },
    message: { text: printWords(problem) },
    locations: [{ physicalLocation: { artifactLocation: { uri }, ...region } }],
  };
}
