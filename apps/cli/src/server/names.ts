/**
 * Suggestions for mistyped names. Each kind of object has a row: the calls that look one up, the list of existing names,
 * and the command that shows the list.
 *
 * 1. At most 500 names are compared. If the list fails, there is no suggestion and no second failure.
 * 2. An existing name is no suggestion, because something else of the object is missing.
 */
import { nearest } from "@tutti/kernel";
import type { CallParts, Client } from "@tutti/rest/client";
import type { Routes } from "@tutti/rest/types";
import type { Advice } from "../command/failure.ts";
import type { RouteName, Server } from "./calls.ts";

/** The parts of a call that name objects. */
export interface NamingCall {
  readonly name: RouteName;
  readonly parts: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };
  readonly client: Pick<Client, "call">;
  readonly server: Pick<Server, "namespace">;
}

interface Query {
  readonly namespace?: string;
  readonly pool?: string;
  readonly size: number;
}

/** A name that was not found, and the place of the search. */
interface MissingName {
  readonly text: string;
  /** The run or session of a task, the pool of a limit. */
  readonly owner: string;
  readonly query: Query;
}

interface Row {
  /** The kind in a sentence: `alert rule`. */
  readonly noun: string;
  /** First words of the calls that name one in their path. */
  readonly areas?: readonly string[];
  /** The name in other calls: in their body or query. */
  readonly calls?: Readonly<Partial<Record<RouteName, (parts: Parts) => string | undefined>>>;
  /** Errors that mean this kind in any call. The sentence names the object first. */
  readonly codes?: readonly string[];
  readonly command: (owner: string) => Advice;
  readonly names: (
    client: Pick<Client, "call">,
    missing: MissingName,
  ) => Promise<readonly (string | undefined)[]>;
}

