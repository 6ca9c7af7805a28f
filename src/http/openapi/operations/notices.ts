/** Who is told. */

import type { OpsRoute } from "../../ops/ops-roles.ts";
import { json, LIST, type Operation, READ, WRITE } from "./operation.ts";

export const noticesOperations = {
  "GET /api/ops/notifications": {
    summary: "What people were told, newest first, and what became of each message",
    security: "ops",
    query: "NotificationQuery",
    replies: json("NotificationPage"),
    refusals: LIST,
  },
  "POST /api/ops/notifications/test": {
    summary: "Send a test message to ops now, and say how that went",
    security: "ops",
    body: "TestNoticeRequest",
    replies: json("TestNotice"),
    refusals: WRITE,
  },
  "GET /api/ops/merchants/:id/notifications": {
    summary: "Where a merchant wants its notices, and in which language",
    security: "ops",
    replies: json("MerchantNotifications"),
    refusals: [...READ, 404],
  },
  "PUT /api/ops/merchants/:id/notifications": {
    summary: "Set a merchant's language and address; a secret made for it is answered once",
    security: "ops",
    body: "MerchantNotificationsPut",
    replies: json("MerchantNotificationsReply"),
    refusals: [...WRITE, 404],
  },
  "POST /api/ops/merchants/:id/notifications/test": {
    summary: "Send a test message to the merchant now, and say how that went",
    security: "ops",
    body: "TestNoticeRequest",
    replies: json("TestNotice"),
    refusals: [...WRITE, 404],
  },
} as const satisfies Partial<Record<OpsRoute, Operation>>;
