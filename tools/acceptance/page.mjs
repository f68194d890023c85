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

const columns = ["promise", "state", "figure", "date", "shown by"];
const style = `
:root{color-scheme:light dark;--line:#8884;--quiet:light-dark(#57606a,#9aa4af);--good:light-dark(#1a6b2d,#6fcf87);--bad:light-dark(#b3261e,#ff8a80)}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;padding:1.5rem 1rem 4rem;max-width:72rem}
h1{margin:0}h2{font-size:1.05rem;margin:2rem 0 .3rem;text-transform:capitalize}
table{border-collapse:collapse;width:100%;table-layout:fixed}
td,th{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:500;color:var(--quiet)}th:nth-child(1){width:38%}th:nth-child(2){width:5rem}th:nth-child(3){width:8rem}th:nth-child(4){width:10rem}
td:nth-child(n+3){color:var(--quiet)}td:last-child{font:12px/1.6 ui-monospace,monospace}
.shown td:nth-child(2){color:var(--good)}.failed td:nth-child(2){color:var(--bad);font-weight:600}
@media(max-width:760px){table,tbody,tr,td{display:block}thead{display:none}tr{border-bottom:1px solid var(--line);padding:.6rem 0}td{border:0;padding:0}td:empty{display:none}}
`;

/** @param {Row[]} rows @param {Record<string, Result | undefined>} results @returns {string} */
export function pageOf(rows, results) {
  const count = (/** @type {string} */ state) => rows.filter(({ id }) => results[id]?.state === state).length;
  const [shown, failed] = [count("shown"), count("failed")];
  const rest = rows.length - shown - failed;
  const more = [failed > 0 ? `${failed} failed.` : "", rest > 0 ? `${rest} not run.` : ""].join(" ").trim();
  const areas = Map.groupBy(rows, ({ area }) => area);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="What Tutti promises, and the test or the command that shows it."><title>Acceptance · Tutti</title>
<link rel="icon" href="data:,"><style>${style}</style></head>
<body><main><h1>Acceptance</h1><p>${shown} of ${rows.length} promises shown. ${more}</p>
${[...areas].map(([area, own]) => areaOf(area, own, results)).join("\n")}
</main></body></html>
`;
}

/** @param {string} area @param {Row[]} rows @param {Record<string, Result | undefined>} results */
function areaOf(area, rows, results) {
  const lines = rows.map((row) => {
    const { state = "not run", figure = "", date = "" } = results[row.id] ?? {};
    const proof = row.command ?? `${row.test?.file}: ${row.test?.title}`;
    const all = [row.promise, state, figure, date.slice(0, 16).replace("T", " "), proof];
    return `<tr class="${state.replace(" ", "-")}">${all.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  });
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join("");
  return `<h2>${escaped(area)}</h2>
<table><thead><tr>${head}</tr></thead><tbody>
${lines.join("\n")}
</tbody></table>`;
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
