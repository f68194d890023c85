import { useQueryClient } from "@tanstack/react-query";

/** A rule is another one than before: all that is shown of rules is asked again. */
export function useRulesChanged(): () => void {
  const queries = useQueryClient();
  return () => {
    for (const key of ["rules", "compliance"]) void queries.invalidateQueries({ queryKey: [key] });
  };
}
