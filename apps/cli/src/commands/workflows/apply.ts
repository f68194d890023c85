/** Creates and updates what files describe: all of it is checked before anything is changed. */
import { counted } from "@tutti/kernel";
import { RestError } from "@tutti/rest/client";
import type { Schedule, Trigger } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, type SourceProblem, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Applied, AppliedSchedule, AppliedTrigger, CheckedDocument } from "../../local/check-applied.ts";
import { readDefinition, type SourceFile, shortName } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

type Outcome = "created" | "updated" | "unchanged";

/** A document, and what applying it does. */
interface Step {
  readonly applied: Applied;
  readonly outcome: Outcome;
  /** As the platform has the schedule or trigger now. */
  readonly found?: Schedule | Trigger;
}

export async function apply(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const names = await fileNames(context);
  const files = await Promise.all(names.map((name) => readDefinition(name, shell)));
  const { checkDocuments } = await import("../../local/check-applied.ts");
  const documents = requireCorrect(files.map(checkDocuments), files);
  const server = await connect(context);
  const steps = await plan(server, documents);
  const isDry = values.flag("dry-run");
  if (!isDry) await change(server, steps);
  return {
    json: {
      dryRun: isDry,
      applied: steps.map(({ applied: { file, kind, id }, outcome }) => ({
        ...{ file: file.fileName, kind, id, outcome },
      })),
    },
    quiet: steps.map(({ applied: { kind, id }, outcome }) => `${kind}/${id} ${outcome}`),
    draw: () => {
      print.table(
        [{ title: "file" }, { title: "kind" }, { title: "id" }, { title: "change" }],
        steps.map(({ applied: { file, kind, id }, outcome }) => [
          { text: file.fileName, tone: "dim" },
          kind,
          { text: id, tone: "bold" },
          { text: outcome, tone: outcome === "unchanged" ? "dim" : "green" },
        ]),
      );
      if (isDry) print.note("Dry run: nothing was changed.");
    },
  };
}

async function fileNames({ values, shell }: Context): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of values.manyArguments("FILE|FOLDER")) {
    if (name === "-" || shell.isFile(name)) {
      names.push(name);
      continue;
    }
    // What cannot be read is named when it is read.
    const inside = await shell.filesIn(name).catch(() => undefined);
    const found = inside?.filter((file) => /\.(?:ya?ml|json)$/i.test(file)) ?? [name];
    if (found.length === 0)
      throw usageFailure(`Folder \`${safe(name)}\` has no YAML or JSON file.`, [
        "Pass a file or folder with definitions of workflows, schedules and triggers.",
      ]);
    names.push(...found);
  }
  return [...new Set(names)];
}

/** Throws with every mistake of the whole set, each with its line. */
function requireCorrect(
  checked: readonly (readonly CheckedDocument[])[],
  files: readonly SourceFile[],
): readonly Applied[] {
  const all = checked.flatMap((documents, at) =>
    documents.map((document) => ({ ...document, text: files[at]?.text ?? "" })),
  );
  const errors = all.flatMap(({ problems, text }) =>
    problems.filter(({ severity }) => severity === "error").map((problem) => ({ problem, text })),
  );
  if (errors.length > 0)
    throw nothingApplied(`${counted(errors.length, "error")} in the files.`, { problems: errors });
  const applied = all.flatMap((document) => document.applied ?? []);
  const first = new Map<string, string>();
  for (const { kind, id, file } of applied) {
    const other = first.get(`${kind}/${id}`);
    if (other !== undefined)
      throw nothingApplied(`The ${kind} \`${id}\` is in the files twice: ${other} and ${file.fileName}.`);
    first.set(`${kind}/${id}`, file.fileName);
  }
  return applied;
}

function nothingApplied(
  what: string,
  parts: { readonly problems?: readonly SourceProblem[]; readonly cause?: unknown } = {},
) {
  return new Failure(`${what} Nothing was changed.`, {
    exitCode: exitCodes.refused,
    code: "not_applied",
    ...parts,
  });
}

/** Asks the platform what it has. What it would refuse is refused here, before anything is changed. */
async function plan(server: Server, documents: readonly Applied[]): Promise<readonly Step[]> {
  const workflows = documents.filter(({ kind }) => kind === "workflow");
  const ids = new Set(workflows.map(({ id }) => id));
  const steps: Step[] = [];
  // Workflows first: schedules and triggers start them.
  for (const applied of [...workflows, ...documents.filter(({ kind }) => kind !== "workflow")])
    steps.push(
      applied.kind === "workflow"
        ? await workflowStep(server, applied)
        : await resourceStep(server, applied, ids),
    );
  return steps;
}

