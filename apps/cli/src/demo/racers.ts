/** Those who race: a program of the clone, that links its agents to the platform that is there, and starts the sessions. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Child } from "./child.ts";

export interface RacersOptions {
  readonly clone: string;
  /** Where the platform is. */
  readonly server: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly say: (line: string) => void;
}

/** What set-up gives: the Node of the clone, and what it runs in. */
interface Ready {
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function startRacers({ clone, server, name, namespace, say }: RacersOptions): Promise<Child> {
  const setup: {
    readonly setUp: (say: (line: string) => void) => Promise<Ready>;
  } = await import(pathToFileURL(join(clone, "tools", "setup.mjs")).href);
  const { node, env } = await setup.setUp(say);
  // The user may have settings of their own for other workers.
  const own = Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith("TUTTI_")));
  return new Child({
    ...{ node, leash: join(clone, "tools", "leash.mjs"), directory: clone },
    script: join(clone, "examples", "demonstration", "race", "race.ts"),
    environment: {
      ...{ ...own, TUTTI_SERVER: server, RACE_NAME: name },
      ...(namespace === undefined ? {} : { TUTTI_NAMESPACE: namespace }),
    },
  });
}
