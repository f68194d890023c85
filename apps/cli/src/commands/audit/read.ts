/** Searches, shows and exports the audit log. */

import { counted } from "@tutti/kernel";
import type { AuditRecord, Routes } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";

/** Clocks of machines differ. */
const behindMs = 60_000;

type RecordFilter = Omit<Routes["audit.search"]["query"], "namespace" | "oldestFirst" | "size" | "token">;

export async function searchAudit(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const query = { ...filterIn(context), oldestFirst: values.flag("oldest") };
  const server = await connect(context);
  let indexedToMs: number | undefined;
  const { entries, nextToken } = await listPages(
    context,
    async (page) => {
      const reply = await server.call("audit.search", { query: { ...server.namespace, ...query, ...page } });
      indexedToMs ??= reply.indexedToMs;
      return reply;
    },
    ({ records }) => records,
  );
  // Only the first page reports how far the index is.
  const isBehind = values.text("page") === undefined && (indexedToMs ?? 0) < shell.nowMs() - behindMs;
  if (isBehind)
    print.note(
      print.errorStyle.yellow("Some journals could not be read. Find the cause with `tutti status`."),
    );
  return {
    json: { records: entries },
    nextToken,
    quiet: entries.map(({ recordId = "" }) => safe(recordId)),
    empty: entries.length === 0 ? "No records match." : undefined,
    draw: () => {
      print.table(
        [
          { title: "time" },
          { title: "actor", yields: 2, widthMin: 10 },
          { title: "action", yields: 1, widthMin: 12 },
          { title: "about", yields: 1, widthMin: 10 },
          { title: "record" },
        ],
        entries.map((record) => [
          { text: printMoment(record.timeMs ?? 0, shell.nowMs()), tone: "dim" },
          actorText(record),
          { text: actionOf(record), tone: record.result === "refused" ? "red" : "bold" },
          aboutOf(record),
          { text: record.recordId ?? "", tone: "dim" },
        ]),
      );
    },
  };
}

export async function showRecord(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const reply = await server.call("audit.get", { params, query: server.namespace });
  const { record, checkpoint = 0 } = reply;
  return {
    json: reply,
    quiet: [safe(record?.recordId ?? "")],
    draw: () => {
      if (record !== undefined) {
        const { cause, error, count = 1, address = "" } = record;
        print.facts([
          ["record", { text: record.recordId ?? "", tone: "bold" }],
          ["time", printMoment(record.timeMs ?? 0, shell.nowMs())],
          ["actor", actorText(record)],
          ["action", actionOf(record)],
          ["about", aboutOf(record)],
          ["allowed by", factOf(cause?.decision)],
          ["reason", factOf(cause?.reason)],
          ["trace", factOf(cause?.traceparent)],
          ["refused", error && { text: error.message ?? error.code ?? "", tone: "red" }],
          ["count", count > 1 ? String(count) : undefined],
          ["from", factOf(address)],
          ["checkpoint", String(checkpoint)],
          ["record as JSON", factOf(record.json)],
        ]);
      }
    },
  };
}

export async function exportAudit(context: Context): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const format = values.flag("cloud-events") ? { format: "cloud_events" as const } : {};
  const query = { ...server.namespace, ...filterIn(context), ...format };
  let exported = 0;
  try {
    // A second connection would start over and repeat the printed records.
    for await (const event of server.follow("audit.export", { query }, { isOnce: true })) {
      if (event.kind === "ready" || event.kind === "gap") continue;
      const { chunk = "", records = 0, last } = event.value;
      print.text(Buffer.from(chunk, "base64").toString("utf8"));
      exported = records;
      if (last === true) {
        print.note(counted(exported, "record"));
        return exitCodes.completed;
      }
    }
  } catch (error) {
    throw exported === 0 ? error : brokenOff(exported);
  }
  if (context.shell.interrupted.aborted) return exitCodes.interrupted;
  throw brokenOff(exported);
}

function brokenOff(exported: number): Failure {
  return new Failure(`The export stopped after ${exported} records.`, {
    why: ["The output is incomplete and cannot be verified."],
    next: ["Export again."],
    exitCode: exitCodes.unreachable,
    code: "export_broken",
  });
}

export async function listCheckpoints(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("audit.checkpoints", { query: page }),
    ({ checkpoints }) => checkpoints,
  );
  return {
    json: { checkpoints: entries },
    nextToken,
    quiet: entries.map(({ number = 0 }) => String(number)),
    empty: entries.length === 0 ? "No checkpoints yet." : undefined,
    draw: () => {
      print.table(
        [
          { title: "checkpoint", align: "right" },
          { title: "created" },
          { title: "heads", align: "right" },
          { title: "root", yields: 1, widthMin: 12 },
          { title: "key", yields: 2, widthMin: 8 },
        ],
        entries.map(({ number = 0, createTimeMs = 0, treeSize = 0, rootHash = "", signingKeyId = "" }) => [
          { text: String(number), tone: "bold" },
          { text: printMoment(createTimeMs, shell.nowMs()), tone: "dim" },
          String(treeSize),
          { text: rootHash, tone: "dim" },
          { text: signingKeyId, tone: "dim" },
        ]),
      );
    },
  };
}

export async function listKeys(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { keys } = await server.call("audit.keys");
  return {
    json: { keys },
    quiet: keys.slice(-1).map(({ publicKey = "" }) => publicKey),
    draw: () => {
      print.table(
        [{ title: "key", widthMin: 8 }, { title: "public key" }, { title: "since" }],
        keys.map(({ signingKeyId, publicKey = "", startTimeMs = 0 }) => [
          { text: signingKeyId, tone: "bold" },
          publicKey,
          { text: printMoment(startTimeMs, shell.nowMs()), tone: "dim" },
        ]),
      );
    },
  };
}

function filterIn({ values, shell }: Context): RecordFilter {
  const nowMs = shell.nowMs();
  const texts = {
    action: values.text("action"),
    traceId: values.text("trace"),
    text: values.text("text"),
    timeFromMs: values.momentMs("since", nowMs),
    timeToMs: values.momentMs("until", nowMs),
  };
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    ...(values.flag("refused") ? { result: "refused" } : {}),
    ...actorIn(values.text("actor")),
    ...workIn(values.text("about")),
  };
}

function actorIn(text: string | undefined): RecordFilter {
  if (text === undefined) return {};
  const [, kind, actorId] = /^(person|service|agent)[/:](.+)$/.exec(text) ?? [];
  if (kind === "person" || kind === "service" || kind === "agent")
    return { actorKind: kind, actorId: actorId ?? "" };
  throw usageFailure(`--actor: expected KIND/ID such as person/ada or agent/worker-1, got \`${safe(text)}\``);
}

function workIn(text: string | undefined): RecordFilter {
  if (text === undefined) return {};
  const [workKind = "", ...id] = text.split("/");
  const workId = id.join("/");
  return { workKind, ...(workId === "" ? {} : { workId }) };
}

function actorText({ cause }: AuditRecord): string {
  const { kind, id } = cause?.actor ?? {};
  return kind === undefined ? "unknown" : `${kind} ${id}`;
}

function actionOf({ action = "", result, count = 1 }: AuditRecord): string {
  const often = count > 1 ? ` × ${count}` : "";
  return result === "refused" ? `${action} refused${often}` : action;
}

function aboutOf({ work }: AuditRecord): string {
  return work === undefined ? "" : `${work.kind ?? ""} ${work.id ?? ""}`.trim();
}

function factOf(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
