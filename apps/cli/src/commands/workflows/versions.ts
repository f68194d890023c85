import { newRunsPercent } from "@tutti/rest/text";
import type { Definition } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import type { Entry } from "../../terminal/table.ts";
import { printAge } from "../../terminal/time.ts";

/** Characters of a hash that are enough to distinguish versions by eye. */
const hashLength = 12;

/** Lists the versions of a workflow, with the number of active runs on each. */
export async function listVersions(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const name = values.argument("NAME");
  const filter = values.flag("live") ? { liveOnly: true } : {};
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) =>
      server.call("workflows.versions", {
        params: { name },
        query: { ...server.namespace, ...filter, ...page },
      }),
    ({ versions }) => versions,
  );
  return {
    json: { versions: entries },
    nextToken,
    quiet: entries.map(({ hash = "" }) => hash),
    empty: entries.length === 0 ? `No active runs of ${name}.` : undefined,
    draw: () => {
      const nowMs = shell.nowMs();
      print.table(
        [
          { title: "version", widthMin: hashLength },
          { title: "live", align: "right", widthMin: 4 },
          { title: "new runs", align: "right", yields: 3, widthMin: 8 },
          { title: "labels", yields: 1, widthMin: 6 },
          { title: "registered", align: "right", yields: 2, widthMin: 9 },
        ],
        entries.map((version) => rowOf(version, nowMs)),
      );
    },
  };
}

function rowOf(version: Definition, nowMs: number): Entry[] {
  const { hash = "", liveCount = 0, versionLabels, createTimeMs } = version;
  return [
    { text: hash.slice(0, hashLength), tone: "bold" },
    { text: String(liveCount), tone: liveCount === 0 ? "dim" : "cyan" },
    { text: newRunsText(version), tone: "dim" },
    { text: versionLabels.join(", "), tone: "dim" },
    { text: createTimeMs === undefined ? "" : printAge(createTimeMs, nowMs), tone: "dim" },
  ];
}

function newRunsText(version: Definition): string {
  if (version.archived === true) return "archived";
  const percent = newRunsPercent(version);
  return percent === undefined ? "" : `${percent} %`;
}
