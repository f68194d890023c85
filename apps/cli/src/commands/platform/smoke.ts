/**
 * Sends one task through every service of an installation, and measures the time of each hop.
 *
 * 1. This process is the worker of its task. Concurrent smoke tests share a capability, so each completes all tasks
 *    that it claims. Another smoke test may complete the task of this one.
 * 2. A hop that the key may not see is skipped with the reason. Skipped hops do not fail the verdict.
 * 3. After the first failure of a hop that the task needs, the other hops are not tried.
 */
import { randomUUID } from "node:crypto";
import type { ClaimedTask } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";

interface Hop {
  readonly service: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly ms: number;
  readonly detail: string;
}

const capability = "tutti.smoke";
const timeoutMsDefault = 30_000;
const claimWaitMs = 1_000;
/** Lease of a claimed task. If a smoke test is killed, the task of another smoke test is free again after this time. */
const leaseMs = 10_000;
const retentionMs = 60_000;

export async function smoke(context: Context): Promise<Result> {
  const { values, print } = context;
  const timeoutMs = values.durationMs("timeout") ?? timeoutMsDefault;
  const server = await connect(context);
  const test = new SmokeTest(context, server, timeoutMs);
  const hops = await test.run();
  const passed = hops.every(({ outcome }) => outcome !== "failed");
  const totalMs = hops.reduce((sum, { ms }) => sum + ms, 0);
  return {
    json: { passed, sessionId: test.sessionId, totalMs, hops },
    quiet: [passed ? "passed" : "failed"],
    draw: () => {
      const { style } = print;
      const marks = { passed: style.green("✓"), failed: style.red("✗"), skipped: style.yellow("–") };
      print.table(
        [
          { title: "" },
          { title: "service" },
          { title: "hop" },
          { title: "time", align: "right" },
          { title: "" },
        ],
        hops.map(({ service, name, outcome, ms, detail }) => [
          marks[outcome],
          service,
          name,
          outcome === "skipped" ? "" : printDurationMs(ms),
          { text: safe(detail), tone: "dim" },
        ]),
      );
      print.line("");
      print.line(
        passed
          ? `${style.green("✓")} passed in ${printDurationMs(totalMs)}`
          : `${style.red("✗")} failed at ${hops.find(({ outcome }) => outcome === "failed")?.service}`,
      );
    },
    exitCode: passed ? exitCodes.completed : exitCodes.failed,
  };
}

class SmokeTest {
  readonly sessionId = `smoke-${randomUUID()}`;
  readonly #hops: Hop[] = [];
  readonly #context: Context;
  readonly #server: Server;
  readonly #over = new AbortController();
  readonly #late = new AbortController();
  readonly #timeoutMs: number;
  #claims: Promise<void> = Promise.resolve();

  constructor(context: Context, server: Server, timeoutMs: number) {
    this.#context = context;
    this.#server = server;
    this.#timeoutMs = timeoutMs;
  }

