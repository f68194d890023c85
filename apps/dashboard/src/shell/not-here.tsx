import { Link } from "@tanstack/react-router";
import { Empty, PageHead } from "../elements/parts.tsx";

/** An address that no page has. */
export function NotHere() {
  return (
    <>
      <PageHead title="Nothing is at this address" />
      <Empty title="Tacet">
        <p>
          Go to the <Link to="/">overview</Link>, or press <kbd>Ctrl</kbd> <kbd>K</kbd> and type what you look
          for.
        </p>
      </Empty>
    </>
  );
}
