import type { ReactNode } from "react";

/** A table that scrolls within its own width. */
export function ScrollTable(options: {
  label: string;
  titles: readonly string[];
  className?: string;
  children: ReactNode;
}) {
  const { label, titles, className = "" } = options;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach what scrolls
    <section className="scroll-x" aria-label={label} tabIndex={0}>
      <table className={`lines ${className}`.trimEnd()}>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{options.children}</tbody>
      </table>
    </section>
  );
}
