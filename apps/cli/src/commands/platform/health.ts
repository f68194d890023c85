/** Lists the times at which services, components and workers were not healthy. */
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs, printMoment } from "../../terminal/time.ts";

const system = "system";
const pageSize = 1_000;

export async function health(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const nowMs = shell.nowMs();
  const fromMs = values.momentMs("since", nowMs);
  const query = {
    // Services belong to the installation.
    ...(values.flag("fleet") ? server.namespace : { namespace: system }),
    prefix: values.optionalArgument("SUBJECT") ?? "",
    size: pageSize,
    ...(fromMs !== undefined && { fromMs }),
  };
  const { spans } = await server.call("health.history", { query });
  const visible = values.flag("all") ? spans : spans.filter(({ state }) => state !== "ready");
  return {
    json: { spans: visible },
    quiet: visible.map(({ subject = "" }) => subject),
    draw: () => {
      if (spans.length === 0) return print.note("No health recorded yet.");
      if (visible.length === 0) return print.note("All components were ready in this time.");
      print.table(
        [
          { title: "subject", widthMin: 12, yields: 1 },
          { title: "state" },
          { title: "from", widthMin: 10 },
          { title: "duration", align: "right" },
          { title: "reason", widthMin: 8, yields: 2 },
        ],
        visible.map(({ subject = "", state = "", reason = "", startTimeMs = 0, endTimeMs }) => [
          { text: safe(subject), tone: "bold" },
          { text: state, tone: state === "ready" ? "dim" : state === "not_ready" ? "red" : "yellow" },
          { text: printMoment(startTimeMs, nowMs) },
          { text: printDurationMs((endTimeMs ?? nowMs) - startTimeMs) },
          { text: safe(reason) },
        ]),
      );
    },
  };
}
