import { lazy, Suspense, useMemo } from "react";
import { figure } from "../../elements/moments.ts";
import { Empty, Meter } from "../../elements/parts.tsx";
import { tokens } from "../metrics/lines.ts";
import { type Picture, pictureOf, type Result, textOf } from "./result.ts";
import "./explore.css";

const Chart = lazy(() => import("../../elements/chart.tsx"));

/** Rows as a table, and as a chart if possible. */
export function ResultView({ result }: { result: Result }) {
  const picture = useMemo(() => pictureOf(result), [result]);
  const isNumber = (column: number) => result.rows.some((row) => typeof row[column] === "number");
  if (result.rows.length === 0) return <Empty title="No rows." />;
  return (
    <>
      {picture === undefined ? null : <ResultChart picture={picture} />}
      <section
        className="scroll-x"
        aria-label="Rows" // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element
        tabIndex={0}
      >
        <table className="lines">
          <thead>
            <tr>
              {result.columns.map((name, column) => (
                <th key={name} scope="col" className={isNumber(column) ? "explore-number" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {result.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity and never move
              <tr key={at}>
                {result.columns.map((name, column) => (
                  <td key={name} className={typeof row[column] === "number" ? "explore-number" : undefined}>
                    {textOf(row[column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function ResultChart({ picture }: { picture: Picture }) {
  if (picture.kind === "bars") {
    const most = Math.max(...picture.bars.map(({ value }) => value), 1e-9);
    return (
      <ul className="explore-bars" aria-label={picture.name}>
        {picture.bars.map(({ label, value }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two rows may have the same label
          <li key={at}>
            <span className="explore-label">{label}</span>
            <Meter share={value / most} />
            <span className="explore-number">{figure(value)}</span>
          </li>
        ))}
      </ul>
    );
  }
  const styles = picture.lines.map(({ name }, at) => ({
    name,
    token: tokens[at] ?? "--ink",
    dashed: at >= 4,
  }));
  return (
    <figure>
      <Suspense>
        <Chart
          atSec={picture.atSec}
          values={picture.lines.map(({ values }) => values)}
          lines={styles}
          heightPx={220}
          written={figure}
        />
      </Suspense>
      <figcaption className="explore-legend">
        {styles.map(({ name, token }) => (
          <span key={name}>
            <span className="metric-mark" style={{ background: `var(${token})` }} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
