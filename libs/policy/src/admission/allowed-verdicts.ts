/** The subjects and verdicts of rules that services evaluate. Other rules would be misleading. */
import { enumName } from "@tutti/contracts/enum";
import { type AdmissionRule, AdmissionSubject } from "@tutti/contracts/governance/v1";
import { readPath } from "./field-path.ts";

/** By subject, the allowed verdicts of a rule. */
const verdicts: ReadonlyMap<AdmissionSubject, readonly string[]> = new Map([
  [AdmissionSubject.ADMISSION_SUBJECT_REQUEST, ["deny", "approval", "change", "note"]],
  [AdmissionSubject.ADMISSION_SUBJECT_DEFINITION, ["deny", "approval", "change", "note"]],
  [AdmissionSubject.ADMISSION_SUBJECT_PLAN, ["deny", "approval", "note"]],
  [AdmissionSubject.ADMISSION_SUBJECT_RESULT, ["deny", "approval", "change", "note"]],
  [AdmissionSubject.ADMISSION_SUBJECT_AGENT, ["deny", "note"]],
]);

/** Returns the expected verdicts of a rule that would never be evaluated. Undefined if it is evaluated. */
export function unevaluatedReason({ subject, verdict }: AdmissionRule): string | undefined {
  const verdictName = verdict?.$case;
  const may = verdicts.get(subject);
  const name = enumName(AdmissionSubject, subject).replace("ADMISSION_SUBJECT_", "").toLowerCase();
  if (may === undefined)
    return `a rule about a request, a definition, a plan, a result or an agent, found one about ${name}`;
  if (verdictName === undefined) return;
  if (!may.includes(verdictName))
    return `a rule about a ${name} to do one of ${may.join(", ")}, got ${verdictName}`;
  if (verdict?.$case !== "change" || subject !== AdmissionSubject.ADMISSION_SUBJECT_RESULT) return;
  const other = Object.keys(verdict.value.set).find((path) => !isOfOutput(path));
  return other === undefined ? undefined : `a rule about a result to change its output alone, got ${other}`;
}

function isOfOutput(path: string): boolean {
  const read = readPath(path);
  return read.kind === "read" && read.path[0] === "output";
}
