/** Rules for the start of a link and for its heartbeats. */
import type { Rule } from "../rule.ts";
import type { ScriptedLink } from "../scripted-link.ts";
import { expect } from "../unmet.ts";

export const greetingRules: readonly Rule[] = [
  {
    id: "greeting",
    rule: "The first frame has the number 0 and contains only the greeting. The worker sends no other frame before the answer.",
    remedy:
      "send AgentFrame{hello} alone, with sequence and acknowledged 0, and wait for the host's first frame",
    async play(stage) {
      const { stream, hello } = await stage.greeting();
      const [first] = stream.arrivals;
      const { frame } = first ?? {};
      expect(frame?.sequence === 0, "the number 0 in a greeting", () => `${frame?.sequence}`);
      expect(frame.acknowledged === 0, "no acknowledgement in a greeting", () => `${frame.acknowledged}`);
      const { hello: _, ...others } = frame;
      const extra = Object.entries(others).filter(
        ([, value]) => value !== undefined && value !== 0 && !(Array.isArray(value) && value.length === 0),
      );
      expect(extra.length === 0, "no fields other than the greeting", () =>
        extra.map(([key]) => key).join(", "),
      );
      expect(
        hello.versionMin >= 1 && hello.versionMin <= 1 && hello.versionMax >= 1,
        "version 1 within version_min and version_max, both set",
        () => `${hello.versionMin} to ${hello.versionMax}`,
      );
      expect(hello.incarnation !== "", "an incarnation, generated at each start", () => "none");
      expect(hello.pool === "conformance", "the pool that TUTTI_POOL names", () => hello.pool || "none");
      const offered = hello.offering?.capabilities ?? [];
      expect(offered.length > 0, "capabilities in the offering", () => "none");
      expect(
        offered.every(({ name, version }) => name !== "" && /^\d+\.\d+\.\d+/.test(version)),
        "a name and a semantic version in each capability",
        () => offered.map(({ name, version }) => `${name}@${version}`).join(", "),
      );
      expect(
        hello.resume === undefined && hello.running.length === 0,
        "neither `resume` nor `running` at the first start",
        () => "one of them",
      );
      await stage.changes.pass(300);
      expect(
        stream.arrivals.length === 1,
        "no frames before the answer to the greeting",
        () => `${stream.arrivals.length - 1} more frames`,
      );
    },
  },
  {
    id: "numbering",
    rule: "Frames are numbered 1, 2, 3 … and the first credit comes with the welcome, for as many tasks as there are slots.",
    remedy: "count frames per link from 1; grant credit = slots as soon as the welcome is there",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      await spend(link, 3);
      expect(
        link.creditGranted <= link.slots,
        `credit for at most ${link.slots} tasks, the slots of the offering`,
        () => `${link.creditGranted}`,
      );
    },
  },
  {
    id: "acknowledgement",
    rule: "The worker acknowledges each frame of the host within a heartbeat interval, even if it has no other message.",
    remedy:
      "set the number of the last received frame in every frame, and send at least one frame per heartbeat interval",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      for (let count = 0; count < 5; count++) link.send();
      await link.until(() => link.acknowledged >= 5, {
        expected: `frames up to 5 acknowledged within ${link.heartbeatMs} ms`,
        found: () => `up to ${link.acknowledged}`,
        withinMs: link.heartbeatMs * 5,
      });
    },
  },
  {
    id: "heartbeat",
    rule: "A heartbeat comes in each period, with the slots that are free and the attempts that are there.",
    remedy: "send AgentFrame.heartbeat each Welcome.heartbeat_ms",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      const [token = ""] = link.assign(["conformance.slow", { ms: 1_500 }]);
      await link.until(
        () =>
          heartbeats(link).some(({ attempts, freeSlots }) => attempts === 1 && freeSlots === link.slots - 1),
        {
          expected: `a heartbeat with 1 attempt and ${link.slots - 1} free slots while a task is running`,
          found: () =>
            JSON.stringify(heartbeats(link).map(({ attempts, freeSlots }) => ({ attempts, freeSlots }))),
          withinMs: 2_000,
        },
      );
      await link.result(token);
      const count = heartbeats(link).length;
      expect(count >= 3, `a heartbeat each ${link.heartbeatMs} ms, at least 3 in 1,500 ms`, () => `${count}`);
      await link.until(() => heartbeats(link).at(-1)?.attempts === 0, {
        expected: "a heartbeat with no attempts when all is done",
        found: () => `${heartbeats(link).at(-1)?.attempts}`,
        withinMs: 2_000,
      });
    },
  },
  {
    id: "silence",
    rule: "An idle worker sends a frame in each heartbeat interval.",
    remedy: "send the heartbeat, or an empty frame, each Welcome.heartbeat_ms",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      await spend(link, 4);
      const times = link.received.map(({ atMs }) => atMs);
      const longest = Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
      expect(
        longest <= link.heartbeatMs * 4,
        `no silence of more than ${link.heartbeatMs} ms (four times that is tolerated)`,
        () => `${Math.round(longest)} ms`,
      );
    },
  },
];

/** Waits until this number of further frames has arrived. */
async function spend(link: ScriptedLink, frames: number): Promise<void> {
  const expectedCount = link.received.length + frames;
  await link.until(() => link.received.length >= expectedCount, {
    expected: `${frames} frames in ${frames} heartbeat's periods of ${link.heartbeatMs} ms`,
    found: () => `${frames - (expectedCount - link.received.length)}`,
    withinMs: link.heartbeatMs * frames * 4,
  });
}

function heartbeats(link: ScriptedLink) {
  return link.received.flatMap(({ frame }) => (frame.heartbeat ? [frame.heartbeat] : []));
}
