import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { nowMs } from "../../effects/time.ts";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { aheadOf, type CapacitySearch, waits } from "./search.ts";

/** A forecast reads five weeks: an answer counts for a while. */
const staleTime = 300_000;
const system = "system";

export function capacityPath({ day, load, wait }: CapacitySearch, atMs: number): string {
  const targetWaitMs = wait === undefined ? undefined : waits[wait];
  return pathOf(["capacity"], { ...aheadOf(day, atMs), loadFactor: load, targetWaitMs });
}

export function capacityCommand({ day, load, wait }: CapacitySearch): string {
  const options = [
    ["--weekday", day],
    ["--load", load],
    ["--wait-goal", wait],
  ] as const;
  const args = options.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
  return commandLine("tutti", "capacity", ...args);
}

type Reply = Routes["capacity"]["reply"];

export const capacityQuery = (search: CapacitySearch) =>
  queryOptions({
    queryKey: ["capacity", search],
    queryFn: ({ signal }) => read<Reply>(capacityPath(search, nowMs()), signal),
    staleTime,
  });

export const disksQuery = () =>
  queryOptions({
    queryKey: ["capacity", "disks"],
    queryFn: ({ signal }) => read<Reply>(pathOf(["capacity"], { namespace: system }), signal),
    staleTime,
  });
