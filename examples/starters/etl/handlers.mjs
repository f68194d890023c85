export const handlers = {
  "etl.extract": ({ source }) => Array.from({ length: 20 }, (_, id) => ({ id, name: `${source} ${id}` })),
  "etl.transform": ({ row }) => ({ ...row, name: row.name.toUpperCase() }),
  "etl.load": ({ rows }) => ({ loaded: rows.length, last: rows.at(-1).name }),
};
