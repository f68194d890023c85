/**
 * Checks that every live state is the fold of its events in the journal, by the machine itself and by the
 * knowledge of the load.
 */
import { isDeepStrictEqual } from "node:util";
import type { HistoryRecord } from "@tutti/journal";
import type { CountedAnswer } from "../counted/counted.ts";
import { type Load, machineOf } from "../load/load.ts";
import type { World } from "../world/world.ts";
import type { Chronicle } from "./chronicle.ts";
import { DurableState } from "./durable-state.ts";

export async function checkStates(
  world: World,
  chronicle: Chronicle,
  load: Load,
  when: string,
  query: (id: string) => Promise<CountedAnswer>,
): Promise<void> {
  await Promise.all(
    load.lasting.map(async (id) => {
      const key = load.keyOf(id);
      const before = chronicle.instance(key)?.events.length ?? 0;
      const live = await query(id);
      const name = `${id}, ${when},`;
      chronicle.restsOn(() => name, key, live);
      if (live.events < before)
        world.fail("stale", `${name} is as of event ${live.events}, ${before} were durable`);
      const replayed = replay(chronicle, load, id, live.events);
      if (!isDeepStrictEqual(live.answer, replayed)) {
        world.fail(
          "replay",
          `${name} is ${JSON.stringify(live.answer)}, replayed ${JSON.stringify(replayed)}`,
        );
      }
      load.checkState(id, name, live);
    }),
  );
}

/** Reads the past of an account. */
export interface PastOf {
  history(id: string, afterEvent: number, limit: number): Promise<readonly HistoryRecord[]>;
  stateAt(id: string, event: number): Promise<{ readonly projection: unknown }>;
}

/** Small, so that a history has several pages. */
const pageEvents = 7;

/**
 * Checks that every history has the records of the journal, including removed ones. The same for past states.
 */
export async function checkHistories(
  world: World,
  chronicle: Chronicle,
  load: Load,
  past: PastOf,
): Promise<void> {
  await Promise.all(
    load.lasting.map(async (id) => {
      const places = chronicle.instance(load.keyOf(id))?.places ?? [];
      const expected = places.map(({ batch, index }, at) => `${at + 1}: ${batch}/${index}`);
      const found: string[] = [];
      for (;;) {
        const page = await past.history(id, found.length, pageEvents);
        found.push(...page.map(({ event, place: { batch, index } }) => `${event}: ${batch}/${index}`));
        // A late repetition may extend it at any time.
        if (page.length < pageEvents || found.length >= expected.length) break;
      }
      const missing = expected.findIndex((text, at) => text !== found[at]);
      if (missing >= 0) {
        const there = found[missing] ?? "nothing";
        world.fail("history", `${id} has ${expected[missing]} in the journal, ${there} in its history`);
      }
      const middle = Math.ceil(expected.length / 2);
      const { projection } = await past.stateAt(id, middle);
      const replayed = replay(chronicle, load, id, places[middle - 1]?.events ?? 0);
      if (isDeepStrictEqual(projection, replayed)) return;
      world.fail(
        "replay",
        `${id} at event ${middle} is ${JSON.stringify(projection)}, replayed ${JSON.stringify(replayed)}`,
      );
    }),
  );
}

/** Returns the state after a number of its events. */
function replay(chronicle: Chronicle, load: Load, id: string, events: number): unknown {
  const key = load.keyOf(id);
  const state = new DurableState(machineOf(load, key.kind), key);
  for (const event of chronicle.instance(key)?.events.slice(0, events) ?? []) state.fold(event);
  return state.project();
}
