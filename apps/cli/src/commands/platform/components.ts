/** The components of the platform's processes, as a tree with the state of each. */
import type { Component, ProcessComponents } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { meantOf } from "../../server/names.ts";
import { connect } from "../../server/server.ts";
import { componentDisplayOf } from "../../terminal/states.ts";
import type { Entry } from "../../terminal/table.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";

export async function components(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const server = await connect(context);
  const service = values.optionalArgument("SERVICE");
  const query = service === undefined ? {} : { service };
  const found = (await server.call("components.list", { query })).processes;
  if (service !== undefined && found.length === 0) {
    const { services } = await server.call("services.list", { query: { size: 100 } });
    throw new Failure(`Service \`${safe(service)}\` not found.`, {
      next: [
        ...meantOf(
          service,
          services.map(({ name }) => name),
        ),
        ["tutti instances", "lists services with their processes"],
      ],
      exitCode: exitCodes.refused,
      code: "service_unknown",
    });
  }
  const processes = values.flag("problems") ? found.map(withProblemsOnly) : found;
  const nowMs = shell.nowMs();
  return {
    json: { processes },
    quiet: processes.flatMap(({ components: all }) => all.map(({ path = "" }) => path)),
    draw: () => {
      for (const [index, process] of processes.entries()) {
        if (index > 0) print.line("");
        const { services, address = "", version = "", problem = "" } = process;
        const place = [address || "in its process", version].filter(Boolean).join("  ");
        print.line(`${print.style.bold(safe(services.join(", ")))}  ${print.style.dim(safe(place))}`);
        if (problem !== "") print.line(print.style.red(`  No answer: ${safe(problem)}`));
        else if (process.components.length === 0) print.line(print.style.dim(`  ${emptyText(context)}`));
        else
          print.table(
            columns,
            process.components.map((component) => rowOf(component, nowMs)),
          );
      }
    },
  };
}

const emptyText = ({ values }: Pick<Context, "values">): string =>
  values.flag("problems") ? "No problems." : "No components.";

const columns = [
  { title: "component", widthMin: 16 },
  { title: "state" },
  { title: "since", align: "right" },
  { title: "failures", align: "right" },
  { title: "last error", yields: 1, widthMin: 16 },
] as const;

function rowOf(component: Component, nowMs: number): Entry[] {
  const { name = "", depth = 0, state, sinceTimeMs, failures = 0, lastError = "", critical } = component;
  const { symbol, tone, words } = componentDisplayOf(state);
  const isPlain = critical !== true && depth > 0;
  return [
    {
      text: `${"  ".repeat(depth)}${name}${isPlain ? " (optional)" : ""}`,
      ...(depth === 0 && { tone: "bold" as const }),
    },
    { text: `${symbol} ${words}`, tone },
    { text: sinceTimeMs === undefined ? "" : printAge(sinceTimeMs, nowMs), tone: "dim" },
    failures === 0 ? "" : { text: String(failures), tone: "yellow" },
    { text: errorOf(component, lastError, nowMs), tone: "dim" },
  ];
}

function errorOf({ lastErrorTimeMs }: Component, lastError: string, nowMs: number): string {
  return lastErrorTimeMs === undefined ? lastError : `${printAge(lastErrorTimeMs, nowMs)}: ${lastError}`;
}

/** Keeps the components that are not ready or have failed before, and their parents. */
function withProblemsOnly(process: ProcessComponents): ProcessComponents {
  const visible = process.components.filter(({ state, failures = 0 }) => state !== "ready" || failures > 0);
  const isAbove = (path: string) =>
    visible.some((component) => component.path?.startsWith(`${path}.`) === true);
  const components = process.components.filter(
    (component) => visible.includes(component) || isAbove(component.path ?? ""),
  );
  return { ...process, components };
}
