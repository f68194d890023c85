import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { loadavg } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "@tutti/rest/client";
import { Latencies, median, rounded } from "../measure/statistics.ts";
import { cpuMs } from "../processes/figures.ts";
import { type Platform, startPlatform } from "../processes/platform.ts";
import type { Scenario } from "../scenario.ts";

const runsPerSec = 50;
const definition = "workflow: at-once\ntasks: {say: {set: hello}}";
/** Each run is accepted, started and completed. */
const eventsPerRun = 3;
const quietMs = 2_000;

/**
 * From the moment at which an event was decided, as it says itself, until a subscriber has read it, whatever lies between:
 * the commit, the bus, the gateway, the socket. The event's time is in whole milliseconds, so up to one is counted too much.
 */
export const realtime: Scenario = {
  name: "realtime",
  about: `from the decision of an event to those who follow it over SSE, ${runsPerSec} runs per second`,
  async *run({ rounds, seconds }) {
    for (const subscribers of [1, 100]) {
      await using platform = await startPlatform();
      const client = new Client({ url: platform.http });
      await client.call("workflows.register", { body: { text: definition } });
      const room = new Room();
      const readers = await Promise.all(Array.from({ length: subscribers }, () => room.follow(platform)));
      const warm = await startRuns(client, 1, "warm");
      await room.heard(warm * eventsPerRun * subscribers);
      const p50s: number[] = [];
      const p99s: number[] = [];
      let told = 0;
      let runs = 0;
      let tookMs = 0;
      const usedMs = cpuMs(platform.pid);
      for (let round = 0; round < rounds; round++) {
        room.begin();
        const beganMs = performance.now();
        const started = await startRuns(client, seconds, `r${round}`);
        tookMs += performance.now() - beganMs;
        await room.heard(started * eventsPerRun * subscribers);
        const { p50Ms, p99Ms } = room.latencies.quantiles();
        p50s.push(p50Ms);
        p99s.push(p99Ms);
        told += room.latencies.count;
        runs += started;
      }
      yield {
        variant: `sse-${subscribers}`,
        subscribers,
        eventsPerSec: rounded((1_000 * runs * eventsPerRun) / tookMs),
        deliveriesPerSec: rounded((1_000 * told) / tookMs),
        p50Ms: rounded(median(p50s)),
        p99Ms: rounded(median(p99s)),
        missed: runs * eventsPerRun * subscribers - told,
        // Others on the machine are waited for too.
        load: rounded(loadavg()[0] ?? 0),
        cpuPercent: rounded((100 * (cpuMs(platform.pid) - usedMs)) / tookMs),
      };
      for (const reader of readers) reader.destroy();
    }
  },
};

/** Offers runs at a steady rate, whether or not those before are answered. */
async function startRuns(client: Client, seconds: number, name: string): Promise<number> {
  const count = Math.max(1, Math.round(runsPerSec * seconds));
  const beganMs = performance.now();
  const answers: Promise<unknown>[] = [];
  for (let number = 0; number < count; number++) {
    const dueMs = beganMs + (1_000 * number) / runsPerSec;
    if (dueMs > performance.now()) await pause(dueMs - performance.now());
    const body = { runId: `${name}-${number}`, definition: { name: "at-once" } };
    answers.push(client.call("runs.start", { body }));
  }
  await Promise.all(answers);
  return count;
}

/** Those who follow, and how long each event took to each of them. */
class Room {
  latencies = new Latencies();

  begin(): void {
    this.latencies = new Latencies();
  }

  async follow({ http }: Platform): Promise<IncomingMessage> {
    const sent = request(`${http}/v1/events?pattern=tutti.workflow.run.*`, { agent: false }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    let rest = "";
    answer.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      const nowMs = performance.timeOrigin + performance.now();
      for (const line of lines) {
        const [, time] = /^data: .*?"time":"([^"]+)"/.exec(line) ?? [];
        if (time !== undefined && !line.includes(".run.progressed"))
          this.latencies.add(nowMs - Date.parse(time));
      }
    });
    answer.on("error", () => undefined);
    return answer;
  }

  /** Resolves when all have heard so much, or nobody has heard anything for a while. */
  async heard(count: number): Promise<void> {
    for (let before = -1; this.latencies.count < count && before !== this.latencies.count; ) {
      before = this.latencies.count;
      for (let waitedMs = 0; waitedMs < quietMs && this.latencies.count < count; waitedMs += 20)
        await pause(20);
    }
  }
}
