import { useQueryClient } from "@tanstack/react-query";
import { accessKeys } from "../../data/governance-queries.ts";

/** Who may do what is another than before: all that is shown of it is asked again. */
export function useChanged(): () => void {
  const queries = useQueryClient();
  return () => {
    for (const key of accessKeys) void queries.invalidateQueries({ queryKey: [key] });
  };
}
