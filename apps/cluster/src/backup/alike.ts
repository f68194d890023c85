/**
 * Checks that all NATS servers have the same content of each stream, by the report of each server about itself.
 *
 * A leader reports only the log positions of the others. Restored content is in no log: a server fetches it from the
 * leader a moment later. If all servers end before that, an incomplete server may become the next leader. A server that
 * has just started and has not applied its whole log may become the leader too.
 */

import { pollFor, requestTo } from "../effects/waiting.ts";
import { clusterErrors } from "../errors.ts";

interface StreamDetail {
  readonly name: string;
  readonly config?: { readonly num_replicas?: number };
  readonly state: { readonly messages: number; readonly last_seq: number };
}

interface JetStreamDetail {
  readonly account_details?: readonly { readonly stream_detail?: readonly StreamDetail[] }[];
}

const alikeMs = 60_000;

/** Waits until the servers at these monitor addresses have the same streams. Rejects if they do not. */
export async function requireSame(monitors: readonly string[]): Promise<void> {
  let unlike = "";
  const areAlike = await pollFor(async () => {
    unlike = await unlikeAt(monitors).catch((error: unknown) => String(error));
    return unlike === "" ? true : undefined;
  }, alikeMs);
  if (areAlike === undefined)
    throw clusterErrors.copyFailed({ stream: unlike, reason: "not every server has it" });
}

/** Returns a stream whose copies are missing or differ. Empty if there is none. */
async function unlikeAt(monitors: readonly string[]): Promise<string> {
  const found = await Promise.all(monitors.map(streamsAt));
  const byName = new Map<string, StreamDetail[]>();
  for (const stream of found.flat()) byName.set(stream.name, [...(byName.get(stream.name) ?? []), stream]);
  for (const [name, copies] of byName) {
    const [{ config, state } = {}] = copies;
    if (copies.length < Math.min(config?.num_replicas ?? 1, monitors.length)) return name;
    const isSame = (other: StreamDetail) =>
      other.state.messages === state?.messages && other.state.last_seq === state.last_seq;
    if (!copies.every(isSame)) return name;
  }
  return "";
}

async function streamsAt(monitor: string): Promise<readonly StreamDetail[]> {
  const reply = await requestTo(`${monitor}/jsz?accounts=true&streams=true&config=true`);
  const { account_details: accounts = [] } = (await reply.json()) as JetStreamDetail;
  return accounts.flatMap(({ stream_detail: streams = [] }) => streams);
}
