import { AlertReportsRenewedV1 } from "@tutti/contracts/insight/v1";
import { setAlert } from "../alert/fold.ts";
import { setTimer } from "../delivery/due.ts";
import type { AlertsEvent } from "../state.ts";

/** Receivers are not notified. */
export const alertReportsRenewed: AlertsEvent<AlertReportsRenewedV1> = {
  type: "alert_reports_renewed",
  version: 1,
  codec: AlertReportsRenewedV1,
  evolve(state, { reports, renewMs }, outstanding) {
    for (const { alertId, expiryMs, alert } of reports) {
      const known = state.alerts.get(alertId);
      if (known?.report === undefined) continue;
      setAlert(state, alert ?? { ...known, report: { ...known.report, expiryMs, updateMs: renewMs } });
    }
    setTimer(state, outstanding);
  },
};
