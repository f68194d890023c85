import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { printAge } from "../../terminal/time.ts";

export async function listWorkflows(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const prefix = values.optionalArgument("PREFIX");
  const filter = {
    ...(prefix === undefined ? {} : { prefix }),
    ...(values.flag("archived") ? { archived: true } : {}),
  };
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("workflows.list", { query: { ...server.namespace, ...filter, ...page } }),
    ({ definitions }) => definitions,
  );
  return {
    json: { workflows: entries },
    nextToken,
    quiet: entries.map(({ name }) => name),
    empty: entries.length === 0 ? "No workflows yet. Register one: tutti workflow register FILE" : undefined,
    draw: () => {
      const nowMs = shell.nowMs();
      print.table(
        [
          { title: "workflow", widthMin: 12 },
          { title: "tasks", align: "right", yields: 2, widthMin: 5 },
          { title: "live", align: "right", yields: 1, widthMin: 4 },
          { title: "labels", yields: 2, widthMin: 6 },
          { title: "registered", align: "right", yields: 2, widthMin: 9 },
          { title: "about", yields: 3, widthMin: 16 },
        ],
        entries.map(
          ({
            name,
            taskCount = 0,
            liveCount = 0,
            versionLabels,
            createTimeMs,
            description = "",
            archived,
          }) => [
            { text: name, tone: archived === true ? "dim" : "bold" },
            { text: taskCount === 0 ? "" : String(taskCount), tone: "dim" },
            { text: liveCount === 0 ? "" : String(liveCount), tone: "cyan" },
            { text: versionLabels.join(", "), tone: "dim" },
            { text: createTimeMs === undefined ? "" : printAge(createTimeMs, nowMs), tone: "dim" },
            { text: archived === true ? "archived" : (description.split("\n")[0] ?? ""), tone: "dim" },
          ],
        ),
      );
    },
  };
}
