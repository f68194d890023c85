/**
 * The events of a machine, its state at any of them, and its events as they happen.
 *
 * Only the installation itself and the administrator of this machine can read those of confidential machines: roles
 * with all rights would otherwise see hashes and sealed values.
 */
import {
  type GetHistoryReply,
  type GetHistoryRequest,
  type GetStateReply,
  type GetStateRequest,
  type HistoryEvent,
  Record,
  type WatchHistoryReply,
  type WatchHistoryRequest,
} from "@tutti/contracts/runtime/v1";
import type { HistoryRecord } from "@tutti/journal";
import { type CallContext, type InstanceKey, kernelErrors, toTimestamp } from "@tutti/kernel";
import { ownEventCodec } from "@tutti/runtime";
import { hostErrors } from "../../errors.ts";
import { whenOwned } from "../admission.ts";
import { keyIn, type MachineDependencies, type NamedMachine, waitForEvent } from "./dependencies.ts";

const pageDefault = 100;
const pageMax = 500;

export async function getHistory(
  dependencies: MachineDependencies,
  request: GetHistoryRequest,
  context: CallContext,
): Promise<GetHistoryReply> {
  const key = readableIn(dependencies, request, context);
  const size = Math.min(request.page?.size || pageDefault, pageMax);
  const token = request.page?.token ?? "";
  const after = token === "" ? request.afterEvent : eventOfToken(token);
  return whenOwned(dependencies, key, context, async () => {
    const records = await dependencies.runtime.history(key, after, size);
    const { events: total, isEnded } = await dependencies.runtime.instanceOf(key);
    const events = records.map((record) => eventOf(dependencies, record, request.withJson));
    const last = records.at(-1)?.event ?? after;
    const nextToken = last < total ? tokenOf(last) : "";
    return { events, page: { nextToken, ...(isEnded && { total }) } };
  });
}

export async function* watchHistory(
  dependencies: MachineDependencies,
  request: WatchHistoryRequest,
  context: CallContext,
): AsyncGenerator<WatchHistoryReply, void> {
  const key = readableIn(dependencies, request, context);
  const { signal } = context;
  for (let after = request.afterEvent; !signal.aborted; ) {
    const { events, isEnded, records } = await whenOwned(dependencies, key, context, async () => ({
      ...(await dependencies.runtime.instanceOf(key)),
      records: await dependencies.runtime.history(key, after, pageMax),
    }));
    after = records.at(-1)?.event ?? after;
    const last = isEnded && after >= events;
    yield { events: records.map((record) => eventOf(dependencies, record, request.withJson)), last };
    if (last) return;
    while (!signal.aborted && after >= events) {
      if (await waitForEvent(dependencies, key, { after }, signal)) break;
      if (!signal.aborted) yield { events: [], last: false };
    }
  }
}

export async function getState(
  dependencies: MachineDependencies,
  request: GetStateRequest,
  context: CallContext,
): Promise<GetStateReply> {
  const key = readableIn(dependencies, request, context);
  return whenOwned(dependencies, key, context, async () => {
    const { event, timeMs, projection } = await dependencies.runtime.stateAt(key, request.event);
    return { event, time: toTimestamp(timeMs), json: JSON.stringify(projection) };
  });
}

/** Throws if the caller may not read the events of this machine. */
function readableIn(
  { machines }: Pick<MachineDependencies, "machines">,
  named: NamedMachine,
  { principal }: Pick<CallContext, "principal">,
): InstanceKey {
  const key = keyIn(named);
  const isConfidential = machines.find(({ kind }) => kind === key.kind)?.isConfidential === true;
  if (isConfidential && principal.credential !== undefined)
    throw hostErrors.historyConfidential({ kind: key.kind });
  return key;
}

function eventOf(
  dependencies: MachineDependencies,
  { record, timeMs, place }: HistoryRecord,
  withJson: boolean,
): HistoryEvent {
  const { event, kind, type, version, payload, cause } = Record.decode(record);
  const json = withJson ? jsonOf(dependencies, kind, type, version, payload) : "";
  return { event, time: toTimestamp(timeMs), type, version, payload, json, cause, batch: place.batch };
}

function jsonOf(
  { machines }: MachineDependencies,
  kind: string,
  type: string,
  version: number,
  payload: Uint8Array,
): string {
  const codec =
    ownEventCodec(type) ??
    machines
      .find((machine) => machine.kind === kind)
      ?.events.find((event) => event.type === type && event.version === version)?.codec;
  return codec === undefined ? "" : JSON.stringify(codec.toJSON(codec.decode(payload)));
}

// The leading letter is the version of the token's form.
const tokenOf = (event: number): string => `a${event}`;

function eventOfToken(token: string): number {
  if (/^a\d{1,10}$/.test(token)) return Number(token.slice(1));
  const message = `expected the token of the page before, got ${token}`;
  throw kernelErrors.pageTokenInvalid(undefined, { violations: [{ field: "page.token", message }] });
}
