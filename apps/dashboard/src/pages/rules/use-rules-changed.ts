import { useQueryClient } from "@tanstack/react-query";

/** Refetches all shown queries about rules after a rule has changed. */
export function useRulesChanged(): () => void {
  const queries = useQueryClient();
  return () => {
    for (const key of ["rules", "compliance"]) void queries.invalidateQueries({ queryKey: [key] });
  };
}
