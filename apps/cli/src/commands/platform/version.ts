import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";

/** Versions of the CLI and, if it is reachable, of the platform. */
export async function version(context: Context): Promise<Result> {
  const { print, version: cli, shell } = context;
  const platform = await platformVersion(context);
  return {
    json: { cli, node: shell.nodeVersion, ...(platform === undefined ? {} : { platform }) },
    quiet: [cli],
    draw: () => {
      print.facts([
        ["CLI", `${cli}  (Node ${shell.nodeVersion})`],
        ["platform", platform ?? "not reachable. Start it with `npx tutti dev`, or set --server"],
      ]);
    },
  };
}

async function platformVersion(context: Context): Promise<string | undefined> {
  try {
    const server = await connect(context, { failsFast: true });
    return (await server.call("whoami")).version;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.unreachable) return undefined;
    throw error;
  }
}
