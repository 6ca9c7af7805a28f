/** One release or remedy: where its rollout stands, its plan, whom it is kept from, and the means to stop it or take it back. */
import { useRoute } from "preact-iso/router";
import type { RolloutDetail } from "../../../src/contract/rollout.ts";
import { Status } from "../components/label.tsx";
import { Loaded } from "../components/loaded.tsx";
import { Holds } from "../components/rollout/holds.tsx";
import { Plan } from "../components/rollout/plan.tsx";
import { RolloutProgress } from "../components/rollout/progress.tsx";
import { Revert } from "../components/rollout/revert.tsx";
import { Slots } from "../components/rollout/slots.tsx";
import { SubjectActions } from "../components/rollout/subject-actions.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";
import { type Subject, subjectName } from "../view/rollout.ts";

/** Stages open by time and by what shops report: neither is announced to the dashboard. */
const REFRESH_MS = 15_000;

export function ReleasePage() {
  const { api, t } = useApp();
  const { product = "", version = "" } = useRoute().params;
  const subject: Subject = { product, key: version };
  const detail = useResource(subjectName(subject), () => api.rollout(subject), {
    topics: ["releases"],
    everyMs: REFRESH_MS,
  });
  useTitle(subjectName(subject));
  return (
    <>
      <p class="breadcrumb">
        <a href="/releases">{t("nav.releases")}</a>
      </p>
      <h1>
        <span class="untrusted">{subjectName(subject)}</span>{" "}
        {detail.data.value && <Status of="releaseStatus" status={detail.data.value.rollout.status} />}
      </h1>
      <Loaded of={detail}>
        {(value) => <Rollout subject={subject} detail={value} onChanged={() => void detail.refetch()} />}
      </Loaded>
    </>
  );
}

interface RolloutProps {
  subject: Subject;
  detail: RolloutDetail;
  onChanged: () => void;
}

function Rollout({ subject, detail, onChanged }: RolloutProps) {
  const { rollout } = detail;
  return (
    <>
      <SubjectActions subject={subject} of={rollout} onChanged={onChanged} />
      <RolloutProgress rollout={rollout} />
      <Plan subject={subject} planned={rollout.plan} onChanged={onChanged} />
      <Holds subject={subject} holds={rollout.holds} onChanged={onChanged} />
      <Revert subject={subject} run={detail.revert} onChanged={onChanged} />
      <Slots detail={detail} />
    </>
  );
}
