/** Lists the processes of an installation, each with its services and its release. */

import type { Instance } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { printAge } from "../../terminal/time.ts";

export async function instances(context: Context): Promise<Result> {
  const { print, shell, values } = context;
  const server = await connect(context);
  const service = values.optionalArgument("SERVICE");
  const query = service !== undefined && { service };
  const found = await readAll(
    (page) => server.call("instances.list", { query: { ...query, ...page } }),
    ({ instances }) => instances,
  );
  const nowMs = shell.nowMs();
  return {
    json: { instances: found },
    quiet: found.map(({ id }) => id),
    draw: () => {
      if (found.length === 0) print.note("No processes are registered.");
      else {
        print.table(
          [
            { title: "service", widthMin: 8 },
            { title: "release" },
            { title: "calls", yields: 1, widthMin: 8 },
            { title: "since" },
            { title: "health", yields: 2, widthMin: 8 },
          ],
          found.map((instance) => [
            { text: instance.service ?? "", tone: "bold" },
            { text: instance.version ?? "" },
            { text: instance.address || "in its process", tone: "dim" },
            {
              text: instance.registerTimeMs === undefined ? "" : printAge(instance.registerTimeMs, nowMs),
              tone: "dim",
            },
            { text: healthOf(instance) },
          ]),
        );
        const releases = new Set(found.map(({ version = "" }) => version));
        if (releases.size > 1)
          print.note("New behaviour takes effect when every process of a service has the new release.");
      }
    },
  };
}

function healthOf({ health, openBreaker = "" }: Instance): string {
  if (openBreaker !== "") return `breaker open: ${openBreaker}`;
  const { state = "unspecified", reason = "" } = health ?? {};
  const text = state.replace("_", " ");
  return reason === "" ? text : `${text}: ${reason}`;
}
