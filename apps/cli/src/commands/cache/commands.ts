/** Lists, shows and invalidates cached outputs. */
import { counted } from "@tutti/kernel";
import { bytesText } from "@tutti/rest/text";
import type { CacheEntryInfo } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs, printMoment } from "../../terminal/time.ts";
import { reasonOf } from "../request.ts";

const idWidth = 12;

export async function listCache(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const query = { ...server.namespace, ...filterOf(context) };
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("cache.list", { query: { ...query, ...page } }),
    ({ entries: found }) => found,
  );
  const nowMs = shell.nowMs();
  return {
    json: { entries },
    nextToken,
    quiet: entries.map(({ entryId = "" }) => entryId),
    empty:
      entries.length > 0
        ? undefined
        : Object.keys(filterOf(context)).length > 0
          ? "No cached outputs match."
          : "No cached outputs. Completed tasks with `cache` store them.",
    draw: () =>
      print.table(
        [
          { title: "entry", widthMin: idWidth },
          { title: "capability", widthMin: 12 },
          { title: "state" },
          { title: "run", yields: 2, widthMin: 8 },
          { title: "tags", yields: 1, widthMin: 8 },
          { title: "size", align: "right", yields: 3 },
          { title: "computed in", align: "right", yields: 3 },
          { title: "expires" },
        ],
        entries.map((entry) => [
          { text: entry.entryId ?? "", tone: "bold" },
          entry.capability ?? "",
          stateOf(entry, nowMs),
          { text: entry.runId ?? "", tone: "dim" },
          { text: entry.tags.join(", "), tone: "dim" },
          { text: bytesText(entry.bytes ?? 0), tone: "dim" },
          { text: printDurationMs(entry.computeMs ?? 0), tone: "dim" },
          { text: entry.expireTimeMs === undefined ? "" : printAge(entry.expireTimeMs, nowMs), tone: "dim" },
        ]),
      ),
  };
}

function stateOf(entry: CacheEntryInfo, nowMs: number) {
  const { present, error, expireTimeMs = 0, computingRunId, equalOutputs = 0, neededOutputs = 0 } = entry;
  if (present === true && equalOutputs < neededOutputs)
    return { text: `equal ${equalOutputs} of ${neededOutputs}`, tone: "yellow" } as const;
  if (present !== true) return { text: `computed by ${computingRunId ?? ""}`, tone: "cyan" } as const;
  if (error !== undefined) return { text: "failure", tone: "red" } as const;
  return nowMs < expireTimeMs
    ? ({ text: "fresh", tone: "green" } as const)
    : ({ text: "stale", tone: "yellow" } as const);
}

export async function showUsage(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const usage = await server.call("cache.usage", { query: server.namespace });
  const { outputs = 0, bytes = 0, bytesMax = 0, uses = 0, hitRate = 0, savedMs = 0 } = usage;
  return {
    json: usage,
    quiet: [String(outputs)],
    draw: () =>
      print.facts([
        ["outputs", String(outputs)],
        ["size", `${bytesText(bytes)} of ${bytesText(bytesMax)}`],
        // A use counts at most once in a minute.
        ["hit rate", uses === 0 ? "no uses yet" : `at least ${Math.floor(hitRate * 100)} %`],
        ["computing time saved", uses === 0 ? undefined : `at least ${printDurationMs(savedMs)}`],
      ]),
  };
}

export async function showCache(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const params = { id: values.argument("ENTRY") };
  const entry = await server.call("cache.get", { params, query: server.namespace });
  return {
    json: entry,
    quiet: [params.id],
    draw: () => {
      const { style } = print;
      const nowMs = shell.nowMs();
      print.line(`${style.bold(safe(params.id))}  ${stateOf(entry, nowMs).text}`);
      print.line("");
      const momentOf = (ms: number | undefined) => (ms === undefined ? undefined : printMoment(ms, nowMs));
      print.facts([
        ["capability", entry.capability],
        ["workflow", entry.workflow],
        ["tags", entry.tags.join(", ") || undefined],
        ["computed by", entry.runId === undefined ? undefined : `run ${entry.runId}, task ${entry.taskId}`],
        ["worker", entry.agent],
        ["computed in", printDurationMs(entry.computeMs ?? 0)],
        ["size", bytesText(entry.bytes ?? 0)],
        ["stored", momentOf(entry.storeTimeMs)],
        ["expires", momentOf(entry.expireTimeMs)],
        ["used until", momentOf(entry.staleUntilTimeMs)],
        [
          "equal outputs",
          entry.neededOutputs === undefined
            ? undefined
            : `${entry.equalOutputs ?? 0}, ${entry.neededOutputs} are needed`,
        ],
        ["differed", momentOf(entry.differTimeMs)],
        ["used in", counted(entry.uses ?? 0, "minute")],
        [
          "new output",
          entry.computingRunId === undefined ? undefined : `run ${entry.computingRunId} computes it`,
        ],
        ["waiting", (entry.waiting ?? 0) > 0 ? counted(entry.waiting ?? 0, "task") : undefined],
        ["computed from", entry.sources.join(", ") || undefined],
        ["error", entry.error?.message],
      ]);
      if (entry.output !== undefined) print.section("output", entry.output);
    },
  };
}

export async function invalidateCache(context: Context): Promise<Result> {
  const { values, print } = context;
  const id = values.optionalArgument("ENTRY");
  const filter = filterOf(context);
  const isAll = values.flag("all");
  const isFiltered = Object.keys(filter).length > 0;
  if (Number(id !== undefined) + Number(isFiltered) + Number(isAll) !== 1)
    throw usageFailure("Set an ENTRY, filters, or --all.", [
      ["tutti cache invalidate --tag rates", "removes the outputs with a tag"],
    ]);
  const server = await connect(context);
  const reason = reasonOf(context);
  if (id !== undefined && !values.flag("derived")) {
    const reply = await server.call("cache.delete", {
      params: { id },
      query: { ...server.namespace, ...reason },
    });
    return {
      json: reply,
      quiet: [id],
      draw: () => print.line(`${print.style.green("✓")} ${safe(id)} removed`),
    };
  }
  const body = { ...reason, ...filter, ...(id !== undefined && { entryId: id }) };
  const derived = values.flag("derived") ? { derived: true } : {};
  const reply = await server.call("cache.invalidate", {
    query: server.namespace,
    body: { ...body, ...derived, ...(isAll && { all: true }) },
  });
  const { invalidated = 0 } = reply;
  return {
    json: reply,
    quiet: [String(invalidated)],
    draw: () => print.line(`${print.style.green("✓")} ${counted(invalidated, "cached output")} removed`),
  };
}

function filterOf({ values }: Context) {
  const [tag, capability] = [values.text("tag"), values.text("capability")];
  const [agent, runId] = [values.text("agent"), values.text("of-run")];
  return {
    ...(tag !== undefined && { tag }),
    ...(capability !== undefined && { capability }),
    ...(agent !== undefined && { agent }),
    ...(runId !== undefined && { runId }),
  };
}
