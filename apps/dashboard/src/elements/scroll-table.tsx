import type { CSSProperties, ReactNode } from "react";

/** A table that scrolls within its own width. On a phone each row is a card, and each cell has its title before it. */
export function ScrollTable(options: {
  label: string;
  titles: readonly string[];
  className?: string;
  children: ReactNode;
}) {
  const { label, titles, className = "" } = options;
  const ofCards = Object.fromEntries(titles.map((title, at) => [`--title-${at + 1}`, JSON.stringify(title)]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element
    <section className="scroll-x" aria-label={label} tabIndex={0}>
      <table className={`lines cards ${className}`.trimEnd()} style={ofCards as CSSProperties}>
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