  async run(): Promise<readonly Hop[]> {
    const { shell } = this.#context;
    void shell.pause(this.#timeoutMs, this.#over.signal).then(() => this.#late.abort());
    try {
      await this.#hop("gateway", "reply", true, async () => {
        const { version, id } = await this.#server.call("whoami", { signal: this.#signal });
        return `Tutti ${version}, as ${id}`;
      });
      await this.#hop("registry", "services", false, () => this.#services());
      await this.#work();
      await this.#hop("governance", "audit record", false, () => this.#audited());
      await this.#hop("insight", "metrics", false, async () => {
        const { processes } = await this.#server.call("metrics.list", { signal: this.#signal });
        return `${processes.length} ${processes.length === 1 ? "process" : "processes"}`;
      });
    } catch (error) {
      if (!(error instanceof HopFailed)) throw error;
    } finally {
      await this.#claims;
      this.#over.abort();
    }
    return this.#hops;
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#late.signal, this.#context.shell.interrupted]);
  }

  async #services(): Promise<string> {
    const { services } = await this.#server.call("services.list", {
      query: { size: 100 },
      signal: this.#signal,
    });
    const unavailable = services.filter(({ ready = 0 }) => ready === 0).map(({ name }) => name);
    if (unavailable.length > 0) throw new Error(`not ready: ${unavailable.join(", ")}`);
    return services.map(({ name }) => name).join(", ");
  }

  /** Runs the task: the master accepts it, the workflow service runs it, the swarm service offers and completes it. */
  async #work(): Promise<void> {
    const { namespace } = this.#server;
    const id = this.sessionId;
    let events = Promise.resolve("");
    await new Promise<void>((opened) => {
      events = this.#events(opened);
      // The last hop awaits it.
      events.catch(() => {});
    });
    await this.#hop("swarm", "worker accepted", true, async () => {
      await this.#claimOnce(0);
      return capability;
    });
    await this.#hop("master", "session accepted", true, async () => {
      await this.#retryUntilOffered(() =>
        this.#server.call("sessions.start", {
          query: namespace,
          body: {
            sessionId: id,
            title: "tutti smoke",
            mode: "workflow",
            tasks: {
              tasks: [{ id: "smoke", capability, input: { id } }],
              output: "${{ tasks.smoke.output }}",
            },
            labels: { smoke: "true" },
            timeoutMs: this.#timeoutMs,
            retentionMs,
          },
          signal: this.#signal,
        }),
      );
      return id;
    });
    const ended = this.#waitForResult();
    // Handled by the hop that awaits it.
    ended.catch(() => {});
    await this.#hop("swarm", "task claimed", true, () => this.#claim(ended));
    await this.#hop("workflow", "run completed", true, async () => {
      const { parts } = await ended;
      const run = parts.find(({ work }) => work?.kind === "run")?.work?.id;
      if (run === undefined) throw new Error("the session has no run");
      const { status } = await this.#server.call("runs.get", {
        params: { id: run },
        query: namespace,
        signal: this.#signal,
      });
      if (status !== "completed") throw new Error(`run ${run} is ${status}`);
      return run;
    });
    await this.#hop("master", "session completed", true, async () => {
      const { status, outcome } = await ended;
      if (status !== "completed") throw new Error(`the session is ${status}`);
      const { id: echoed } = (outcome?.completed ?? {}) as { readonly id?: unknown };
      if (echoed !== id) throw new Error(`expected the output of ${id}, got another one`);
      return "";
    });
    await this.#hop("bus", "event received", false, () => events);
  }

  /** Claims and completes tasks of smoke tests until its own task is completed, by this test or another. */
  async #claim(ended: Promise<unknown>): Promise<string> {
    const over = ended.then(
      () => "ended" as const,
      () => "ended" as const,
    );
    for (;;) {
      const claim = this.#claimOnce(claimWaitMs);
      const first = await Promise.race([claim, over]);
      if (first === "ended") {
        // A task that the open claim still receives belongs to another smoke test, which waits for it.
        this.#claims = claim.then(
          () => {},
          () => {},
        );
        return "completed by another smoke test";
      }
      if (first.includes(this.sessionId)) return "";
    }
  }

  /** Claims tasks and completes them. Returns their sessions. */
  async #claimOnce(waitMs: number): Promise<readonly unknown[]> {
    const offering = { slots: 4, capabilities: [{ name: capability, version: "1.0.0" }] };
    const { tasks } = await this.#server.call("tasks.claim", {
      query: this.#server.namespace,
      body: { agentId: this.sessionId, offering, count: 4, waitMs, leaseMs },
      signal: this.#signal,
    });
    return await this.#complete(tasks);
  }

  /** Retries the start, because the master learns of the offered capability a moment later. */
  async #retryUntilOffered(start: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await start();
        return;
      } catch (error) {
        if (!(error instanceof Failure && error.code === "session.capability_unknown")) throw error;
        await this.#context.shell.pause(100, this.#signal);
        if (this.#signal.aborted) throw error;
      }
    }
  }

  /** Completes tasks with their input as output. Returns their sessions. */
  async #complete(tasks: readonly ClaimedTask[]): Promise<readonly unknown[]> {
    if (tasks.length === 0) return [];
    const completions = tasks.map(({ token = "", input }) => ({ token, output: input ?? null }));
    const body = { agentId: this.sessionId, completions };
    await this.#server.call("tasks.complete", { query: this.#server.namespace, body });
    return tasks.map(({ input }) => (input as { readonly id?: unknown } | null)?.id);
  }

  async #waitForResult() {
    for (;;) {
      const session = await this.#server.call("sessions.result", {
        params: { id: this.sessionId },
        query: { ...this.#server.namespace, waitMs: 10_000 },
        signal: this.#signal,
      });
      if (/^(completed|failed|cancelled|terminated)$/.test(session.status)) return session;
    }
  }

  /** Resolves when an event of the session arrives. Calls `onReady` when the stream is open or has failed. */
  async #events(onReady: () => void): Promise<string> {
    const query = { pattern: "tutti.session.>", ...this.#server.namespace };
    try {
      for await (const followed of this.#server.follow("events", { query }, { signal: this.#signal })) {
        onReady();
        if (followed.kind === "event" && JSON.stringify(followed.value).includes(this.sessionId))
          return followed.value.type ?? "";
      }
    } finally {
      onReady();
    }
    throw new Error("no event came");
  }

  /** Waits for the audit record. The index of the audit log is a moment late. */
  async #audited(): Promise<string> {
    for (;;) {
      const { records } = await this.#server.call("audit.search", {
        query: { ...this.#server.namespace, workKind: "session", workId: this.sessionId, size: 1 },
        signal: this.#signal,
      });
      const [record] = records;
      if (record !== undefined) return record.action ?? "";
      await this.#context.shell.pause(100, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  /** @param isNeeded whether the later hops depend on it */
  async #hop(service: string, name: string, isNeeded: boolean, act: () => Promise<string>): Promise<void> {
    const { shell } = this.#context;
    const fromMs = shell.nowMs();
    const add = (outcome: Hop["outcome"], detail: string): void => {
      this.#hops.push({ service, name, outcome, ms: shell.nowMs() - fromMs, detail });
    };
    try {
      add("passed", await act());
    } catch (error) {
      if (shell.interrupted.aborted) throw error;
      const isForbidden = error instanceof Failure && error.exitCode === exitCodes.forbidden;
      if (isForbidden && !isNeeded) return add("skipped", "this key may not see it");
      const late = `no reply within ${this.#timeoutMs / 1000} s`;
      const reason = error instanceof Error ? error.message : String(error);
      add("failed", this.#late.signal.aborted ? late : reason);
      if (isNeeded) throw new HopFailed();
    }
  }
}

/** Ends the test. The hops have the failure. */
class HopFailed extends Error {}
