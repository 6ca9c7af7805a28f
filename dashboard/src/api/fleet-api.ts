/** The API's routes about the whole fleet: its guard, emergency actions, and who is told what. */
import type { z } from "zod";
import {
  type AbortEmergencyRequest,
  type CancelPendingRequest,
  type ConfirmEmergencyRequest,
  Emergency,
  EmergencyDetail,
  EmergencyList,
  type RollbackSinceRequest,
} from "../../../src/contract/emergency.ts";
import { Guard, type RestoreAutonomyRequest } from "../../../src/contract/guard.ts";
import {
  MerchantNotifications,
  type MerchantNotificationsPut,
  MerchantNotificationsReply,
  NotificationPage,
  TestNotice,
} from "../../../src/contract/notification.ts";
import { NEEDED_ROLES } from "../view/needed-roles.ts";
import { type Call, type Query, queryString } from "./call.ts";

/** @param call sends one request below `/api/ops` */
export function fleetApi(call: Call) {
  const post = <T extends z.ZodType>(
    schema: T,
    path: string,
    body: unknown,
    route: keyof typeof NEEDED_ROLES,
  ) => call(schema, path, { method: "POST", body, needs: NEEDED_ROLES[route] });
  const merchantPath = (id: string) => `/merchants/${encodeURIComponent(id)}/notifications`;
  return {
    guard: () => call(Guard, "/guard"),
    restoreAutonomy: (body: RestoreAutonomyRequest) =>
      post(Guard, "/autonomy/restore", body, "POST /api/ops/autonomy/restore"),
    emergencies: () => call(EmergencyList, "/emergency"),
    /** `query`: the state of the shops wanted, and the number of the last one seen. */
    emergency: (id: string, query: Query) =>
      call(EmergencyDetail, `/emergency/${encodeURIComponent(id)}${queryString(query)}`),
    cancelPending: (body: CancelPendingRequest) =>
      post(Emergency, "/emergency/cancel-pending", body, "POST /api/ops/emergency/cancel-pending"),
    rollbackSince: (body: RollbackSinceRequest) =>
      post(Emergency, "/emergency/rollback-since", body, "POST /api/ops/emergency/rollback-since"),
    confirmEmergency: (id: string, body: ConfirmEmergencyRequest) =>
      post(
        Emergency,
        `/emergency/${encodeURIComponent(id)}/confirm`,
        body,
        "POST /api/ops/emergency/:id/confirm",
      ),
    abortEmergency: (id: string, body: AbortEmergencyRequest) =>
      post(
        Emergency,
        `/emergency/${encodeURIComponent(id)}/abort`,
        body,
        "POST /api/ops/emergency/:id/abort",
      ),
    notifications: (query: Query) => call(NotificationPage, `/notifications${queryString(query)}`),
    testOpsNotice: (reason: string) =>
      post(TestNotice, "/notifications/test", { reason }, "POST /api/ops/notifications/test"),
    merchantNotifications: (id: string) => call(MerchantNotifications, merchantPath(id)),
    setMerchantNotifications: (id: string, body: MerchantNotificationsPut) =>
      call(MerchantNotificationsReply, merchantPath(id), {
        method: "PUT",
        body,
        needs: NEEDED_ROLES["PUT /api/ops/merchants/:id/notifications"],
      }),
    testMerchantNotice: (id: string, reason: string) =>
      post(
        TestNotice,
        `${merchantPath(id)}/test`,
        { reason },
        "POST /api/ops/merchants/:id/notifications/test",
      ),
  };
}
