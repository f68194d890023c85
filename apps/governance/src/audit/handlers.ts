/** Searches, exports and proves the audit. */
import {
  type auditService,
  ExportFormat,
  type ExportRecordsReply,
  type ExportRecordsRequest,
  type ListCheckpointsReply,
  type ListCheckpointsRequest,
  type SearchRecordsReply,
  type SearchRecordsRequest,
  type VerifyAuditReply,
  type VerifyAuditRequest,
  type WatchCheckpointsReply,
  type WatchCheckpointsRequest,
} from "@tutti/contracts/governance/v1";
import { spanOf } from "@tutti/host";
import { sizeOf } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import type { Handlers } from "@tutti/mesh";
import { ExportWriter } from "@tutti/policy/audit";
import { auditErrors } from "./errors.ts";
import { type RefusalDependencies, storeRefusals } from "./refusals.ts";
import type { AuditRounds } from "./rounds.ts";

export interface AuditDependencies extends RefusalDependencies {
  readonly rounds: AuditRounds;
}

/** Maximum interval of messages on a stream. */
const keepaliveMs = 5_000;
const checkpointsPerRead = 100;

export function auditHandlers(dependencies: AuditDependencies): Handlers<typeof auditService> {
  const { rounds } = dependencies;
  const thread = async () => (await rounds.opened()).thread;
  return {
    searchRecords: (request, context) => search(dependencies, request, context),
    async getRecord({ recordId }, { namespace }) {
      await rounds.fresh();
      return (await thread()).call("get", namespace, recordId);
    },
    exportRecords: (request, context) => exportRecords(dependencies, request, context),
    recordRefusals: (requests, context) => storeRefusals(dependencies, requests, context),
    async getCheckpoint({ number }) {
      await rounds.followed();
      return { checkpoint: await (await thread()).call("checkpointWithHeads", number) };
    },
    listCheckpoints: (request) => listCheckpoints(dependencies, request),
    watchCheckpoints: (request, context) => watchCheckpoints(dependencies, request, context),
    async proveInclusion({ recordId, checkpoint }, { namespace }) {
      if (checkpoint === 0) await rounds.fresh();
      else await rounds.followed();
      return { proof: await (await thread()).call("proveInclusion", namespace, recordId, checkpoint) };
    },
    async proveConsistency({ first, second }) {
      await rounds.followed();
      return { proof: await (await thread()).call("proveConsistency", first, second) };
    },
    verifyAudit: (request, context) => verifyAudit(dependencies, request, context),
    listSigningKeys: async () => ({ keys: await (await thread()).call("keysNewestFirst") }),
  };
}

async function search(
  { rounds }: AuditDependencies,
  { filter, oldestFirst, page }: SearchRecordsRequest,
  { namespace }: CallContext,
): Promise<SearchRecordsReply> {
  const token = page?.token ?? "";
  // Later pages show the state at the time of the first page.
  const indexedMs = token === "" ? await rounds.fresh() : undefined;
  const query = { namespace, filter, isOldestFirst: oldestFirst, size: sizeOf(page), token };
  const { thread } = await rounds.opened();
  const { records, nextToken } = await thread.call("search", query);
  return {
    records: [...records],
    page: { nextToken, total: undefined },
    indexedTo: indexedMs ? toTimestamp(indexedMs) : undefined,
  };
}

async function* exportRecords(
  { rounds, foundation }: AuditDependencies,
  { filter, format }: ExportRecordsRequest,
  { namespace, signal }: CallContext,
): AsyncGenerator<ExportRecordsReply, void> {
  await rounds.fresh();
  const isCloudEvents = format === ExportFormat.EXPORT_FORMAT_CLOUD_EVENTS;
  let end = "";
  let exported = 0;
  const { thread, keys } = await rounds.opened();
  for await (const { text, records, state } of thread.stream("export", {
    namespace,
    filter,
    isCloudEvents,
  })) {
    if (signal.aborted) return;
    exported = records;
    const { signer, signingKey } = keys;
    const signed = { signingKeyId: signingKey.signingKeyId, key: signer };
    end = isCloudEvents ? "" : new ExportWriter(state).writeEnd(foundation.clock.now(), signed);
    // It cannot be resumed: a caller that lost the connection starts again.
    yield { chunk: Buffer.from(text), records, last: false, cursor: "" };
  }
  yield { chunk: Buffer.from(end), records: exported, last: true, cursor: "" };
}

async function listCheckpoints(
  { rounds }: AuditDependencies,
  { created, page }: ListCheckpointsRequest,
): Promise<ListCheckpointsReply> {
  const { from, to } = spanOf(created);
  const token = page?.token ?? "";
  if (!/^\d{0,15}$/.test(token)) throw auditErrors.pageUnknown();
  const below = token === "" ? Number.MAX_SAFE_INTEGER : Number(token);
  const size = sizeOf(page);
  const range = { fromMs: from, toMs: Math.min(to, Number.MAX_SAFE_INTEGER) };
  // Without a token the latest checkpoint of any process is wanted.
  if (token === "") await rounds.followed();
  const { thread } = await rounds.opened();
  const checkpoints = await thread.call("checkpoints", range, below, size + 1);
  const more = checkpoints.length > size ? String(checkpoints[size - 1]?.number ?? "") : "";
  return { checkpoints: checkpoints.slice(0, size), page: { nextToken: more, total: undefined } };
}

async function* watchCheckpoints(
  { rounds }: AuditDependencies,
  { afterNumber }: WatchCheckpointsRequest,
  { signal }: CallContext,
): AsyncGenerator<WatchCheckpointsReply, void> {
  for (let after = afterNumber; !signal.aborted; ) {
    const { thread } = await rounds.opened();
    const checkpoints = await thread.call("checkpointsAfter", after, checkpointsPerRead);
    yield { checkpoints };
    after = checkpoints.at(-1)?.number ?? after;
    if (checkpoints.length < checkpointsPerRead) await rounds.nextCheckpoint(signal, keepaliveMs);
  }
}

async function* verifyAudit(
  { rounds }: AuditDependencies,
  { fromCheckpoint }: VerifyAuditRequest,
  { signal }: CallContext,
): AsyncGenerator<VerifyAuditReply, void> {
  await rounds.fresh();
  const { thread } = await rounds.opened();
  const total = await thread.records();
  let checked = 0;
  for await (const { checked: more, faults } of thread.stream("verify", fromCheckpoint)) {
    if (signal.aborted) return;
    checked += more;
    rounds.found(faults);
    yield { checked, total, faults: [...faults], last: false, cursor: "" };
  }
  yield { checked, total, faults: [], last: true, cursor: "" };
}
