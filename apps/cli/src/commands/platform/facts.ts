/** Facts about all work, queried with SQL. */
import { counted, csvLine } from "@tutti/kernel";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { singleChunk } from "../../effects/single-chunk.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";

export async function facts(context: Context): Promise<Result> {
  const { print } = context;
  const server = await connect(context);
  const { tables } = await server.call("facts.list", { query: server.namespace });
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

export async function query(context: Context, sql = context.values.argument("SQL")): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const rowsMax = values.integer("rows");
  const { columns, rows, cut, tookMs } = await server.call("facts.query", {
    query: server.namespace,
    body: { sql, ...(rowsMax !== undefined && { rowsMax }) },
  });
  // The cast: the reply has a list of rows in the order of the columns.
  const found = (rows ?? []) as readonly Row[];
  const more = moreOf(cut, found.length, rowsMax);
  const file = values.text("parquet");
  if (file !== undefined) {
    // A caller may be permitted to query facts, and not to list them. Then the values decide the types.
    const { tables } = await server
      .call("facts.list", { query: server.namespace })
      .catch(() => ({ tables: [] }));
    await shell.writeBytes(file, singleChunk(parquetOf(columns, found, typesOf(tables))));
    return {
      json: { file, rows: found.length, cut: cut ?? false },
      quiet: [file],
      draw: () =>
        print.line(`${print.style.green("✓")} ${counted(found.length, "row")} in ${safe(file)}.${more}`),
    };
  }
  if (values.flag("csv")) {
    const lines = [columns, ...found].map(csvLine);
    return {
      json: { columns, rows: found },
      quiet: lines,
      draw: () => {
        for (const line of lines) print.line(line);
        // A note on standard error, because a truncated file of lines looks whole.
        if (more !== "") print.note(`${counted(found.length, "row")}.${more}`);
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
      print.note(`${counted(found.length, "row")} in ${printDurationMs(tookMs ?? 0)}.${more}`);
    },
  };
}

type Row = readonly (string | number | null)[];

const rowsUsual = 1_000;

/** Returns the hint about further rows. A limit of rows or of bytes cuts the reply. */
export function moreOf(isTruncated: boolean | undefined, rows: number, rowsMax = rowsUsual): string {
  if (isTruncated !== true) return "";
  return rows >= rowsMax
    ? " There are more: raise --rows (10000 at most), or query less."
    : " There are more: the answer has its maximum of 1 MB. Select fewer columns, or a shorter time.";
}

type ParquetType = "INT64" | "DOUBLE" | "STRING";

const parquetTypes = new Map<string, ParquetType>([
  ["integer", "INT64"],
  ["real", "DOUBLE"],
  ["text", "STRING"],
]);

/** Returns the types of the columns of all tables. A name with different types in two tables has none. */
export function typesOf(
  tables: readonly { readonly columns?: readonly { readonly name?: string; readonly type?: string }[] }[],
): ReadonlyMap<string, ParquetType> {
  const columns = tables.flatMap(({ columns: own = [] }) => own);
  const types = Map.groupBy(columns, ({ name = "" }) => name);
  return new Map(
    [...types].flatMap(([name, all]) => {
      const [type, ...others] = new Set(all.map((column) => parquetTypes.get(column.type ?? "")));
      return type === undefined || others.length > 0 ? [] : [[name, type] as const];
    }),
  );
}

/**
 * Writes a Parquet file. A column with the name and the values of a column of the facts has its type. So files of
 * different days have the same types. For other columns, whole numbers become INT64, numbers DOUBLE, the rest text.
 */
export function parquetOf(
  columns: readonly string[],
  rows: readonly Row[],
  types: ReadonlyMap<string, ParquetType> = new Map(),
): Uint8Array {
  const columnData = columns.map((name, at) => {
    const values = rows.map((row) => row[at] ?? null);
    const type = typeFor(
      values.filter((value) => value !== null),
      types.get(name),
    );
    if (type === "INT64")
      return { name, type, data: values.map((value) => (value === null ? null : BigInt(value))) };
    if (type === "DOUBLE") return { name, type, data: values };
    return { name, type, data: values.map((value) => (value === null ? null : String(value))) };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function typeFor(present: Row, declared: ParquetType | undefined): ParquetType {
  const isWhole = present.every((value) => Number.isSafeInteger(value));
  const isNumeric = present.every((value) => typeof value === "number");
  if (declared === "STRING" || !isNumeric) return "STRING";
  if (declared !== undefined) return declared === "INT64" && isWhole ? "INT64" : "DOUBLE";
  if (present.length === 0) return "STRING";
  return isWhole ? "INT64" : "DOUBLE";
}

const textOf = (value: string | number | null): string => (value === null ? "" : String(value));
