/**
 * Writes the resources of the platform as a folder of files. A file is written only if reading it gives the same
 * resource again, so that `tutti apply` of the folder changes nothing. Lists the resources that files cannot describe.
 */

import type { printDefinition } from "@tutti/definitions";
import { differencesOf } from "@tutti/definitions/differences";
import { counted } from "@tutti/kernel";
import type { Definition, Schedule, Trigger } from "@tutti/rest/types";
import { isInPool } from "@tutti/validation";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import {
  type CheckedDocument,
  checkDocuments,
  isAsApplied,
  omittedFields,
} from "../../local/check-applied.ts";
import { scheduleDocument, triggerDocument } from "../../local/printed-document.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { adapterIn, adapterName, isAdapter } from "../adapters/launched.ts";
import { withoutOwner } from "./owner.ts";
import { listed, listResources, resourceKindNames } from "./resources.ts";
import { readVariants } from "./variants.ts";

interface Exported {
  readonly kind: string;
  readonly id: string;
  readonly extension: "yaml" | "json";
  readonly text: string;
}

interface Skipped {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

export async function exportFolder(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const folder = values.argument("FOLDER").replace(/\/+$/, "");
  const server = await connect(context);
  const found = await everything(server);
  const names = new Map<string, Exported>();
  for (const entry of found.filter((each): each is Exported => "text" in each)) {
    const base = `${entry.kind}-${entry.id.replaceAll(/[^A-Za-z0-9._-]/g, "-")}`;
    let name = `${base}.${entry.extension}`;
    for (let count = 2; names.has(name); count++) name = `${base}-${count}.${entry.extension}`;
    names.set(name, entry);
  }
  const skipped = found.filter((entry): entry is Skipped => "reason" in entry);
  await shell.makeFolder(folder);
  for (const [name, { text }] of names) await shell.writeText(`${folder}/${name}`, text);
  return {
    json: {
      files: [...names].map(([name, { kind, id }]) => ({ file: `${folder}/${name}`, kind, id })),
      notExported: skipped,
    },
    quiet: [...names.keys()].map((name) => `${folder}/${name}`),
    draw: () => {
      print.line(`${print.style.green("✓")} ${counted(names.size, "file")} in ${safe(folder)}`);
      for (const { kind, id, reason } of skipped)
        print.note(`${kind} ${safe(id)} is not exported: ${reason}`);
    },
    exitCode: skipped.length === 0 ? exitCodes.completed : exitCodes.failed,
  };
}

async function everything(server: Server): Promise<readonly (Exported | Skipped)[]> {
  const { printDefinition } = await import("@tutti/definitions");
  const all: (Exported | Skipped)[] = [];
  for (const kind of resourceKindNames)
    for (const { id, spec, paused } of (await listResources(server, kind)).values()) {
      const own = id.slice(id.indexOf("/") + 1);
      const document = {
        [kind]: isInPool(kind) ? own : id,
        ...withoutOwner(spec),
        ...(kind === "pool" && paused && { paused }),
      };
      const text = printDefinition(document as never, "yaml");
      const [read] = checkDocuments({ format: "yaml", text, fileName: id });
      const applied = read?.applied;
      const reason =
        applied !== undefined && "resource" in applied
          ? omittedText(differencesOf(withoutOwner(spec), applied.resource.spec).map(({ path }) => path))
          : notRead(read);
      all.push(reason === undefined ? { kind, id, extension: "yaml", text } : { kind, id, reason });
    }
  for (const { id, spec } of (await listResources(server, "scaler", isAdapter)).values()) {
    const name = adapterName(id);
    const { spec: own } = adapterIn(name, spec);
    const { pool, ...document } = withoutOwner(own);
    const text = printDefinition({ adapter: name, pool, ...document } as never, "yaml");
    const [read] = checkDocuments({ format: "yaml", text, fileName: id });
    all.push(
      read?.applied === undefined
        ? { kind: "adapter", id, reason: notRead(read) }
        : { kind: "adapter", id, extension: "yaml", text },
    );
  }
  for await (const { name, versionLabels } of listed<Definition>(server, "workflows.list", "definitions")) {
    const mayVary = versionLabels.includes("old") || versionLabels.includes("new");
    const variants = mayVary ? await readVariants(server, name) : undefined;
    if (variants !== undefined) {
      all.push(exportedVariant(name, variants, printDefinition));
      continue;
    }
    const { source } = await server.call("workflows.get", {
      params: { name },
      query: { ...server.namespace, withSource: true, withoutLiveCount: true },
    });
    if (source?.text === undefined || (source.format !== "yaml" && source.format !== "json"))
      all.push({ kind: "workflow", id: name, reason: "its source is a program" });
    else all.push({ kind: "workflow", id: name, extension: source.format, text: source.text });
  }
  for await (const schedule of listed<Schedule>(server, "schedules.list", "schedules")) {
    const text = printDefinition(scheduleDocument(schedule) as never, "yaml");
    all.push(timed("schedule", schedule.scheduleId, schedule, text));
  }
  // A trigger with an owner is in the file of its workflow, under the key `on`.
  for await (const trigger of listed<Trigger>(server, "triggers.list", "triggers")) {
    if ((trigger.owner ?? "") !== "") continue;
    const text = printDefinition(triggerDocument(trigger) as never, "yaml");
    all.push(timed("trigger", trigger.triggerId, trigger, text));
  }
  return all;
}

function exportedVariant(
  id: string,
  { spec, percent }: NonNullable<Awaited<ReturnType<typeof readVariants>>>,
  print: typeof printDefinition,
): Exported | Skipped {
  if (spec === undefined) return { kind: "variant", id, reason: "its tasks are no capabilities" };
  const text = print({ variant: id, ...spec, percent } as never, "yaml");
  return { kind: "variant", id, extension: "yaml", text };
}

const fieldsMax = 5;

/** Returns the reason to leave a file out. Undefined if the file has all fields. */
function omittedText(fields: readonly string[]): string | undefined {
  if (fields.length === 0) return undefined;
  const more = fields.length > fieldsMax ? ` and ${fields.length - fieldsMax} more` : "";
  return `a file cannot describe ${fields.slice(0, fieldsMax).join(", ")}${more}`;
}

function notRead(read: CheckedDocument | undefined): string {
  const [problem] = read?.problems ?? [];
  return problem === undefined
    ? "a file cannot describe it"
    : `its file would have an error: ${problem.message}`;
}

function timed(
  kind: "schedule" | "trigger",
  id: string,
  found: Schedule | Trigger,
  text: string,
): Exported | Skipped {
  const [read] = checkDocuments({ format: "yaml", text, fileName: id });
  const applied = read?.applied;
  const plain = { ...found, labels: withoutOwner(found as never)["labels"] ?? {} } as Schedule | Trigger;
  if (applied === undefined || (applied.kind !== "schedule" && applied.kind !== "trigger"))
    return { kind, id, reason: notRead(read) };
  if (isAsApplied(plain, applied)) return { kind, id, extension: "yaml", text };
  return {
    kind,
    id,
    reason: omittedText(omittedFields(plain, applied)) ?? "a file cannot describe that it is paused",
  };
}
