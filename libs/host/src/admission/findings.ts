/**
 * Findings of rules in this process, handed on in batches to be stored.
 *
 * 1. It never delays or fails the checked operation.
 * 2. Equal findings are one, with a count. For evaluations that held, only their count is reported. Findings beyond a
 *    bound are counted as left out.
 * 3. Findings that could not be handed on are counted as left out. Refusals are in the audit too.
 */
import { type admissionService, type Finding, FindingResult } from "@tutti/contracts/governance/v1";
import type { Component, Foundation } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { Flusher } from "../flusher.ts";

export interface FindingReportsParts {
  readonly foundation: Pick<Foundation, "timers" | "logger">;
  readonly admission: () => Pick<Client<typeof admissionService>, "recordFindings">;
  readonly everyMs: number;
}

const findingsMax = 1_000;
const recordMs = 10_000;

export class FindingReports implements Component {
  readonly #parts: FindingReportsParts;
  #findings = new Map<string, Finding>();
  #dropped = 0;
  readonly #flusher: Flusher;

  constructor(parts: FindingReportsParts) {
    this.#parts = parts;
    this.#flusher = new Flusher({
      timers: parts.foundation.timers,
      everyMs: parts.everyMs,
      flush: () => this.#flush(),
      isEmpty: () => this.#findings.size === 0,
    });
  }

  found(finding: Finding): void {
    const key = keyOf(finding);
    const known = this.#findings.get(key);
    if (known !== undefined) known.count++;
    else if (this.#findings.size < findingsMax) this.#findings.set(key, finding);
    else this.#dropped++;
    this.#flusher.schedule();
  }

  stop(): Promise<void> {
    return this.#flusher.flushAndStop();
  }

  async #flush(): Promise<void> {
    const { admission, foundation } = this.#parts;
    const [findings, dropped] = [[...this.#findings.values()], this.#dropped];
    if (findings.length === 0 && dropped === 0) return;
    this.#findings = new Map();
    this.#dropped = 0;
    const requests = async function* () {
      yield { batch: 1, findings, leftOut: dropped };
    };
    try {
      for await (const _ of admission().recordFindings(requests(), { timeoutMs: recordMs })) return;
    } catch (error) {
      foundation.logger.debug("failed to forward findings", { error });
      this.#dropped += dropped + findings.reduce((sum, { count }) => sum + count, 0);
    }
  }
}

function keyOf(finding: Finding): string {
  const { namespace, ruleId, ruleVersion, result, action, message, cause, work } = finding;
  if (result === FindingResult.FINDING_RESULT_HELD) return JSON.stringify([namespace, ruleId, result]);
  const { kind, id } = cause?.actor ?? {};
  return JSON.stringify([
    namespace,
    ruleId,
    ruleVersion,
    result,
    action,
    message,
    kind,
    id,
    work?.id,
    work?.task,
  ]);
}
