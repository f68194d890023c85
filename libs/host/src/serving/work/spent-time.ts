/**
 * Time spent by work, computed from its events in order.
 *
 * 1. Time is recorded by node: a task, a part, or `workNode`. A node has at most one open span. A new span ends the one
 *    before.
 * 2. The whole is not among the open spans: only an explicit call ends it.
 */
import { type Span, SpanKind } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { type RecordedModelCalls, spanIdOf } from "./timeline.ts";

/** The node that is the work itself. */
export const workNode = -1;

/** Milliseconds since the Unix epoch. An open end is undefined. */
export interface Spent {
  node: number;
  readonly kind: SpanKind;
  readonly attempt: number;
  agent: string;
  readonly startMs: number;
  endMs: number | undefined;
}

/** With the span of the task at the time of the note. */
export interface ModelCallSpan extends RecordedModelCalls {
  readonly within: Spent | undefined;
}

export class SpentTime {
  readonly all: Spent[] = [];
  readonly modelCalls: ModelCallSpan[] = [];
  readonly #open = new Map<number, Spent>();
  #work: Spent | undefined;

  startWork(startMs: number): void {
    this.#work = this.start(workNode, SpanKind.SPAN_KIND_WHOLE, startMs, 0);
    this.#open.delete(workNode);
  }

  /** Ends the whole with everything in it. */
  endWork(endMs: number): void {
    this.endAll(endMs);
    if (this.#work !== undefined) this.#work.endMs = endMs;
  }

  /** Nodes have new numbers, or were removed. */
  renumber(
    moved: readonly { readonly node: number; readonly to: number }[],
    removed: readonly number[],
  ): void {
    const removedNodes = new Set(removed);
    const numbers = new Map(moved.map(({ node, to }) => [node, to]));
    const retained = this.all.filter(({ node }) => !removedNodes.has(node));
    for (const span of retained) span.node = numbers.get(span.node) ?? span.node;
    this.all.splice(0, this.all.length, ...retained);
    const open = [...this.#open.values()].filter(
      ({ node }) => node === workNode || retained.some((each) => each.node === node),
    );
    this.#open.clear();
    for (const span of open) this.#open.set(span.node, span);
  }

  /** Ended work continues. */
  reopen(): void {
    if (this.#work !== undefined) this.#work.endMs = undefined;
  }

  start(node: number, kind: SpanKind, startMs: number, attempt: number): Spent {
    this.end(node, startMs);
    const span: Spent = { node, kind, attempt, agent: "", startMs, endMs: undefined };
    this.#open.set(node, span);
    this.all.push(span);
    return span;
  }

  end(node: number, endMs: number, agent = ""): void {
    const open = this.#open.get(node);
    if (open === undefined) return;
    if (agent !== "") open.agent = agent;
    // An agent's clock may be ahead of the recorded time.
    open.endMs = Math.max(endMs, open.startMs);
    this.#open.delete(node);
  }

  endAll(endMs: number): void {
    for (const node of [...this.#open.keys()]) this.end(node, endMs);
  }

  openAt(node: number): Spent | undefined {
    return this.#open.get(node);
  }
}

/**
 * Returns a span in the form of the contracts. Its id is derived from its content, so that it is the same at every
 * request.
 */
export function spanMessage(
  workId: string,
  { node, kind, attempt, agent, startMs, endMs }: Spent,
  task: string,
): Span {
  return {
    task,
    kind,
    attempt,
    agentId: agent,
    startTime: toTimestamp(startMs),
    endTime: endMs === undefined ? undefined : toTimestamp(endMs),
    spanId: spanIdOf(workId, node, kind, attempt, startMs),
    parentSpanId: "",
    modelCall: undefined,
  };
}
