/**
 * Exports the time spent by work, as spans of the trace in which it was started.
 *
 * 1. They are made from the history at the end of the work, so running work has no overhead. Only work that was started
 *    in a recorded trace has them.
 * 2. Nothing waits for it, and works are read one after the other. Works without room are left out and counted. So
 *    are works that are no longer kept when their turn comes.
 * 3. The id of a span is derived from its content. Work that continues after its end is reported again under the same
 *    ids.
 */
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { type ModelCall, type Outcome, type Span, SpanKind } from "@tutti/contracts/types/v1";
import {
  type Component,
  type CounterCell,
  type Foundation,
  fromTimestamp,
  type InstanceKey,
  type PastSpan,
  type SpanAttributes,
  type TraceContext,
} from "@tutti/kernel";
import { traceOf } from "@tutti/mesh";
import type { Runtime } from "@tutti/runtime";

/** Data of ended work. */
export interface EndedWork {
  /** Name of its definition. Empty if it has none. */
  readonly definition: string;
  /** Absent if it ended by continuing as another one. */
  readonly outcome: Outcome | undefined;
}

export interface WorkTraceParts {
  readonly foundation: Pick<Foundation, "tracer" | "logger" | "metrics">;
  readonly runtime: Pick<Runtime, "history">;
  readonly endOf: (key: InstanceKey) => Promise<EndedWork>;
  /**
   * Returns its spans with those of its children, a page from a token on, requested in a trace that is not recorded.
   */
  readonly timelineOf: (key: InstanceKey, token: string, trace: TraceContext) => Promise<SpansPage>;
}

interface SpansPage {
  readonly spans: readonly Span[];
  readonly page: { readonly nextToken: string } | undefined;
}

const waitingMax = 1_000;
/** Maximum number of spans of one work. No page shows that many. */
const spansMax = 10_000;

export class WorkTraces implements Component {
  readonly #dropped: CounterCell;
  readonly #foundation: WorkTraceParts["foundation"];
  #parts: WorkTraceParts | undefined;
  #waiting: InstanceKey[] = [];
  #exporting: Promise<void> | undefined;

  constructor(foundation: WorkTraceParts["foundation"]) {
    this.#foundation = foundation;
    this.#dropped = foundation.metrics
      .counter({
        name: "tutti_telemetry_work_left_out_total",
        help: "Runs, missions and sessions without spans, because too many ended at once or their history was deleted.",
      })
      .with({});
  }

  /** Sets the access to work, once that exists. */
  connect(parts: Omit<WorkTraceParts, "foundation">): void {
    this.#parts = { ...parts, foundation: this.#foundation };
  }

