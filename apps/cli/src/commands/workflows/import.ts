/** Prints definitions from the file of another tool, and lists what has no counterpart. */
import type { Untranslated } from "@tutti/definitions/import";
import { counted } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { unreadable } from "../../server/address.ts";
import { safe } from "../../terminal/text.ts";

export async function importFile(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const [kind, file] = [values.argument("KIND"), values.argument("FILE")];
  const text = await shell.readText(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const { imported, yaml } = await importerOf(context, kind, file, text);
  const { documents, untranslated } = imported;
  return {
    json: { documents, untranslated },
    quiet: documents.map((document) => {
      const { schedule, workflow } = document as { readonly schedule?: string; readonly workflow?: string };
      return schedule === undefined ? `workflow/${workflow}` : `schedule/${schedule}`;
    }),
    draw: () => {
      print.line(documents.map(yaml).join("---\n").trimEnd());
      for (const line of untranslatedLines(file, untranslated)) print.note(safe(line));
    },
  };
}

/** Lists what needs an action by line, then bookkeeping with one line for each reason. */
export function untranslatedLines(file: string, untranslated: readonly Untranslated[]): readonly string[] {
  const toDo = untranslated.filter(({ isBookkeeping }) => !isBookkeeping);
  const byReason = Map.groupBy(
    untranslated.filter(({ isBookkeeping }) => isBookkeeping),
    ({ reason }) => reason,
  );
  const lines = [
    ...toDo.map(
      ({ line, construct, reason }) => `${file}:${line}: \`${construct}\` is not translated: ${reason}`,
    ),
    ...[...byReason].map(
      ([reason, list]) =>
        `${file}: nothing to do, ${reason}: ${[...new Set(list.map(({ construct }) => `\`${construct}\``))].join(", ")}`,
    ),
  ];
  if (toDo.length > 0) lines.push(`${counted(toDo.length, "construct")} not translated.`);
  return lines;
}

async function importerOf({ values }: Context, kind: string, file: string, text: string) {
  const importing = await import("@tutti/definitions/import");
  const { importCrontab, importMakefile, NotImported } = importing;
  const { printDefinition } = await import("@tutti/definitions");
  const timeZone = values.text("time-zone");
  const importers: Readonly<Record<string, () => ReturnType<typeof importCrontab>>> = {
    crontab: () =>
      importCrontab(text, {
        hasUser: values.flag("user-field"),
        ...(timeZone !== undefined && { timeZone }),
      }),
    makefile: () => importMakefile(text, file),
    "github-actions": () => importing.importGithubActions(text),
    "step-functions": () => importing.importStepFunctions(text, file),
    n8n: () => importing.importN8n(text, file),
    "serverless-workflow": () => importing.importServerlessWorkflow(text),
    bpmn: () => importing.importBpmn(text, file),
    airflow: () => importing.importAirflow(text),
    temporal: () => importing.importTemporal(text),
  };
  const importer = Object.hasOwn(importers, kind) ? importers[kind] : undefined;
  const refuse = (message: string) =>
    new Failure(message, { exitCode: exitCodes.refused, code: "not_imported" });
  if (importer === undefined)
    throw refuse(`Kind \`${kind}\` not found. Kinds: ${Object.keys(importers).join(", ")}.`);
  try {
    return {
      imported: importer(),
      yaml: (document: Parameters<typeof printDefinition>[0]) => printDefinition(document, "yaml"),
    };
  } catch (error) {
    if (error instanceof NotImported)
      throw refuse(`${file} cannot be imported as ${kind}: ${error.message}.`);
    throw error;
  }
}
