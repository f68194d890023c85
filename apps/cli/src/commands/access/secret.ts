/**
 * Stores, lists, rotates and removes secrets. A value is read from a file or from standard input, and never printed.
 */

import { counted } from "@tutti/kernel";
import type { Secret } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { wholeNumber } from "../../command/values.ts";
import { meantOf } from "../../server/names.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { keyOf, reasonOf } from "../request.ts";
import { actorIn, actorText } from "./actor.ts";

type Server = Awaited<ReturnType<typeof connect>>;

const comparedMax = 500;
const dayMs = 86_400_000;

export async function listSecrets(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const filter = { ...(values.flag("due") ? { dueOnly: true } : {}), prefix: values.text("prefix") ?? "" };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("secrets.list", { query: { ...server.namespace, ...filter, ...page } }),
    ({ secrets }) => secrets,
  );
  const nowMs = shell.nowMs();
  return {
    json: { secrets: entries },
    nextToken,
    quiet: entries.map(({ name }) => name),
    empty: entries.length === 0 ? "No secrets yet. Store one: tutti secret put NAME FILE" : undefined,
    draw: () => {
      print.table(
        [
          { title: "secret", widthMin: 8 },
          { title: "version" },
          { title: "users", yields: 2, widthMin: 8 },
          { title: "used" },
          { title: "due" },
          { title: "description", yields: 1, widthMin: 8 },
        ],
        entries.map((secret) => [
          { text: secret.name, tone: "bold" },
          { text: versionOf(secret) },
          { text: secret.users.map(actorText).join(", ") || "who may" },
          { text: secret.useTimeMs === undefined ? "never" : printAge(secret.useTimeMs, nowMs), tone: "dim" },
          { text: dueOf(secret, nowMs), tone: "dim" },
          { text: secret.description ?? "" },
        ]),
      );
    },
  };
}

function versionOf({ versions }: Secret): string {
  const good = versions.filter(({ ended }) => ended !== true).map(({ version = 0 }) => version);
  return good.length === 0 ? "ended" : good.join(", ");
}

function dueOf({ rotateTimeMs }: Secret, nowMs: number): string {
  if (rotateTimeMs === undefined) return "never";
  return rotateTimeMs <= nowMs ? "now" : `in ${printDurationMs(rotateTimeMs - nowMs)}`;
}

export async function putSecret(context: Context): Promise<Result> {
  const server = await connect(context);
  const name = context.values.argument("NAME");
  const before = await secretNamed(server, name);
  return store(context, server, before, context.values.durationMs("grace") ?? 0);
}

/** Rotates a secret. The previous version stays valid for a while, so that its users continue to work. */
export async function rotateSecret(context: Context): Promise<Result> {
  const server = await connect(context);
  const name = context.values.argument("NAME");
  const before = await secretNamed(server, name);
  if (before === undefined)
    throw usageFailure(`Secret \`${safe(name)}\` not found.`, [
      ...meantOf(name, await namesOf(server)),
      [`tutti secret put ${safe(name)} FILE`, "stores its first version"],
    ]);
  return store(context, server, before, context.values.durationMs("grace") ?? dayMs);
}

async function namesOf(server: Server): Promise<string[]> {
  const query = { ...server.namespace, size: comparedMax };
  return (await server.call("secrets.list", { query })).secrets.map((secret) => secret.name);
}

async function secretNamed(server: Server, name: string): Promise<Secret | undefined> {
  const { secrets } = await server.call("secrets.list", { query: { ...server.namespace, prefix: name } });
  return secrets.find((secret) => secret.name === name);
}

/** Stores a value. Settings that are not passed stay: a new value does not change its permitted users. */
async function store(
  context: Context,
  server: Server,
  before: Secret | undefined,
  overlapMs: number,
): Promise<Result> {
  const { values, shell } = context;
  const name = values.argument("NAME");
  const value = await valueIn(context);
  const users = values.texts("user").map((text) => actorIn(context, text));
  const labels = values.labels("label");
  const [lastsMs, dueMs] = [values.durationMs("expires-in"), values.durationMs("rotate-after")];
  const reply = await server.call("secrets.put", {
    params: { name },
    query: server.namespace,
    ...keyOf(context),
    body: {
      value,
      overlapMs,
      description: values.text("description") ?? before?.description ?? "",
      labels: Object.keys(labels).length > 0 ? labels : (before?.labels ?? {}),
      users: users.length > 0 ? users : (before?.users ?? []),
      ...(lastsMs === undefined ? {} : { expireTimeMs: shell.nowMs() + lastsMs }),
      ...(dueMs === undefined ? {} : { rotateAfterMs: dueMs }),
    },
  });
  const version = reply.versions[0]?.version ?? 0;
  return doneOutcome(context, reply, { id: name, line: `${safe(name)} stored as version ${version}` });
}

async function valueIn({ values, shell }: Context): Promise<string> {
  const file = values.optionalArgument("FILE") ?? "-";
  if (file === "-" && shell.isAnswered)
    throw usageFailure("Pass the value in a file or on standard input. A terminal would show it.", [
      ["tutti secret put till < till.txt", "reads a file. Other programs can see arguments"],
    ]);
  // Editors and `echo` end a file with a new line that is no part of the secret.
  const text = (await shell.readText(file)).replace(/\r?\n$/, "");
  if (text === "")
    throw usageFailure("The value is empty.", [["tutti secret put till till.txt", "reads a file"]]);
  return Buffer.from(text).toString("base64");
}

export async function removeSecret(context: Context): Promise<Result> {
  const { values } = context;
  const name = values.argument("NAME");
  const version = values.texts("version").map((text) => wholeNumber(text, "--version"));
  const server = await connect(context);
  const reply = await server.call("secrets.delete", {
    params: { name },
    query: { ...server.namespace, ...(version.length > 0 ? { version } : {}), ...reasonOf(context) },
  });
  const { ended = 0 } = reply;
  const done = version.length > 0 ? `${ended} versions of ${safe(name)} removed` : `${safe(name)} removed`;
  const line = ended === 0 ? `${safe(name)} has no such active version` : done;
  return doneOutcome(context, reply, { id: name, line, isAsBefore: ended === 0 });
}

export async function resealSecrets(context: Context): Promise<Result> {
  const server = await connect(context);
  const reply = await server.call("secrets.reseal", { query: server.namespace, ...keyOf(context) });
  const { secrets = 0 } = reply;
  return doneOutcome(context, reply, {
    id: String(secrets),
    line: `${counted(secrets, "secret")} ${secrets === 1 ? "is" : "are"} sealed with a new key`,
  });
}
