/** The verbs of the desk that tells people. */
import type {
  MerchantNotifications,
  MerchantNotificationsPut,
  MerchantNotificationsReply,
  NotificationRecord,
  TestNotice,
} from "../notification.ts";
import type { Person } from "../ops.ts";
import type { Result } from "../refusal.ts";

/** The one desk that tells people: dedupes, limits, sends, and records what became of each notice. */
export interface NoticeRpc {
  /** Takes notices over, once by id: from then on the desk sees to them. */
  take(records: NotificationRecord[]): Promise<void>;
  /** Where a merchant wants its notices; null when nothing was ever set. */
  merchant(merchantId: string): Promise<MerchantNotifications | null>;
  setMerchant(
    merchantId: string,
    input: MerchantNotificationsPut,
    by: Person,
  ): Promise<Result<MerchantNotificationsReply>>;
  /** Sends one now, past every limit, and says how that went. `merchantId` null: to ops. */
  sendTest(merchantId: string | null, by: Person): Promise<Result<TestNotice>>;
}
