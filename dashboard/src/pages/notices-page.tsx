/** What people were told, newest first: operations and merchants, and what became of each message. */
import { useSignal } from "@preact/signals";
import type { NotificationRow, TestNotice } from "../../../src/contract/notification.ts";
import { Audience, NotificationKind, NotificationStatus } from "../../../src/contract/notification.ts";
import { Status, Word } from "../components/label.tsx";
import { ListPage, type ListSpec, Rows, useList } from "../components/list-page.tsx";
import { ReasonDialog } from "../components/reason-dialog.tsx";
import { TestOutcome } from "../components/test-outcome.tsx";
import { Time } from "../components/time.tsx";
import { useApp } from "../stores/context.ts";

const LIST: ListSpec = {
  path: "/notices",
  title: "nav.notices",
  many: {},
  one: ["audience", "kind", "status", "merchant_id", "incident_id"],
  choices: [],
  texts: [{ name: "merchant_id", label: "filter.merchant" }],
  selects: [
    { name: "audience", label: "notice.audience", of: "noticeAudience", values: Audience.options },
    { name: "status", label: "filter.status", of: "noticeStatus", values: NotificationStatus.options },
    { name: "kind", label: "notice.kind", of: "noticeKind", values: NotificationKind.options },
  ],
};

export function NoticesPage() {
  const { api } = useApp();
  const list = useList(LIST, api.notifications, { topics: ["incidents", "attempts"], everyMs: 30_000 });
  return (
    <>
      <ListPage spec={LIST} list={list}>
        {(items) => (
          <Rows
            items={items}
            none={list.isPlain ? "notice.none" : "state.noMatch"}
            row={(notice) => <NoticeRow key={`${notice.id} ${notice.audience}`} notice={notice} />}
          />
        )}
      </ListPage>
      <OpsTest />
    </>
  );
}

function NoticeRow({ notice }: { notice: NotificationRow }) {
  return (
    <li class="row">
      <span class="row-head">
        <span class="row-title untrusted">
          {notice.incident_id === null ? (
            notice.title
          ) : (
            <a href={`/incidents/${notice.incident_id}`}>{notice.title}</a>
          )}
        </span>
        {notice.urgency === "page" && <Status of="noticeUrgency" status="page" />}
        {notice.status && <Status of="noticeStatus" status={notice.status} />}
      </span>
      <span class="row-facts">
        <span>
          <Word of="noticeKind" name={notice.kind} />
        </span>
        {notice.audience && (
          <span>
            <Word of="noticeAudience" name={notice.audience} />
          </span>
        )}
        {notice.merchant_id && (
          <a class="untrusted" href={`/merchants/${encodeURIComponent(notice.merchant_id)}`}>
            {notice.merchant_id}
          </a>
        )}
        <Time at={notice.at} />
      </span>
      <span class="row-note untrusted">{notice.text}</span>
      {notice.detail && <span class="row-note untrusted">{notice.detail}</span>}
    </li>
  );
}

/** Does a message to operations arrive? */
function OpsTest() {
  const { api, t } = useApp();
  const asking = useSignal(false);
  const outcome = useSignal<TestNotice | null>(null);
  return (
    <section class="card">
      <p class="field-hint">{t("notice.testHint")}</p>
      {outcome.value && <TestOutcome outcome={outcome.value} />}
      <button
        type="button"
        class="button"
        aria-haspopup="dialog"
        onClick={() => {
          asking.value = true;
        }}
      >
        {t("notice.test")}
      </button>
      {asking.value && (
        <ReasonDialog
          title={t("notice.test")}
          submit={t("notice.test")}
          testId="notice-test"
          send={api.testOpsNotice}
          onDone={(value) => {
            outcome.value = value;
          }}
          onClose={() => {
            asking.value = false;
          }}
        />
      )}
    </section>
  );
}
