/** Sets rules for tests of admission, and returns their findings. */
import {
  AdmissionRule,
  AdmissionSubject,
  admissionService,
  type Finding,
  ListFindingsRequest,
} from "@tutti/contracts/governance/v1";
import type { Installation } from "./installation.ts";

export type RuleInput = Parameters<typeof AdmissionRule.fromPartial>[0];

export function rulesOf(installation: () => Installation) {
  const client = () => installation().host.mesh.client(admissionService);
  return {
    /** Sets a rule, by default about requests. Returns the number of its version. */
    async set(namespace: string, ruleId: string, input: RuleInput): Promise<number> {
      const subject = AdmissionSubject.ADMISSION_SUBJECT_REQUEST;
      const rule = AdmissionRule.fromPartial({ ruleId, subject, ...input });
      const reply = await client().setRule({ namespace, rule, revision: "", reason: "" });
      return Number(reply.rule?.revision);
    },
    async remove(namespace: string, ruleId: string): Promise<void> {
      await client().deleteRule({ namespace, ruleId, reason: "" });
    },
    async findings(namespace: string, ruleId = ""): Promise<readonly Finding[]> {
      const request = ListFindingsRequest.fromPartial({ namespace, ruleId });
      return (await client().listFindings(request)).findings;
    },
  };
}
