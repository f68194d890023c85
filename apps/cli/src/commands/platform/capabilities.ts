/** Lists the capabilities that agents and orchestrators offer, with their versions, numbers of workers and schemas. */

import { offering } from "@tutti/rest/adapters";
import type { CapabilityEntry } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";

/** Returns the capabilities that are offered in the namespace. */
export function offered(server: Server): Promise<readonly CapabilityEntry[]> {
  return readAll(
    (page) => server.call("capabilities.list", { query: { ...server.namespace, ...page } }),
    ({ capabilities }) => capabilities,
  );
}

export async function capabilities(context: Context): Promise<Result> {
  const { print } = context;
  const found = await offered(await connect(context));
  return {
    json: { capabilities: found },
    quiet: found.map(({ name }) => name),
    draw: () => {
      if (found.length === 0) {
        print.note("No capabilities are offered. Start a worker. For an example project: npm create tutti");
        return;
      }
      print.table(
        [
          { title: "capability", widthMin: 12 },
          { title: "version" },
          { title: "offered by" },
          { title: "schemas" },
          { title: "description", yields: 1, widthMin: 8 },
        ],
        found.flatMap(({ name, versions }) =>
          versions.map((version) => [
            { text: name, tone: "bold" as const },
            { text: version.capability?.version ?? "" },
            { text: String(offering(version)) },
            { text: schemasOf(version), tone: "dim" as const },
            { text: version.capability?.description ?? "", tone: "dim" as const },
          ]),
        ),
      );
    },
  };
}

type Version = CapabilityEntry["versions"][number];

function schemasOf({ capability }: Version): string {
  const { inputSchema = "", outputSchema = "" } = capability ?? {};
  return [inputSchema && "input", outputSchema && "output"].filter(Boolean).join(", ");
}
