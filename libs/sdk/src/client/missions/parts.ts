import type { boardService, missionService } from "@tutti/contracts/swarm/v1";
import type { Client } from "@tutti/mesh";

export interface MissionParts {
  readonly missions: Client<typeof missionService>;
  readonly board: Client<typeof boardService>;
  readonly namespace: string;
}

/** Under whose name something is done on the board of which mission: an agent's, or nobody's but the caller's. */
export interface BoardPlace {
  readonly namespace: string;
  readonly missionId: string;
  /** Empty for who is no agent. */
  readonly agentId: string;
}

export interface TellOptions {
  /** Told again under the same key it takes effect once. */
  readonly idempotencyKey?: string;
}

/** All pages of a list, one item after the other. */
export async function* pages<Item>(
  page: (page: { readonly size: number; readonly token: string }) => Promise<{
    readonly items: readonly Item[];
    readonly token: string | undefined;
  }>,
): AsyncGenerator<Item, void, void> {
  let token = "";
  do {
    const reply = await page({ size: 0, token });
    yield* reply.items;
    token = reply.token ?? "";
  } while (token !== "");
}
