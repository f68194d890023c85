import type { Routes, RunFilterInput, WorkStatus } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";

type RunQuery = Routes["runs.list"]["query"];
type FilterContext = Pick<Context, "values" | "shell">;

/** Returns the filters of the options as a query. */
export function runQuery({ values, shell }: FilterContext): RunQuery {
  const nowMs = shell.nowMs();
  const since = values.momentMs("since", nowMs);
  const until = values.momentMs("until", nowMs);
  const text = values.text("text");
  const errorCode = values.text("error");
  return {
    ...some("status", states(values)),
    ...some("definition", values.list("workflow")),
    ...some(
      "label",
      Object.entries(values.labels("label")).map(([name, value]) => `${name}=${value}`),
    ),
    ...(since === undefined ? {} : { createdFromMs: since }),
    ...(until === undefined ? {} : { createdToMs: until }),
    ...(text === undefined ? {} : { text }),
    ...(errorCode === undefined ? {} : { errorCode }),
  };
}

/** Returns the filters of the options as a request body. */
export function runFilter({ values, shell }: FilterContext): RunFilterInput {
  const nowMs = shell.nowMs();
  const fromMs = values.momentMs("since", nowMs);
  const toMs = values.momentMs("until", nowMs);
  const equals = values.labels("label");
  const text = values.text("text");
  const errorCode = values.text("error");
  const created = { ...(fromMs === undefined ? {} : { fromMs }), ...(toMs === undefined ? {} : { toMs }) };
  return {
    ...some("statuses", states(values)),
    ...some("definitions", values.list("workflow")),
    ...(Object.keys(equals).length === 0 ? {} : { labels: { equals } }),
    ...(Object.keys(created).length === 0 ? {} : { created }),
    ...(text === undefined ? {} : { text }),
    ...(errorCode === undefined ? {} : { errorCode }),
  };
}

function states(values: Context["values"]): WorkStatus[] {
  // The cast: the parser has validated them against the table of states.
  return values.list("state") as WorkStatus[];
}

function some<K extends string, V>(key: K, list: readonly V[]): { readonly [key in K]?: readonly V[] } {
  return list.length === 0 ? {} : ({ [key]: list } as { readonly [key in K]: readonly V[] });
}
