import { queryOptions } from "@tanstack/react-query";
import type { ListModelsReply } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { pathOf } from "../../elements/spelled.ts";

/** More than a person reads on one page. */
const size = 100;
export const modelsPath = pathOf(["models"], { size });

/** Learned durations. They change with each attempt, and most changes have no event, so the query polls. */
export const modelsQuery = () =>
  queryOptions({
    queryKey: ["models"],
    queryFn: ({ signal }) => read<ListModelsReply>(modelsPath, signal),
    refetchInterval: 10_000,
  });