interface Parts {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Fields of a query that a list accepts. */
const usual = ["namespace", "size"] as const;
const ofPools = ["namespace", "pool", "size"] as const;

const rows: readonly Row[] = [
  {
    noun: "task",
    codes: ["workflow.task_missing"],
    command: (run) => [`tutti show ${run}`, "lists its tasks"],
    names: (client, { owner, query }) =>
      client
        .call("tasks.list", { params: { id: owner }, query: pick(query, usual) })
        .then(({ tasks }) => tasks.map(({ taskId }) => taskId)),
  },
  {
    noun: "task",
    codes: ["session.task_missing"],
    command: (session) => [`tutti session tasks ${session}`, "lists its tasks"],
    names: (client, { owner, query }) =>
      client
        .call("sessions.tasks", { params: { id: owner }, query: pick(query, usual) })
        .then(({ tasks }) => tasks.map(({ spec }) => spec?.id)),
  },
  {
    noun: "limit",
    codes: ["matching.limit_missing"],
    command: (pool) => [`tutti pool limit ${pool}`, "lists its limits"],
    names: (client, { owner, query }) =>
      client
        .call("pools.limits", { params: { pool: owner }, query: pick(query, usual) })
        .then(({ limits }) => limits.map(({ key }) => key)),
  },
  {
    noun: "pool",
    areas: ["pools"],
    codes: ["swarm.pool_unknown"],
    ...listed("pools.list", "tutti pool list", ({ pools }) => pools.map(({ pool }) => pool)),
  },
  {
    noun: "run",
    areas: ["runs", "tasks"],
    ...listed("runs.list", "tutti list", ({ runs }) => runs.map(({ runId }) => runId)),
  },
  {
    noun: "session",
    areas: ["sessions", "dependencies", "allocations"],
    ...listed("sessions.list", "tutti session list", ({ sessions }) =>
      sessions.map(({ sessionId }) => sessionId),
    ),
  },
  {
    noun: "mission",
    areas: ["missions"],
    ...listed("missions.list", "tutti mission list", ({ missions }) =>
      missions.map(({ missionId }) => missionId),
    ),
  },
  {
    noun: "workflow",
    areas: ["workflows"],
    calls: {
      "runs.start": ({ body }) => definitionIn(body),
      "schedules.create": ({ body }) => definitionIn(body),
      "triggers.create": ({ body }) => definitionIn(body),
    },
    ...listed("workflows.list", "tutti workflow list", ({ definitions }) =>
      definitions.map(({ name }) => name),
    ),
  },
  {
    noun: "schedule",
    areas: ["schedules"],
    ...listed("schedules.list", "tutti schedule list", ({ schedules }) =>
      schedules.map(({ scheduleId }) => scheduleId),
    ),
  },
  {
    noun: "trigger",
    areas: ["triggers"],
    ...listed("triggers.list", "tutti trigger list", ({ triggers }) =>
      triggers.map(({ triggerId }) => triggerId),
    ),
  },
  {
    noun: "cached output",
    areas: ["cache"],
    ...listed("cache.list", "tutti cache list", ({ entries }) => entries.map(({ entryId = "" }) => entryId)),
  },
  {
    noun: "object",
    areas: ["objects"],
    ...listed("objects.list", "tutti object list", ({ objects }) => objects.map(({ name }) => name)),
  },
  {
    noun: "agent",
    areas: ["agents"],
    ...listed(
      "agents.list",
      "tutti agent list",
      ({ agents }) => agents.map(({ agentId }) => agentId),
      ofPools,
    ),
  },
  {
    noun: "scaler",
    areas: ["scalers"],
    ...listed(
      "scalers.list",
      "tutti scaler list",
      ({ scalers }) => scalers.map(({ scalerId }) => scalerId),
      ofPools,
    ),
  },
  {
    noun: "hook",
    areas: ["hooks"],
    ...listed("hooks.list", "tutti hook list", ({ hooks }) => hooks.map(({ hookId }) => hookId), ofPools),
  },
  {
    noun: "inbox",
    areas: ["inboxes"],
    ...listed(
      "inboxes.list",
      "tutti inbox list",
      ({ inboxes }) => inboxes.map(({ inboxId }) => inboxId),
      ofPools,
    ),
  },
  {
    noun: "quota",
    areas: ["quotas"],
    ...listed("quotas.list", "tutti quota list", ({ quotas }) => quotas.map(({ quotaId }) => quotaId)),
  },
  {
    noun: "reservation",
    areas: ["reservations"],
    ...listed("reservations.list", "tutti reservation list", ({ reservations }) =>
      reservations.map(({ reservationId }) => reservationId),
    ),
  },
  {
    noun: "limit",
    areas: ["limits"],
    ...listed("limits.list", "tutti limit list", ({ limits }) => limits.map(({ key }) => key)),
  },
  {
    noun: "lock",
    areas: ["locks"],
    ...listed("locks.list", "tutti lock list", ({ locks }) => locks.map(({ name }) => name)),
  },
  {
    noun: "model",
    areas: ["models"],
    ...listed("models.list", "tutti model list", ({ models }) => models.map(({ modelId }) => modelId)),
  },
  {
    noun: "alert",
    areas: ["alerts"],
    ...listed("alerts.list", "tutti alert list", ({ alerts }) => alerts.map(({ alertId }) => alertId)),
  },
  {
    noun: "alert rule",
    areas: ["alertRules"],
    ...listed("alertRules.list", "tutti alert-rule list", ({ rules }) => rules.map(({ ruleId }) => ruleId)),
  },
  {
    noun: "silence",
    areas: ["silences"],
    ...listed("silences.list", "tutti alert silences", ({ silences }) =>
      silences.map(({ silenceId }) => silenceId),
    ),
  },
  {
    noun: "incident",
    areas: ["incidents"],
    ...listed("incidents.list", "tutti incident list", ({ incidents }) =>
      incidents.map(({ incidentId }) => incidentId),
    ),
  },
  {
    noun: "rule",
    areas: ["rules"],
    ...listed("rules.list", "tutti rule list", ({ rules }) => rules.map(({ ruleId }) => ruleId)),
  },
  {
    noun: "framework",
    calls: { "reports.create": ({ body }) => textIn(body["framework"]) },
    ...listed(
      "frameworks.list",
      "tutti compliance list",
      ({ frameworks }) => frameworks.map(({ framework }) => framework),
      ["namespace"],
    ),
  },
  {
    noun: "namespace",
    areas: ["namespaces"],
    ...listed(
      "namespaces.list",
      "tutti namespace list",
      ({ resources }) => resources.map(({ name }) => name),
      ["size"],
    ),
  },
  {
    noun: "principal",
    calls: {
      "principals.delete": ({ query: { actorKind, actorId } }) =>
        actorKind === undefined || actorId === undefined ? undefined : `${actorKind}:${actorId}`,
    },
    ...listed("principals.list", "tutti principal list", ({ principals }) =>
      principals.map(({ actor }) => (actor === undefined ? undefined : `${actor.kind}:${actor.id}`)),
    ),
  },
  {
    noun: "key",
    areas: ["keys"],
    ...listed("keys.list", "tutti key list", ({ keys }) => keys.map(({ keyId }) => keyId)),
  },
  {
    noun: "secret",
    areas: ["secrets"],
    ...listed("secrets.list", "tutti secret list", ({ secrets }) => secrets.map(({ name }) => name)),
  },
  {
    noun: "role",
    calls: { "roleBindings.create": ({ body }) => textIn(body["role"]) },
    ...listed("roles.list", "tutti role list", ({ roles }) => roles.map(({ role }) => role), ["namespace"]),
  },
  {
    noun: "binding",
    areas: ["roleBindings"],
    ...listed("roleBindings.list", "tutti role list", ({ bindings }) =>
      bindings.map(({ bindingId }) => bindingId),
    ),
  },
];

const comparedMax = 500;

type ListRoute = Extract<RouteName, `${string}.list`>;

function listed<N extends ListRoute>(
  route: N,
  command: string,
  namesIn: (reply: Routes[N]["reply"]) => readonly (string | undefined)[],
  fields: readonly (keyof Query)[] = usual,
): Pick<Row, "command" | "names"> {
  const noun = route.replace(/\.list$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return {
    command: () => [command, `lists ${noun}`],
    names: async (client, { query }) => {
      // The cast: each list accepts the fields of its row.
      const parts = { query: pick(query, fields) } as unknown as CallParts<N>;
      return namesIn(await client.call(route, parts));
    },
  };
}

function pick(query: Query, names: readonly (keyof Query)[]): Partial<Query> {
  return Object.fromEntries(
    names.map((name) => [name, query[name]]).filter(([, value]) => value !== undefined),
  );
}

/** Returns the next actions for a call that did not find a name. */
export async function adviceFor(call: NamingCall, code: string, sentence: string): Promise<Advice[]> {
  const found = missingNameIn(call, code, sentence);
  if (found === undefined) return [];
  const { row, missing } = found;
  const known = await knownNames(row, missing, call);
  const meant = nearest(missing.text, known);
  if (meant === missing.text) return [];
  return [...(meant === undefined ? [] : [`Did you mean \`${meant}\`?`]), row.command(missing.owner)];
}

/** Returns the advice with the probably intended name, among names that a command has read. */
export function meantOf(text: string, known: readonly (string | undefined)[]): Advice[] {
  const meant = nearest(text, known.filter(isName));
  return meant === undefined ? [] : [`Did you mean \`${meant}\`?`];
}

/** Returns a sentence with the probably intended object, for a call that had nothing to delete. */
export async function nothingDeleted(call: NamingCall): Promise<string | undefined> {
  const found = missingNameIn(call, "", "");
  if (found === undefined) return undefined;
  const { row, missing } = found;
  const meant = nearest(missing.text, await knownNames(row, missing, call));
  if (meant === undefined || meant === missing.text) return undefined;
  return `No ${row.noun} \`${missing.text}\`. Did you mean \`${meant}\`?`;
}

function isName(name: string | undefined): name is string {
  return name !== undefined;
}

async function knownNames(
  row: Row,
  missing: MissingName,
  { client }: NamingCall,
): Promise<readonly string[]> {
  const names: readonly (string | undefined)[] = await row.names(client, missing).catch(() => []);
  return names.filter(isName);
}

function missingNameIn(
  { name, parts, server }: NamingCall,
  code: string,
  sentence: string,
): { readonly row: Row; readonly missing: MissingName } | undefined {
  const { params, query, body } = partsOf(parts);
  const [owner = ""] = Object.values(params);
  const pool = query["pool"];
  const missingName = (text: string): MissingName => ({
    text,
    owner,
    query: { ...server.namespace, ...(pool === undefined ? {} : { pool }), size: comparedMax },
  });
  const [, named] = /`([^`]+)`/.exec(sentence) ?? [];
  const byCode = rows.find(({ codes = [] }) => codes.includes(code));
  if (byCode !== undefined && named !== undefined) return { row: byCode, missing: missingName(named) };
  for (const row of rows) {
    const text = row.calls?.[name]?.({ params, query, body });
    if (text !== undefined) return { row, missing: missingName(text) };
  }
  const [area = ""] = name.split(".");
  const row = rows.find(({ areas = [] }) => areas.includes(area));
  return row === undefined || owner === "" ? undefined : { row, missing: missingName(owner) };
}

function partsOf({ params, query, body }: NamingCall["parts"]): Parts {
  return {
    params: textsIn(params),
    query: textsIn(query),
    body: typeof body === "object" && body !== null ? (body as Parts["body"]) : {},
  };
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, member]) => typeof member === "string"));
}

function textIn(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Returns the workflow that a run, a schedule or a trigger starts. */
function definitionIn(body: Parts["body"]): string | undefined {
  const { definition, run } = body as {
    readonly definition?: string | { readonly name: string };
    readonly run?: { readonly definition?: string | { readonly name: string } };
  };
  const named = definition ?? run?.definition;
  return typeof named === "string" ? named.split("@")[0] : named?.name;
}
