import { useQueryClient } from "@tanstack/react-query";
import { accessKeys } from "../../data/governance-queries.ts";

/** Access rights have changed: all data about them is loaded again. */
export function useChanged(): () => void {
  const queries = useQueryClient();
  return () => {
    for (const key of accessKeys) void queries.invalidateQueries({ queryKey: [key] });
  };
}
