/** Reads an entry: its labels, by which lists find it, and its state. */
import type { CacheSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { type CacheEntry, snapshotOf } from "./entry.ts";

/** Names of the labels of entries. Those of tags and sources have no value. */
export const cacheLabel = {
  capability: "capability",
  agent: "agent",
  run: "run",
  bytes: "bytes",
  computeMs: "computeMs",
  storeMs: "storeMs",
  uses: "uses",
  useMs: "useMs",
  tag: (tag: string) => `tag:${tag}`,
  source: (entry: string) => `source:${entry}`,
} as const;

export function cacheLabels(entry: ReadOnly<CacheEntry>): Readonly<Record<string, string>> {
  const { present, computing, facts, runId, agent, computeMs, storeMs, uses, useMs } = entry;
  if (!present && computing === undefined) return {};
  const labels: Record<string, string> = { [cacheLabel.capability]: facts?.capability ?? "" };
  for (const tag of facts?.tags ?? []) labels[cacheLabel.tag(tag)] = "";
  for (const source of facts?.sources ?? []) labels[cacheLabel.source(source)] = "";
  if (!present) return labels;
  labels[cacheLabel.run] = runId;
  labels[cacheLabel.agent] = agent;
  labels[cacheLabel.bytes] = String(bytesOf(entry));
  labels[cacheLabel.computeMs] = String(Math.round(computeMs));
  labels[cacheLabel.storeMs] = String(storeMs);
  labels[cacheLabel.uses] = String(uses);
  labels[cacheLabel.useMs] = String(useMs);
  return labels;
}

export function bytesOf({ output }: Pick<ReadOnly<CacheEntry>, "output">): number {
  const { body } = output ?? {};
  if (body === undefined) return 0;
  return body.$case === "inline" ? body.value.length : Number(body.value.size);
}

export const showEntry: Query<CacheEntry, undefined, CacheSnapshotV1> = {
  type: "entry",
  answer: (entry) => snapshotOf(entry as CacheEntry),
};
