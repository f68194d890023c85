/** Lists, creates, rotates and revokes keys. A key is shown once. */

import type { ApiKey } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { listPages } from "../../server/pages.ts";
import { callerAt } from "../../server/refusal.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { keyOf, reasonOf } from "../request.ts";
import { actorIn, actorText } from "./actor.ts";

export async function listKeys(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const ended = values.flag("ended") ? { ended: true } : {};
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("keys.list", { query: { ...server.namespace, ...ended, ...page } }),
    ({ keys }) => keys,
  );
  const nowMs = shell.nowMs();
  return {
    json: { keys: entries },
    nextToken,
    quiet: entries.map(({ keyId = "" }) => keyId),
    empty: entries.length === 0 ? "No keys yet. Create one: tutti key create --title TEXT" : undefined,
    draw: () => {
      print.table(
        [
          { title: "key", widthMin: 12 },
          { title: "principal", yields: 2, widthMin: 8 },
          { title: "ends" },
          { title: "used" },
          { title: "title", yields: 1, widthMin: 8 },
        ],
        entries.map((key) => [
          { text: key.keyId ?? "", tone: "bold" },
          { text: actorText(key.actor) },
          { text: endOf(key, nowMs), tone: "dim" },
          { text: key.useTimeMs === undefined ? "never" : printAge(key.useTimeMs, nowMs), tone: "dim" },
          { text: key.title ?? "" },
        ]),
      );
    },
  };
}

function endOf({ revoked, expireTimeMs }: ApiKey, nowMs: number): string {
  if (revoked === true) return "revoked";
  if (expireTimeMs === undefined) return "never";
  return expireTimeMs <= nowMs ? "ended" : `in ${printDurationMs(expireTimeMs - nowMs)}`;
}

export async function createKey(context: Context): Promise<Result> {
  const { values } = context;
  const title = values.text("title");
  if (title === undefined)
    throw usageFailure("--title is required: a title for the key.", [
      ['tutti key create --title "the press" --principal agent:press', "creates a key for this agent"],
    ]);
  const principal = values.text("principal");
  const lifetimeMs = values.durationMs("expires-in");
  const scope = scopeOf(context);
  const server = await connect(context);
  const reply = await server.call("keys.create", {
    query: server.namespace,
    ...keyOf(context),
    body: {
      title,
      ...(principal === undefined ? {} : { actor: actorIn(context, principal) }),
      ...(lifetimeMs === undefined ? {} : { lifetimeMs }),
      ...(scope === undefined ? {} : { scope }),
    },
  });
  return keyOutcome(context, reply, await hintsFor(context, server, reply));
}

/** Returns the hint for a key whose principal has no role: without policies, all its calls are denied. */
async function hintsFor({ print }: Context, server: Server, { secret = "" }: KeyReply): Promise<string[]> {
  if (secret === "" || !print.hasNotes) return [];
  const caller = await callerAt(server.url, secret).catch(() => undefined);
  if (caller === undefined || caller.roles.length > 0) return [];
  const { kind, id, namespace = "" } = caller;
  const principal = safe(`${kind}:${id}`);
  const command = `--namespace ${safe(namespace)} role bind ${kind === "agent" ? "agent" : "developer"}`;
  return [
    `${principal} has no role in ${safe(namespace)}: only policies can permit calls with this key`,
    `Bind one: tutti ${command} ${principal}`,
  ];
}

function scopeOf({ values }: Context) {
  const actions = [...values.texts("action")];
  const [offers, pools] = [[...values.texts("offer")], [...values.texts("join")]];
  const maxSlots = values.integer("slots") ?? 0;
  const isAgents = offers.length > 0 || pools.length > 0 || maxSlots > 0;
  if (!isAgents && actions.length === 0) return undefined;
  // Parts that no option names stay unrestricted. A grant would permit only the named parts.
  const agent = { offers: orAny(offers), pools: orAny(pools), maxSlots };
  return { actions, ...(isAgents && { agent }) };
}

function orAny(patterns: readonly string[]): string[] {
  return patterns.length === 0 ? ["*"] : [...patterns];
}

export async function rotateKey(context: Context): Promise<Result> {
  const { values } = context;
  const params = { id: values.argument("ID") };
  const overlapMs = values.durationMs("grace");
  const server = await connect(context);
  const body = overlapMs === undefined ? {} : { overlapMs };
  const reply = await server.call("keys.rotate", {
    params,
    query: server.namespace,
    ...keyOf(context),
    body,
  });
  return keyOutcome(context, reply);
}

export async function revokeKey(context: Context): Promise<Result> {
  const params = { id: context.values.argument("ID") };
  const server = await connect(context);
  const reply = await server.call("keys.revoke", {
    params,
    query: server.namespace,
    body: reasonOf(context),
  });
  // A wrong id must not look like a revoked key.
  const isAsBefore = reply.revoked !== true;
  const line = `${safe(params.id)} ${isAsBefore ? "is not an active key. Nothing was changed. List keys with `tutti key list`" : "is revoked"}`;
  return doneOutcome(context, reply, { id: params.id, line, isAsBefore });
}

interface KeyReply {
  readonly secret?: string;
  readonly key?: ApiKey;
}

/** Prints only the key on standard output. The text about the key is a note. */
function keyOutcome({ print, values }: Context, reply: KeyReply, hints: readonly string[] = []): Outcome {
  const { secret = "", key } = reply;
  const id = key?.keyId ?? "";
  if (secret === "" && values.text("idempotency-key") === undefined)
    throw new Failure(`Key ${id} was created, but the answer with its text was lost.`, {
      next: [[`tutti key revoke ${id}`, "revokes it. Then create another key"]],
      exitCode: exitCodes.unreachable,
      code: "key_lost",
    });
  const about =
    secret === ""
      ? `Key ${id} was created by an earlier call and is not shown again.`
      : `${print.errorStyle.green("✓")} key ${id} of ${safe(actorText(key?.actor))}. It is not shown again`;
  const lines = secret === "" ? [] : [secret];
  return {
    json: reply,
    quiet: lines,
    draw: () => {
      for (const line of [about, ...hints]) print.note(line);
      print.lines(lines);
    },
  };
}
