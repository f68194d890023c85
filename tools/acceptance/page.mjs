// @ts-check

// The results as a table for a terminal, and as a page.

/**
 * @typedef {import("./mission.mjs").Row} Row
 * @typedef {{ state: "shown" | "failed", seconds: number, figure: string, date: string, output: string }} Result
 */

/** @param {Row[]} rows @param {Record<string, Result | undefined>} results @returns {string} */
export function tableOf(rows, results) {
  const lines = rows.map(({ id, area, promise }) => {
    const { state = "not run", figure = "", seconds } = results[id] ?? {};
    const time = seconds === undefined ? "" : `${seconds.toFixed(1)} s`;
    return [area.padEnd(13), id.padEnd(26), state.padEnd(8), time.padStart(8), ` ${figure || promise}`].join(
      " ",
    );
  });
  return lines.join("\n");
}

/** @param {Row[]} rows @param {Record<string, Result | undefined>} results @returns {string} */
export function pageOf(rows, results) {
  const shown = rows.filter(({ id }) => results[id]?.state === "shown").length;
  const cells = rows.map((row) => {
    const { state = "not run", figure = "", date = "" } = results[row.id] ?? {};
    const proof = row.command ?? `${row.test?.file}: ${row.test?.title}`;
    const all = [row.area, row.promise, state, figure, date.slice(0, 16).replace("T", " "), proof];
    return `<tr class="${state.replace(" ", "-")}">${all.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Acceptance · Tutti</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8886}.failed td:nth-child(3){color:#c33;font-weight:600}.shown td:nth-child(3){color:#284}div{overflow:auto}</style></head>
<body><h1>Acceptance</h1><p>${shown} of ${rows.length} promises shown.</p>
<div><table><thead><tr><th>area</th><th>promise</th><th>state</th><th>figure</th><th>date</th><th>shown by</th></tr></thead>
<tbody>
${cells.join("\n")}
</tbody></table></div></body></html>
`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Returns the state of a title in the output of the test runner. All tests with this start must pass.
 *
 * @param {string} tap
 * @param {string} title
 * @returns {"shown" | "failed"}
 */
export function stateIn(tap, title) {
  const found = [...tap.matchAll(/^\s*(not )?ok \d+ - (.*)$/gm)].filter(
    ([, , name = ""]) => name.replaceAll(/\\(.)/g, "$1").includes(title) && !/ # SKIP/.test(name),
  );
  return found.length > 0 && found.every(([, not]) => not === undefined) ? "shown" : "failed";
}
