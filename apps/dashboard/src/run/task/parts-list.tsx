import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { counted, span } from "../../elements/moments.ts";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOfNumber } from "../graph/tones.ts";
import { useRunHandle, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import { numberOfState } from "../model/task-state.ts";

/** Entries, rounds and additions of a task, most urgent first. */
export function Parts({ taskId }: { taskId: string }) {
  const { store } = useRunHandle();
  const shape = useStore(({ table }) => table.shape);
  const version = useStore((each) => each.statesVersion);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the table stays the same, its shape and states change
  const places = useMemo(() => {
    const found: number[] = [];
    for (const [place, { parentId }] of store.table.tasks.entries())
      if (parentId === taskId) found.push(place);
    const urgencies = new Map(found.map((place) => [place, urgencyOf(store.stateAt(place))]));
    return found.sort((one, other) => (urgencies.get(one) ?? 0) - (urgencies.get(other) ?? 0) || one - other);
  }, [store, shape, version, taskId]);
  if (places.length === 0) return null;
  return (
    <section className="run-panel-part">
      <h3>{counted(places.length, "part")}</h3>
      <List places={places} />
    </section>
  );
}

/** Failed ones first, then running, then pending, then the rest. */
function urgencyOf(state: number): number {
  const among = (...states: string[]) => states.some((each) => numberOfState(each) === state);
  if (among("failed", "paused")) return 0;
  if (among("retrying", "running", "waiting", "compensating")) return 1;
  return among("queued", "held") ? 2 : 3;
}

function List({ places }: { places: readonly number[] }) {
  const { store } = useRunHandle();
  const go = useGo();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: places.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 32,
    overscan: 8,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element
    <section ref={scroller} className="run-parts" tabIndex={0} aria-label="Parts">
      <ol className="run-lanes" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const place = places[index] ?? -1;
          const task = store.table.tasks[place];
          if (task === undefined) return null;
          const { id, parentId, startMs, endMs } = task;
          const own = id.startsWith(parentId) ? id.slice(parentId.length) : id;
          return (
            <li key={key} className="run-lane run-part" style={{ transform: `translateY(${start}px)` }}>
              <button type="button" className="text-link clipped" onClick={() => go({ task: id })}>
                <span className="unseen">{parentId}</span>
                {own}
              </button>
              <BadgeMark badge={badgeOfNumber(store.stateAt(place))} subtle />
              <span className="small soft run-part-lasting">
                {startMs > 0 && endMs > 0 ? span(endMs - startMs) : ""}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
