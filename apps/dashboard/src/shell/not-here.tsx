import { Link } from "@tanstack/react-router";
import { Empty, PageHead } from "../elements/parts.tsx";

/** An address that no page has. */
export function NotHere() {
  return (
    <>
      <PageHead title="Page not found" />
      <Empty title="No page at this address">
        <p>
          Go to the <Link to="/">overview</Link>, or press <kbd>Ctrl</kbd> <kbd>K</kbd> and search.
        </p>
      </Empty>
    </>
  );
}
