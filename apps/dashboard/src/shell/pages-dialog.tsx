import { Link } from "@tanstack/react-router";
import { Dialog } from "../elements/dialog.tsx";
import { Glyph } from "../score/glyph.tsx";
import { places } from "./places.ts";

/** All pages of the navigation, for phones: the bottom bar has room for only a few. */
export function PagesDialog(options: {
  open: boolean;
  onClose: () => void;
  onNamespace: () => void;
  onYou: () => void;
}) {
  const { open, onClose } = options;
  const instead = (show: () => void) => () => {
    onClose();
    show();
  };
  return (
    <Dialog title="Pages" open={open} onClose={onClose}>
      <ul className="all-pages">
        {places.map(({ path, word, glyph }) => (
          <li key={path}>
            <Link to={path} className="all-pages-one" activeProps={{ className: "here" }} onClick={onClose}>
              <Glyph name={glyph} />
              <span>{word}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="dialog-foot">
        <button type="button" className="press" onClick={instead(options.onNamespace)}>
          Switch namespace
        </button>
        <button type="button" className="press" onClick={instead(options.onYou)}>
          Account
        </button>
      </div>
    </Dialog>
  );
}