  enqueue(key: InstanceKey): void {
    if (!this.#foundation.tracer.isRecording || this.#parts === undefined) return;
    if (this.#waiting.length >= waitingMax) {
      this.#dropped.add();
      return;
    }
    this.#waiting.push(key);
    this.#exporting ??= this.#exportAll(this.#parts);
  }

  async drain(): Promise<void> {
    await this.#exporting;
  }

  async stop(): Promise<void> {
    this.#waiting = [];
    await this.#exporting;
  }

  async #exportAll(parts: WorkTraceParts): Promise<void> {
    for (let key = this.#waiting.shift(); key !== undefined; key = this.#waiting.shift())
      try {
        await exportTrace(key, parts);
      } catch (error) {
        this.#dropped.add();
        this.#foundation.logger.debug("failed to publish time profiles", { id: key.id, error });
      }
    // Cleared before anything else runs: work that ends a moment later would wait for the next end.
    this.#exporting = undefined;
  }
}

async function exportTrace(key: InstanceKey, { foundation, runtime, endOf, timelineOf }: WorkTraceParts) {
  const [first] = await runtime.history(key, 0, 1);
  const parent = traceOf(first && JournalRecord.decode(first.record).cause?.traceparent);
  if (parent?.sampled !== true) return;
  const spans: Span[] = [];
  for (let token: string | undefined = ""; token !== undefined && spans.length < spansMax; ) {
    const { spans: some, page } = await timelineOf(key, token, { ...parent, sampled: false });
    spans.push(...some);
    token = page?.nextToken || undefined;
  }
  for (const past of pastSpans({ key, end: await endOf(key), spans, parent })) foundation.tracer.record(past);
}

interface Traced {
  readonly key: InstanceKey;
  readonly end: EndedWork;
  /** Spans of the timeline, including those of children. */
  readonly spans: readonly Span[];
  /** The trace context in which the work was started. */
  readonly parent: TraceContext;
}

/**
 * Returns the spans of the work itself. Children export their spans at their own end, linked with the span that waits
 * for them.
 */
function pastSpans({ key, end, spans, parent }: Traced): PastSpan[] {
  const within = (spanId: string): TraceContext => ({ ...parent, spanId });
  const root = spans.find(({ kind, task }) => kind === SpanKind.SPAN_KIND_WHOLE && task === "");
  if (root === undefined) return [];
  const childrenOf = Map.groupBy(
    spans.filter(({ kind, task }) => kind === SpanKind.SPAN_KIND_WHOLE && task !== ""),
    ({ parentSpanId }) => parentSpanId,
  );
  const work = { "tutti.namespace": key.namespace, [`tutti.${key.kind}.id`]: key.id };
  const past: PastSpan[] = [];
  const queuedMs = new Map<string, number>();
  // Model calls are within attempts. Everything else of the work itself is below the whole.
  const own = new Set(spans.filter(isBelow(root.spanId)).map(({ spanId }) => spanId)).add(root.spanId);
  for (const span of spans) {
    const { kind, task, attempt, agentId, spanId, startTime, endTime, modelCall } = span;
    if (span !== root && !own.has(span.parentSpanId)) continue;
    if (modelCall === undefined && span !== root && span.parentSpanId !== root.spanId) continue;
    if (startTime === undefined || endTime === undefined) continue;
    const [startMs, endMs] = [fromTimestamp(startTime), fromTimestamp(endTime)];
    const times = { context: within(spanId), startMs, endMs };
    if (span === root) {
      const name = `${key.kind} ${end.definition}`.trimEnd();
      const result = end.outcome?.result;
      const attributes = { ...work, "tutti.outcome": result?.$case ?? "continued" };
      past.push({ ...times, name, kind: "internal", parent, attributes, error: failureIn(result) });
      continue;
    }
    if (kind === SpanKind.SPAN_KIND_QUEUE) queuedMs.set(`${task} ${attempt}`, endMs - startMs);
    const queued = kind === SpanKind.SPAN_KIND_ATTEMPT ? queuedMs.get(`${task} ${attempt}`) : undefined;
    const isCall = kind === SpanKind.SPAN_KIND_ATTEMPT || modelCall !== undefined;
    past.push({
      ...times,
      parent: within(span.parentSpanId),
      kind: isCall ? "client" : "internal",
      name:
        modelCall === undefined
          ? `${names[kind] ?? "task"} ${nameOf(task)}`.trimEnd()
          : modelCallName(modelCall),
      error: modelCall && modelCallError(modelCall),
      attributes: {
        ...work,
        ...(modelCall && modelCallAttributes(modelCall)),
        ...(task !== "" && { [kind === SpanKind.SPAN_KIND_PART ? "tutti.part.id" : "tutti.task.id"]: task }),
        ...(attempt > 0 && { "tutti.task.attempt": attempt }),
        ...(agentId !== "" && { "tutti.agent.id": agentId }),
        ...(queued !== undefined && { "tutti.task.queued_ms": queued }),
      },
      links: (childrenOf.get(spanId) ?? []).map((child) => within(child.spanId)),
    });
  }
  return past;
}

function isBelow(parentSpanId: string): (span: Span) => boolean {
  return (span) => span.parentSpanId === parentSpanId;
}

/** Work that a caller ended has not failed. */
function failureIn(result: Outcome["result"]): Error | undefined {
  if (result?.$case !== "failed") return undefined;
  const { message, code } = result.value;
  return Object.assign(new Error(message), { code });
}

/** Returns the task without its list index: span names have few values, attributes many. */
function nameOf(task: string): string {
  return task.replaceAll(/\[\d+\]/g, "");
}

const names: Readonly<Partial<Record<SpanKind, string>>> = {
  [SpanKind.SPAN_KIND_QUEUE]: "queue",
  [SpanKind.SPAN_KIND_ATTEMPT]: "attempt",
  [SpanKind.SPAN_KIND_BACKOFF]: "backoff",
  [SpanKind.SPAN_KIND_WAIT]: "wait",
  [SpanKind.SPAN_KIND_COMPENSATION]: "compensation",
  [SpanKind.SPAN_KIND_PART]: "part",
};

/** Model calls use the names of OpenTelemetry for generative AI (semantic conventions 1.41). */
function modelCallName({ operation, requestModel }: ModelCall): string {
  return `${operation || unnamed} ${requestModel}`.trimEnd();
}

/** Unknown counts are left out: an absent count is not a count of 0. */
function modelCallAttributes(call: ModelCall): SpanAttributes {
  const { operation, provider, requestModel, responseModel, inputTokens, outputTokens, finishReasons } = call;
  return {
    "gen_ai.operation.name": operation || unnamed,
    ...(provider !== "" && { "gen_ai.provider.name": provider }),
    ...(requestModel !== "" && { "gen_ai.request.model": requestModel }),
    ...(responseModel !== "" && { "gen_ai.response.model": responseModel }),
    ...(inputTokens > 0 && { "gen_ai.usage.input_tokens": inputTokens }),
    ...(outputTokens > 0 && { "gen_ai.usage.output_tokens": outputTokens }),
    ...(finishReasons.length > 0 && { "gen_ai.response.finish_reasons": finishReasons }),
  };
}

function modelCallError({ errorType }: ModelCall): Error | undefined {
  if (errorType === "") return undefined;
  return Object.assign(new Error(`the call of the model failed: ${errorType}`), { code: errorType });
}

const unnamed = "chat";
