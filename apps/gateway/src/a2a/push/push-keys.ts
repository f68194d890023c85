/**
 * The keys that seal push configurations: one secret per namespace, `a2a-push`, that only the service of the gateway may
 * use. It is made for the first configuration, and kept in memory as long as secrets may be.
 */
import { PutSecretRequest, type secretService, UnsealSecretsRequest } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { type CallContext, errorFromUnknown, type Foundation, keepNewest } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { gatewayErrors } from "../../errors.ts";
import { pushService } from "./push-runs.ts";
import type { PushKey } from "./push-sealing.ts";

const pushSecret = "a2a-push";
const keyBytes = 32;
const cachedMax = 1_000;

export interface PushKeysParts {
  readonly secrets: Pick<Client<typeof secretService>, "getSecret" | "putSecret" | "unsealSecrets">;
  readonly foundation: Pick<Foundation, "clock" | "chance">;
}

export class PushKeys {
  readonly #parts: PushKeysParts;
  readonly #cache = new Map<string, { readonly key: PushKey; readonly untilMs: number }>();

  constructor(parts: PushKeysParts) {
    this.#parts = parts;
  }

  /** The key for new configurations. */
  async current(context: CallContext): Promise<PushKey> {
    const cached = this.#cachedKey(context, pushSecret);
    if (cached !== undefined) return cached;
    if (!(await this.#exists(context))) await this.#create(context);
    const found = await this.#find(context, pushSecret);
    if (found === undefined) throw gatewayErrors.pushKeyMissing({ secret: pushSecret });
    return found;
  }

  /** The key of a configuration that was sealed before. */
  async version(version: number, context: CallContext): Promise<PushKey> {
    const name = `${pushSecret}@${version}`;
    const found = this.#cachedKey(context, name) ?? (await this.#find(context, name));
    if (found === undefined) throw gatewayErrors.pushKeyMissing({ secret: name });
    return found;
  }

  /** A use of a missing secret would be a refusal in the audit log. */
  async #exists(context: CallContext): Promise<boolean> {
    const { namespace } = context;
    try {
      await this.#parts.secrets.getSecret({ namespace, name: pushSecret }, { context });
      return true;
    } catch (thrown) {
      if (errorFromUnknown(thrown).status === "NOT_FOUND") return false;
      throw thrown;
    }
  }

  async #create(context: CallContext): Promise<void> {
    const { secrets, foundation } = this.#parts;
    const request = PutSecretRequest.fromPartial({
      namespace: context.namespace,
      name: pushSecret,
      value: foundation.chance.fill(new Uint8Array(keyBytes)),
      description:
        "Key that encrypts the push notification configurations of A2A tasks. The gateway creates and uses it.",
      idempotencyKey: pushSecret,
      users: [{ kind: ActorKind.ACTOR_KIND_SERVICE, id: pushService }],
    });
    try {
      // Another gateway may create one at the same time. The first one counts.
      await secrets.putSecret(request, { context });
    } catch (thrown) {
      if (errorFromUnknown(thrown).status !== "ALREADY_EXISTS") throw thrown;
    }
  }

  #cachedKey({ namespace }: CallContext, name: string): PushKey | undefined {
    const cached = this.#cache.get(`${namespace} ${name}`);
    return cached !== undefined && cached.untilMs > this.#parts.foundation.clock.monotonic()
      ? cached.key
      : undefined;
  }

  async #find(context: CallContext, name: string): Promise<PushKey | undefined> {
    const { secrets, foundation } = this.#parts;
    const { namespace } = context;
    const place = `${namespace} ${name}`;
    const nowMs = foundation.clock.monotonic();
    const { receptionIn } = await import("@tutti/policy/secrets");
    const { recipientKey, open } = receptionIn(namespace, foundation.chance);
    const request = UnsealSecretsRequest.fromPartial({ namespace, names: [name], recipientKey });
    try {
      const { values } = await secrets.unsealSecrets(request, { context });
      const [sealed] = values;
      const value = sealed && open(sealed);
      if (sealed === undefined || value === undefined) return undefined;
      const key = { version: sealed.version, value };
      keepNewest(this.#cache, place, { key, untilMs: nowMs + sealed.keepMs }, cachedMax);
      return key;
    } catch (thrown) {
      // Absent and forbidden look alike.
      const { status } = errorFromUnknown(thrown);
      if (status === "NOT_FOUND" || status === "PERMISSION_DENIED") return undefined;
      throw thrown;
    }
  }
}
