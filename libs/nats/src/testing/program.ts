import { fileURLToPath } from "node:url";

/** Path of the server's program, or the reason for skipping the tests that need it. */
export interface NatsServerProgram {
  readonly path: string;
  readonly skip: string | false;
}

interface Programs {
  needsProgram(name: string): Promise<NatsServerProgram>;
}

/** Returns the program at TUTTI_TEST_NATS_SERVER, else the one that the workspace's tools find or install. */
export async function natsServerProgram(): Promise<NatsServerProgram> {
  const named = process.env["TUTTI_TEST_NATS_SERVER"];
  if (named !== undefined && named !== "") return { path: named, skip: false };
  const tools = fileURLToPath(new URL("../../../../tools/programs.mjs", import.meta.url));
  const programs: Programs = await import(tools);
  return programs.needsProgram("nats-server");
}
