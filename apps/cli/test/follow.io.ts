import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BuiltCommand } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";
import { PollingWorker } from "./support/worker.ts";

/** Each step waits until the test opens its gate, so that the test controls the order. */
class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  open(name: string): void {
    this.#of(name).resolve();
  }

  pass(name: string): Promise<void> {
    return this.#of(name).promise;
  }

  #of(name: string): PromiseWithResolvers<void> {
    const known = this.#gates.get(name) ?? Promise.withResolvers<void>();
    this.#gates.set(name, known);
    return known;
  }
}

const chain = (name: string): string => `workflow: ${name}
tasks:
  one: {uses: test.step, with: {gate: ${name}-one}}
  two: {uses: test.step, needs: [one], with: {gate: ${name}-two}}
  three: {uses: test.step, needs: [two], with: {gate: ${name}-three}}
output: "\${{ tasks.three.output }}"
`;

describe("following a run through a kill and a restart of the platform", () => {
  const gates = new Gates();
  let command: BuiltCommand;
  let platform: PlatformProcess;
  let worker: PollingWorker;
  let environment: Readonly<Record<string, string>>;

  before(async () => {
    [command, platform] = await Promise.all([BuiltCommand.build(), PlatformProcess.start()]);
    environment = { TUTTI_SERVER: platform.url };
    worker = new PollingWorker(platform.url, {
      "test.step": async ({ gate }) => {
        await gates.pass(String(gate));
        return String(gate);
      },
    });
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
    command?.[Symbol.dispose]();
  });

  it("line by line: reports the disconnect and the reconnect, and prints each change once", async () => {
    writeFileSync(join(command.folder, "lines.yaml"), chain("lines"));
    const following = command.start(["run", "lines.yaml", "--id", "lines-1"], { environment });
    gates.open("lines-one");
    await following.untilPrinted(/two +(queued|running)/);
    await platform.kill("SIGKILL");
    await following.untilPrinted(/The platform at http:\/\/\S+ is not reachable, retrying …/);
    gates.open("lines-two");
    await platform.start();
    await following.untilPrinted(/Reconnected\./);
    await following.untilPrinted(/three +(queued|running)/);
    gates.open("lines-three");
    const { exitCode, output, errors } = await following.ended;
    assert.equal(exitCode, 0, errors);
    assert.equal(JSON.parse(output), "lines-three");
    const completedTasks = [...errors.matchAll(/✓ (\w+) +completed/g)].map(([, task]) => task);
    assert.deepEqual(completedTasks, ["one", "two", "three"]);
  });

  const noTerminal = existsSync("/usr/bin/script") ? false : "there is no `script`, which makes a terminal";
  it("on a terminal: keeps the graph, reports the disconnect below it, and continues", {
    skip: noTerminal,
  }, async () => {
    writeFileSync(join(command.folder, "frames.yaml"), chain("frames"));
    const args = ["run", join(command.folder, "frames.yaml"), "--id", "frames-1"];
    const following = command.startOnTerminal(args, { columns: 70, rows: 24, environment });
    gates.open("frames-one");
    await following.untilPrinted(/✓.*one.*[\s\S]*[◔●].*two/u);
    await platform.kill("SIGKILL");
    await following.untilPrinted(/The platform at http:\/\/\S+ is not reachable, retrying …/);
    gates.open("frames-two");
    await platform.start();
    gates.open("frames-three");
    const { exitCode, output } = await following.ended;
    assert.equal(exitCode, 0, output);
    const frames = output.split("\u001b[?2026h").map(withoutCodes);
    const last = frames.at(-1) ?? "";
    assert.match(last, /✓ frames-1 {2}frames +completed · /);
    assert.match(last, /✓ {2}three/);
    assert.match(last, /100 % +3 of 3 done/);
    assert.doesNotMatch(last, /away/);
    for (const line of frames.join("\n").split("\n")) assert.ok([...line].length <= 70, line);
    // The cursor is shown again, after any drawing.
    assert.ok(output.lastIndexOf("\u001b[?25h") > output.lastIndexOf("\u001b[?25l"));
  });
});

function withoutCodes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes of a terminal
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}
