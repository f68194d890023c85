import type { Context } from "../command/declaration.ts";
import type { Result } from "../command/presenter.ts";
import type { Server } from "../server/calls.ts";
import { listPages } from "../server/pages.ts";
import { connect } from "../server/server.ts";
import type { Column, Entry } from "../terminal/table.ts";

/** A page of one kind of object, drawn as a table. */
export interface Listing<E> {
  readonly name: string;
  readonly fetchPage: (
    server: Server,
    page: { readonly size: number; readonly token?: string },
  ) => Promise<{ readonly nextToken?: string; readonly entries: readonly E[] }>;
  readonly idOf: (entry: E) => string;
  readonly columns: readonly Column[];
  readonly row: (entry: E, nowMs: number) => Entry[];
  readonly empty: string;
}

export async function listed<E>(context: Context, listing: Listing<E>): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => listing.fetchPage(server, page),
    (reply) => reply.entries,
  );
  return {
    json: { [listing.name]: entries },
    nextToken,
    quiet: entries.map(listing.idOf),
    empty: entries.length === 0 ? listing.empty : undefined,
    draw: () => {
      print.table(
        listing.columns,
        entries.map((entry) => listing.row(entry, shell.nowMs())),
      );
    },
  };
}
