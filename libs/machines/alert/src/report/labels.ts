/** Labels of alerts for clients of Alertmanager's API, and the fingerprint of labels. */
import type { KeptAlert } from "@tutti/contracts/insight/v1";
import { Severity } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";

type Labels = Readonly<Record<string, string>>;

const severityNames = new Map<number, string>([
  [Severity.SEVERITY_INFO, "info"],
  [Severity.SEVERITY_WARNING, "warning"],
  [Severity.SEVERITY_ERROR, "error"],
  [Severity.SEVERITY_CRITICAL, "critical"],
]);

/** Values of the label `severity` in other systems. */
const severities = new Map<string, Severity>([
  ["info", Severity.SEVERITY_INFO],
  ["none", Severity.SEVERITY_INFO],
  ["warning", Severity.SEVERITY_WARNING],
  ["warn", Severity.SEVERITY_WARNING],
  ["error", Severity.SEVERITY_ERROR],
  ["high", Severity.SEVERITY_ERROR],
  ["critical", Severity.SEVERITY_CRITICAL],
  ["page", Severity.SEVERITY_CRITICAL],
]);

/** Returns the severity. Undefined if the label has no known value. */
export function severityIn({ severity = "" }: Labels): Severity | undefined {
  return severities.get(severity.toLowerCase());
}

/**
 * Returns the labels. Reported alerts have their original labels. Those of rules also have the rule and the
 * severity.
 */
export function labelsOf({ ruleId, severity, labels, report }: ReadOnly<KeptAlert>): Labels {
  if (report !== undefined) return labels;
  return { alertname: ruleId, severity: severityNames.get(severity) ?? "", ...labels };
}

const prime = 0x1b3;
const separator = 0xff;
const encoder = new TextEncoder();

/**
 * Returns the 64 bits of FNV-1a over names and values in order, in halves: whole numbers of JavaScript have 53
 * bits.
 */
export function fingerprintOf(labels: Labels): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  const add = (byte: number) => {
    low = (low ^ byte) >>> 0;
    const product = low * prime;
    // The prime is 2^40 + 0x1b3.
    high = (high * prime + Math.floor(product / 2 ** 32) + low * 2 ** 8) % 2 ** 32;
    low = product % 2 ** 32;
  };
  const sorted = Object.entries(labels)
    .map(([name, value]) => [encoder.encode(name), encoder.encode(value)] as const)
    .sort(([one], [other]) => Buffer.compare(one, other));
  for (const parts of sorted)
    for (const bytes of parts) {
      for (const byte of bytes) add(byte);
      add(separator);
    }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
