/** Draws the Mermaid blocks of a page while the site is built. GitHub draws the same blocks in the browser. */
import { renderMermaidSVG } from "beautiful-mermaid";
import { escaped } from "./highlight.ts";

/**
 * Returns a diagram as SVG in the page, so that it follows the theme. Its colours are in `site.css`, because the platform
 * forbids styles within pages. Ids get the number of the diagram.
 */
export function diagramOf(
  text: string,
  { number, label }: { readonly number: number; readonly label: string },
): string {
  const svg = renderMermaidSVG(text, { padding: 12 })
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/ style="[^"]*"/, ` role="img" aria-label="${escaped(label)}"`)
    .replaceAll(/(id="|url\(#)arrowhead/g, `$1diagram-${number}-arrowhead`);
  return `<div class="diagram" tabindex="0">${svg}</div>\n`;
}
