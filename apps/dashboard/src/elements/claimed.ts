/** How a question is claimed and released outside the page. */
import type { Approval } from "@tutti/rest/types";
import { type Call, commandLine, pathOf } from "./spelled.ts";

export function claimCall({ approvalId, about }: Approval): Call {
  return {
    method: "POST",
    path: pathOf(["approvals", approvalId, "claim"]),
    body: { runId: about?.id ?? "" },
  };
}

export function claimCommand({ approvalId, about }: Approval): string {
  return commandLine("tutti", "inbox", "claim", about?.id ?? "", approvalId);
}

/** @param person empty for the user's own claim */
export function releaseCall({ approvalId, about }: Approval, person: string): Call {
  const body = { runId: about?.id ?? "", ...(person === "" ? {} : { person }) };
  return { method: "POST", path: pathOf(["approvals", approvalId, "release"]), body };
}

export function releaseCommand({ approvalId, about }: Approval, person: string): string {
  const of = person === "" ? [] : ["--claimant", person];
  return commandLine("tutti", "inbox", "release", about?.id ?? "", approvalId, ...of);
}
