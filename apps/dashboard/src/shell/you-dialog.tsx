import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Whoami } from "@tutti/rest/types";
import { callerQuery, rightsQuery } from "../data/queries.ts";
import { Action } from "../elements/action.tsx";
import { Dialog } from "../elements/dialog.tsx";
import { Moment } from "../elements/moment.tsx";
import { Facts } from "../elements/parts.tsx";

/** Returns the name of an actor. `ada` is a person, other kinds have a prefix: `agent:press`. */
export function nameOf({ kind, id }: Pick<Whoami, "kind" | "id">): string {
  return kind === "person" ? id : `${kind}:${id}`;
}

/** The signed-in user with roles and namespaces, and the sign-out button. */
export function YouDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Account" open={open} onClose={onClose}>
      <You onClose={onClose} />
    </Dialog>
  );
}

function You({ onClose }: { onClose: () => void }) {
  const { data: caller } = useQuery(callerQuery());
  const { data: rights } = useQuery(rightsQuery());
  if (caller === undefined) return null;
  const roles = rights?.roles ?? caller.roles;
  return (
    <>
      <Facts
        facts={[
          ["Principal", <code key="who">{`${caller.kind}:${caller.id}`}</code>],
          ["Roles here", roles.length === 0 ? "none" : roles.join(", ")],
          ["Namespaces", caller.namespace ?? "all"],
          ["Signed in until", <Moment key="until" atMs={caller.expiresMs} />],
        ]}
      />
      {rights !== undefined && rights.missing.length > 0 ? (
        <p className="small soft">
          {roles.length === 0
            ? "No roles in this namespace."
            : `${rights.missing.length} actions are not permitted. A disabled button names the missing permission.`}
          {rights.givers.length > 0 ? ` Roles are given by ${rights.givers.slice(0, 3).join(", ")}.` : ""}
        </p>
      ) : null}
      <div className="dialog-foot">
        <Link to="/access" search={{ view: "browsers" }} className="press" onClick={onClose}>
          Show sign-ins
        </Link>
        <Action
          label="Sign out"
          call={{ method: "POST", path: "/v1/sign-out" }}
          onDone={() => window.location.assign("/")}
        />
      </div>
    </>
  );
}
