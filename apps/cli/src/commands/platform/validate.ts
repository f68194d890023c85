import type { DefinitionProblem } from "@tutti/definitions";
import { counted } from "@tutti/kernel";
import type { Problem } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition, type SourceFile } from "../../local/definition-file.ts";
import { connect } from "../../server/server.ts";
import { drawProblem } from "../../terminal/problems.ts";
import { safe } from "../../terminal/text.ts";

interface Checked {
  readonly problems: readonly DefinitionProblem[];
  readonly checked: readonly Pick<SourceFile, "fileName" | "text">[];
  readonly skipped: readonly string[];
}

/** Checks all files of a folder together, each by its kind: here, or where that is wanted by a platform, which knows more. */
export async function validate(context: Context): Promise<Result> {
  const { values, shell, print, version } = context;
  const folder = values.optionalArgument("FOLDER") ?? ".";
  const { isPolicyFile, mayBeChecked, validate: checkHere } = await import("@tutti/validation");
  const names = await shell.filesIn(folder).catch(() => {
    throw usageFailure(`Folder \`${safe(folder)}\` not found.`, [
      ["tutti validate .", "checks the current folder"],
    ]);
  });
  const againstInstallation = values.flag("against");
  const isOnline = values.flag("online") || againstInstallation;
  const policies = names.filter(isPolicyFile);
  const wanted = [...names.filter(mayBeChecked), ...(isOnline ? policies : [])];
  const files = await Promise.all(wanted.map((name) => readDefinition(name, shell)));
  const { problems, checked, skipped } = isOnline
    ? await checkThere(context, files, againstInstallation)
    : checkHere(files);
  const unasked = isOnline ? [] : policies;
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (values.flag("sarif")) {
    const { sarifOf } = await import("../../local/validate/sarif.ts");
    print.json(sarifOf(problems, version));
  } else if (print.isJson) {
    const names = checked.map(({ fileName }) => fileName);
    print.json({ checked: names, skipped: [...skipped, ...unasked], problems, ok: errors === 0 });
  } else {
    const texts = new Map(checked.map(({ fileName, text }) => [fileName, text]));
    const drawn = { style: print.style, width: Math.min(print.width, 120) };
    for (const problem of problems)
      print.lines([...drawProblem(problem, texts.get(problem.fileName) ?? "", drawn), ""]);
    const mark = errors === 0 ? print.style.green("✓") : print.style.red("✗");
    const rest = skipped.length === 0 ? "" : `, ${skipped.length} of unknown kind skipped`;
    if (!print.isQuiet)
      print.line(
        `${mark} ${counted(checked.length, "file")} checked, ${counted(errors, "error")}, ${counted(problems.length - errors, "warning")}${rest}`,
      );
    if (unasked.length > 0)
      print.note(`${unasked.length} policies were not checked. Check them with --online.`);
  }
  return errors === 0 ? exitCodes.completed : exitCodes.failed;
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
