/**
 * Sends samples to a Prometheus, or to another server that accepts its remote write (version 1.0).
 *
 * 1. The metrics of the process are read at multiples of the interval, and their samples have these times. So the
 *    increase between two samples is the same for all readers, even if the timer fired late.
 * 2. One request at a time, in the order of the samples, because the server accepts no sample older than the last one.
 * 3. A failed request is retried with growing pauses while it is in the queue. The size of the queue is limited in bytes.
 *    If there is no room, the oldest requests are dropped and counted.
 * 4. A request that the server rejects permanently (4xx except 429) is not retried: its samples are counted and dropped.
 * 5. After `stop` no sample is accepted, and no request is in progress.
 */

import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import {
  type Backoff,
  backoffMs,
  type Chance,
  type Clock,
  durationText,
  type Logger,
  sleep,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import { formatBound } from "../metrics/exposition.ts";
import type { MetricFamily, MetricsRegistry } from "../metrics/registry.ts";
import { type WrittenSeries, writeRequest } from "./write-request.ts";

export interface RemoteWriterOptions {
  readonly url: string;
  /** Returns the headers. Called for every request. Never rejects. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly intervalMs: number;
  readonly queueMaxBytes: number;
  readonly timeoutMs: number;
  /** Labels of all series. A series' own labels take precedence. */
  readonly labels: Readonly<Record<string, string>>;
  /** Returns the name that distinguishes this process from others. While it is empty, no metrics are read. */
  readonly processName: () => string;
  readonly registry: MetricsRegistry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Pick<Chance, "random">;
}

interface Request {
  readonly bytes: Uint8Array;
  readonly samples: number;
  readonly oldestMs: number;
}

/** Maximum number of series per request, the same as Prometheus' own. */
const seriesMax = 2_000;
const backoff: Backoff = { firstMs: 250, maxMs: 30_000 };
const stopMaxMs = 2_000;
/** If a timer fires later than this, the samples get the actual time. */
const lateMaxMs = 1_000;

type Outcome = "sent" | "rejected" | "dropped";

export class RemoteWriter {
  readonly #options: RemoteWriterOptions;
  readonly #cells: ReturnType<typeof cellsOf>;
  readonly #stopping = new AbortController();
  #queue: Request[] = [];
  #queuedBytes = 0;
  #sending: Promise<void> | undefined;
  #timer: Timer | undefined;
  #lastMs = 0;
  #name = "";
  #problem = "";
  #isStopped = false;

  constructor(options: RemoteWriterOptions) {
    this.#options = options;
    this.#cells = cellsOf(options.registry, {
      lagSeconds: () => this.#lagMs() / 1_000,
      queuedBytes: () => this.#queuedBytes,
    });
    this.#next();
  }

  /** Reason why the last request failed. Empty if it succeeded. */
  get problem(): string {
    return this.#problem;
  }

  /** Queues samples. The samples of a series must be sorted by time, and later than all previous ones. */
  add(series: readonly WrittenSeries[], labels: Readonly<Record<string, string>> = {}): void {
    if (this.#isStopped) return;
    const { labels: common } = this.#options;
    for (let at = 0; at < series.length; at += seriesMax) {
      const part = series.slice(at, at + seriesMax);
      const times = part.flatMap(({ samples }) => samples.map(({ timeMs }) => timeMs));
      const bytes = writeRequest(part, { ...common, ...labels });
      this.#enqueue({
        bytes,
        samples: times.length,
        oldestMs: times.reduce((one, other) => Math.min(one, other)),
      });
    }
    this.#send();
  }

  /** Resolves when all queued samples have arrived or were dropped. */
  async flush(): Promise<void> {
    await this.#sending;
  }

  /** Sends the last values and the end of the series. Waits at most until the signal aborts. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    if (this.#problem === "" && !signal.aborted) {
      const nowMs = Math.max(this.#options.clock.now(), this.#lastMs + 1);
      this.#sample(nowMs);
      this.#sample(nowMs + 1, true);
      const over = AbortSignal.any([signal, this.#stopping.signal]);
      await Promise.race([this.flush(), sleep(this.#options.timers, stopMaxMs, over).catch(() => {})]);
    }
    this.#isStopped = true;
    this.#stopping.abort(new Error("telemetry has stopped"));
    await this.#sending;
    for (const stop of this.#cells.observers) stop();
  }

  #next(): void {
    const { clock, timers, intervalMs } = this.#options;
    this.#timer = timers.after(intervalMs - (clock.now() % intervalMs), () => {
      const nowMs = clock.now();
      const dueMs = Math.round(nowMs / intervalMs) * intervalMs;
      const timeMs = Math.abs(nowMs - dueMs) <= lateMaxMs ? dueMs : nowMs;
      // A clock that was set back has already passed these times.
      if (timeMs > this.#lastMs) this.#sample(timeMs);
      this.#next();
    });
  }

  #sample(timeMs: number, hasEnded = false): void {
    this.#lastMs = timeMs;
    const { registry, processName } = this.#options;
    this.#name = processName() || this.#name;
    if (this.#name !== "")
      this.add(registrySeries(registry.families(), timeMs, hasEnded), { instance: this.#name });
  }

  #enqueue(request: Request): void {
    const { queueMaxBytes } = this.#options;
    this.#queue.push(request);
    this.#queuedBytes += request.bytes.length;
    while (this.#queuedBytes > queueMaxBytes) this.#removeFirst("dropped");
  }

  #removeFirst(outcome: Outcome): void {
    const request = this.#queue.shift();
    if (request === undefined) return;
    this.#queuedBytes -= request.bytes.length;
    this.#cells.samples.with({ outcome }).add(request.samples);
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    const { timers, chance } = this.#options;
    const { signal } = this.#stopping;
    let failures = 0;
    for (let [request] = this.#queue; request !== undefined && !signal.aborted; [request] = this.#queue) {
      const result = await this.#attempt(request);
      // If a drop made room during the attempt, the request is no longer first, and already counted.
      const isFirst = this.#queue[0] === request;
      if (result === "sent" || result === "rejected") {
        failures = 0;
        if (isFirst) this.#removeFirst(result);
        continue;
      }
      failures += 1;
      this.#cells.retries.add();
      const pauseMs = Math.max(result.afterMs, backoffMs(backoff, failures, chance));
      await sleep(timers, Math.min(pauseMs, backoff.maxMs), signal).catch(() => {});
    }
  }

  async #attempt({ bytes }: Request): Promise<"sent" | "rejected" | { readonly afterMs: number }> {
    const { url, headers, timers, timeoutMs } = this.#options;
    const late = new AbortController();
    const timer = timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer in ${durationText(timeoutMs)}`)),
    );
    try {
      const own = { ...(await headers()), ...protocolHeaders };
      const signal = AbortSignal.any([late.signal, this.#stopping.signal]);
      const { status, reason, retryAfterMs = 0 } = await post(url, own, bytes, signal);
      if (status >= 200 && status < 300) {
        if (this.#problem !== "") this.#options.logger.info("remote write works again", { url });
        this.#problem = "";
        return "sent";
      }
      this.#failed(`status ${status}${reason === "" ? "" : `: ${reason}`}`);
      return status >= 400 && status < 500 && status !== 429 ? "rejected" : { afterMs: retryAfterMs };
    } catch (thrown) {
      const error = late.signal.aborted ? late.signal.reason : thrown;
      this.#failed(error instanceof Error ? error.message || error.name : String(error));
      return { afterMs: 0 };
    } finally {
      timer.cancel();
    }
  }

  #failed(problem: string): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#problem === "")
      this.#options.logger.warn("remote write failed: check remoteWrite.url and remoteWrite.headers", {
        url: this.#options.url,
        problem,
      });
    this.#problem = problem;
  }

  #lagMs(): number {
    const [first] = this.#queue;
    return first === undefined ? 0 : Math.max(0, this.#options.clock.now() - first.oldestMs);
  }
}

const protocolHeaders = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
  "user-agent": "tutti",
} as const;

function cellsOf(
  registry: MetricsRegistry,
  { lagSeconds, queuedBytes }: { readonly lagSeconds: () => number; readonly queuedBytes: () => number },
) {
  const lag = registry.gauge({
    name: "tutti_telemetry_remote_write_lag_seconds",
    help: "Age of the oldest sample that waits to be sent by remote write.",
  });
  const queued = registry.gauge({
    name: "tutti_telemetry_remote_write_queued_bytes",
    help: "Size of the requests that wait to be sent by remote write.",
  });
  return {
    observers: [lag.observe({}, lagSeconds), queued.observe({}, queuedBytes)],
    samples: registry.counter({
      name: "tutti_telemetry_remote_write_samples_total",
      help: "Samples that left the remote write queue, by outcome: sent, rejected by the server, or dropped because the queue was full.",
      labels: ["outcome"],
    }),
    retries: registry
      .counter({
        name: "tutti_telemetry_remote_write_retries_total",
        help: "Requests of remote write that failed and were sent again.",
      })
      .with({}),
  };
}

// An `import` would load undici as well.
const { request: requestPlain } = process.getBuiltinModule("node:http");
const { request: requestSecure } = process.getBuiltinModule("node:https");

interface PostAnswer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** The start of the body. */
  readonly reason: string;
}

