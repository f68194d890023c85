import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Configuration, memorySources } from "@tutti/kernel";
import { natsSection } from "@tutti/nats/settings";
import { clusterSection, clusterSettings } from "./settings.ts";

/** Returns the settings of these flags. */
function settingsOf(...flags: string[]) {
  const sources = memorySources({ arguments: flags, environment: { SECRET: "seen" } });
  const configuration = Configuration.load({ sections: [clusterSection, natsSection], sources });
  return clusterSettings(configuration.read(clusterSection), configuration.read(natsSection));
}

describe("cluster settings", () => {
  it("default to one replica and no system account", () => {
    const { replicas, system, copies } = settingsOf();
    assert.deepEqual([replicas, system, copies], [1, undefined, "./.tutti/copies"]);
  });

  it("use the same servers for the system account, with other credentials", () => {
    const { system } = settingsOf(
      ...["--nats.servers=nats-1:4222", "--nats.token=env:SECRET"],
      ...["--cluster.system.user=system", "--cluster.system.password=env:SECRET"],
    );
    assert.deepEqual(system?.servers, ["nats-1:4222"]);
    assert.equal(system.credentials.kind, "password");
  });

  it("name the conflicting settings of the system account", () => {
    assert.throws(
      () => settingsOf("--cluster.system.user=system"),
      /cluster\.system\.user and cluster\.system\.password together/,
    );
    assert.throws(
      () =>
        settingsOf(
          ...["--cluster.system.user=system", "--cluster.system.password=env:SECRET"],
          "--cluster.system.credentials=env:SECRET",
        ),
      /one way to authenticate in cluster\.system/,
    );
  });
});
