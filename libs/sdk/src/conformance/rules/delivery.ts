/** Rules of delivery: no result is lost or counted twice, for any loss of frames and streams. */
import { HostFrame } from "@tutti/contracts/agent/v1";
import type { Rule } from "../rule.ts";
import { expect, expectEqual } from "../unmet.ts";
import { startAttempt } from "./ends.ts";
import { outputOf } from "./work.ts";

export const deliveryRules: readonly Rule[] = [
  {
    id: "duplicate",
    rule: "An assignment that is received twice runs once and gets one answer.",
    remedy: "identify attempts by their tokens: drop an assignment whose token is running or has a result",
    async play(stage) {
      const link = await stage.link();
      // Afterwards the worker may forget them.
      link.isDurable = false;
      await link.creditOf(3);
      const slow = link.assignment("conformance.slow", { ms: 300 });
      const quick = link.assignment("conformance.echo", 7);
      link.assignEach(slow, slow, quick);
      const tokens = [slow, quick].map(({ token }) => Buffer.from(token).toString("hex"));
      for (const token of tokens) await link.result(token);
      await link.creditOf(1);
      link.assignEach(quick);
      await stage.changes.pass(500);
      for (const token of tokens)
        expect(
          link.resultsOf(token).length === 1,
          "one result of each token",
          () => `${link.resultsOf(token).length}`,
        );
      await link.creditOf(link.slots);
      link.isDurable = true;
      link.reportDurable();
    },
  },
  {
    id: "host-repeat",
    rule: "The worker drops a frame that it has already received.",
    remedy: "drop frames whose number is not above the number of the last received frame",
    async play(stage) {
      const link = await stage.link();
      const token = await startAttempt(link, "conformance.echo", 7);
      await link.result(token);
      const [first] = link.sent;
      if (first !== undefined) link.stream.writeBytes(first);
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
      expect(link.resultsOf(token).length === 1, "one result", () => `${link.resultsOf(token).length}`);
    },
  },
  {
    id: "durable",
    rule: "The worker keeps a result until it is durable. On a new link, `running` contains its token, and the worker sends the result again.",
    remedy:
      "keep results until results_durable (or results_durable_beyond) covers them. Acknowledgement is not enough",
    async play(stage) {
      const first = await stage.link({ resumeWindowMs: 1 });
      first.isDurable = false;
      const tokens: string[] = [];
      for (const input of [1, 2, 3]) {
        const token = await startAttempt(first, "conformance.echo", input);
        await first.result(token);
        tokens.push(token);
      }
      const [one = "", two = "", three = ""] = tokens;
      first.send({ resultsDurable: 1, resultsDurableBeyond: [3] });
      const running = await startAttempt(first, "conformance.slow", { ms: 1_200 });
      await first.until(() => first.acknowledged >= first.sent.length, {
        expected: "the frame with results_durable to be acknowledged",
        found: () => `${first.acknowledged} of ${first.sent.length}`,
      });
      first.stream.disconnect();
      const greeting = await stage.greeting();
      const named = greeting.hello.running.map((token) => Buffer.from(token).toString("hex"));
      expect(
        !named.includes(one) && !named.includes(three),
        "durable results not to be named",
        () => "one of them",
      );
      expect(
        named.includes(two),
        "the result that is not durable to be named in `running`",
        () => `${named.length} others`,
      );
      expect(
        named.includes(running),
        "the running attempt to be listed in `running`",
        () => `${named.length} others`,
      );
      const second = stage.accept(greeting);
      for (const token of named) second.tokens.add(token);
      expectEqual(outputOf(await second.result(two)), 2, "the repeated output");
      expectEqual(
        outputOf(await second.result(running)),
        { waited: 1_200 },
        "the output of the task that was running meanwhile",
      );
      expect(
        second.received[0]?.frame.sequence === 1,
        "frames to be numbered from 1 again",
        () => `${second.received[0]?.frame.sequence}`,
      );
      await second.creditOf(second.slots);
    },
  },
  {
    id: "resume",
    rule: "After a disconnect, the link resumes by its id. Both sides resend, unchanged, only the frames that the other side did not receive.",
    remedy:
      "send hello with resume{link_id, received}. Repeat the frames after Welcome.received, and continue their numbers",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf(2);
      const running = await startAttempt(link, "conformance.slow", { ms: 900 });
      link.isDeaf = true;
      const [lost = ""] = link.assign(["conformance.echo", "lost"]);
      const arrivals = link.stream.arrivals;
      await link.until(() => arrivals.some(({ frame }) => frame.results.length > 0), {
        expected: "a result",
        found: () => "none",
      });
      const missed = arrivals.filter(({ frame }) => frame.sequence > link.received.length);
      link.stream.disconnect();
      const greeting = await stage.greeting();
      const { resume } = greeting.hello;
      expectEqual(
        [resume?.linkId, resume?.received],
        [link.welcome.linkId, link.sent.length],
        "link_id and received in `resume`",
      );
      const receivedBefore = link.received.length;
      stage.resume(link, greeting);
      expectEqual(outputOf(await link.result(lost)), "lost", "the output that was lost");
      for (const [index, { bytes }] of missed.entries())
        expect(
          Buffer.compare(link.received[receivedBefore + index]?.bytes ?? new Uint8Array(), bytes) === 0,
          "lost frames to be repeated as they were",
          () => "other bytes",
        );
      const second = greeting.stream.arrivals[1]?.frame.sequence;
      expect(
        second === receivedBefore + 1,
        `the frames after ${receivedBefore} to be repeated, and no others`,
        () => `frame ${second}`,
      );
      expectEqual(
        outputOf(await link.result(running)),
        { waited: 900 },
        "the output of the task that was running meanwhile",
      );
      expectEqual(outputOf(await link.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "resume-host-frames",
    rule: "The host resends the frames that the worker did not receive. Each frame takes effect once.",
    remedy: "send the number of the last received frame as `received`. Accept every frame after it",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf(1);
      const before = link.sent.length;
      link.stream.disconnect();
      const [token = ""] = link.assign(["conformance.echo", "sent into the void"]);
      const greeting = await stage.greeting();
      expectEqual(greeting.hello.resume?.received, before, "received in `resume`");
      stage.resume(link, greeting);
      for (const bytes of link.sent.slice(before)) link.stream.writeBytes(bytes);
      expectEqual(outputOf(await link.result(token)), "sent into the void", "the output");
      expect(link.resultsOf(token).length === 1, "one result", () => `${link.resultsOf(token).length}`);
    },
  },
  {
    id: "not-resumed",
    rule: "A host that cannot resume welcomes with a new link. Numbers restart, and the worker grants credit again.",
    remedy:
      "check Welcome.resumed: if it is false, count frames and results from 1 and grant credit for all free slots",
    async play(stage) {
      const link = await stage.link();
      link.isDurable = false;
      const token = await startAttempt(link, "conformance.echo", 7);
      await link.result(token);
      link.stream.disconnect();
      const greeting = await stage.greeting();
      expect(greeting.hello.resume !== undefined, "`resume` in the greeting", () => "none");
      const next = stage.accept(greeting);
      next.tokens.add(token);
      expectEqual(outputOf(await next.result(token)), 7, "the repeated output");
      await next.creditOf(next.slots);
      expectEqual(outputOf(await next.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "gap",
    rule: "A gap in the host's numbers ends the stream. Nothing after it takes effect.",
    remedy: "when the number of a frame is not the next number, end the stream and reconnect",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      const { token, ...others } = link.assignment("conformance.echo", 7);
      const name = Buffer.from(token).toString("hex");
      link.tokens.add(name);
      const frame = { sequence: link.sent.length + 2, assignments: [{ ...others, token }] };
      link.stream.write(HostFrame.fromPartial(frame));
      await stage.waitForClose(link.stream, { expected: "the stream to be ended upon a gap", remedy: "" });
      expect(link.resultsOf(name).length === 0, "no result of an assignment after a gap", () => "a result");
      const greeting = await stage.greeting();
      const next = stage.accept(greeting);
      expectEqual(outputOf(await next.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
  {
    id: "garbage-host",
    rule: "Bytes that are no frame end the stream, not the worker.",
    remedy: "end the stream when a frame cannot be decoded, and reconnect after a pause",
    async play(stage) {
      const link = await stage.link();
      await link.creditOf();
      link.stream.writeBytes(Uint8Array.of(0xff, 0xff, 0xff, 0x00, 0x12, 0x34));
      await stage.waitForClose(link.stream, {
        expected: "the stream to be ended upon bytes that are no frame",
        remedy: "",
      });
      const next = stage.accept(await stage.greeting());
      expectEqual(outputOf(await next.execute("conformance.echo", 8)), 8, "the next output");
    },
  },
];
