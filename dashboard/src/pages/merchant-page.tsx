/** One merchant: where and in which language it is told of its shops. */
import { useSignal } from "@preact/signals";
import { useRoute } from "preact-iso/router";
import type {
  Language,
  MerchantNotifications,
  MerchantNotificationsPut,
  MerchantNotificationsReply,
  NotifyFormat,
  TestNotice,
} from "../../../src/contract/notification.ts";
import type { Answer } from "../api/call.ts";
import { Fact, Facts } from "../components/facts.tsx";
import { CheckField, SelectField, TextField } from "../components/field.tsx";
import { Word } from "../components/label.tsx";
import { Loaded } from "../components/loaded.tsx";
import { ReasonForm } from "../components/reason-form.tsx";
import { TestOutcome } from "../components/test-outcome.tsx";
import { Time } from "../components/time.tsx";
import { useAction, useApp, useResource, useTitle } from "../stores/context.ts";

export function MerchantPage() {
  const { api, t } = useApp();
  const id = useRoute().params.id ?? "";
  const known = useResource(id, async () => noneAsNull(await api.merchantNotifications(id)), { topics: [] });
  useTitle(`${t("merchant.title")} ${id}`);
  return (
    <>
      <h1>
        {t("merchant.title")} <bdi class="untrusted">{id}</bdi>
      </h1>
      <p>
        <a href={`/plugins?merchant_id=${encodeURIComponent(id)}`}>{t("merchant.shops")}</a>
      </p>
      <Loaded of={known}>
        {({ set }) => <Notices id={id} set={set} onSaved={() => void known.refetch()} />}
      </Loaded>
    </>
  );
}

/** That no address was ever set is an answer, not a failure. */
function noneAsNull(answer: Answer<MerchantNotifications>): Answer<{ set: MerchantNotifications | null }> {
  if (answer.ok) return { ok: true, value: { set: answer.value } };
  const isNone = answer.failure.kind === "refused" && answer.failure.error.code === "not_found";
  return isNone ? { ok: true, value: { set: null } } : answer;
}

interface NoticesProps {
  id: string;
  set: MerchantNotifications | null;
  onSaved: () => void;
}

function Notices({ id, set, onSaved }: NoticesProps) {
  const { api, t } = useApp();
  const language = useSignal<Language>(set?.language ?? "en");
  const format = useSignal<NotifyFormat>(set?.format ?? "vigie");
  const url = useSignal("");
  const nothing = useSignal(false);
  const tried = useSignal(false);
  const reply = useSignal<MerchantNotificationsReply | null>(null);
  const outcome = useSignal<TestNotice | null>(null);
  const save = useAction(
    (input: MerchantNotificationsPut) => api.setMerchantNotifications(id, input),
    (saved) => {
      reply.value = saved;
      onSaved();
    },
  );
  const test = useAction(
    (reason: string) => api.testMerchantNotice(id, reason),
    (value) => {
      outcome.value = value;
    },
  );
  return (
    <section class="card" aria-labelledby="notices">
      <h2 id="notices">{t("merchant.notices")}</h2>
      <p class="field-hint">{t("merchant.noticesHint")}</p>
      {set === null ? <p>{t("merchant.none")}</p> : <Standing set={set} />}
      {reply.value?.secret && (
        <p role="status">
          {t("merchant.secret")} <code data-testid="merchant-secret">{reply.value.secret}</code>
        </p>
      )}
      {outcome.value && <TestOutcome outcome={outcome.value} />}
      <ReasonForm
        busy={save.busy.value || test.busy.value}
        failure={save.failure.value ?? test.failure.value}
        submit={t("merchant.save")}
        testId="merchant-save"
        onSubmit={(reason) => {
          tried.value = true;
          const typed = url.value.trim();
          if (typed === "" && !nothing.value) return;
          test.forget();
          void save.run({
            language: language.value,
            format: format.value,
            url: nothing.value ? null : typed,
            reason,
          });
        }}
        others={(reason, isGiven) => (
          <button
            type="button"
            class="button"
            disabled={set?.url == null || !isGiven || save.busy.value || test.busy.value}
            onClick={() => {
              save.forget();
              void test.run(reason);
            }}
          >
            {t("merchant.test")}
          </button>
        )}
      >
        <div class="fields">
          <TextField
            label={t("merchant.url")}
            hint={t("merchant.urlHint")}
            message={
              tried.value && url.value.trim() === "" && !nothing.value ? t("merchant.urlMissing") : undefined
            }
            value={url.value}
            testId="merchant-url"
            onInput={(typed) => {
              url.value = typed;
            }}
          />
          <SelectField
            label={t("merchant.language")}
            value={language.value}
            options={[
              ["en", t("language.en")],
              ["fr", t("language.fr")],
            ]}
            onChange={(chosen) => {
              language.value = chosen;
            }}
          />
          <SelectField
            label={t("merchant.format")}
            value={format.value}
            options={[
              ["vigie", t("noticeFormat.vigie")],
              ["slack", t("noticeFormat.slack")],
            ]}
            onChange={(chosen) => {
              format.value = chosen;
            }}
          />
        </div>
        <CheckField
          label={t("merchant.nothing")}
          checked={nothing.value}
          onChange={(on) => {
            nothing.value = on;
          }}
        />
      </ReasonForm>
    </section>
  );
}

function Standing({ set }: { set: MerchantNotifications }) {
  const { t } = useApp();
  return (
    <>
      {set.disabled && (
        <p class="trouble">
          {t("merchant.disabled")} <span class="untrusted">{set.disabled}</span>
        </p>
      )}
      <Facts>
        <Fact name={t("merchant.url")}>{set.url ?? "–"}</Fact>
        <Fact name={t("merchant.language")}>
          <Word of="language" name={set.language} />
        </Fact>
        <Fact name={t("merchant.format")}>
          <Word of="noticeFormat" name={set.format} />
        </Fact>
        <Fact name={t("merchant.updated")}>
          {set.updated_by} <Time at={set.updated_at} />
        </Fact>
      </Facts>
    </>
  );
}
