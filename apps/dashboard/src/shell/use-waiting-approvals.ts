import { useQuery } from "@tanstack/react-query";
import { approvalsQuery } from "../data/queries.ts";

/** Returns how many questions wait for a person. */
export function useWaitingApprovals(): number {
  const { data } = useQuery(approvalsQuery());
  return data?.approvals?.length ?? 0;
}
