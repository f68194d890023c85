/** Scalers of the command that start containers and Kubernetes workloads, if these are allowed. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BuiltCommand } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";

describe("scalers of containers and of Kubernetes", () => {
  let command: BuiltCommand;
  let platform: PlatformProcess;
  before(async () => {
    const flags = [
      '--swarm.scaling.containers.sockets=["/run/nowhere.sock"]',
      ...["--swarm.scaling.containers.network=host", "--swarm.scaling.kubernetes.enabled=true"],
    ];
    [command, platform] = await Promise.all([BuiltCommand.build(), PlatformProcess.start(...flags)]);
  });
  after(async () => {
    await platform?.[Symbol.asyncDispose]();
    command?.[Symbol.dispose]();
  });

  const tutti = async (line: string) =>
    command.run(line.split(" "), { cwd: command.folder, environment: { TUTTI_SERVER: platform.url } });
  const printed = async (line: string) => {
    const { exitCode, output, errors } = await tutti(line);
    assert.equal(exitCode, 0, `tutti ${line}: ${errors}${output}`);
    return output;
  };

  it("containers: create, list, and an update that keeps the container", async () => {
    await printed(
      "scaler create crew --image localhost/crew:3 --container-limit cpu=0.5 --container-limit memory_bytes=1e9 --env A=b --stop 5s --paused -- --fast",
    );
    assert.match(await printed("scaler list"), /crew +default +image localhost\/crew:3 --fast +0\.\.100/);
    await printed("scaler update crew --max 3");
    const { container, maxAgents } = JSON.parse(await printed("scaler show crew --json"));
    assert.deepEqual(
      [container, maxAgents],
      [
        {
          ...{ image: "localhost/crew:3", arguments: ["--fast"], environment: { A: "b" } },
          ...{ limits: { cpu: 0.5, memory_bytes: 1e9 }, stopMs: 5_000 },
        },
        3,
      ],
    );
    const refused = await tutti("scaler create other --image crew --socket /run/docker.sock");
    assert.match(refused.errors, /Use one of\s+`swarm\.scaling\.containers\.sockets`: \/run\/nowhere\.sock/);
  });

  it("workloads of Kubernetes: create, list, and an update that keeps the workload", async () => {
    await printed("scaler create pods --workload agents/Deployment/crew --paused");
    assert.match(await printed("scaler list"), /pods +default +agents\/Deployment\/crew/);
    await printed("scaler update pods --max 3");
    const { kubernetes } = JSON.parse(await printed("scaler show pods --json"));
    assert.deepEqual(kubernetes, { kind: "Deployment", name: "crew", clusterNamespace: "agents" });
  });

  it("reports options that exclude each other, or are malformed", async () => {
    for (const [args, expected] of [
      ["--image crew --webhook https://example.com/", /Set only one of --webhook and --image/],
      ["--workload Deployment/crew -- node", /a program or --workload, not both/],
      ["--workload crew", /KIND\/NAME/],
      ["--image crew --container-limit cpu=much", /--container-limit cpu=: expected a number above 0/],
    ] as const) {
      const { exitCode, errors } = await tutti(`scaler create other ${args}`);
      assert.equal(exitCode, 2, args);
      assert.match(errors, expected);
    }
  });
});
