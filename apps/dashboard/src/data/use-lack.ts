import { useQuery } from "@tanstack/react-query";
import type { Call } from "../elements/spelled.ts";
import { rightsQuery } from "./queries.ts";
import { lackOf, lackText } from "./rights.ts";

/** Why the signed-in user may not make a call, as text. Undefined where they may, or that is not known yet. */
export function useLack(call: Pick<Call, "method" | "path">): string | undefined {
  const { data } = useQuery(rightsQuery());
  const lack = lackOf(data, call);
  return lack === undefined || data === undefined ? undefined : lackText(lack, data);
}
