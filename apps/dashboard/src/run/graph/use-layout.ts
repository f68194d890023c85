import { useEffect, useMemo, useState } from "react";
import { placeByElk } from "./elk.ts";
import type { Direction } from "./layered.ts";
import { type Layout, layoutBy, layoutNow } from "./layout.ts";
import type { GraphScope } from "./shape.ts";

/** More nodes than these are laid out at once, by our own arithmetic. */
const waitedFor = 150;

/** Where everything stands. The picture before stays until the next one is there, so that nothing flickers. */
export function useLayout(scope: GraphScope, direction: Direction): Layout | undefined {
  const [layout, setLayout] = useState<Layout>();
  const isLarge = scope.nodes.length > waitedFor;
  const large = useMemo(
    () => (isLarge ? layoutNow(scope, direction) : undefined),
    [scope, direction, isLarge],
  );
  useEffect(() => {
    if (isLarge || scope.nodes.length === 0) return;
    let isWanted = true;
    void layoutBy(scope, direction, placeByElk).then((found) => {
      if (isWanted) setLayout(found);
    });
    return () => {
      isWanted = false;
    };
  }, [scope, direction, isLarge]);
  return large ?? layout;
}
