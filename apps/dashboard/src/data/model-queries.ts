import { queryOptions } from "@tanstack/react-query";
import type { ListModelsReply } from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { read } from "./queries.ts";

/** More than a person reads on one page. */
const size = 100;

/** What was learned of how long things take. It changes with each attempt, and no event tells of most of it: it is looked at. */
export const modelsQuery = () =>
  queryOptions({
    queryKey: ["models"],
    queryFn: ({ signal }) => read<ListModelsReply>(pathOf(["models"], { size }), signal),
    refetchInterval: 10_000,
  });
