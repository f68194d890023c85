import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import "./virtual-cards.css";

interface VirtualCardsOptions<Item> {
  items: readonly Item[];
  keyOf: (item: Item) => string;
  /** Accessible name of the list. */
  label: string;
  /** Minimum width of a card. If it is not set, each card has the whole line. */
  cardPx?: number;
  /** Estimated height of a card before it is rendered. */
  rowPx: number;
  gapPx?: number;
  className?: string;
  children: (item: Item) => ReactNode;
}

/** Renders only the visible cards or lines of a list of any length. */
export function VirtualCards<Item>(options: VirtualCardsOptions<Item>) {
  const { items, keyOf, cardPx, rowPx, gapPx = 0, className = "" } = options;
  const list = useRef<HTMLUListElement>(null);
  const [{ columns, top }, setRoom] = useState({ columns: 1, top: 0 });
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = () => {
      const fitCount =
        cardPx === undefined ? 1 : Math.floor((element.clientWidth + gapPx) / (cardPx + gapPx));
      const next = {
        columns: Math.max(1, fitCount),
        top: Math.round(element.getBoundingClientRect().top + window.scrollY),
      };
      setRoom((before) => (before.columns === next.columns && before.top === next.top ? before : next));
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(document.body);
    return () => resized.disconnect();
  }, [cardPx, gapPx]);
  const cards = useWindowVirtualizer({
    count: items.length,
    lanes: columns,
    estimateSize: () => rowPx,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
    gap: gapPx,
    overscan: 3 * columns,
    scrollMargin: top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the position of a card depends on the number of columns
  useEffect(() => cards.measure(), [columns]);
  const width = `calc((100% - ${(columns - 1) * gapPx}px) / ${columns})`;
  return (
    <ul
      ref={list}
      className={`virtual-cards ${className}`.trim()}
      aria-label={options.label}
      style={{ height: cards.getTotalSize() }}
    >
      {cards.getVirtualItems().map(({ index, key, lane, start }) => {
        const item = items[index];
        if (item === undefined) return null;
        const left = `calc((${width} + ${gapPx}px) * ${lane})`;
        return (
          <li
            key={key}
            ref={cards.measureElement}
            data-index={index}
            style={{ left, width, transform: `translateY(${start - top}px)` }}
          >
            {options.children(item)}
          </li>
        );
      })}
    </ul>
  );
}
