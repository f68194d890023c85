import type { ErrorEntry } from "./catalogue.ts";
import { statuses } from "./status.ts";
import type { RetryClass } from "./tutti-error.ts";

const retryTexts: Record<RetryClass, string> = {
  never: "no: the same call fails again",
  "same-key": "yes: with the same idempotency key, after a pause",
  elsewhere: "yes: immediately at another instance, because the call had no effect",
};

/** Returns the reference page of errors as markdown, with one heading per code as a link target. */
export function renderErrorReference(errors: ReadonlyMap<string, ErrorEntry<never>>): string {
  const lines = [
    "# Errors",
    "",
    "Every error has a stable code: `<area>.<what>`. Programs compare the code, never the message.",
  ];
  const sorted = [...errors].sort(([a], [b]) => (a < b ? -1 : 1));
  let area = "";
  for (const [code, entry] of sorted) {
    const [areaOfCode = ""] = code.split(".");
    if (areaOfCode !== area) lines.push("", `## ${areaOfCode}`);
    area = areaOfCode;
    const { grpc, http } = statuses[entry.status];
    lines.push("", `### \`${code}\``, "", entry.help, "");
    lines.push(`- Status: ${entry.status} (gRPC ${grpc}, HTTP ${http})`);
    lines.push(`- Repeat: ${retryTexts[entry.retry]}`);
    if (typeof entry.remedy === "string" && entry.remedy !== "") lines.push(`- Remedy: ${entry.remedy}`);
  }
  return `${lines.join("\n")}\n`;
}
