/** The agents that race: a program that connects them to the running platform, and starts the sessions. */
import type { Platform } from "../local/clone.ts";
import { Child } from "./child.ts";

export interface RacersOptions {
  readonly platform: Platform;
  /** Where the platform is. */
  readonly server: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly say: (line: string) => void;
}

export async function startRacers({ platform, server, name, namespace, say }: RacersOptions): Promise<Child> {
  const { node, env } = await platform.setUp(say);
  // The user may have settings of their own for other workers.
  const own = Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith("TUTTI_")));
  return new Child({
    ...{ node, leash: platform.leash, directory: process.cwd() },
    script: platform.pathOf("demo-race"),
    environment: {
      ...{ ...own, TUTTI_SERVER: server, RACE_NAME: name },
      ...(namespace === undefined ? {} : { TUTTI_NAMESPACE: namespace }),
    },
  });
}
