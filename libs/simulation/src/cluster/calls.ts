/** Calls of a process to the owner of an instance, as over its mesh: lost, doubled, and delayed. */
import type { InstanceKey } from "@tutti/kernel";
import { meshErrors } from "@tutti/mesh";
import type { Runtime } from "@tutti/runtime";
import type { Calls } from "../load/load.ts";
import { partitionOf } from "../load/place.ts";
import { never } from "../storage/observed-journal.ts";
import type { Life } from "../world/process.ts";
import type { ServerParts } from "./server-parts.ts";

/** A call without an answer is given up after this long. */
const callMs = 2_000;
/** Time until the absence of an owner is known. */
const absentMs = 60;

export class MeshCalls implements Calls {
  readonly #parts: Pick<ServerParts, "world" | "network" | "ownerOf" | "plan" | "load">;
  readonly #name: string;
  readonly #life: Life;

  constructor(parts: ServerParts, name: string, life: Life) {
    this.#parts = parts;
    this.#name = name;
    this.#life = life;
  }

  to<Answer>(
    key: InstanceKey,
    rpc: string,
    serve: (runtime: Runtime) => Promise<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const { world, network, ownerOf, plan, load } = this.#parts;
    const life = this.#life;
    const name = this.#name;
    if (!life.cross()) return never();
    const partition = partitionOf(key, plan.partitions);
    return new Promise((resolve, reject) => {
      const receiver = ownerOf(partition);
      const timer = life.schedule(receiver === undefined ? absentMs : callMs, () =>
        reject(
          receiver === undefined
            ? meshErrors.noOwner({ place: `partition ${partition} of ${load.service}`, rpc })
            : meshErrors.connectionLost({ rpc, address: receiver.name, reason: "no answer" }),
        ),
      );
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason);
      });
      if (receiver === undefined) return;
      network.send(name, receiver.name, life.localMs, rpc, () =>
        receiver.serve(serve, (answer) =>
          network.send(receiver.name, name, world.elapsedMs, `the answer to ${rpc}`, () => {
            life.schedule(0, () => {
              timer.cancel();
              answer.then((value) => resolve(value as Answer), reject);
            });
          }),
        ),
      );
    });
  }
}
