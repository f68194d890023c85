import { type DefinitionProblem, formatWithoutPlace } from "@tutti/definitions";
import { counted } from "@tutti/kernel";
import type { Problem } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { type Advice, Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Shell } from "../../effects/shell.ts";
import { readDefinition, type SourceFile } from "../../local/definition-file.ts";
import { connect } from "../../server/server.ts";
import { drawProblem } from "../../terminal/problems.ts";
import { safe } from "../../terminal/text.ts";

interface Checked {
  readonly problems: readonly DefinitionProblem[];
  readonly checked: readonly Pick<SourceFile, "fileName" | "text">[];
  readonly skipped: readonly string[];
}

/** Checks all files of a folder, each by its kind: here, or on request by a platform, which knows more. */
export async function validate(context: Context): Promise<Result> {
  const { values, shell, print, version } = context;
  const folder = values.optionalArgument("FOLDER") ?? ".";
  const { isPolicyFile, mayBeChecked, validate: checkHere } = await import("@tutti/validation");
  const names = await namesIn(shell, folder);
  const againstInstallation = values.flag("against");
  const isOnline = values.flag("online") || againstInstallation;
  const policies = names.filter(isPolicyFile);
  const fileNames = [...names.filter(mayBeChecked), ...(isOnline ? policies : [])];
  const files = await Promise.all(fileNames.map((name) => readDefinition(name, shell)));
  const { problems, checked, skipped } = isOnline
    ? await checkThere(context, files, againstInstallation)
    : checkHere(files);
  const unasked = isOnline ? [] : policies;
  if (checked.length === 0 && problems.length === 0)
    throw nothingChecked(context, { skipped, policies: unasked });
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const exitCode = errors === 0 ? exitCodes.completed : exitCodes.failed;
  if (values.flag("sarif")) {
    const sarif = sarifOf(problems, version);
    return { json: sarif, draw: () => print.line(JSON.stringify(sarif)), exitCode };
  }
  const texts = new Map(checked.map(({ fileName, text }) => [fileName, text]));
  const page = { style: print.style, width: Math.min(print.width, 120) };
  const lines = problems.flatMap((problem) => [
    ...drawProblem(problem, texts.get(problem.fileName) ?? "", page),
    "",
  ]);
  return {
    json: {
      checked: checked.map(({ fileName }) => fileName),
      skipped: [...skipped, ...unasked],
      problems,
      ok: errors === 0,
    },
    quiet: lines,
    draw: () => {
      print.lines(lines);
      const mark = errors === 0 ? print.style.green("✓") : print.style.red("✗");
      const rest = skipped.length === 0 ? "" : `, ${skipped.length} of unknown kind skipped`;
      print.line(
        `${mark} ${counted(checked.length, "file")} checked, ${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}${rest}`,
      );
      if (skipped.length > 0) print.note(`Not checked: ${skippedText(skipped)}.`);
      if (unasked.length > 0)
        print.note(`${unasked.length} policies were not checked. Check them with --online.`);
    },
    exitCode,
  };
}

/** Returns the failure if there is no file to check. A mistyped folder must not pass as valid. */
function nothingChecked(
  { values, shell }: Context,
  { skipped, policies }: { readonly skipped: readonly string[]; readonly policies: readonly string[] },
): Failure {
  const folder = values.optionalArgument("FOLDER") ?? ".";
  const online: readonly Advice[] =
    policies.length === 0 ? [] : [[`tutti validate ${folder} --online`, "checks policies on the platform"]];
  const message = shell.isFile(folder)
    ? `\`${safe(folder)}\` was not checked.`
    : `No files to check in \`${safe(folder)}\`.`;
  return new Failure(message, {
    why: [
      ...(skipped.length === 0 ? [] : [`Unknown kind: ${skippedText(skipped)}.`]),
      ...(policies.length === 0 ? [] : [`Only a platform checks policies: ${skippedText(policies)}.`]),
    ],
    next: [...online, ["tutti help validate", "lists the kinds of files"]],
    exitCode: exitCodes.usage,
    code: "nothing_checked",
  });
}

const skippedMax = 10;

function skippedText(skipped: readonly string[]): string {
  const rest = skipped.length - skippedMax;
  return [...skipped.slice(0, skippedMax).map(safe), ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

/** Returns the files of a folder, or a single file. */
async function namesIn(shell: Shell, name: string): Promise<readonly string[]> {
  if (shell.isFile(name)) return [name];
  return shell.filesIn(name).catch(() => {
    throw usageFailure(`No file or folder \`${safe(name)}\`.`, [
      ["tutti validate .", "checks the current folder"],
    ]);
  });
}

const filesMax = 1_000;

async function checkThere(
  context: Context,
  files: readonly SourceFile[],
  againstInstallation: boolean,
): Promise<Checked> {
  if (files.length === 0) return { problems: [], checked: [], skipped: [] };
  if (files.length > filesMax)
    throw usageFailure(`A platform checks at most ${filesMax} files, got ${files.length}.`, [
      ["tutti validate definitions --online", "checks a part"],
      ["tutti validate .", "checks all files without a platform"],
    ]);
  const server = await connect(context);
  const body = { files: files.map(({ fileName, text }) => ({ fileName, text })), againstInstallation };
  const reply = await server.call("files.validate", { query: server.namespace, body });
  const skipped = new Set(reply.skippedFiles);
  return {
    problems: reply.problems.map(problemOf),
    checked: files.filter(({ fileName }) => !skipped.has(fileName)),
    skipped: reply.skippedFiles,
  };
}

function problemOf(problem: Problem): DefinitionProblem {
  const { severity, code = "", fileName = "", line = 0, column = 0, path = "", message = "" } = problem;
  const level = severity === "error" || severity === "critical" ? "error" : "warning";
  const { expected = "" } = problem;
  return { severity: level, code, fileName, line, column, path, message, expected };
}

const levels = { error: "error", warning: "warning" } as const;

/** Returns problems as SARIF 2.1.0, which forges show next to the lines. */
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
  // A region starts at line 1. A problem without a line is about the whole file.
  const region = line > 0 ? { region: { startLine: line, startColumn: Math.max(1, column) } } : {};
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: levels[severity],
    message: { text: formatWithoutPlace(problem) },
    locations: [{ physicalLocation: { artifactLocation: { uri }, ...region } }],
  };
}
