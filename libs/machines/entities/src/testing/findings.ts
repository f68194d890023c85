/** Random findings: few rules, so that they coincide. */
import {
  ComplianceReport,
  Finding,
  FindingResult,
  KeepReport,
  TakeFindings,
} from "@tutti/contracts/governance/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

export const findingsKey: InstanceKey = { namespace: "shop", kind: "findings", id: "shop" };
const startMs = 1_767_225_600_000;
const dayMs = 86_400_000;

export function findingBy(ruleId: string, fields: Parameters<typeof Finding.fromPartial>[0] = {}): Finding {
  const result = FindingResult.FINDING_RESULT_DENIED;
  return Finding.fromPartial({
    ...{ namespace: "shop", ruleId, result, message: `${ruleId} does not hold`, count: 1 },
    findTime: toTimestamp(startMs),
    ...fields,
  });
}

export function reportOn(reportId: string): ComplianceReport {
  const lines = [
    { control: "CC6.1", ruleIds: ["largest"], evaluated: 3, violated: 1, handled: 1, kept: true },
  ];
  return ComplianceReport.fromPartial({ namespace: "shop", reportId, framework: "soc2", lines });
}

export function operations(): Arbitrary<MachineCall> {
  const { FINDING_RESULT_DENIED, FINDING_RESULT_HELD, FINDING_RESULT_SHADOWED } = FindingResult;
  const finding = fc
    .record({
      ruleId: fc.constantFrom("largest", "region"),
      result: fc.constantFrom(FINDING_RESULT_DENIED, FINDING_RESULT_HELD, FINDING_RESULT_SHADOWED),
      count: fc.nat(5),
      day: fc.nat(3),
      message: fc.constantFrom("too large", "x".repeat(3_000)),
    })
    .map(({ day, ruleId, ...given }) =>
      findingBy(ruleId, { ...given, findTime: toTimestamp(startMs + day * dayMs) }),
    );
  const taken = fc
    .record({ findings: fc.array(finding, { maxLength: 4 }), leftOut: fc.nat(3) })
    .map((fields) => ({ command: "take_findings", body: TakeFindings.fromPartial(fields) }));
  const kept = fc
    .constantFrom("one", "two")
    .map((id) => ({ command: "keep_report", body: KeepReport.fromPartial({ report: reportOn(id) }) }));
  return fc.oneof(taken, kept).map((call) => ({ key: findingsKey, ...call }));
}
