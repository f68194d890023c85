import { type Query, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Approval } from "@tutti/rest/types";
import { callerQuery } from "../data/queries.ts";
import { Action } from "./action.tsx";
import { claimCall, claimCommand, releaseCall, releaseCommand } from "./claimed.ts";
import { Moment } from "./moment.tsx";

/** Matches the queries of all lists of approvals: of the inbox, of a run, and of a mission. */
export const isAboutQuestions = ({ queryKey }: Pick<Query, "queryKey">) => queryKey.includes("approvals");

/** The user who has claimed a question, and the button to claim or release it. */
export function Claim({ approval }: { approval: Approval }) {
  const queries = useQueryClient();
  const { data: caller } = useQuery(callerQuery());
  const { about, claim, approvalsNeeded = 0 } = approval;
  // Questions of missions, and questions that need several answers, cannot be claimed.
  if (about?.kind === "mission" || approvalsNeeded > 1) return null;
  const onDone = () => void queries.invalidateQueries({ predicate: isAboutQuestions });
  const person = claim?.person ?? "";
  const isMine = person !== "" && person === caller?.id;
  return (
    <div className="claim">
      {person === "" ? (
        <Action
          label="Claim"
          call={claimCall(approval)}
          command={claimCommand(approval)}
          doneText="Claimed. Only you decide it."
          onDone={onDone}
        />
      ) : (
        <>
          <span>
            {isMine ? "You have claimed it" : `${person} has claimed it`} <Moment atMs={claim?.claimTimeMs} />
            {claim?.expireTimeMs === undefined ? null : (
              <>
                , until <Moment atMs={claim.expireTimeMs} />
              </>
            )}
          </span>
          <Action
            label="Release"
            call={releaseCall(approval, isMine ? "" : person)}
            command={releaseCommand(approval, isMine ? "" : person)}
            doneText="Released."
            onDone={onDone}
          />
        </>
      )}
    </div>
  );
}
