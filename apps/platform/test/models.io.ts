/** Models of durations in the CLI: dropped by the service, compared, rolled back, promoted, and in the audit log. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { estimateService, RecordOutcomesRequest } from "@tutti/contracts/intelligence/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Client } from "@tutti/rest/client";
import { commandProgram } from "../../../tools/fronts.mjs";
import { OutsideClient } from "./support/outside-client.ts";
import { TestProcess } from "./support/process.ts";
import { makeFolder, start } from "./support/services.ts";

it("a model that the median beats is dropped with its reason, and users compare, roll back and promote", async () => {
  await using folder = await makeFolder();
  await using platform = await start("platform", [
    ...[`--platform.dataDirectory=${folder.path}`, "--master.modelEveryMs=100"],
  ]);
  const client = new Client({ url: platform.http });
  const cli = async (words: string): Promise<string> => {
    await using command = new TestProcess({
      program: commandProgram(),
      arguments: words.split(" "),
      environment: { TUTTI_URL: platform.http },
    });
    const { code } = await command.waitForExit();
    assert.equal(code, 0, command.output);
    return command.output;
  };
  // The median fits two sorts of attempts best.
  const outcomes = Array.from({ length: 300 }, (_, at) => ({
    subject: { capability: "post.sorts", agentId: "hand" },
    runMs: ((at * 7) % 10 < 3 ? 20 : 1_000) + (at % 5),
    endTime: toTimestamp(1_767_225_600_000 + 60_000 * at),
  }));
  const { path, request } = estimateService.methods.recordOutcomes;
  {
    using recorder = new OutsideClient(platform.grpc);
    const batch = RecordOutcomesRequest.fromPartial({ instanceId: "test", batch: 1, outcomes });
    await recorder.firstReply(path, request.encode(batch));
  }
  await until(
    "the median is live",
    () => client.call("models.list", { query: {} }),
    ({ models }) => models[0]?.live === "median",
  );
  assert.match(await cli("model list"), /post\.sorts +300 /);
  assert.match(await cli("model compare post.sorts"), /median +× \d\.\d\d +\d+ % +live, baseline\n/);
  const details = await cli("model show post.sorts");
  assert.match(details, /predicted by +median, for .* Before: middle\n/);
  const [finding = assert.fail(details)] = /Over 280 attempts median is off by .*(?=\n)/.exec(details) ?? [];
  assert.match(await cli("model rollback post.sorts --reason early"), /post\.sorts is predicted by middle/);
  assert.match(await cli("model promote post.sorts median"), /post\.sorts is predicted by median/);
  await until(
    "the audit log has the reasons",
    () => cli("audit search --action experience.model_changed --json"),
    (records) =>
      records.includes(`"reason":${JSON.stringify(finding)}`) && records.includes('"reason":"early"'),
  );
});
