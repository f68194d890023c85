/** Steps for schedules and triggers, which start workflows. */
import type { Schedule, Trigger } from "@tutti/rest/types";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import {
  type AppliedSchedule,
  type AppliedTrigger,
  changesOf,
  plainOf,
  triggerChangesOf,
} from "../../local/check-applied.ts";
import type { Server } from "../../server/calls.ts";
import { secretProblems } from "../triggers/webhook-secrets.ts";
import { unlessMissing } from "./resources.ts";
import { type ApplyOptions, auditCause, compare, driftOf, liveOf, outcomeOf, type Step } from "./step.ts";

/** What the same folder has, and schedules and triggers use. */
export interface AppliedTogether {
  readonly workflows: ReadonlySet<string>;
  /** The users of each secret. */
  readonly secrets: ReadonlyMap<string, readonly { readonly kind?: string; readonly id?: string }[]>;
}

export async function timedStep(
  server: Server,
  applied: AppliedSchedule | AppliedTrigger,
  folder: AppliedTogether,
  options: ApplyOptions,
): Promise<Step> {
  const { id, file, kind, setsPaused } = applied;
  await requireStartable(server, applied, folder.workflows);
  const route = kind === "schedule" ? "schedules.get" : "triggers.get";
  const found: Schedule | Trigger | undefined = await unlessMissing(
    server.call(route, { params: { id }, query: server.namespace }),
  );
  const spec = plainOf(kind, applied.body);
  const compared = compare(kind, id, { found: found && plainOf(kind, found), spec, options });
  const { set, labels } = compared;
  const [before, after] = [found?.paused ?? false, applied.body.paused ?? false];
  const differences =
    found !== undefined && setsPaused && before !== after
      ? [...compared.differences, { path: "paused", before, after }]
      : compared.differences;
  const drift =
    compared.isDrifted && set !== undefined ? driftOf(await auditCause(server, kind, id)) : undefined;
  const problems =
    applied.kind === "trigger"
      ? await secretProblems(server, {
          triggerId: id,
          secrets: applied.body.source?.webhook?.secrets,
          described: folder.secrets,
        })
      : [];
  return {
    kind,
    id,
    fileName: file.fileName,
    ...(problems.length > 0 && { problems }),
    outcome: outcomeOf(found, differences),
    differences,
    drift,
    ...(before && !setsPaused && { staysPaused: true }),
    live: found === undefined ? [] : liveOf(found),
    write: () =>
      applied.kind === "schedule"
        ? putSchedule(server, { ...applied, body: { ...applied.body, labels } }, found)
        : putTrigger(server, { ...applied, body: { ...applied.body, labels } }, found),
  };
}

async function requireStartable(
  server: Server,
  applied: AppliedSchedule | AppliedTrigger,
  ids: ReadonlySet<string>,
): Promise<void> {
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
}

async function putSchedule(
  server: Server,
  { body, id, setsPaused }: AppliedSchedule,
  found: Schedule | Trigger | undefined,
): Promise<void> {
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

async function putTrigger(
  server: Server,
  { body, id, setsPaused }: AppliedTrigger,
  found: Schedule | Trigger | undefined,
): Promise<void> {
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
