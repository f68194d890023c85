/** Starts and ends missions. */

import type { MissionSpecInput } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { definitionNamed } from "../definition.ts";
import { steeredLine } from "../outcome.ts";

/** Starts a mission from a registered definition, or from the options. */
export async function startMission(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const name = values.optionalArgument("NAME");
  const [id, key] = [values.text("id"), values.text("idempotency-key")];
  const input = await readInput(values.texts("input"), shell);
  const labels = values.labels("label");
  const spec = await specOf(context, input);
  if ((name === undefined) === (spec === undefined))
    throw usageFailure("Pass the NAME of a definition, or set --goal, --add-task or --spec.");
  const server = await connect(context);
  const { mission } = await server.call("missions.start", {
    query: server.namespace,
    body: {
      ...(spec === undefined
        ? {
            definition: {
              definition: definitionNamed(name ?? ""),
              ...(input === undefined ? {} : { input }),
            },
          }
        : { spec }),
      ...(id === undefined ? {} : { missionId: id }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    },
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  if (mission === undefined)
    throw new Failure("The platform returned no mission.", {
      exitCode: exitCodes.refused,
      code: "strange_answer",
    });
  return {
    json: mission,
    draw: () => {
      print.line(mission.missionId);
    },
  };
}

async function specOf({ values, shell }: Context, input: unknown): Promise<MissionSpecInput | undefined> {
  const parsedSpec = await readInput(values.texts("spec"), shell, "the specification");
  const goal = values.text("goal");
  const title = values.text("title");
  const tasks = values.texts("add-task").map((task) => {
    const [, id, capability] = /^([^=]+)=(.+)$/.exec(task) ?? [];
    if (id === undefined || capability === undefined)
      throw usageFailure(`--add-task: expected ID=CAPABILITY, got \`${task}\``);
    return { id, capability };
  });
  if (parsedSpec === undefined && goal === undefined && title === undefined && tasks.length === 0)
    return undefined;
  return {
    // The platform validates the fields.
    ...(parsedSpec as MissionSpecInput | undefined),
    ...(goal === undefined ? {} : { goal }),
    ...(title === undefined ? {} : { title }),
    ...(tasks.length === 0 ? {} : { tasks }),
    ...(input === undefined ? {} : { input }),
  };
}

export async function cancelMission(context: Context): Promise<Result> {
  const { values, print } = context;
  const id = values.argument("ID");
  const reason = values.text("reason");
  const isNow = values.flag("now");
  const server = await connect(context);
  const mission = await server.call(isNow ? "missions.terminate" : "missions.cancel", {
    params: { id },
    query: server.namespace,
    body: reason === undefined ? {} : { reason },
  });
  return {
    json: mission,
    quiet: [],
    draw: () => {
      const done = isNow ? "is terminated" : "is being cancelled";
      print.line(steeredLine(print, { id, done, status: mission.status }));
    },
  };
}
