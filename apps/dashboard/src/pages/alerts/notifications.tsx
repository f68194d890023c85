import { useQuery } from "@tanstack/react-query";
import { notificationsQuery } from "../../data/alert-queries.ts";
import { Action } from "../../elements/action.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { pathIn, useAlertNamespace, useAlertRefresh } from "./refresh.ts";

/** Notifications that have not reached their receivers. */
export function Notifications() {
  const namespace = useAlertNamespace();
  const query = useQuery(notificationsQuery(namespace));
  const refresh = useAlertRefresh();
  return (
    <Part title="Notifications">
      <QueryView query={query} label="notifications" lines={2}>
        {({ notifications }) =>
          notifications.length === 0 ? (
            <Empty title="Receivers have all notifications." />
          ) : (
            <ul className="alerts">
              {notifications.map(
                ({ number = 0, receiver, ruleId, alerts = 0, requestTimeMs, dead, problem }) => (
                  <li key={number} className="alert">
                    <div>
                      <h3>
                        {receiver}: {counted(alerts, "alert")} of {ruleId}
                      </h3>
                      <p className="small soft">{problem}</p>
                    </div>
                    <div className="small">
                      <Tag tone={dead === true ? "wrong" : "held"}>
                        {dead === true ? "dead letter" : "under way"}
                      </Tag>{" "}
                      <Moment atMs={requestTimeMs} />
                    </div>
                    <div className="page-actions">
                      {dead === true ? (
                        <Action
                          label="Retry"
                          call={{
                            method: "POST",
                            path: pathIn(namespace, "/v1/notifications/retry"),
                            body: { numbers: [number] },
                          }}
                          command={commandLine(
                            "tutti",
                            "alert",
                            "retry",
                            String(number),
                            "--namespace",
                            namespace,
                          )}
                          onDone={refresh}
                        />
                      ) : null}
                    </div>
                  </li>
                ),
              )}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}
