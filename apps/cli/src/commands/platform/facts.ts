/** Facts about all work, queried with SQL. */
import { csvLine } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";

export async function facts(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { tables } = await server.call("facts.list", {});
  return {
    json: { tables },
    quiet: tables.map(({ name = "" }) => name),
    draw: () => {
      for (const { name = "", description = "", columns } of tables) {
        print.line(`${name}: ${description}`);
        print.table(
          [
            { title: "column", widthMin: 10 },
            { title: "type" },
            { title: "meaning", yields: 1, widthMin: 20 },
          ],
          columns.map((column) => [
            { text: column.name ?? "", tone: "bold" },
            { text: column.type ?? "", tone: "dim" },
            { text: (column.description ?? "").replaceAll("`", "") },
          ]),
        );
        print.line("");
      }
    },
  };
}

export async function query(context: Context): Promise<Result> {
  const { print, values } = context;
  const server = await connect(context);
  const sql = values.argument("SQL");
  const rowsMax = values.whole("rows");
  const { columns, rows, cut, tookMs } = await server.call("facts.query", {
    body: { sql, ...(rowsMax !== undefined && { rowsMax }) },
  });
  // The cast: the reply promises a list of rows in the order of the columns.
  const found = (rows ?? []) as readonly (readonly (string | number | null)[])[];
  if (values.flag("csv")) {
    const lines = [columns, ...found].map(csvLine);
    return {
      json: { columns, rows: found },
      quiet: lines,
      draw: () => {
        for (const line of lines) print.line(line);
      },
    };
  }
  return {
    json: { columns, rows: found, cut: cut ?? false },
    quiet: found.map((row) => row.map(textOf).join("\t")),
    draw: () => {
      if (found.length === 0) print.note("No rows.");
      else
        print.table(
          columns.map((title) => ({ title, widthMin: 4 })),
          found.map((row) => row.map((value) => ({ text: textOf(value) }))),
        );
      const more = cut === true ? " There are more: raise --rows, or query less." : "";
      print.note(`${found.length} rows in ${Math.round(tookMs ?? 0)} ms.${more}`);
    },
  };
}

const textOf = (value: string | number | null): string => (value === null ? "" : String(value));
