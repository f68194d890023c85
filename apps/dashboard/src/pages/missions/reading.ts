/** Describes offers, claims, delegations and votes in sentences. */
import type { Assignment, BoardTask, Vote } from "@tutti/rest/types";
import { percent } from "../../elements/moments.ts";
import { actorOf, type Tallied, tallied } from "./mission.ts";

/** Describes how a task gets or got its agent: `its pool gave it to ann, as a part of plan that bob delegated`. */
export function assignmentDetails(task: BoardTask, assignment: Assignment = "unspecified"): string {
  const part = partText(task);
  return `${assignmentText(task, assignment)}${part === "" ? "" : `, as ${part}`}`;
}

function assignmentText(task: BoardTask, assignment: Assignment): string {
  const { claim, child, agentId = "", status, endTimeMs = 0, spec } = task;
  if (child !== undefined) return `a child ${child.kind} runs it`;
  if (endTimeMs > 0) return agentId === "" ? "no agent" : `${agentId} ran it`;
  if (claim?.agentId)
    return claim.expireTimeMs ? `${claim.agentId} claimed it` : `assigned to ${claim.agentId}`;
  if (status !== "queued") return "not assigned yet";
  // Only the pool gives out tasks with limits by key, because it enforces them.
  const isLimited = assignment !== "claimed" && (spec?.limits ?? []).length > 0;
  if (assignment === "offered" || isLimited) return "waits for an assignment";
  if (assignment === "claimed") return "waits for a claim";
  return "waits for an assignment or a claim";
}

/** `a part of plan that bob delegated`. Empty for a task of its own. */
export function partText({ parentTaskId = "", addCause }: BoardTask): string {
  if (parentTaskId === "") return "";
  const by = actorOf(addCause);
  return `a part of ${parentTaskId}${by === "" ? "" : ` that ${by} delegated`}`;
}

/** Describes the state of an open vote: `yes leads with 67 %, and would be chosen now`. Empty for a closed one. */
export function voteText(vote: Vote): string {
  if (vote.outcome !== undefined) return "";
  const inOrder = [...tallied(vote)].sort((one, other) => other.weight - one.weight);
  const [first, second] = inOrder;
  if (first === undefined || first.weight === 0) return "no votes yet";
  const firstOf = vote.rule === "ranked" ? " of the first choices" : "";
  if (second !== undefined && second.weight === first.weight) {
    const level = inOrder.filter(({ weight }) => weight === first.weight).map(({ option }) => option);
    return `${level.slice(0, -1).join(", ")} and ${level.at(-1)} are tied with ${percent(first.share)} each${firstOf}`;
  }
  const leads = `${first.option} leads with ${percent(first.share)}${firstOf}`;
  const enough = isEnough(vote, first);
  if (enough === undefined) return leads;
  // How many may vote is not known here.
  const now = (vote.quorum ?? 0) > 0 ? "wins when the quorum is reached" : "wins now";
  return `${leads}, and ${enough ? now : "quorum not reached"}`;
}

/** Returns whether what leads would win by the rule. Undefined where that takes more than first choices. */
function isEnough({ rule = "unspecified" }: Vote, { share }: Tallied): boolean | undefined {
  switch (rule) {
    case "plurality":
      return true;
    case "unanimous":
      return share === 1;
    case "two_thirds":
      return share >= 2 / 3;
    case "ranked":
      return undefined;
    default:
      return share > 0.5;
  }
}