async function workflowStep(server: Server, applied: Extract<Applied, { kind: "workflow" }>): Promise<Step> {
  const found = await unlessMissing(
    server.call("workflows.get", {
      params: { name: applied.id },
      query: { ...server.namespace, withoutLiveCount: true },
    }),
  );
  if (found === undefined) return { applied, outcome: "created" };
  const isSame = found.hash === applied.hash || found.hash === (await hashThere(server, applied));
  return { applied, outcome: isSame ? "unchanged" : "updated" };
}

/** The platform's retry defaults are part of a version, so its hash may be another than here. */
async function hashThere(server: Server, { file }: Applied): Promise<string | undefined> {
  const { format, text, fileName } = file;
  const { definition } = await server.call("workflows.check", {
    query: server.namespace,
    body: { format, text, fileName },
  });
  return definition?.hash;
}

async function resourceStep(
  server: Server,
  applied: AppliedSchedule | AppliedTrigger,
  ids: ReadonlySet<string>,
): Promise<Step> {
  const { isAsApplied } = await import("../../local/check-applied.ts");
  const { id, file, workflow, kind } = applied;
  const { name, ...version } = workflow;
  try {
    if (applied.kind === "schedule") {
      const { timing } = applied.body;
      await server.call("schedules.preview", { query: server.namespace, body: { timing, count: 1 } });
    }
    if (!ids.has(name))
      await server.call("workflows.get", { params: { name }, query: { ...server.namespace, ...version } });
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCodes.refused) throw error;
    throw new Failure(`${file.fileName}: ${kind} \`${id}\`: ${error.message}`, {
      why: [...error.why, "Nothing was changed."],
      next: error.next,
      exitCode: error.exitCode,
      code: error.code,
      cause: error,
    });
  }
  const route = kind === "schedule" ? "schedules.get" : "triggers.get";
  const found: Schedule | Trigger | undefined = await unlessMissing(
    server.call(route, { params: { id }, query: server.namespace }),
  );
  if (found === undefined) return { applied, outcome: "created" };
  return { applied, outcome: isAsApplied(found, applied) ? "unchanged" : "updated", found };
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const cause = error instanceof Failure ? error.cause : undefined;
    if (cause instanceof RestError && cause.status === 404) return undefined;
    throw error;
  }
}

async function change(server: Server, steps: readonly Step[]): Promise<void> {
  const changed: string[] = [];
  for (const step of steps) {
    if (step.outcome === "unchanged") continue;
    const { applied } = step;
    try {
      if (applied.kind === "workflow") await registerWorkflow(server, applied);
      else if (applied.kind === "schedule") await putSchedule(server, applied, step.found);
      else await putTrigger(server, applied, step.found);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Applied again, the command changes the rest.
      throw new Failure(`${applied.file.fileName}: ${applied.kind} \`${applied.id}\`: ${error.message}`, {
        why: [
          ...error.why,
          changed.length === 0 ? "Nothing was changed." : `Changed before: ${changed.join(", ")}.`,
        ],
        next: error.next,
        exitCode: error.exitCode,
        code: error.code,
        cause: error,
      });
    }
    changed.push(`${applied.kind} ${applied.id}`);
  }
}

async function registerWorkflow(server: Server, { file }: Applied): Promise<void> {
  const { format, text } = file;
  await server.call("workflows.register", {
    query: server.namespace,
    body: { format, text, fileName: shortName(file) },
  });
}

async function putSchedule(server: Server, applied: AppliedSchedule, found: Step["found"]): Promise<void> {
  const { changesOf } = await import("../../local/check-applied.ts");
  const { body, id, setsPaused } = applied;
  const query = server.namespace;
  if (found === undefined) {
    await server.call("schedules.create", { query, body });
    return;
  }
  const { revision } = found;
  await server.call("schedules.update", {
    params: { id },
    query,
    body: { ...changesOf(body), ...(revision === undefined ? {} : { revision }) },
  });
  const paused = body.paused ?? false;
  if (setsPaused && paused !== (found.paused ?? false))
    await server.call(paused ? "schedules.pause" : "schedules.resume", { params: { id }, query, body: {} });
}

async function putTrigger(server: Server, applied: AppliedTrigger, found: Step["found"]): Promise<void> {
  const { triggerChangesOf } = await import("../../local/check-applied.ts");
  const { body, id, setsPaused } = applied;
  const query = server.namespace;
  if (found === undefined) {
    await server.call("triggers.create", { query, body });
    return;
  }
  const { revision } = found;
  await server.call("triggers.update", {
    params: { id },
    query,
    body: { ...triggerChangesOf(body), ...(revision === undefined ? {} : { revision }) },
  });
  const paused = body.paused ?? false;
  if (setsPaused && paused !== (found.paused ?? false))
    await server.call(paused ? "triggers.pause" : "triggers.resume", { params: { id }, query, body: {} });
}
