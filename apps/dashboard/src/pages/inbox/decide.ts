/** How a question is decided outside the page. */
import type { Approval } from "@tutti/rest/types";
import { type Call, commandLine, pathOf } from "../../elements/spelled.ts";

export interface Decision {
  readonly verdict: "approved" | "rejected";
  readonly data: unknown;
  readonly reason: string;
}

/** A question of a run is found by its id, with the run beside. One of a mission stands below the mission. */
export function decideCall({ approvalId, about }: Approval, { verdict, data, reason }: Decision): Call {
  const id = about?.id ?? "";
  const decision = { verdict, ...(data === undefined ? {} : { data }), ...(reason === "" ? {} : { reason }) };
  return about?.kind === "mission"
    ? { method: "POST", path: pathOf(["missions", id, "approvals", approvalId]), body: decision }
    : { method: "POST", path: pathOf(["approvals", approvalId]), body: { runId: id, ...decision } };
}

export function decideCommand({ approvalId, about }: Approval, { verdict, data, reason }: Decision): string {
  return commandLine(
    "tutti",
    "approve",
    about?.id ?? "",
    approvalId,
    ...(verdict === "rejected" ? ["--reject"] : []),
    ...(data === undefined ? [] : ["--form", JSON.stringify(data)]),
    ...(reason === "" ? [] : ["--reason", reason]),
  );
}

export interface Delegation {
  readonly people: readonly string[];
  readonly reason: string;
}

/** Delegates a question of a run. */
export function delegateCall({ approvalId, about }: Approval, { people, reason }: Delegation): Call {
  const body = { runId: about?.id ?? "", people, ...(reason === "" ? {} : { reason }) };
  return { method: "POST", path: pathOf(["approvals", approvalId, "delegate"]), body };
}

export function delegateCommand({ approvalId, about }: Approval, { people, reason }: Delegation): string {
  const to = people.flatMap((person) => ["--person", person]);
  const because = reason === "" ? [] : ["--reason", reason];
  return commandLine("tutti", "inbox", "delegate", about?.id ?? "", approvalId, ...to, ...because);
}
