/** How a question is decided outside the page. */
import type { Approval } from "@tutti/rest/types";
import { type Call, commandLine } from "../../elements/spelled.ts";

export interface Decision {
  readonly verdict: "approved" | "rejected";
  readonly data: unknown;
  readonly reason: string;
}

export function decideCall({ approvalId, about }: Approval, { verdict, data, reason }: Decision): Call {
  return {
    method: "POST",
    path: `/v1/approvals/${encodeURIComponent(approvalId)}`,
    body: {
      runId: about?.id ?? "",
      verdict,
      ...(data === undefined ? {} : { data }),
      ...(reason === "" ? {} : { reason }),
    },
  };
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
