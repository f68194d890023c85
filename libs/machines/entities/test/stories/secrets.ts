/** Histories that every release must read: recorded once by `npm run golden`. */
import { ActorKind } from "@tutti/contracts/types/v1";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { endSecret, noteSecretUses, resealSecrets, secrets, storeSecret } from "../../src/secrets/index.ts";
import { secretsKey, storing } from "../../src/testing/secrets.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  used: (release) => {
    const driver = new MachineDriver({ machines: [secrets], service: "governance" });
    const users = [{ kind: ActorKind.ACTOR_KIND_AGENT, id: "press" }];
    const secret = { name: "till", description: "of the till", labels: { team: "a" }, users };
    driver.execute(secretsKey, storeSecret, storing("till", 1, { secret }));
    driver.execute(secretsKey, storeSecret, storing("safe", 1, { rotateMs: driver.nowMs + 86_400_000 }));
    const work = { namespace: "shop", kind: "run", id: "run_1", task: "pay" };
    driver.advance(90_000);
    driver.execute(secretsKey, noteSecretUses, { uses: [{ name: "till", version: 1 }], work });
    driver.execute(secretsKey, storeSecret, storing("till", 2, { secret, overlapMs: 60_000 }));
    const key = new Uint8Array([1, 2, 3]);
    const from = { fromKeyId: "one", sealingKeyId: "two", key };
    driver.execute(secretsKey, resealSecrets, { keys: [{ name: "till", version: 2, ...from }] });
    driver.execute(secretsKey, endSecret, { name: "till", versions: [1] });
    driver.execute(secretsKey, endSecret, { name: "safe", versions: [] });
    return goldenOf(driver, secrets, secretsKey, release);
  },
};
