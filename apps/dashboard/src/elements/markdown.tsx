import { type JSX, useMemo } from "react";
import { addressesIn, type Block, blocksOf, inlinePartsOf, ranked } from "./markdown.ts";
import "./markdown.css";

/** A text by a user. Its headings are below those of a section. */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => ranked(blocksOf(text), 3), [text]);
  return (
    <div className="markdown">
      {blocks.map((block, place) => (
        // Blocks have no identity except their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <BlockView key={place} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  if (block.kind === "heading") {
    const Heading = `h${block.level}` as keyof JSX.IntrinsicElements;
    return (
      <Heading>
        <InlineText text={block.text} />
      </Heading>
    );
  }
  if (block.kind === "code") return <pre>{block.text}</pre>;
  if (block.kind === "text")
    return (
      <p>
        <InlineText text={block.text} />
      </p>
    );
  return (
    <ul>
      {block.items.map((item, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity except their place
        <li key={place}>
          <InlineText text={item} />
        </li>
      ))}
    </ul>
  );
}

/** A line with code and links. */
export function InlineText({ text }: { text: string }) {
  return inlinePartsOf(text).map((part, place) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: spans have no identity except their place
    place % 2 === 1 ? <code key={place}>{part}</code> : <Linked key={place} text={part} />,
  );
}

function Linked({ text }: { text: string }) {
  return (
    <span>
      {addressesIn(text).map((part, place) =>
        place % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity except their place
          <a key={place} href={part} target="_blank" rel="noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </span>
  );
}
