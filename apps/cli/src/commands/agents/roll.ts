import type { Agent } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { poolOf } from "../request.ts";
import { planRoll, type Rolled, rollReason, rollState, type Side, withoutAgents } from "./roll-plan.ts";

const pageSize = 1_000;
const namesMax = 5;

/** Gives a version of a capability a percentage of the slots of its agents. Without a percentage, shows the versions. */
export async function rollAgents(context: Context): Promise<Result> {
  const { values } = context;
  const [capability = "", version = ""] = values.argument("NAME@VERSION").split("@");
  if (capability === "" || version === "")
    throw usageFailure("Pass a capability with its version: NAME@VERSION.");
  const percent = values.flag("back") ? 0 : values.integer("percent");
  if (percent !== undefined && percent > 100) throw usageFailure("Set --percent to at most 100.");
  const server = await connect(context);
  const agents = await everyAgent(context, server);
  const sides =
    percent === undefined
      ? rollState(agents, capability)
      : await rolled(context, server, agents, { capability, version, percent });
  return resultOf(context, sides, withoutAgents(agents, sides));
}

async function rolled(
  context: Context,
  server: Server,
  agents: readonly Agent[],
  roll: Rolled,
): Promise<readonly Side[]> {
  const plan = planRoll(agents, roll);
  if (typeof plan === "string")
    throw new Failure(plan, {
      next: [["tutti agent list", "lists the agents with their slots"]],
      exitCode: exitCodes.refused,
      code: "no_such_fleet",
    });
  const body = { ...poolOf(context), reason: rollReason(roll) };
  const orderOf = (id: string) => ({ params: { id }, query: server.namespace, body });
  // Resumes come first, so that the fleet always keeps its slots.
  for (const id of plan.resume) await server.call("agents.resume", orderOf(id));
  for (const id of plan.pause) await server.call("agents.pause", orderOf(id));
  return plan.sides;
}

async function everyAgent(context: Context, server: Server): Promise<readonly Agent[]> {
  const all: Agent[] = [];
  for (let token: string | undefined; token !== ""; ) {
    const query = {
      ...server.namespace,
      ...poolOf(context),
      size: pageSize,
      ...(token !== undefined && { token }),
    };
    const reply = await server.call("agents.list", { query });
    all.push(...reply.agents);
    token = reply.nextToken ?? "";
  }
  return all;
}

function resultOf({ print }: Context, versions: readonly Side[], stranded: readonly string[]): Result {
  const slots = versions.reduce((sum, side) => sum + side.slots, 0);
  const share = (side: Side) => (slots === 0 ? 0 : Math.round((100 * side.slots) / slots));
  return {
    json: { versions: versions.map((side) => ({ ...side, percent: share(side) })), withoutAgents: stranded },
    quiet: versions.map((side) => `${side.version} ${share(side)}`),
    empty: versions.length === 0 ? "No agents offer this capability." : undefined,
    draw: () => {
      print.table(
        [
          { title: "version", widthMin: 8 },
          { title: "percent", align: "right" },
          { title: "slots", align: "right" },
          { title: "active", yields: 1, widthMin: 8 },
          { title: "paused", yields: 1, widthMin: 8 },
        ],
        versions.map((side) => [
          { text: side.version, tone: "bold" },
          `${share(side)} %`,
          String(side.slots),
          side.active.join(", "),
          { text: side.paused.join(", "), tone: "dim" },
        ]),
      );
      if (stranded.length > 0)
        print.note(
          `No active agent offers ${listed(stranded)}. Their tasks wait: start agents that offer them, or change --percent.`,
        );
    },
  };
}

function listed(names: readonly string[]): string {
  const visible = names.slice(0, namesMax).map((name) => `\`${name}\``);
  return [...visible, ...(names.length > namesMax ? [`${names.length - namesMax} more`] : [])].join(", ");
}
