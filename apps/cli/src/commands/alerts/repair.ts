/** Suggests, previews and starts repairs of incidents. A repair is a run. */
import type { IncidentRepair, Routes } from "@tutti/rest/types";
import { isConfirmed } from "../../command/confirm.ts";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

type Kind = NonNullable<Routes["incidents.repair"]["body"]["kind"]>;
const kinds = [
  ...(["retry", "fix", "move", "pause_agent", "quarantine_agent", "pause_pool", "scale"] as const),
  "open_breaker" as const,
];
const kindText = (kind: string) => kind.replaceAll("_", "-");

export async function repairIncident(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const text = values.optionalArgument("KIND");
  if (text === undefined) {
    const { repairs } = await server.call("incidents.get", { params, query: server.namespace });
    return suggested(context, repairs);
  }
  const patch = await readInput(values.manyArguments("VALUE"), shell, "the change of the input");
  const body = {
    kind: kindOf(text),
    subject: values.optionalArgument("SUBJECT") ?? "",
    version: values.text("to") ?? "",
    undo: values.flag("undo"),
    reason: values.text("reason") ?? "",
    agents: values.integer("min") ?? 0,
    taskId: values.text("task") ?? "",
    ...(patch !== undefined && { patch }),
  };
  const request = { params, query: server.namespace };
  const preview = await server.call("incidents.repair", { ...request, body: { ...body, dryRun: true } });
  const { summary = "", leftAlone = 0, sample } = preview;
  print.note(safe(summary));
  if (leftAlone > 0) print.note(`Left alone: ${leftAlone} runs.`);
  if (sample.length > 0) print.note(`For example: ${sample.map(({ id = "" }) => safe(id)).join(", ")}`);
  const isDry = values.flag("dry-run");
  if (isDry) return { json: preview, quiet: sample.map(({ id = "" }) => id), draw: () => {} };
  if (!(await isConfirmed(context, "Start this repair?"))) return exitCodes.completed;
  const started = await server.call("incidents.repair", { ...request, body });
  const run = started.run?.id ?? "";
  return {
    json: started,
    quiet: [run],
    draw: () => print.line(`${print.style.green("✓")} Repair started: run ${safe(run)}`),
  };
}

function kindOf(text: string): Kind {
  const kind = kinds.find((candidate) => kindText(candidate) === text);
  if (kind === undefined) throw usageFailure(`KIND: expected one of ${kinds.map(kindText).join(", ")}.`);
  return kind;
}

function suggested({ print }: Context, repairs: readonly IncidentRepair[]): Result {
  return {
    json: { repairs },
    nextToken: undefined,
    quiet: repairs.map(({ kind = "" }) => kindText(kind)),
    empty: repairs.length === 0 ? "No repairs suggested." : undefined,
    draw: () =>
      print.table(
        [{ title: "kind" }, { title: "subject" }, { title: "repair", yields: 1, widthMin: 16 }],
        repairs.map(({ kind = "", subject = "", summary = "" }) => [
          { text: kindText(kind), tone: "bold" },
          subject,
          summary,
        ]),
      ),
  };
}
