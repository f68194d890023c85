import { queryOptions } from "@tanstack/react-query";
import type { Routes } from "@tutti/rest/types";
import { read } from "../../data/queries.ts";
import { send } from "../../data/send.ts";
import { pathOf } from "../../elements/spelled.ts";

export const factTablesQuery = () =>
  queryOptions({
    queryKey: ["fact-tables"],
    queryFn: ({ signal }) => read<Routes["facts.list"]["reply"]>(pathOf(["facts"]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const factsQuery = (sql: string) =>
  queryOptions({
    queryKey: ["facts", sql],
    // The cast: what the route answers with is as its description says.
    queryFn: async ({ signal }) =>
      (await send(
        { method: "POST", path: pathOf(["query"]), body: { sql } },
        signal,
      )) as Routes["facts.query"]["reply"],
    refetchOnWindowFocus: false,
  });
