/** Reads the files of a folder with its settings and variables. Files of an environment override the others. */
import { counted } from "@tutti/kernel";
import type { ApplySettings } from "@tutti/validation";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, type SourceProblem, usageFailure } from "../../command/failure.ts";
import type { Applied } from "../../local/check-applied.ts";
import { readDefinition, type SourceFile } from "../../local/definition-file.ts";
import { safe } from "../../terminal/text.ts";

export interface Folder {
  readonly documents: readonly Applied[];
  readonly warnings: readonly SourceProblem[];
  readonly settings: ApplySettings;
  /** JSON files of the folder that describe nothing of the platform: `package.json`. */
  readonly skipped: readonly string[];
}

/** Files of a folder that are not applied. */
const otherFile = /(?:\.(?:agents|rules|schema)\.(?:ya?ml|json)|(?:^|[/\\])tutti\.(?:ya?ml|json))$/i;

export async function readFolder(context: Context): Promise<Folder> {
  const { values, shell } = context;
  const { applySettingsName, fillVariables, readApplySettings } = await import("@tutti/validation");
  const environment = values.text("environment");
  const { names, found } = await fileNames(context);
  const isSettings = (name: string) => name.split(/[/\\]/).at(-1) === applySettingsName;
  const [settingsName, another] = names.filter(isSettings);
  if (another !== undefined)
    throw usageFailure(`Only one ${applySettingsName} counts, got ${settingsName} and ${another}.`);
  if (settingsName === undefined && environment !== undefined)
    throw usageFailure(`--environment needs a folder with ${applySettingsName}.`);
  const problems: SourceProblem[] = [];
  let settings: ApplySettings = { variables: {} };
  if (settingsName !== undefined) {
    const file = await readDefinition(settingsName, shell);
    const read = readApplySettings(file, environment);
    problems.push(...read.problems.map((problem) => ({ problem, text: file.text })));
    // Without the variables, all files that read them would have errors too.
    if (read.settings === undefined) throw withErrors(problems);
    settings = read.settings;
  }
  const base = settingsName?.slice(0, -applySettingsName.length) ?? "";
  const environmentOf = (name: string): string | undefined =>
    settingsName !== undefined && name.startsWith(`${base}environments/`)
      ? (name.slice(`${base}environments/`.length).split("/")[0] ?? "")
      : undefined;
  const selected = names.filter((name) => {
    const of = environmentOf(name);
    return !isSettings(name) && (of === undefined || of === environment);
  });
  const { describesSomething } = await import("../../local/check-applied.ts");
  const files: SourceFile[] = [];
  const skipped: string[] = [];
  for (const file of await Promise.all(
    selected.map((name) => readDefinition(name, shell, { isMany: true })),
  )) {
    if (found.has(file.fileName) && file.format === "json" && !describesSomething(file)) {
      skipped.push(file.fileName);
      continue;
    }
    if (settingsName === undefined || !file.fileName.startsWith(base)) {
      files.push(file);
      continue;
    }
    const filled = fillVariables(file, settings.variables);
    problems.push(...filled.problems.map((problem) => ({ problem, text: file.text })));
    files.push(filled.file);
  }
  const isOver = (name: string) => environmentOf(name) !== undefined;
  return { ...(await requireCorrect(files, problems, isOver)), settings, skipped };
}

/** Returns the named files, and the files found in named folders. */
async function fileNames({ values, shell }: Context): Promise<{
  readonly names: readonly string[];
  readonly found: ReadonlySet<string>;
}> {
  const names: string[] = [];
  const all: string[] = [];
  for (const name of [...values.manyArguments("FILE|FOLDER"), ...values.texts("file")]) {
    if (name === "-" || shell.isFile(name)) {
      names.push(name);
      continue;
    }
    // A file that cannot be read fails later, when it is read.
    const inside = await shell.filesIn(name).catch(() => undefined);
    const found = inside?.filter((file) => /\.(?:ya?ml|json)$/i.test(file) && !otherFile.test(file)) ?? [
      name,
    ];
    if (found.length === 0)
      throw usageFailure(`Folder \`${safe(name)}\` has no YAML or JSON file.`, [
        "Pass a file or folder with definitions of workflows, schedules, triggers and resources.",
      ]);
    names.push(...found);
    if (inside !== undefined) all.push(...found);
  }
  if (names.length === 0)
    throw usageFailure("Pass a file or folder.", [["tutti apply shop/", "applies all files of a folder"]]);
  return { names: [...new Set(names)], found: new Set(all) };
}

/** Throws with all errors of the whole set, each with its line. */
async function requireCorrect(
  files: readonly SourceFile[],
  found: readonly SourceProblem[],
  isOver: (fileName: string) => boolean,
): Promise<Pick<Folder, "documents" | "warnings">> {
  const { checkDocuments } = await import("../../local/check-applied.ts");
  const all = files.flatMap((file) =>
    checkDocuments(file).map((document) => ({ ...document, text: file.text })),
  );
  const ofSeverity = (wanted: string) =>
    all.flatMap(({ problems, text }) =>
      problems.filter(({ severity }) => severity === wanted).map((problem) => ({ problem, text })),
    );
  const errors = [...found, ...ofSeverity("error")];
  if (errors.length > 0) throw withErrors(errors);
  const applied = all.flatMap((document) => document.applied ?? []);
  const first = new Map<string, Applied>();
  // Documents of the environment replace those of the folder.
  for (const item of [
    ...applied.filter(({ file }) => !isOver(file.fileName)),
    ...applied.filter(({ file }) => isOver(file.fileName)),
  ]) {
    const { kind, id, file } = item;
    const other = first.get(`${kind}/${id}`)?.file.fileName;
    if (other !== undefined && isOver(other) === isOver(file.fileName))
      throw nothingApplied(`The ${kind} \`${id}\` is in the files twice: ${other} and ${file.fileName}.`);
    first.set(`${kind}/${id}`, item);
  }
  return { documents: [...first.values()], warnings: ofSeverity("warning") };
}

function withErrors(errors: readonly SourceProblem[]): Failure {
  return nothingApplied(`${counted(errors.length, "error")} in the files.`, { problems: errors });
}

export function nothingApplied(
  message: string,
  parts: Partial<Pick<Failure, "problems" | "next" | "cause">> = {},
): Failure {
  return new Failure(`${message} Nothing was changed.`, {
    exitCode: exitCodes.refused,
    code: "not_applied",
    ...parts,
  });
}
