import { useWindowVirtualizer } from "@tanstack/react-virtual";
import type { Agent } from "@tutti/rest/types";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Worker } from "./worker.tsx";

const cardPx = 296;
const gapPx = 16;
const rowPx = 218;

/** As many cards as are seen, however many workers there are. */
export function WorkerGrid({ agents, onOpen }: { agents: readonly Agent[]; onOpen: (agent: Agent) => void }) {
  const grid = useRef<HTMLUListElement>(null);
  const [{ columns, top }, setRoom] = useState({ columns: 1, top: 0 });
  useLayoutEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const measure = () => {
      const next = {
        columns: Math.max(1, Math.floor((element.clientWidth + gapPx) / (cardPx + gapPx))),
        top: Math.round(element.getBoundingClientRect().top + window.scrollY),
      };
      setRoom((before) => (before.columns === next.columns && before.top === next.top ? before : next));
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(document.body);
    return () => resized.disconnect();
  }, []);
  const cards = useWindowVirtualizer({
    count: agents.length,
    lanes: columns,
    estimateSize: () => rowPx,
    getItemKey: (index) => keyOf(agents[index]) ?? index,
    gap: gapPx,
    overscan: 3 * columns,
    scrollMargin: top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: where a card stands follows from how many stand side by side
  useEffect(() => cards.measure(), [columns]);
  const width = `calc((100% - ${(columns - 1) * gapPx}px) / ${columns})`;
  return (
    <ul ref={grid} className="workers" aria-label="Workers" style={{ height: cards.getTotalSize() }}>
      {cards.getVirtualItems().map(({ index, key, lane, start }) => {
        const agent = agents[index];
        if (agent === undefined) return null;
        const left = `calc((${width} + ${gapPx}px) * ${lane})`;
        return (
          <li
            key={key}
            ref={cards.measureElement}
            data-index={index}
            style={{ left, width, transform: `translateY(${start - top}px)` }}
          >
            <Worker agent={agent} onOpen={onOpen} />
          </li>
        );
      })}
    </ul>
  );
}

function keyOf(agent: Agent | undefined): string | undefined {
  return agent && `${agent.pool} ${agent.agentId}`;
}
