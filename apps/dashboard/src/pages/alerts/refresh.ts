import { useQueryClient } from "@tanstack/react-query";

/** Reads alerts, silences, notifications and rules again. */
export function useAlertRefresh(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["alerts"] });
}
