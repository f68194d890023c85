/** Matches records: first a block by its summary, then its records one by one. */
import { type AuditFilter, type AuditRecord, AuditResult } from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import { matchesAction } from "@tutti/policy/audit";
import type { Block } from "./blocks.ts";
import { actorText, type RecordAbout } from "./record.ts";

export type BlockSummary = Pick<Block, "firstMs" | "lastMs" | "namespaces" | "actors" | "actions">;

export class RecordFilter {
  readonly #namespace: string;
  readonly #filter: AuditFilter | undefined;
  readonly fromMs: number;
  /** The end of the span, exclusive. */
  readonly toMs: number;

  constructor(namespace: string, filter: AuditFilter | undefined) {
    this.#namespace = namespace;
    this.#filter = filter;
    const { from, to } = filter?.time ?? {};
    this.fromMs = from === undefined ? 0 : fromTimestamp(from);
    this.toMs = to === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(to);
  }

  /** Returns whether a block may contain a match. */
  mayHave({ firstMs, lastMs, namespaces, actors, actions }: BlockSummary): boolean {
    const { actor, action } = this.#filter ?? {};
    if (lastMs < this.fromMs || firstMs >= this.toMs || !namespaces.includes(this.#namespace)) return false;
    if (actor !== undefined && actors !== undefined && !actors.some((text) => this.#isActor(text)))
      return false;
    return !action || actions === undefined || actions.some((name) => matchesAction(action, name));
  }

  /** Checks a record as far as possible without building its view. */
  mayBe({ namespace, cause, action }: RecordAbout, timeMs: number): boolean {
    if (namespace !== this.#namespace || timeMs < this.fromMs || timeMs >= this.toMs) return false;
    const filter = this.#filter;
    if (filter === undefined) return true;
    if (filter.actor !== undefined && !this.#isActor(actorText(cause))) return false;
    if (filter.action !== "" && !matchesAction(filter.action, action)) return false;
    return filter.traceId === "" || cause?.traceparent.split("-")[1] === filter.traceId.toLowerCase();
  }

  is(record: AuditRecord): boolean {
    const { work, result = AuditResult.AUDIT_RESULT_UNSPECIFIED, text = "" } = this.#filter ?? {};
    if (work !== undefined && work.kind !== "" && work.kind !== record.work?.kind) return false;
    if (work !== undefined && work.id !== "" && work.id !== record.work?.id) return false;
    if (result !== AuditResult.AUDIT_RESULT_UNSPECIFIED && result !== record.result) return false;
    if (text === "") return true;
    const { action, json, cause, error, address, recordId } = record;
    const all = [action, json, cause?.actor?.id, cause?.reason, cause?.decision, error?.message, address];
    return [...all, record.work?.id, recordId].join("\n").toLowerCase().includes(text.toLowerCase());
  }

  /** Matches an actor. A filter without an id matches any actor of its kind. */
  #isActor(text: string): boolean {
    const { kind = 0, id = "" } = this.#filter?.actor ?? {};
    const [ofKind = "", ...ofId] = text.split(":");
    return (kind === 0 || ofKind === String(kind)) && (id === "" || ofId.join(":") === id);
  }
}
