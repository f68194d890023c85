/** Shows the paused services of the installation, and resumes them in portions. */

import type { GetPauseReply, ServicePause } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";

export async function paused(context: Context): Promise<Result> {
  const server = await connect(context);
  return pauseOutcome(context, await server.call("pause.get"));
}

export async function release(context: Context): Promise<Result> {
  const { values } = context;
  const share = values.integer("share");
  const reason = values.text("reason");
  const services = values.texts("service");
  const partitions = values.texts("partition").map(partitionIn);
  const server = await connect(context);
  const { namespace } = server.namespace;
  const isPortion = [share, namespace].some((option) => option !== undefined) || partitions.length > 0;
  if (isPortion === values.flag("all"))
    throw usageFailure(
      isPortion
        ? "Set --all or a portion, not both."
        : "Set --all, --share, --service, --partition or --namespace.",
      [
        ["tutti release --share 5", "releases 5 %"],
        ["tutti release --namespace shop", "releases one namespace"],
        ["tutti release --all", "releases the rest"],
      ],
    );
  const body = {
    ...(namespace === undefined ? {} : { ofNamespace: namespace }),
    ...(share === undefined ? {} : { share }),
    ...(services.length === 0 ? {} : { services }),
    ...(partitions.length === 0 ? {} : { partitions }),
    ...(reason === undefined ? {} : { reason }),
  };
  return pauseOutcome(context, await server.call("pause.release", { body }));
}

function partitionIn(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw usageFailure(`--partition: expected a number, got \`${safe(text)}\``, [
    ["tutti release --service workflow --partition 3", "releases one partition"],
  ]);
}

function pauseOutcome({ print, shell }: Context, pause: GetPauseReply): Outcome {
  const isPaused = pause.paused === true;
  return {
    json: pause,
    quiet: [isPaused ? "paused" : "not paused"],
    draw: () => {
      if (!isPaused) print.line(`${print.style.green("✓")} No work is paused`);
      else {
        const on = pause.services.filter(({ partitions }) => partitions.length > 0);
        print.table(
          [
            { title: "service" },
            { title: "pause", widthMin: 8 },
            { title: "since", align: "right" },
            { title: "partitions", align: "right" },
            { title: "released", yields: 1, widthMin: 8 },
          ],
          on.map(({ service = "", name = "", sinceMs, partitions, partitionsTotal = 0, released }) => [
            { text: service, tone: "bold" },
            { text: name, tone: "yellow" },
            { text: sinceMs === undefined ? "" : printAge(sinceMs, shell.nowMs()), tone: "dim" },
            { text: `${partitions.length} of ${partitionsTotal}`, tone: "dim" },
            { text: portionsOf(released) || "nothing", tone: "dim" },
          ]),
        );
        print.note("tutti release --share 5 | --namespace NAME | --all");
      }
    },
  };
}

function portionsOf(released: ServicePause["released"]): string {
  return released
    .map(
      ({ ofNamespace = "", share = 0 }) =>
        `${share} % ${ofNamespace === "" ? "of all" : `of ${ofNamespace}`}`,
    )
    .join(", ");
}
