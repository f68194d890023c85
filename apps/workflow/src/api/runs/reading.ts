/** The events of a run for people: decisions as JSON, tasks by their ids. */
import { Record } from "@tutti/contracts/runtime/v1";
import {
  type ReadHistoryReply,
  type ReadHistoryRequest,
  type RunEvent,
  RunStartedV1,
} from "@tutti/contracts/workflow/v1";
import { whenOwned } from "@tutti/host";
import { type MachineDependencies, placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import type { HistoryRecord } from "@tutti/journal";
import { type CallContext, type InstanceKey, type Machine, textOf, toTimestamp } from "@tutti/kernel";
import type { Run } from "@tutti/machine-run";
import { HistoryReader, type ReadEvent } from "@tutti/machine-run/reading";
import { isInternalEvent, ownEventCodec } from "@tutti/runtime";
import type { PlanCache } from "../../plans/plan-cache.ts";
import { eventsOf, keyOf } from "./dependencies.ts";

export interface ReadingDependencies extends MachineDependencies {
  readonly machine: Machine<Run>;
  readonly planCache: Pick<PlanCache, "prepare">;
  readonly readers: ReaderCache;
}

const recordsPage = 500;
const pageMax = 500;
/** Maximum of events that one reply reads, if most are about other tasks. */
const scannedMax = 20_000;

export async function readHistory(
  dependencies: ReadingDependencies,
  { runId, afterEvent, taskId, page, withInternal }: ReadHistoryRequest,
  context: CallContext,
): Promise<ReadHistoryReply> {
  const key = keyOf(context.namespace, runId);
  const after = page?.token ? placeOfToken(page.token) : afterEvent;
  const total = await eventsOf(dependencies, runId, context);
  return whenOwned(dependencies, key, context, async () => {
    const place = dependencies.readers.remove(key, after) ?? {
      reader: new HistoryReader(dependencies.machine, key),
      at: 0,
    };
    const query = { after, taskId, withInternal, size: Math.min(sizeOf(page), pageMax) };
    const events = await readOn(dependencies, key, place, query);
    if (place.at < total) dependencies.readers.store(key, place);
    const { isEnded } = await dependencies.runtime.instanceOf(key);
    const nextToken = place.at < total ? tokenOfPlace(place.at) : "";
    return { events, page: { nextToken, ...(isEnded && { total }) } };
  });
}

interface ReaderPlace {
  readonly reader: HistoryReader;
  /** Number of the last event that was read. */
  at: number;
}

interface EventsQuery extends Pick<ReadHistoryRequest, "taskId" | "withInternal"> {
  readonly after: number;
  readonly size: number;
}

async function readOn(
  dependencies: ReadingDependencies,
  key: InstanceKey,
  place: ReaderPlace,
  { after, taskId, withInternal, size }: EventsQuery,
): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const until = after + scannedMax;
  for (;;) {
    const records = await dependencies.runtime.history(key, place.at, recordsPage);
    for (const recorded of records) {
      const record = Record.decode(recorded.record);
      if (recorded.event === 1) await preparePlan(dependencies, key, record);
      place.at = recorded.event;
      if (recorded.event <= after) {
        place.reader.skip(record);
        continue;
      }
      const entry = place.reader.read(record);
      const isIncluded = withInternal || !isInternalEvent(record.type);
      if (isIncluded && (taskId === "" || isAbout(entry.task, taskId)))
        events.push(eventOf(recorded, record, entry));
      if (events.length >= size || recorded.event >= until) return events;
    }
    if (records.length === 0) return events;
  }
}

/** Prepares the plan, which has the names of the tasks. */
async function preparePlan(
  { planCache }: ReadingDependencies,
  { namespace }: InstanceKey,
  { type, payload }: Record,
) {
  const hash = type === "run_started" ? (RunStartedV1.decode(payload).order?.hash ?? "") : "";
  if (hash !== "") await planCache.prepare(namespace, hash);
}

/** Returns whether a task is the wanted one, or one of its entries or rounds. */
function isAbout(task: string, taskId: string): boolean {
  return task === taskId || task.startsWith(`${taskId}[`) || task.startsWith(`${taskId}#`);
}

const encoder = new TextEncoder();

function eventOf(
  { event, timeMs }: HistoryRecord,
  { type, payload, cause }: Record,
  { task, details }: ReadEvent,
): RunEvent {
  // An action of the runtime itself, such as a repair, is no event of the machine.
  const own = ownEventCodec(type);
  const content = own === undefined ? details : own.toJSON(own.decode(payload) as never);
  const value = encoder.encode(JSON.stringify(content));
  return {
    event,
    time: toTimestamp(timeMs),
    type,
    taskId: task,
    cause,
    details: { body: { $case: "inline", value }, mediaType: "" },
  };
}

const readersMax = 4;

/** Keeps readers of long histories between pages: the next page continues at the end of the last one. */
export class ReaderCache {
  readonly #places = new Map<string, ReaderPlace>();

  /** Removes and returns the reader at this place. */
  remove(key: InstanceKey, at: number): ReaderPlace | undefined {
    const name = textOf(key);
    const place = this.#places.get(name);
    if (place?.at !== at) return undefined;
    this.#places.delete(name);
    return place;
  }

  store(key: InstanceKey, place: ReaderPlace): void {
    this.#places.set(textOf(key), place);
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= readersMax) return;
      this.#places.delete(oldest);
    }
  }
}