const reasonMax = 300;

/**
 * Posts bytes with Node's own client and returns the reply. `fetch` would load undici.
 *
 * Rejects if there is no reply.
 */
async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const send = new URL(url).protocol === "https:" ? requestSecure : requestPlain;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = send(url, {
      method: "POST",
      headers: { ...headers, "content-length": body.length },
      signal,
    });
    request.once("response", resolve).once("error", reject);
    request.end(body);
  });
  const answerText = await text(answer);
  const after = Number(answer.headers["retry-after"]);
  return {
    status: answer.statusCode ?? 0,
    retryAfterMs: after > 0 ? after * 1_000 : undefined,
    reason: answerText.trim().slice(0, reasonMax),
  };
}

/**
 * Converts the registry to series of remote write, with the names and labels of a scrape of `/metrics`.
 *
 * @param hasEnded whether these are the last values of the process
 */
function registrySeries(
  families: readonly MetricFamily[],
  timeMs: number,
  hasEnded = false,
): WrittenSeries[] {
  const series: WrittenSeries[] = [];
  const add = (name: string, labels: Readonly<Record<string, string>>, value: number): void => {
    if (Number.isNaN(value)) return;
    series.push({ name, labels, samples: [{ timeMs, value: hasEnded ? Number.NaN : value }] });
  };
  for (const family of families) {
    const { name } = family;
    const labelsOf = (values: readonly string[]) =>
      Object.fromEntries(family.labels.map((label, index) => [label, values[index] ?? ""]));
    if (family.kind !== "histogram") {
      for (const { values, cell } of family.series()) add(name, labelsOf(values), cell.read());
      continue;
    }
    for (const { values, cell } of family.series()) {
      const labels = labelsOf(values);
      let cumulative = 0;
      for (const [bucket, count] of cell.counts.entries()) {
        cumulative += count;
        const le = formatBound(cell.bounds[bucket] ?? Number.POSITIVE_INFINITY);
        add(`${name}_bucket`, { ...labels, le }, cumulative);
      }
      add(`${name}_sum`, labels, cell.sum);
      add(`${name}_count`, labels, cumulative);
    }
  }
  return series;
}
