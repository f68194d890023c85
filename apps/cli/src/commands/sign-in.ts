import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { connect } from "../server/server.ts";
import { printAge } from "../terminal/time.ts";

/** A link that signs a browser in, for whoever no longer sees the one that the start printed. */
export async function signIn(context: Context): Promise<number> {
  const { print, shell } = context;
  const server = await connect(context);
  const link = await server.call("signInLink");
  if (print.isJson) print.json(link);
  else {
    print.line(link.url);
    print.note(
      print.errorStyle.dim(
        `Valid once, until ${printAge(link.expiresMs, shell.nowMs()).replace(/^in /, "")} from now.`,
      ),
    );
  }
  return exitCodes.completed;
}
